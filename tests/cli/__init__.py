"""Commands, one module per module of ``edgevision.cli``."""

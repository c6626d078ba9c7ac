"""Tables I and II and figures 4 and 5 of the STAE paper."""

"""Simulation: random traces of episodes, the batched simulator, and whole episodes under a policy."""

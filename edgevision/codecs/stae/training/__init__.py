"""Training STAE: Algorithm 1 step by step, and end to end."""

"""Training STAE, with Algorithm 1 step by step or end to end."""

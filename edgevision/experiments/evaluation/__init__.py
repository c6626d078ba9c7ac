"""Evaluation of policies on common random numbers."""

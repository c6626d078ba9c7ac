"""Evaluate policies on common random numbers."""

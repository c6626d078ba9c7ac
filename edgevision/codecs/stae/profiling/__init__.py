"""Measuring what STAE does with real clips: bytes, answers and times at every operating point."""

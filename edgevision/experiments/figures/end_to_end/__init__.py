"""Figures 10 and 11 of the Co-CRRA paper: codec and allocation together."""

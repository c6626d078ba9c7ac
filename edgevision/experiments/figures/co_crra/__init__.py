"""Figures 4 and 5 of the Co-CRRA paper, and the parts of its distance to the bound."""

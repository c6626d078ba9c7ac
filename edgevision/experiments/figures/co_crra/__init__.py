"""Figures 4 and 5 of the Co-CRRA paper, and where its distance to the bound comes from."""

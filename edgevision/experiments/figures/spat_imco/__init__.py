"""Figures 6 to 9 of the SpaT-IMCO part of the Co-CRRA paper."""

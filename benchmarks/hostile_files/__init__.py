"""Hostile files for every loader of the package: valid files to begin with, and ways to damage them."""

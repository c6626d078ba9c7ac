"""Show a finished evaluation: table in the terminal, JSON, CSV, plots and one self-contained page."""

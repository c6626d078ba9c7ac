"""What a finished evaluation looks like: terminal table, JSON, CSV, plots and one self-contained page."""

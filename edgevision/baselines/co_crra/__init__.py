"""The solver of the Co-CRRA paper: Algorithm 1 and its convex programs."""

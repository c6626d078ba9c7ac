"""The Co-CRRA paper's solver: Algorithm 1 and the convex programs that it solves."""

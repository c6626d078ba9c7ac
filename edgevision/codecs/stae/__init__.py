"""STAE: spatiotemporal attention that keeps a clip's decisive frames and pixels, and recovers the rest at the edge."""

"""STAE: spatiotemporal attention selects a clip's frames and pixels to send; the edge recovers the other pixels."""

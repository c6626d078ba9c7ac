"""DeepISC, a baseline of the STAE paper: sends a latent, a segmentation map and a residual of each frame."""

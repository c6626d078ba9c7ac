"""DeepISC, the baseline of the STAE paper: a latent representation, a segmentation map and a residual of each frame."""

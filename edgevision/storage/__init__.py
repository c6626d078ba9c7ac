"""Reading and writing files: atomic writes, limits on size, checksums; arrays, tensors, checkpoints and YAML."""

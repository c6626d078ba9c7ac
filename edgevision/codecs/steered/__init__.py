"""Codecs of today that compress a picture less where an importance map says that it matters."""

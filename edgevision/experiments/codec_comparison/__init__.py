"""Compare codecs at equal accuracy and at equal bytes."""

"""Codecs compared at equal accuracy and at equal bytes."""

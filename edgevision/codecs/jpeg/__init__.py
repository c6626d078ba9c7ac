"""Baseline JPEG (ITU-T T.81): transform, quantisation tables, Huffman codes, markers, files."""

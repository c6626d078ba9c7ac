"""JPEG as the standard has it (ITU-T T.81): transform, tables, Huffman codes, markers, files."""

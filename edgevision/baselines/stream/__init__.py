"""Policies for ``EdgeVision/Stream-v0``: each makes a belief of what cameras see, and one solver shares the band.

file           what it holds
memory         what a policy remembers of the episodes that it follows
slot_solver    the solver of a slot, and filling the band in a given order
rotation       cameras in turn, and the oldest answer first
"""

"""Policies for ``EdgeVision/Stream-v0``: each makes a belief of what cameras see, and one solver shares the band.

file             what it holds
memory           what a policy remembers of the episodes that it follows
belief_filter    base of the policies that follow a belief
slot_solver      the solver of a slot, and filling the band in a given order
rotation         cameras in turn, and the oldest answer first
cusum            cumulative sums of change scores
expected_gains   what a frame is expected to gain, given a belief
frame_values     what a frame of the battery is worth
exact_filters    filters of each camera alone, with two and with four states
street_filters   filters that look at the neighbours: coupled, and with matching pace
convoy_filter    a particle filter of the convoys on the street
oracle_belief    the true states in place of a belief
street_bound     the certified bound on whole episodes, with the future known
planned_answers  carries out the bound's plan
"""

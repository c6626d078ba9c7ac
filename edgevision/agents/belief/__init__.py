"""Beliefs that are learned from the truth in ``info``, for ``EdgeVision/Stream-v0``.

file              what it holds
street_network    the recurrent network along the street
sending_network   a network that corrects what sending is worth
belief_policy     the networks before the slot solver, as a policy, and their files
round_checkpoint  what a run needs to go on after a kill
belief_training   supervised training of the belief on its own episodes
paired_sending    what sending brings, measured by paired rollouts
sending_training  the network of what sending is worth, fitted to them

Each file imports only from files above it.
"""

"""Beliefs that are learned from the truth in ``info``, for ``EdgeVision/Stream-v0``.

file              what it holds
street_network    the recurrent network along the street
belief_policy     the network before the slot solver, as a policy, and its files
belief_training   supervised training on the network's own episodes

Each file imports only from files above it.
"""

"""Marginal values: an agent learns from paired rollouts what energy and a waiting request are worth. Source: ours.

file              what it holds
paired_rollouts   samples of marginal values: the same episode, continued from slightly different states
sample_store      the samples of the last rounds, which checkpoints keep
marginal_values   the algorithm: sample, fit, repeat
"""

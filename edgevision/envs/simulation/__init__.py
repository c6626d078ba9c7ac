"""What happens slot by slot: episodes drawn in advance, the batched simulator, and whole episodes under a policy."""

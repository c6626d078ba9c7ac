"""Drawing one slot of an episode."""

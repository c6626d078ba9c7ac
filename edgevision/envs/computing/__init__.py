"""How long devices and the edge compute in a scenario."""

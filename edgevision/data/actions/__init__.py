"""Generated, labelled action clips: two jointed figures act for a moment in front of a busy scene."""

from edgevision.data.actions.generated_actions import ActionTruth, GeneratedActions

__all__ = ["ActionTruth", "GeneratedActions"]

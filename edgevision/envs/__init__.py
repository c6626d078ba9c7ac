"""Environments: scenarios, the simulator, and its scalar and vector Gymnasium environments."""

from edgevision.envs.config import PRESETS, ScenarioConfig
from edgevision.envs.drawing.video_rendering import ContentPictures
from edgevision.envs.environment import OffloadingEnv
from edgevision.envs.policy import Policy
from edgevision.envs.problem import Allocation, SlotProblem, equal_shares
from edgevision.envs.registration import IDS
from edgevision.envs.simulation.simulator import OutcomeSource, Simulator, SlotOutcome
from edgevision.envs.simulation.trace import EpisodeTrace
from edgevision.envs.vector_environment import OffloadingVectorEnv

__all__ = [
    "IDS",
    "PRESETS",
    "Allocation",
    "ContentPictures",
    "EpisodeTrace",
    "OffloadingEnv",
    "OffloadingVectorEnv",
    "OutcomeSource",
    "Policy",
    "ScenarioConfig",
    "Simulator",
    "SlotOutcome",
    "SlotProblem",
    "equal_shares",
]

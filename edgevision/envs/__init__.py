"""Environments: scenarios, the simulator, and its scalar and vector Gymnasium environments."""

from edgevision.envs.allocation import Allocation
from edgevision.envs.config import PRESETS, ScenarioConfig
from edgevision.envs.drawing.video_rendering import ContentPictures
from edgevision.envs.dynamic.dynamic_config import DYNAMIC_PRESETS, DynamicConfig
from edgevision.envs.dynamic.dynamic_simulator import DynamicSimulator
from edgevision.envs.dynamic.dynamic_trace import DynamicTrace
from edgevision.envs.environment import OffloadingEnv
from edgevision.envs.outlook import Outlook
from edgevision.envs.policy import Policy
from edgevision.envs.problem import SlotProblem, equal_shares
from edgevision.envs.registration import IDS
from edgevision.envs.simulation.episode_simulator import EpisodeSimulator, SlotOutcome
from edgevision.envs.simulation.simulator import OutcomeSource, Simulator
from edgevision.envs.simulation.trace import EpisodeTrace
from edgevision.envs.stream.stream_config import STREAM_PRESETS, StreamConfig
from edgevision.envs.stream.stream_outlook import StreamOutlook
from edgevision.envs.stream.stream_simulator import StreamSimulator
from edgevision.envs.stream.stream_trace import StreamTrace
from edgevision.envs.vector_environment import OffloadingVectorEnv
from edgevision.envs.vector_reward import VectorReward

__all__ = [
    "DYNAMIC_PRESETS",
    "IDS",
    "PRESETS",
    "STREAM_PRESETS",
    "Allocation",
    "ContentPictures",
    "DynamicConfig",
    "DynamicSimulator",
    "DynamicTrace",
    "EpisodeSimulator",
    "EpisodeTrace",
    "OffloadingEnv",
    "OffloadingVectorEnv",
    "OutcomeSource",
    "Outlook",
    "Policy",
    "ScenarioConfig",
    "Simulator",
    "SlotOutcome",
    "SlotProblem",
    "StreamConfig",
    "StreamOutlook",
    "StreamSimulator",
    "StreamTrace",
    "VectorReward",
    "equal_shares",
]

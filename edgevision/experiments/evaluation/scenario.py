"""The environment that policies are compared on: its id, settings and split."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gymnasium.vector import AutoresetMode

from edgevision import baselines
from edgevision.envs import OffloadingVectorEnv
from edgevision.envs.registration import built_in_id
from edgevision.envs.vector_environment import make_vector
from edgevision.errors import EvaluationError
from edgevision.profiles import OperatingPointProfile
from edgevision.protocol import Split


@dataclass(frozen=True)
class Scenario:
    """An environment with its settings, on the contents of one split.

    Attributes:
        env_id: one of ``edgevision.envs.IDS``, or a registered id whose classes extend theirs.
        settings: keywords of the environment, ``preset`` included. With a measured profile, ``content_split`` is
            ``split`` unless it is given here.
        split: ``test``, or ``validation`` for tuning.
    """

    env_id: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    split: Split = "test"

    def __post_init__(self) -> None:
        built_in_id(self.env_id)

    def make(self, n: int) -> OffloadingVectorEnv:
        """Build ``n`` environments that are stepped together.

        Raises:
            UnknownNameError: a preset, setting or profile does not exist.
            ScenarioError: the settings contradict each other.
            ProfileError: the profile is damaged or has no content in this split.
        """
        env = self._make(n, self.settings)
        profile = env.simulator.profile
        if profile.correct is not None and "content_split" not in self.settings:
            env = self._make(n, {**self.settings, "content_split": self.split})
        return env

    def _make(self, n: int, settings: Mapping[str, Any]) -> OffloadingVectorEnv:
        return make_vector(self.env_id, n, AutoresetMode.NEXT_STEP, settings)

    def classical_policies(self) -> list[str]:
        """Names of the policies for this environment that are not learned. Raises the errors of ``make``."""
        simulator = self.make(1).simulator
        profile = simulator.profile
        return baselines.names(profile.axis_names, profile.content_fingerprint, family=simulator.family)

    def resolve(self) -> tuple[Any, OperatingPointProfile]:
        """All settings (`ScenarioConfig` or `DynamicConfig`) and the profile. Raises the errors of ``make``."""
        env = self.make(1)
        return env.config, env.simulator.profile


def parse_value(text: str) -> Any:
    """Read the value of a setting: ``10``, ``2.5``, ``true``, ``none``, ``50,100``, a JSON object or a word."""
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    if "," in text:
        return tuple(parse_value(part) for part in text.strip("()[] ").split(",") if part.strip())
    word = text.strip()
    if word.lower() in ("none", "null"):
        return None
    try:
        return json.loads(word.lower() if word.lower() in ("true", "false") else word)
    except (ValueError, RecursionError):
        return word


def parse_settings(pairs: Iterable[str]) -> dict[str, Any]:
    """Read ``key=value`` pairs.

    Raises:
        EvaluationError: a pair is not of this form, or a key is given twice.
    """
    settings: dict[str, Any] = {}
    for pair in pairs:
        key, separator, value = (part.strip() for part in pair.partition("="))
        if not separator or not key.isidentifier() or not value:
            raise EvaluationError(f"{pair!r} is not of the form key=value (like users=10 or deadline_ms=50,100)")
        if key in settings:
            raise EvaluationError(f"{key!r} is given twice")
        settings[key] = parse_value(value)
    return settings

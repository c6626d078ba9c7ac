"""Settings that differ from episode to episode: drawn from ranges, or those of one of several presets.

At each reset an episode draws a value for every setting in ``ScenarioConfig.randomise``, uniform between two ends, and
one of the alternatives in ``ScenarioConfig.mix``. The values are part of its trace. Whatever is computed from the
settings is computed from `of_episodes`, in which a setting that varies is an array with an axis for the episodes.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.errors import ScenarioError, UnknownSettingError, shown, unknown_name

if TYPE_CHECKING:
    from edgevision.envs.config import ScenarioConfig

#: Name of a setting, and the two ends between which it is drawn, both numbers or both pairs.
Range = tuple[str, Any, Any]
#: Names and values of the settings of one alternative.
Alternative = tuple[tuple[str, Any], ...]

Config = TypeVar("Config", bound="ScenarioConfig")


def checked_ranges(config: ScenarioConfig, given: Any) -> tuple[Range, ...]:
    """The ranges of ``randomise``, sorted by name, with ends that the scenario allows.

    Raises:
        ScenarioError: they are not ranges of settings that can vary.
        UnknownSettingError: no such setting.
    """
    try:
        items = [(name, *ends) for name, ends in given.items()] if isinstance(given, Mapping) else [*map(tuple, given)]
        triples = sorted((str(name), low, high) for name, low, high in items)
    except (TypeError, ValueError):
        raise ScenarioError(
            f"randomise must map settings to ranges (low, high), as {{'cell_radius_m': (150, 500)}} does, "
            f"got {shown(given)}"
        ) from None
    found = []
    for name, *ends in triples:
        low, high = (_checked(config, {name: end})[name] for end in ends)
        if (np.asarray(low) > np.asarray(high)).any():
            raise ScenarioError(f"randomise: {name} must satisfy low <= high, got {shown((low, high))}")
        found.append((name, low, high))
    return tuple(found)


def checked_mix(config: ScenarioConfig, given: Any) -> tuple[Alternative, ...]:
    """The alternatives of ``mix``; all of them name the same settings, sorted by name.

    Raises:
        ScenarioError: they are not settings that can vary, or some of them are drawn from ranges too.
        UnknownSettingError: no such setting.
    """
    try:
        alternatives = [dict(alternative) for alternative in given]
        names = sorted({name for alternative in alternatives for name in alternative})
    except (TypeError, ValueError):
        raise ScenarioError(f"mix must be a list of settings to choose from, got {shown(given)}") from None
    if both := set(names) & {name for name, *_ in config.randomise}:
        raise ScenarioError(f"{min(both)} is drawn from a range, and differs between presets too; leave one of them")
    whole = [{name: getattr(config, name, None) for name in names} | alternative for alternative in alternatives]
    return tuple(tuple(_checked(config, alternative).items()) for alternative in whole)


def mixture(configs: Sequence[Config]) -> Config:
    """One scenario whose episodes each have the settings of one of ``configs``.

    Raises:
        ScenarioError: they differ in a setting that cannot vary from episode to episode.
    """
    first = configs[0]
    names = [field.name for field in dataclasses.fields(first)]
    differing = [name for name in names if any(getattr(other, name) != getattr(first, name) for other in configs)]
    mix: Any = tuple(tuple((name, getattr(other, name)) for name in differing) for other in configs)
    return dataclasses.replace(first, mix=mix)


def _checked(config: ScenarioConfig, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as the scenario keeps them.

    Raises:
        ScenarioError: one of them cannot vary, or the scenario does not allow it.
        UnknownSettingError: there is no such setting.
    """
    known = [field.name for field in dataclasses.fields(config)]
    for name in settings:
        if name not in known:
            raise UnknownSettingError(str(unknown_name("scenario setting", name, known)))
        if name not in config.variable:
            raise ScenarioError(
                f"{name} must be the same in all episodes, because shapes of arrays or the kind of the scenario depend "
                f"on it; these can vary: {', '.join(config.variable)}"
            )
    fixed = dataclasses.replace(config, **{**settings, "randomise": (), "mix": ()})
    return {name: getattr(fixed, name) for name in settings}


def uniforms_needed(config: ScenarioConfig) -> int:
    """How many uniform numbers decide the settings of an episode."""
    return len(config.randomise) + bool(config.mix)


def varied(config: ScenarioConfig) -> tuple[str, ...]:
    """Names of the settings that vary; a pair of numbers is named twice."""
    examples = [*(ends[:2] for ends in config.randomise), *(config.mix[0] if config.mix else ())]
    return tuple(name for name, value in examples for _ in np.atleast_1d(value))


def draw_settings(config: ScenarioConfig, uniforms: FloatArray) -> FloatArray:
    """Values of the settings that vary, (N, V) in the order of ``varied``, from ``uniforms`` (N, D) in [0, 1)."""
    n = len(uniforms)
    parts = [np.zeros((n, 0))]
    for place, (_, low, high) in enumerate(config.randomise):
        least, most = np.atleast_1d(low), np.atleast_1d(high)
        parts.append(least + (most - least) * uniforms[:, place : place + 1])
    if config.mix:
        table = np.array([_flat(value for _, value in alternative) for alternative in config.mix])
        parts.append(table[np.floor(uniforms[:, -1] * len(table)).astype(np.int64)])
    return np.concatenate(parts, axis=1)


def of_episodes(config: ScenarioConfig, values: FloatArray) -> ScenarioConfig:
    """The settings of N episodes: what varies is an array (N, 1, 1), or a pair of them, in place of a number.

    Args:
        config: the scenario.
        values: what ``draw_settings`` gave, (N, V).
    """
    if not values.shape[1]:
        return config
    drawn = copy.copy(config)
    columns: dict[str, list[FloatArray]] = {}
    for name, column in zip(varied(config), values.T, strict=True):
        columns.setdefault(name, []).append(column[:, None, None])
    for name, arrays in columns.items():
        object.__setattr__(drawn, name, arrays[0] if len(arrays) == 1 else tuple(arrays))
    return drawn


def ever_positive(config: ScenarioConfig, name: str) -> bool:
    """Whether a setting is above 0 in some episode."""
    possible = [ends for range_name, *ends in config.randomise if range_name == name]
    possible += [[value for alternative in config.mix for key, value in alternative if key == name]]
    return any(value > 0 for values in possible for value in values) or getattr(config, name) > 0


def _flat(values: Iterable[Any]) -> list[float]:
    return [float(number) for value in values for number in np.atleast_1d(value)]

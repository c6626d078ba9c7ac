"""The command ``info``: installed versions and extras, and the names of environments, policies and profiles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from edgevision.envs.stresses import Stress

_DISTRIBUTION = "edgevision-gym"
_EXTRAS = ("convex", "codecs", "agents", "report", "content", "bench", "onnx", "cli")


def info() -> None:
    """List versions, environments, presets and stresses, devices, profiles, policies, codecs, and installed extras.

    Writes nothing.

    Example: **edgevision info**
    """
    from edgevision import baselines, codecs
    from edgevision.envs import DYNAMIC_PRESETS, IDS, PRESETS, STREAM_PRESETS
    from edgevision.envs.computing.device_models import DEVICE_MODELS
    from edgevision.envs.stresses import STRESSES
    from edgevision.experiments.evaluation.fingerprints import versions

    presets = {**PRESETS, **DYNAMIC_PRESETS, **STREAM_PRESETS}
    sections = {
        "versions": [f"{name} {number}" for name, number in versions().items()],
        "environments": list(IDS),
        "presets": [f"{name}: {_settings(fields)}" for name, fields in presets.items()],
        "stresses (presets too)": [f"{name}: {_stress(stress)}" for name, stress in STRESSES.items()],
        "devices": [f"{name}: {factor:g} times the reference machine's time" for name, factor in DEVICE_MODELS.items()],
        "profiles": _profiles(),
        "policies": [", ".join(baselines.known()), "and every folder that 'edgevision train' wrote"],
        "codecs": [", ".join(codecs.names())],
        "extras": [_extra(name) for name in _EXTRAS],
    }
    for title, lines in sections.items():
        typer.secho(title, bold=True)
        for line in lines:
            typer.echo(f"  {line}")


def _stress(stress: Stress) -> str:
    changes = "; ".join(f"{base}: {_settings(fields)}" for base, fields in stress.changes.items())
    return f"{stress.what} ({changes})"


def _settings(fields: Mapping[str, object]) -> str:
    return ", ".join(f"{key}={value}" for key, value in fields.items()) or "all defaults of its environment"


def _profiles() -> list[str]:
    from edgevision.profiles import load_profile, shipped_profiles
    from edgevision.profiles.content_models.accuracy_model import shipped_models

    lines = []
    for name in shipped_profiles():
        profile = load_profile(name)
        accuracy = f"accuracy {profile.accuracy.max():.3f} to {profile.accuracy.min():.3f}"
        if profile.correct is None:
            lines.append(f"{name}: closed form, {profile.points} points, {accuracy}")
        else:
            size = profile.size.mean(axis=0) / 1e3
            modelled = ", accuracy model" if profile.content_fingerprint in shipped_models() else ""
            lines.append(
                f"{name}: {profile.contents} contents, {profile.points} points, {accuracy}, "
                f"{size.max():.1f} to {size.min():.1f} kB{modelled}"
            )
    return lines


def _extra(name: str) -> str:
    missing = [package for package in _packages(name) if not _installed(package)]
    if not missing:
        return f"{name}: installed"
    return f"{name}: missing {', '.join(missing)}; run: pip install '{_DISTRIBUTION}[{name}]'"


def _packages(extra: str) -> list[str]:
    """Names of the packages of an extra, from the installed metadata."""
    try:
        lines = requires(_DISTRIBUTION) or []
    except PackageNotFoundError:
        return [f"{_DISTRIBUTION} itself (the package runs from a source tree)"]
    named = [line for line in lines if re.search(rf"""extra == ['"]{extra}['"]""", line)]
    return [re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in named]


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True

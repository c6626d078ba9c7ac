"""Registration of the environment ids with Gymnasium, and what is known of the ids that users registered."""

from __future__ import annotations

from typing import Any

import gymnasium
from gymnasium.envs.registration import EnvSpec, load_env_creator

from edgevision.errors import UnknownNameError, unknown_name
from edgevision.imports import import_own

#: Environment id -> module and common start of the names of its scalar and vector classes.
IDS = {
    "EdgeVision/Paper-v0": "edgevision.envs.paper:Paper",
    "EdgeVision/Image-v0": "edgevision.envs.image:Image",
    "EdgeVision/Video-v0": "edgevision.envs.video:Video",
    "EdgeVision/Dynamic-v0": "edgevision.envs.dynamic.dynamic_environment:Dynamic",
    "EdgeVision/Stream-v0": "edgevision.envs.stream.stream_environment:Stream",
    # Its actions need a solver, so that it stands above this package.
    "EdgeVision/Dynamic-Price-v0": "edgevision.baselines.dynamic.price_environment:DynamicPrice",
}


def register() -> None:
    """Register every id that is not registered yet, so that it is safe to call this twice."""
    for env_id, stem in IDS.items():
        if env_id not in gymnasium.registry:
            gymnasium.register(env_id, entry_point=f"{stem}Env", vector_entry_point=f"{stem}VectorEnv")


def import_id(text: str) -> str:
    """The environment id in ``ID``, or in ``MODULE:ID``, whose module is imported because it registers the id.

    Raises:
        UnknownNameError: the module cannot be imported.
    """
    module, separator, env_id = text.rpartition(":")
    if separator:
        import_own(module)
    return env_id


def built_in_id(env_id: str) -> str:
    """The id of this package whose environment a registered id is, or extends by subclasses of both its classes.

    Raises:
        UnknownNameError: the id is not registered, or its environments do not extend those of this package.
    """
    if env_id in IDS:
        return env_id
    spec = gymnasium.registry.get(env_id) if isinstance(env_id, str) else None
    if spec is None:
        raise UnknownNameError(
            f"{unknown_name('environment id', env_id, IDS)}; 'MODULE:ID' imports the module that registers your own"
        )
    scalar, vector = (_loaded(entry) for entry in (spec.entry_point, spec.vector_entry_point))
    # The last one is the most special: DynamicPrice extends Dynamic.
    for known, stem in reversed(IDS.items()):
        if _extends(scalar, f"{stem}Env") and _extends(vector, f"{stem}VectorEnv"):
            return known
    raise UnknownNameError(
        f"environment {env_id!r} does not extend one of this package: its entry_point and its vector_entry_point must "
        f"be the classes of one of {', '.join(IDS)}, or subclasses of them"
    )


def is_packaged(env_id: str) -> bool:
    """Whether the code of an id is that of this package, as it is for other keywords of its classes."""
    if env_id in IDS:
        return True
    spec: EnvSpec = gymnasium.registry[env_id]
    entries = (_loaded(spec.entry_point), _loaded(spec.vector_entry_point))
    return all(getattr(entry, "__module__", "").split(".")[0] == "edgevision" for entry in entries)


def _loaded(entry: Any) -> Any:
    return load_env_creator(entry) if isinstance(entry, str) else entry


def _extends(entry: Any, known: str) -> bool:
    return isinstance(entry, type) and issubclass(entry, _loaded(known))

"""Registration of the environment ids with Gymnasium."""

from __future__ import annotations

import gymnasium

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

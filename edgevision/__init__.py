"""Gymnasium environments for learned offloading control in multi-user edge vision.

Importing the package registers the ``EdgeVision/...`` ids; use ``"edgevision:EdgeVision/Image-v0"`` where a spawned
worker makes the environment.
"""

from edgevision.envs.registration import register
from edgevision.version import __version__

__all__ = ["__version__"]

register()

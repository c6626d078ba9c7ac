"""Gymnasium environments for learned offloading control in multi-user edge vision.

Importing the package registers the ``EdgeVision/...`` ids; a worker process that did not import it can
make ``"edgevision:EdgeVision/Image-v0"``.
"""

from edgevision.envs.registration import register
from edgevision.version import __version__

__all__ = ["__version__"]

register()

"""What a request costs its camera in energy: computing, and radiation while it sends.

A camera does not know the fading of the slot. It sends at the rate that fills all the time that it has, because any
higher rate would be heard less often; eq. 2 of the Co-CRRA paper is the probability that the channel carries this rate.
So it radiates at its power for the whole of this time, whatever the size of the payload. Losses of the power
amplifier, reception and the edge are not counted.
"""

from __future__ import annotations

from edgevision.arrays import FloatArray
from edgevision.envs.computing.compute_time import Computing, device_time
from edgevision.envs.computing.device_models import DEVICE_POWER
from edgevision.profiles.profile import OperatingPointProfile


def request_energy(
    power: FloatArray, sending_time: FloatArray | float, computing_energy: FloatArray | float
) -> FloatArray:
    """Energy of a request that is sent [J].

    Args:
        power: radiated power [W].
        sending_time: time for which it is radiated [s].
        computing_energy: energy of what the camera computes for the request [J].
    """
    return power * sending_time + computing_energy


def computing_energy(config: Computing, profile: OperatingPointProfile) -> FloatArray:
    """Energy of the computing of the device at each operating point: its power times its time, (K,) [J]."""
    return DEVICE_POWER[config.device] * device_time(config, profile)

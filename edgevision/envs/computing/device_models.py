"""`DEVICE_MODELS`: how much slower than the reference machine a device computes, by the name of the kind of device.

Times in measured profiles are those of one core of the reference machine (``docs/reference-machine.md``). A device
model is one factor on them for all operations. No real device is slower by the same factor in everything: the factor is
the geometric mean of eight networks, whose own factors lie between 4.2 and 23.

``server``             the reference machine itself
``jetson-like``        one core of a Jetson TX2 NX. The Co-CRRA paper reports 68 to 73 ms on a Jetson TX2 for its
                       importance network of 318 million multiplications
``raspberry-pi-like``  one core of a Raspberry Pi 4 Model B

Published times of the networks are those of the table in https://github.com/Tencent/ncnn, benchmark/README.md. Run
``python benchmarks/device_factors.py`` to measure the same networks with the same software on another machine.
"""

from __future__ import annotations

from typing import Literal

DeviceName = Literal["server", "jetson-like", "raspberry-pi-like"]

DEVICE_MODELS: dict[DeviceName, float] = {"server": 1.0, "jetson-like": 6.0, "raspberry-pi-like": 9.0}

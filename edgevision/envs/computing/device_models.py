"""How fast a device computes, and the power that it draws meanwhile, by the name of the kind of device.

Times in measured profiles are those of one core of the reference machine (``docs/reference-machine.md``). A device
model is one factor on them for all operations. No real device is slower by the same factor in everything: the factor is
the geometric mean of eight networks, whose own factors lie between 4.2 and 23.

``server``             the reference machine itself
``jetson-like``        one core of a Jetson TX2 NX. The Co-CRRA paper reports 68 to 73 ms on a Jetson TX2 for its
                       importance network of 318 million multiplications
``raspberry-pi-like``  one core of a Raspberry Pi 4 Model B

Published times of the networks are those of the table in https://github.com/Tencent/ncnn, benchmark/README.md. Run
``python benchmarks/device_factors.py`` to measure the same networks with the same software on another machine.

``DEVICE_POWER`` is what the board draws while one core computes, its idle power included; a core of the server has its
part of the processor's power. These are round numbers of public sources, not measurements of ours, and the energy of
computing is proportional to them:

``server``             350 W over the 64 cores of an Intel Xeon Platinum 8592+: its thermal design power
``jetson-like``        7.5 W, the smaller power mode of the Jetson TX2 series (NVIDIA, Jetson Linux Developer Guide)
``raspberry-pi-like``  3.6 W: 2.7 W idle, and a quarter of what four busy cores add, 6.4 W in total
                       (https://www.pidramble.com/wiki/benchmarks/power-consumption)
"""

from __future__ import annotations

from typing import Literal

DeviceName = Literal["server", "jetson-like", "raspberry-pi-like"]

#: Factor on the times of the reference machine.
DEVICE_MODELS: dict[DeviceName, float] = {"server": 1.0, "jetson-like": 6.0, "raspberry-pi-like": 9.0}

#: Power while one core computes [W].
DEVICE_POWER: dict[DeviceName, float] = {"server": 5.5, "jetson-like": 7.5, "raspberry-pi-like": 3.6}

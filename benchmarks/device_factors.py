"""How much slower than one core of this machine small devices are, and how much faster a server with many cores.

    python benchmarks/device_factors.py --models DIR

DIR holds the .param files of https://github.com/Tencent/ncnn (benchmark/models). Each network runs on this machine with
the package ``ncnn`` on one thread, as it ran on the devices for the table of ncnn's benchmark/README.md (commit
a4d2ea1d, 2026). Times here are CPU times of the thread, the least of many runs, as in ``clean_timing``. Prints the
times and their ratios. The factors in ``edgevision/envs/computing/device_models.py`` are the geometric means. Run it on
the machine that the profiles are timed on. ncnn is not a dependency of the package: ``pip install ncnn``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

from one_line import one_line_errors

# Least times [ms] in ncnn's table, by network: one thread of a Raspberry Pi 4 Model B (1.8 GHz), one thread of a Jetson
# TX2 NX, one thread and 64 threads of an AMD EPYC 7742.
PUBLISHED = {
    "squeezenet": (73.35, 48.72, 9.26, 4.19),
    "mobilenet": (123.76, 88.10, 16.20, 3.29),
    "mobilenet_v2": (92.98, 58.72, 10.69, 4.58),
    "mnasnet": (83.60, 56.85, 11.94, 4.08),
    "efficientnet_b0": (129.45, 89.27, 19.58, 5.51),
    "resnet18": (190.80, 123.43, 34.73, 6.36),
    "resnet50": (533.15, 384.10, 85.47, 13.94),
    "vision_transformer": (6605.19, 3203.45, 637.63, 69.07),
}
SIDES = {"squeezenet": 227, "vision_transformer": 384}  # of the input [pixel]; 224 for the others
SECONDS = 8.0  # per network


def milliseconds(ncnn: Any, models: Path, name: str) -> float:
    """CPU time of one thread for one picture [ms]."""
    network = ncnn.Net()
    network.opt.num_threads, network.opt.use_vulkan_compute = 1, False
    if network.load_param(str(models / f"{name}.param")) != 0:
        raise FileNotFoundError(f"no network at {models / name}.param")
    network.load_model(ncnn.DataReaderFromEmpty())
    side = SIDES.get(name, 224)
    picture = ncnn.Mat((side, side, 3))
    picture.fill(0.01)
    source, target, found, end = network.input_names()[0], network.output_names()[0], [], time.monotonic() + SECONDS
    while time.monotonic() < end:
        start = time.thread_time()
        run = network.create_extractor()
        run.input(source, picture)
        run.extract(target)
        found.append(time.thread_time() - start)
    return 1e3 * min(found)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, required=True, help="ncnn's folder benchmark/models")
    models = parser.parse_args().models
    try:
        import ncnn
    except ModuleNotFoundError:
        parser.error("this benchmark needs the package ncnn: pip install ncnn")
    print(f"{'network':20}{'here':>8}{'Pi 4':>9}{'ratio':>7}{'TX2 NX':>9}{'ratio':>7}{'64 cores of a server':>24}")
    ratios = []
    for name, (pi, tx2, one_core, all_cores) in PUBLISHED.items():
        here = milliseconds(ncnn, models, name)
        ratios.append((pi / here, tx2 / here, all_cores / one_core))
        print(f"{name:20}{here:8.2f}{pi:9.2f}{pi / here:7.2f}{tx2:9.2f}{tx2 / here:7.2f}{all_cores / one_core:24.3f}")
    means = [statistics.geometric_mean(column) for column in zip(*ratios, strict=True)]
    print(f"{'geometric mean':37}{means[0]:7.2f}{means[1]:16.2f}{means[2]:24.3f}")


if __name__ == "__main__":
    with one_line_errors():
        main()

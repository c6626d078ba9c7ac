"""Which codec answers soonest, by the rate of the link and the kind of device.

    python benchmarks/which_codec.py [--profiles DIR] [--share 0.95] [--picture FILE] [MODEL ..]

MODEL is ``lite0``, ``lite1``, ``lite2`` or ``squeezenet``. All codecs are compared where they are equally accurate: at
``--share`` of the accuracy that uniform JPEG reaches at its best level. For each model, the first table has the bytes
of each codec there, its time on the reference machine, and its time at the edge. The second one has the delay of a
single request (device, transmission and edge) of the codec that answers soonest, and how much later plain JPEG and the
best of the other codecs do. ``--picture`` draws bytes against time.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from codec_scores import UNIFORM, measured_codecs
from one_line import one_line_errors

from edgevision.envs.computing.device_models import DEVICE_MODELS, DeviceName
from edgevision.errors import ProfileError
from edgevision.experiments.codec_comparison.rate_accuracy import EfficientPoints
from edgevision.experiments.plot_style import as_png, new_grid
from edgevision.profiles import OperatingPointProfile, load_profile
from edgevision.storage.disk_files import write_atomically

MODELS = ("lite0", "lite1", "lite2", "squeezenet")
RATES_MBPS = (0.1, 0.3, 1.0, 3.0, 10.0)
_LINES_MBPS = (0.3, 1.0, 3.0)


@dataclass(frozen=True)
class Sending:
    """What a codec takes at a given accuracy.

    Attributes:
        size: mean bytes.
        device: time on the reference machine [s].
        edge: time at the edge [s].
    """

    size: float
    device: float
    edge: float

    def delay(self, device: DeviceName, rate_mbps: float) -> float:
        """Delay of a request that meets no other one [s]."""
        return DEVICE_MODELS[device] * self.device + 8e-6 * self.size / rate_mbps + self.edge


def at_accuracy(profile: OperatingPointProfile, accuracy: float) -> Sending | None:
    """What a codec takes where it is this accurate; ``None`` if it never is."""
    if profile.correct is None:
        raise ProfileError(f"profile {profile.name!r} has no recorded answers; compare measured profiles")
    size = profile.size.mean(axis=0)
    curve = EfficientPoints.among(size, profile.correct.mean(axis=0)).bytes_by_accuracy()
    if not curve.first[0] <= accuracy <= curve.last[0]:
        return None
    needed = float(np.exp(curve(np.array([accuracy]))[0]))
    order = np.argsort(size)
    device, edge = (float(np.interp(needed, size[order], t[order])) for t in (profile.device_time, profile.edge_time))
    return Sending(needed, device, edge)


def codecs_of(model: str, folder: Path | None, share: float) -> tuple[float, dict[str, Sending]]:
    """The accuracy that is compared at, and what each codec takes there."""
    profiles = {codec: load_profile(name) for codec, name in measured_codecs(model, folder).items()}
    if UNIFORM not in profiles:
        raise ProfileError(f"no profile image-{model}-{UNIFORM} in {folder or 'the package'}; name a measured model")
    correct = profiles[UNIFORM].correct
    if correct is None:
        raise ProfileError(f"profile {profiles[UNIFORM].name!r} has no recorded answers; compare measured profiles")
    accuracy = share * float(correct.mean(axis=0).max())
    found = {codec: at_accuracy(profile, accuracy) for codec, profile in profiles.items()}
    return accuracy, {codec: sending for codec, sending in found.items() if sending is not None}


def print_head(*names: str) -> None:
    """The head of a table."""
    print(f"| {' | '.join(names)} |\n|{'---|' * len(names)}")


def print_sizes(model: str, accuracy: float, sendings: dict[str, Sending]) -> None:
    """The first table."""
    for codec, sending in sendings.items():
        saved = 100 * (1 - sending.size / sendings[UNIFORM].size)
        times = f"{1e3 * sending.device:.1f} | {1e3 * sending.edge:.1f}"
        print(f"| {model} | {100 * accuracy:.1f} | `{codec}` | {sending.size:.0f} | {saved:.0f} | {times} |")


def print_delays(model: str, sendings: dict[str, Sending]) -> None:
    """The second table."""
    for device in DEVICE_MODELS:
        for rate in RATES_MBPS:
            delay = {codec: 1e3 * sending.delay(device, rate) for codec, sending in sendings.items()}
            first, second = sorted(delay, key=delay.__getitem__)[:2]
            later = f"{delay[UNIFORM] - delay[first]:+.1f} | `{second}` {delay[second] - delay[first]:+.1f}"
            print(f"| {model} | {device} | {rate:g} | `{first}` | {delay[first]:.1f} | {later} |")


def draw(found: dict[str, dict[str, Sending]], path: Path) -> None:
    """Bytes against time on the device and at the edge, with lines of equal delay."""
    figure, panels = new_grid(1, len(found))
    for axes, (model, sendings) in zip(panels[0], found.items(), strict=True):
        for codec, sending in sendings.items():
            time = 1e3 * (sending.device + sending.edge)
            axes.plot(time, sending.size, "o", color="#0072B2" if codec.startswith("spat") else "#4D4D4D")
            axes.annotate(codec, (time, sending.size), xytext=(5, 3), textcoords="offset points", fontsize=8)
        origin = sendings[UNIFORM]
        axes.margins(0.25)
        across = np.linspace(*axes.get_xlim(), 2)
        for rate in _LINES_MBPS:
            size = origin.size - (across - 1e3 * (origin.device + origin.edge)) * rate / 8e-3
            axes.plot(across, size, ":", color="#999999", linewidth=0.9)
            axes.text(across[0], size[0], f"{rate:g} Mbit/s", fontsize=7, color="#777777", clip_on=True)
        axes.set_ylim(0, 1.25 * max(sending.size for sending in sendings.values()))
        axes.set(title=model, xlabel="time on the reference machine and at the edge [ms]", ylabel="bytes of a picture")
    write_atomically(path, as_png(figure))


def main() -> None:
    """Parse the command line, print the tables and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--profiles", type=Path, help="folder of profiles; by default, those of the package")
    parser.add_argument("--share", type=float, default=0.95, help="of the best accuracy of uniform JPEG")
    parser.add_argument("--picture", type=Path, help="PNG file to draw")
    given = parser.parse_args()
    with one_line_errors():
        found = {model: codecs_of(model, given.profiles, given.share) for model in given.models}
        print_head("model", "top-1 [%]", "codec", "bytes", "saved [%]", "device [ms]", "edge [ms]")
        for model, (accuracy, sendings) in found.items():
            print_sizes(model, accuracy, sendings)
        print()
        print_head("model", "device", "Mbit/s", "soonest", "delay [ms]", "`uniform` later by", "next")
        for model, (_, sendings) in found.items():
            print_delays(model, sendings)
        if given.picture:
            draw({model: sendings for model, (_, sendings) in found.items()}, given.picture)


if __name__ == "__main__":
    main()

"""Measured profiles of uniform and region-wise compression, paired by classifier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgevision.arrays import FloatArray
from edgevision.codecs.spat_imco.theta.theta_weights import SHIPPED
from edgevision.errors import ProfileError, ReproductionError, WeightsError
from edgevision.profiles import OperatingPointProfile, load_profile, shipped_profiles
from edgevision.storage.disk_files import read_json

REFERENCE, REGION_WISE = "uniform", "spat-imco"
_TRANSFORMERS = ("deit", "vit_", "swin", "beit")
_SAMPLE = "a sample of ImageNet's training split; the codec's settings were chosen on three fifths of it"
_MEASURE = "edgevision codec bench --images DIR --labels DIR/labels.csv {models} --out runs/codecs"


@dataclass(frozen=True)
class Pair:
    """Profiles of both codecs with the same classifier and pictures.

    Attributes:
        model: name of the classifier in timm.
        uniform: profile with one mu for the whole picture (Unified-IMCO).
        spatial: profile with a mu per region (SpaT-IMCO).
    """

    model: str
    uniform: OperatingPointProfile
    spatial: OperatingPointProfile

    @property
    def label(self) -> str:
        """The classifier, followed by the name of the profile if that is not derived from the classifier."""
        plain = f"{self.model}-{REGION_WISE}".replace("_", "-")
        name = self.spatial.name
        return self.model if name == plain or name.startswith("image-") else f"{self.model} ({name})"

    @property
    def transformer(self) -> bool:
        """Whether the classifier is a vision transformer, by its name."""
        return self.model.startswith(_TRANSFORMERS)


def find_pairs(folder: Path | None) -> list[Pair]:
    """Pair the profiles in ``folder``, or the shipped ones, sorted by name.

    Raises:
        ReproductionError: the folder does not exist, or no classifier has both profiles.
        ProfileError: a profile is damaged, or the two of a classifier are not of the same pictures.
    """
    pairs = _pair(_profiles(folder))
    if not pairs:
        where = "shipped profiles" if folder is None else repr(str(folder))
        raise ReproductionError(
            f"no classifier in {where} has measured profiles of both {REFERENCE} and {REGION_WISE}; "
            f"make them: {measuring_command()}"
        )
    for pair in pairs:
        if pair.uniform.content_ids != pair.spatial.content_ids:
            raise ProfileError(f"profiles {pair.uniform.name!r} and {pair.spatial.name!r} are not of the same pictures")
    return pairs


def other_codecs(folder: Path | None, pair: Pair) -> list[OperatingPointProfile]:
    """Profiles of more codecs and of choices of codecs, with the classifier and pictures of ``pair``, sorted by name.

    Raises:
        ReproductionError, ProfileError: see ``find_pairs``.
    """
    return [
        profile
        for profile in _profiles(folder)
        if profile.metadata.get("model") == pair.model
        and profile.metadata.get("codec") not in (REFERENCE, REGION_WISE)
        and profile.content_ids == pair.uniform.content_ids
        and profile.correct is not None
    ]


def _profiles(folder: Path | None) -> list[OperatingPointProfile]:
    if folder is None:
        return [load_profile(name) for name in shipped_profiles() if not name.startswith("published-")]
    if not folder.is_dir():
        raise ReproductionError(f"no folder of profiles at {str(folder)!r}")
    return [load_profile(str(path)) for path in sorted(folder.glob("*.npz"))]


def measuring_command(*models: str) -> str:
    """The command that measures the profiles of some classifiers."""
    return " ".join(_MEASURE.format(models=" ".join(f"--model {model}" for model in models)).split())


def _pair(profiles: Iterable[OperatingPointProfile]) -> list[Pair]:
    references: dict[str, OperatingPointProfile] = {}
    others = []
    for profile in profiles:
        if profile.correct is None or "model" not in profile.metadata:
            continue
        if profile.metadata.get("codec") == REFERENCE:
            references.setdefault(str(profile.metadata["model"]), profile)
        elif profile.metadata.get("codec") == REGION_WISE:
            others.append((str(profile.metadata["model"]), profile))
    return [Pair(model, references[model], profile) for model, profile in others if model in references]


def curve(profile: OperatingPointProfile) -> tuple[FloatArray, FloatArray]:
    """Mean bytes and accuracy over all pictures per level, (K,) each, of a measured profile."""
    correct: Any = profile.correct
    return profile.size.mean(axis=0), correct.mean(axis=0)


def differences(pairs: list[Pair]) -> list[str]:
    """Notes for every figure from these profiles: how they were measured, from their metadata."""
    said = []
    for pair in pairs:
        data = pair.spatial.metadata
        sample = _SAMPLE if data.get("data_set") == "imagenet-sample" else "your pictures"
        said.append(
            f"Pictures: {pair.spatial.contents} of {data.get('data_set', 'an unnamed data set')} ({sample}), at "
            f"{data.get('input_size', '?')} x {data.get('input_size', '?')} pixels. The paper says ImageNet, but "
            "not how many. Networks know their training pictures, so compare the codecs with each other, and do not "
            "compare accuracies with published ones."
        )
        settings = data.get("codec_settings", {})
        maker = str(settings.get("importance", "not recorded"))
        said.append(f"Importance maps: {maker}." + _of_the_map(pair, maker))
        said += _own_tables(settings)
    return [
        *dict.fromkeys(said),
        "Bytes are those of whole files: headers, optimised Huffman tables and the level map count, for both codecs. "
        "The paper does not say what it counts.",
    ]


def _of_the_map(pair: Pair, maker: str) -> str:
    """Why a map may be better on these pictures or with this classifier than on others."""
    if pair.model in maker:
        return f" The network that makes the map, {pair.model}, is also the one that classifies: the map suits it."
    if not maker.startswith("theta"):
        return " It is not told the true class."
    origin = read_json(SHIPPED.with_suffix(".json"), WeightsError)["provenance"]
    said = f" Theta is distilled from {', '.join(origin['teachers'])}"
    if pair.model in origin["teachers"]:
        said += f"; {pair.model}, which classifies here, is one of them"
    if "cross-fitted" in maker:
        return f"{said}. Each picture's map comes from a network that was trained without that picture."
    if pair.spatial.metadata.get("data_set_fingerprint") == origin["data_set_fingerprint"]:
        return f"{said}. It was trained on the same pictures, so its maps may be better here than on other pictures."
    return f"{said}. It was trained on other pictures."


def _own_tables(settings: dict[str, Any]) -> list[str]:
    """Differences between the two codecs besides the map."""
    said = []
    chroma, direct = settings.get("chroma_scale", 1.0), settings.get("dc_scale", 1.0)
    if (chroma, direct) != (1.0, 1.0):
        said.append(
            f"At the same mu, spat-imco quantises chrominance at {chroma:g} and DC coefficients at {direct:g} times "
            "the steps of the standard, and uniform does not. So part of its gain at equal mu costs bytes, and part of "
            "its gain at equal bytes comes from the tables, not from the map."
        )
    if settings.get("aq_strength"):
        said.append(
            "For spat-imco, mu is that of a picture with average detail. Adaptive quantisation codes pictures with "
            "more detail coarser, and those with less detail finer."
        )
    if settings.get("container") == "mapped":
        said.append(
            "Files of spat-imco use the abbreviated format of JPEG: they have no quantisation tables (138 bytes) and "
            "mostly no Huffman tables, while uniform files have both. This matters most for small files. "
            "docs/spat-imco.md gives the contribution of each part."
        )
    return said

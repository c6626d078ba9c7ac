"""Measure again the pictures of shipped image profiles that are read or coded otherwise than when they were measured.

    python benchmarks/refresh_profiles.py --images DIR --labels FILE --why TEXT --out DIR [--profile NAME ..]

A picture counts as changed if its size at the middle level is not the recorded one. Sizes, answers and features of
changed pictures are replaced; times, and the mean and scale of features, stay as they were measured. The profile's
metadata say which pictures, when and why.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
from pathlib import Path

import numpy as np

from edgevision import provenance
from edgevision.codecs.base import ImageCodec
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.codecs.spat_imco.theta.cross_fitting import CrossFitted
from edgevision.codecs.uniform import UniformJpeg
from edgevision.data.class_labels import class_indices
from edgevision.data.images import ImageFolder
from edgevision.measure.image_outcomes import measure_content
from edgevision.profiles import OperatingPointProfile, load_profile, save_profile, shipped_profiles
from edgevision.progress import progress_bar
from edgevision.vision.classifiers import load_classifier


def refreshed(profile: OperatingPointProfile, dataset: ImageFolder, why: str) -> tuple[OperatingPointProfile, int]:
    """The profile with its changed pictures measured again, and how many these are."""
    classifier = load_classifier(profile.metadata["model"])
    codec: ImageCodec = UniformJpeg()
    if profile.metadata["codec"] == "spat-imco":
        codec = SpatImco(CrossFitted.load(dataset, [classifier]))
    items = {item.content_id: item for item in dataset.items}
    middle, changed = profile.points // 2, []
    size, correct, features = profile.size.copy(), np.array(profile.correct), profile.features.copy()
    mean, scale = (np.array(list(profile.metadata[f"feature_{name}"].values())) for name in ("mean", "scale"))
    with progress_bar(profile.name, profile.contents) as advance:
        for row, content_id in enumerate(profile.content_ids):
            advance(1)
            image = classifier.crop(dataset.load(items[content_id]))
            level = float(profile.parameter[middle])
            if len(codec.encode(image, level=level, importance=codec.analyse(image))) == size[row, middle]:
                continue
            (answer,) = class_indices([items[content_id].label], classifier.classes, classifier.class_names)
            levels = profile.parameter.tolist()
            record = measure_content(dataset, items[content_id], answer, codec, classifier, levels)
            size[row] = [outcome.size for outcome in record.outcomes]
            correct[row] = [outcome.correct for outcome in record.outcomes]
            features[row] = (np.array([record.features[name] for name in profile.feature_names]) - mean) / scale
            changed.append(content_id)
    note = {"pictures": changed, "why": why, "date": datetime.date.today().isoformat()}
    note["versions"] = provenance.versions(("numpy", "pillow", "jpeglib", "torch", "timm"))
    return dataclasses.replace(
        profile,
        size=size,
        correct=correct,
        features=features,
        accuracy=correct[profile.split == 0].mean(axis=0),
        metadata={**profile.metadata, "measured_again": note},
    ), len(changed)


def main() -> None:
    """Refresh the profiles and write them to another folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--why", required=True, help="what has changed, for the record")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--profile", nargs="+", default=[n for n in shipped_profiles() if n.startswith("image-")])
    given = parser.parse_args()
    dataset = ImageFolder(given.images, given.labels)
    for name in given.profile:
        profile, count = refreshed(load_profile(name), dataset, given.why)
        save_profile(profile, given.out)
        print(f"{name}: {count} of {profile.contents} pictures measured again")


if __name__ == "__main__":
    main()

"""Distilling theta's head."""

from __future__ import annotations

import importlib
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import spearmanr

from edgevision.codecs.spat_imco.regions import region_weights
from edgevision.codecs.spat_imco.theta import (
    DistillationConfig,
    LargeNetwork,
    Theta,
    ThetaNetwork,
    TrainingConfig,
    train_importance,
)
from edgevision.codecs.spat_imco.theta.agreement import rank_correlation
from edgevision.codecs.spat_imco.theta.cross_fitting import (
    LARGE_FOLDS,
    CrossFitted,
    cross_fit,
    cross_fitted_networks,
    number_of_crop,
)
from edgevision.codecs.spat_imco.theta.examples import Examples, collect_examples
from edgevision.codecs.spat_imco.theta.fit_head import fit_head, predict_maps
from edgevision.codecs.spat_imco.theta.labels import make_view, teacher_map
from edgevision.codecs.spat_imco.theta.large_network import RefiningHead, standardise
from edgevision.codecs.spat_imco.theta.large_weights import save_heads
from edgevision.codecs.spat_imco.theta.theta_weights import save_folds
from edgevision.data.images import ImageFolder
from edgevision.errors import DataSetError, WeightsError
from edgevision.vision.classifiers import Classifier
from edgevision.vision.grad_cam import GradCam
from tests.codecs.pictures import picture

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
SMALL = TrainingConfig(width=8, views=2, epochs=6, batch=4, learning_rate=1e-2)


@pytest.fixture(scope="module")
def examples() -> Examples:
    """Each map to be learnt is what a quarter of the features share, plus half of a coarse map."""
    generator = torch.Generator().manual_seed(1)
    middle = torch.randn((48, 2, 96, 14, 14), generator=generator)
    coarse = standardise(torch.randn((48, 2, 2, 14, 14), generator=generator))
    shared = torch.randn((48, 2, 2, 14, 14), generator=generator)
    middle[:, :, :24] += shared[:, :, :1]
    middle[:, :, 24:48] += shared[:, :, 1:]
    return Examples(middle.half(), coarse, standardise(shared + 0.5 * coarse))


def _head(width: int = 8) -> RefiningHead:
    torch.manual_seed(2)
    return RefiningHead(width)


@given(st.integers(0, 999), st.integers(2, 9))
def test_rank_correlation_is_spearmans(seed: int, distinct: int) -> None:
    first, second = np.random.default_rng(seed).integers(0, distinct, (2, 1, 4, 5)).astype(float)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        assert rank_correlation(first, second)[0] == 0
    else:
        expected = spearmanr(first.ravel(), second.ravel()).statistic
        assert rank_correlation(first, second)[0] == pytest.approx(expected)


def test_top_overlap_counts_shared_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    top_overlap = importlib.import_module("theta_maps").top_overlap
    first = np.arange(9.0).reshape(1, 3, 3)
    second = first.copy()
    second[0, 2] = [-1, 7, 8]  # position 6 drops out of the top three, position 5 comes in
    assert top_overlap(first, second)[0] == pytest.approx(2 / 3)
    assert top_overlap(first, -first)[0] == 0
    assert top_overlap(first, 3 * first + 1)[0] == 1


def test_views_are_reproducible_and_mirrored() -> None:
    image = picture(90, 131)
    views = [make_view(image, view, seed=4) for view in range(4)]
    assert {view.shape for view in views} == {(224, 224, 3)}
    np.testing.assert_array_equal(views[1], views[0][:, ::-1])
    np.testing.assert_array_equal(views[3], make_view(image, 3, seed=4))
    assert not np.array_equal(views[2], views[3])
    assert not np.array_equal(views[2], make_view(image, 2, seed=5))


@pytest.mark.parametrize("class_index", [None, 207])
def test_teachers_map_is_grad_cam(lite0: Classifier, class_index: int | None) -> None:
    image = picture(224, 224)
    expected = torch.tensor(region_weights(GradCam(lite0, class_index)(image).weights))
    ours = teacher_map([lite0], image, class_index)
    np.testing.assert_allclose(ours, standardise(expected), atol=0.05)


def test_training_improves_both_maps_of_unseen_pictures(examples: Examples) -> None:
    unseen, seen = np.arange(8), np.arange(8, 48)
    head = _head()
    target = examples.target[:8, 0].numpy()
    before = predict_maps(head, examples, unseen)
    scores = fit_head(head, examples, seen, SMALL)
    after = predict_maps(head, examples, unseen)
    for k in range(2):
        gained = rank_correlation(after[:, k], target[:, k]) - rank_correlation(before[:, k], target[:, k])
        assert gained.mean() > 0.2
    assert len(scores) == SMALL.epochs + 1


def test_training_keeps_its_best_epoch(examples: Examples) -> None:
    noise = Examples(examples.middle, examples.coarse, examples.coarse.clone())
    head = _head()
    config = TrainingConfig(width=8, epochs=30, patience=2, learning_rate=0.3)
    scores = fit_head(head, noise, np.arange(48), config)
    assert len(scores) < 31
    held = np.arange(48)[:: config.validation]
    kept = rank_correlation(predict_maps(head, noise, held)[:, 1], noise.target[held, 0, 1].numpy()).mean()
    assert kept == pytest.approx(max(scores))


class _KilledError(Exception):
    pass


def test_killed_training_ends_like_one_that_was_not(examples: Examples, tmp_path: Path) -> None:
    def kill(done: int, total: int) -> None:
        if done == 3:
            raise _KilledError

    whole, resumed = _head(), _head()
    scores = fit_head(whole, examples, np.arange(48), SMALL)
    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(_KilledError):
        fit_head(_head(), examples, np.arange(48), SMALL, checkpoint=path, progress=kill)
    assert fit_head(resumed, examples, np.arange(48), SMALL, checkpoint=path) == scores
    for key, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[key], value)


def test_unreadable_checkpoint_counts_as_none(examples: Examples, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(b"half a file")
    assert fit_head(_head(), examples, np.arange(48), SMALL, checkpoint=path) == fit_head(
        _head(), examples, np.arange(48), SMALL
    )


def test_cross_fitting_never_sees_the_picture_it_judges(examples: Examples) -> None:
    target = examples.target.clone()
    target[2] = -target[2]
    changed = Examples(examples.middle, examples.coarse, target)
    fitted = [cross_fit(given, SMALL, folds=2) for given in (examples, changed)]
    numbers = np.arange(4)
    before, after = ([predict_maps(head, examples, numbers) for head in heads] for heads in fitted)
    np.testing.assert_array_equal(before[0], after[0])  # fold 0 holds picture 2
    assert not np.array_equal(before[1], after[1])


def test_cross_fitted_map_asks_the_fold_of_the_picture(lite0: Classifier, labelled_folder: Path) -> None:
    dataset = ImageFolder(labelled_folder, labelled_folder / "labels.csv")
    numbers = number_of_crop(dataset, [lite0])
    networks = []
    for seed in range(2):
        torch.manual_seed(seed)
        networks.append(Theta(ThetaNetwork(8)))
    made = CrossFitted(networks, {crop: number % 2 for crop, number in numbers.items()})
    for number, item in enumerate(dataset.items[:3]):
        image = lite0.crop(dataset.load(item))
        np.testing.assert_array_equal(made(image).weights, networks[number % 2](image).weights)
    with pytest.raises(KeyError):
        made(np.zeros((224, 224, 3), np.uint8))


def test_networks_of_other_settings_in_the_folder_are_refused(
    lite0: Classifier, labelled_folder: Path, tmp_path: Path
) -> None:
    dataset = ImageFolder(labelled_folder, labelled_folder / "labels.csv")
    config, distillation = TrainingConfig(width=8), DistillationConfig(width=8)
    record = {"data_set_fingerprint": dataset.identity(), "config": asdict(config)}
    save_heads([_head(), _head()], tmp_path / LARGE_FOLDS, record)
    distilled = {**record, "distillation": asdict(distillation)}
    save_folds([ThetaNetwork(8), ThetaNetwork(8)], tmp_path / "theta-folds.safetensors", distilled)

    def fit(given: TrainingConfig, distilled: DistillationConfig, stop: str = "") -> int:
        def progress(stage: str, done: int, total: int) -> None:
            if stage == stop:
                raise _KilledError

        return len(cross_fitted_networks(dataset, LargeNetwork(8), [lite0], tmp_path, given, distilled, {}, progress))

    assert fit(config, distillation) == 2
    for settings in ((replace(config, views=1), distillation), (config, replace(distillation, epochs=1))):
        with pytest.raises(WeightsError, match="other pictures or settings"):
            fit(*settings)
    items, dataset.items = dataset.items, dataset.items[1:]
    with pytest.raises(WeightsError, match="other pictures or settings"):
        fit(config, distillation)
    dataset.items = items
    (tmp_path / "theta-folds.json").unlink()  # as a kill between the two files leaves them
    with pytest.raises(_KilledError):
        fit(config, distillation, stop="views")


@pytest.mark.parametrize(("field", "value"), [("epochs", 0), ("learning_rate", float("nan")), ("validation", 1)])
def test_settings_out_of_range_are_named(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        TrainingConfig(**{field: value})  # type: ignore[arg-type]


def test_run_leaves_weights_and_goes_on_from_its_examples(
    lite0: Classifier, labelled_folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("tensorboard", reason="needs the extra 'agents'")
    dataset = ImageFolder(labelled_folder, labelled_folder / "labels.csv")
    config, short = TrainingConfig(width=8, views=2, epochs=2), DistillationConfig(width=8, views=2, epochs=2)
    seen: list[tuple[str, int, int]] = []

    def train(folder: Path) -> Theta:
        torch.manual_seed(6)
        train_importance(
            dataset, LargeNetwork(8), [lite0], folder, config, short, progress=lambda *step: seen.append(step)
        )
        return Theta.load(folder / "theta.safetensors")

    image = picture(64, 80)
    first = train(tmp_path / "a")(image).weights
    assert {stage for stage, _, _ in seen} == {"examples", "epochs", "views", "distillation"}
    assert list((tmp_path / "a" / "tensorboard").iterdir())
    (part,) = (tmp_path / "a").glob("examples-*")
    made = part.read_bytes()
    part.write_bytes(made[: len(made) // 2])  # as a full disk would leave it
    seen.clear()
    np.testing.assert_array_equal(train(tmp_path / "a")(image).weights, first)
    assert "examples" not in {stage for stage, _, _ in seen}  # the large network was finished
    (tmp_path / "a" / "large.json").unlink()
    np.testing.assert_array_equal(train(tmp_path / "a")(image).weights, first)
    assert part.read_bytes() == made


def test_teachers_of_the_true_class_must_know_it(lite0: Classifier, tmp_path: Path) -> None:
    for label in ("tench", "tenhc"):
        (tmp_path / label / label).mkdir(parents=True)
        Image.fromarray(picture(64, 80)).save(tmp_path / label / label / "a.png")

    def collect(label: str, *, true_class: bool) -> Examples:
        return collect_examples(
            ImageFolder(tmp_path / label), LargeNetwork(8), [lite0], views=1, true_class=true_class, seed=0,
            folder=tmp_path / "out", progress=lambda done, total: None,
        )  # fmt: skip

    assert lite0.predict_logits(lite0.crop(picture(64, 80))[None]).argmax() != 0
    assert not torch.equal(collect("tench", true_class=True).target, collect("tench", true_class=False).target)
    with pytest.raises(DataSetError, match=r"'tenhc' is no class of this classifier.*'tench'"):
        collect("tenhc", true_class=True)
    assert len(collect("tenhc", true_class=False)) == 1  # the teachers explain what they predict


def test_data_set_without_a_readable_picture(lite0: Classifier, tmp_path: Path) -> None:
    (tmp_path / "pictures" / "tench").mkdir(parents=True)
    (tmp_path / "pictures" / "tench" / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(DataSetError, match="no picture"):
        train_importance(ImageFolder(tmp_path / "pictures"), LargeNetwork(8), [lite0], tmp_path / "out", SMALL)

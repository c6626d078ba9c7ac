"""Training an `AccuracyModel` on the train split of a profile, with settings chosen by cross-validation.

The model is scikit-learn's histogram gradient boosting over rows of features and operating point; on a ladder its
probabilities never rise from one level to the next. It is mixed with the table of mean accuracies, which calibrates it
where features say little. Folds hold whole groups of contents. Settings have the least cross-validated log loss. The
validation split then shows whether the model is better than the table on contents that decided nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.errors import AccuracyModelError
from edgevision.imports import require
from edgevision.profiles.content_models.accuracy_model import AccuracyModel
from edgevision.profiles.content_models.tree_boxes import boxes_of
from edgevision.profiles.profile import OperatingPointProfile
from edgevision.progress import Progress
from edgevision.provenance import versions
from edgevision.statistics import RESAMPLES, GroupBootstrap

DEPTHS = (2, 3, 4)
RATES = (0.05, 0.1)
LEAST_ROWS = (5, 10)  # rows in a leaf, in multiples of the number of operating points
TREES = (20, 40, 60, 80, 100, 130, 160, 200)
WEIGHTS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)
FOLDS = 5
REPEATS = 2  # divisions into folds, over which losses are averaged


@dataclass(frozen=True)
class Boosting:
    """Settings of the trees: their depth, the learning rate, and the fewest rows in a leaf."""

    depth: int
    rate: float
    least_rows: int


@dataclass(frozen=True)
class Choice:
    """All settings of a model: those of its trees, their number, and their weight against the mean table."""

    boosting: Boosting
    trees: int
    weight: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """Log losses [nat] per content, averaged over operating points, (3,) each: mean, and ends of its 95 % interval.

    Attributes:
        model: log loss of the model.
        table: log loss of the mean table.
        difference: model minus table, paired.
    """

    model: FloatArray
    table: FloatArray
    difference: FloatArray


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A model, and how it compares with the mean table.

    Attributes:
        model: the model, trained on the whole train split.
        choice: its settings.
        train: comparison on the train split, each content predicted from other folds. The settings were chosen by
            this loss, so it is slightly too good.
        validation: comparison on the validation split, which decided nothing.
    """

    model: AccuracyModel
    choice: Choice
    train: Comparison
    validation: Comparison

    @property
    def better(self) -> bool:
        """Whether the model has the smaller loss on both splits, with intervals that do not contain 0."""
        return all(comparison.difference[2] < 0 for comparison in (self.train, self.validation))


def train_content_model(
    profile: OperatingPointProfile, seed: int = 0, progress: Progress = lambda done, total: None
) -> TrainedModel:
    """Train a model of the accuracy on each content; takes a minute or two.

    Args:
        profile: a measured profile with features.
        seed: of the division into folds.
        progress: called with fits done and all of them.

    Raises:
        AccuracyModelError: the profile has no answers or no features, a train split of too few groups or of equal
            answers only, or no validation split.
        MissingExtraError: scikit-learn is not installed.
    """
    require("sklearn", "content")
    data = _Data(profile)
    losses = _cross_validated(data, seed, progress)
    choice = min(losses, key=lambda settings: float(losses[settings].mean()))
    table = losses[Choice(choice.boosting, choice.trees, 0.0)]
    train = _compared(losses[choice], table, data.groups[data.train])
    fitted = _Fitted(data, data.train, choice.boosting)
    model = fitted.model(choice)
    held = profile.members("validation")
    answers, features = data.answers[held], profile.features[held]
    means = np.broadcast_to(fitted.mean, answers.shape)
    validation = _compared(log_loss(model.predict(features), answers), log_loss(means, answers), data.groups[held])
    return TrainedModel(_with_provenance(model, profile, choice, seed, train, validation), choice, train, validation)


def log_loss(predicted: FloatArray, answers: BoolArray) -> FloatArray:
    """Mean over the last axis of -log of the probability given to each answer [nat]."""
    return -np.log(np.maximum(np.where(answers, predicted, 1.0 - predicted), 1e-12)).mean(axis=-1)


class _Data:
    """What a profile has to train on: answers, groups of contents, and columns that describe operating points."""

    def __init__(self, profile: OperatingPointProfile) -> None:
        if profile.correct is None or not profile.feature_names:
            raise AccuracyModelError(f"profile {profile.name!r} has no recorded answers or no features to predict from")
        self.profile = profile
        self.answers: BoolArray = profile.correct
        self.train = profile.members("train")
        given = profile.metadata.get("groups")
        whole = isinstance(given, list) and len(given) == profile.contents and all(type(g) is int for g in given)
        self.groups: IntArray = np.array(given) if whole else np.arange(profile.contents)
        if len(np.unique(self.groups[self.train])) < FOLDS:
            raise AccuracyModelError(
                f"the train split of {profile.name!r} has fewer than {FOLDS} groups of contents to train on"
            )
        self.columns = np.stack(np.unravel_index(np.arange(profile.points), profile.grid), axis=1).astype(np.float64)
        self.ladder = len(profile.grid) == 1

    def rows(self, features: FloatArray) -> FloatArray:
        """Every content at every operating point, (M K, F + A), for features (M, F)."""
        K = len(self.columns)
        return np.concatenate([np.repeat(features, K, axis=0), np.tile(self.columns, (len(features), 1))], axis=1)


class _Fitted:
    """Trees and mean table that were fitted to some contents."""

    def __init__(self, data: _Data, contents: IntArray, boosting: Boosting) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier

        answers, features = data.answers[contents], data.profile.features[contents]
        if answers.all() or not answers.any():
            raise AccuracyModelError(
                f"the answers of {data.profile.name!r} are all the same; there is nothing to predict"
            )
        self.data = data
        self.mean = _mean_table(answers, data.ladder)
        falling = [-1] if data.ladder else [0] * data.columns.shape[1]
        self.trees = HistGradientBoostingClassifier(
            max_depth=boosting.depth,
            learning_rate=boosting.rate,
            min_samples_leaf=boosting.least_rows * len(data.columns),
            max_iter=TREES[-1],
            monotonic_cst=[0] * features.shape[1] + falling,
            early_stopping=False,
            random_state=0,
        ).fit(data.rows(features), answers.ravel())

    def staged(self, contents: IntArray) -> FloatArray:
        """Predictions of the first trees, for each number in ``TREES``, (T, M, K)."""
        rows = self.data.rows(self.data.profile.features[contents])
        stages = enumerate(self.trees.staged_predict_proba(rows), start=1)
        shape = len(contents), len(self.data.columns)
        return np.stack([found[:, 1].reshape(shape) for count, found in stages if count in TREES])

    def model(self, choice: Choice) -> AccuracyModel:
        """The model with these settings."""
        profile = self.data.profile
        trees = [tree.nodes for (tree,) in self.trees._predictors[: choice.trees]]
        baseline = float(np.ravel(self.trees._baseline_prediction)[0])
        boxes = boxes_of(trees, baseline, profile.features.shape[1], self.data.columns)
        corners = boxes.lower, boxes.upper, boxes.value
        return AccuracyModel(*corners, self.mean, choice.weight, profile.content_fingerprint, profile.feature_names)


def _mean_table(answers: BoolArray, ladder: bool) -> FloatArray:
    """Share of right answers at each point, (K,), with one more answer that is half right; never rising on a ladder."""
    mean = (answers.sum(axis=0) + 0.5) / (len(answers) + 1.0)
    if not ladder:
        return np.asarray(mean)
    from sklearn.isotonic import IsotonicRegression

    return np.asarray(IsotonicRegression(increasing=False).fit_transform(np.arange(len(mean)), mean))


def _cross_validated(data: _Data, seed: int, progress: Progress) -> dict[Choice, FloatArray]:
    """Log loss of each content of the train split, (M,), when the model has not seen it, by settings."""
    grid = [Boosting(*settings) for settings in itertools.product(DEPTHS, RATES, LEAST_ROWS)]
    divisions = [_folds(data.groups[data.train], np.random.default_rng([seed, repeat])) for repeat in range(REPEATS)]
    total, done = len(grid) * REPEATS * FOLDS, 0
    losses: dict[Choice, FloatArray] = {}
    for boosting in grid:
        found = np.zeros((len(TREES), len(WEIGHTS), len(data.train)))
        for folds in divisions:
            for fold in range(FOLDS):
                progress(done, total)
                done += 1
                fitted, held = _Fitted(data, data.train[folds != fold], boosting), data.train[folds == fold]
                staged = fitted.staged(held)[:, None]
                weights = np.array(WEIGHTS)[:, None, None]
                mixed = weights * staged + (1.0 - weights) * fitted.mean
                found[:, :, folds == fold] += log_loss(mixed, data.answers[held]) / REPEATS
        for (i, trees), (j, weight) in itertools.product(enumerate(TREES), enumerate(WEIGHTS)):
            losses[Choice(boosting, trees, weight)] = found[i, j]
    progress(total, total)
    return losses


def _folds(groups: IntArray, random: np.random.Generator) -> IntArray:
    """Fold of each content, 0 .. FOLDS - 1, the same for all contents of a group, (M,)."""
    names, member = np.unique(groups, return_inverse=True)
    return random.permutation(np.arange(len(names)) % FOLDS)[member]


def _compared(model: FloatArray, table: FloatArray, groups: IntArray) -> Comparison:
    bootstrap = GroupBootstrap(groups, RESAMPLES)
    return Comparison(*(bootstrap.mean(losses) for losses in (model, table, model - table)))


def _with_provenance(
    model: AccuracyModel,
    profile: OperatingPointProfile,
    choice: Choice,
    seed: int,
    train: Comparison,
    validation: Comparison,
) -> AccuracyModel:
    def numbers(comparison: Comparison) -> dict[str, Sequence[float]]:
        return {name: value.round(6).tolist() for name, value in vars(comparison).items()}

    metadata: dict[str, Any] = {
        "profile": profile.name,
        "contents": len(profile.members("train")),
        "settings": asdict(choice),
        "seed": seed,
        "log_loss": "mean and 95 % interval per content [nat]",
        "train_cross_validated": numbers(train),
        "validation": numbers(validation),
        "command": f"edgevision train-content {profile.name} --seed {seed}",
        "versions": versions(("numpy", "scikit-learn")),
    }
    return replace(model, metadata=metadata)

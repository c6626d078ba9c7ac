"""`ContentAware`: a classical policy that knows how accurate each point is on the content at hand, not on average.

It replaces the population accuracy of a problem by what an `AccuracyModel` predicts from the features of each content,
and lets the inner policy decide. Source: ours.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from edgevision.baselines.co_crra.co_crra import CoCRRA
from edgevision.baselines.joint import Joint
from edgevision.baselines.policy_registry import register
from edgevision.envs.allocation import Allocation
from edgevision.envs.policy import Policy, is_batched, kind_of
from edgevision.envs.problem import SlotProblem
from edgevision.errors import AccuracyModelError, shown
from edgevision.profiles.content_models.accuracy_model import AccuracyModel, load_shipped_model, shipped_digest


class ContentAware:
    """A policy around another one, which sees predicted accuracies.

    Attributes:
        name: name of the inner policy with ``-content``.
        kind: that of the inner policy.
        batched: that of the inner policy.
        needs_content_model: always true: the policy is for profiles that have an accuracy model.
    """

    name = "content-aware"
    needs_content_model = True

    def __init__(self, policy: Policy, model: AccuracyModel | Path | str | None = None) -> None:
        """Wrap a policy.

        Args:
            policy: decides, given the predicted accuracies.
            model: the accuracy model or its file; ``None`` takes the one that comes with the package for the problem's
                profile.

        Raises:
            AccuracyModelError: the file is missing or damaged.
        """
        if isinstance(model, str | Path):
            model = AccuracyModel.load(Path(model))
        if not isinstance(model, AccuracyModel | None):
            raise AccuracyModelError(f"model must be the .npz file of an accuracy model, got {shown(model)}")
        self.name = f"{policy.name}-content"
        self.kind, self.batched = kind_of(policy), is_batched(policy)
        self.policy = policy
        self.model = model

    @property
    def fingerprint(self) -> str:
        """Digest of the arrays of the models, on which decisions depend besides code and options."""
        return shipped_digest() if self.model is None else self.model.digest

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            AccuracyModelError: there is no model for this problem, or it was trained on another profile.
        """
        return self.policy.act(self.informed(problem))

    def informed(self, problem: SlotProblem) -> SlotProblem:
        """The problem with the predicted accuracy of every content at every operating point.

        Raises:
            AccuracyModelError: there is no model for this problem, or it was trained on another profile.
        """
        if self.model is None and problem.outlook is not None:
            raise AccuracyModelError(
                f"policy {self.name!r}: no accuracy model comes with edgevision for an environment whose decisions "
                f"change later slots; take {self.policy.name!r}, or a policy of this environment"
            )
        model = self.model or load_shipped_model(problem.content_fingerprint)
        expected = len(model.feature_names), model.points
        if problem.content_fingerprint not in ("", model.content_fingerprint):
            raise AccuracyModelError(
                f"policy {self.name!r}: its accuracy model was trained on other contents, features or answers "
                f"(profile {shown(model.metadata.get('profile'))}); train one with 'edgevision train-content PROFILE'"
            )
        if (problem.features.shape[-1], problem.points) != expected:
            raise AccuracyModelError(
                f"policy {self.name!r}: its accuracy model is for {expected[0]} features and {expected[1]} "
                f"operating points, the problem has {problem.features.shape[-1]} and {problem.points}"
            )
        return dataclasses.replace(problem, accuracy=model.predict(problem.features))


@register
class JointContent(ContentAware):
    """`Joint` with the accuracy predicted for each content. Source: ours."""

    name = "joint-content"

    def __init__(self, model: AccuracyModel | Path | str | None = None) -> None:
        """Wrap `Joint`; ``model`` is as for `ContentAware`."""
        super().__init__(Joint(), model)


@register
class CoCRRAContent(ContentAware):
    """`CoCRRA` with the accuracy predicted for each content. Source: ours, around the published algorithm."""

    name = "co-crra-content"

    def __init__(self, model: AccuracyModel | Path | str | None = None) -> None:
        """Wrap `CoCRRA`; ``model`` is as for `ContentAware`."""
        super().__init__(CoCRRA(), model)

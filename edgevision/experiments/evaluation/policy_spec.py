"""The policies of a comparison: their names, their kinds and how to build them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgevision import agents, baselines
from edgevision.envs import Policy
from edgevision.envs.policy import Kind, is_batched, kind_of, show_future
from edgevision.errors import EdgeVisionError, EvaluationError, UnknownNameError, shown, unknown_name
from edgevision.experiments.evaluation.asking import ask
from edgevision.experiments.evaluation.scenario import Scenario, parse_settings
from edgevision.imports import is_own, make_own
from edgevision.protocol import SEEDS

_POLICY_FILE = "policy.json"


@dataclass(frozen=True)
class PolicySpec:
    """One policy of a comparison.

    Attributes:
        label: name in tables; unique within a comparison.
        kind: see `edgevision.envs.Policy`.
        batched: see `edgevision.envs.Policy`.
        source: registry name, run folder, or the policy object.
        options: keywords for a policy of the registry.
        origin: how the options were tuned, or how the agent was trained.
        members: one spec per training seed, if ``source`` is a folder of several runs of one agent.
    """

    label: str
    kind: Kind
    batched: bool
    source: str | Path | Policy
    options: tuple[tuple[str, Any], ...] = ()
    origin: tuple[tuple[str, Any], ...] = ()
    members: tuple[PolicySpec, ...] = ()

    @property
    def storable(self) -> bool:
        """Whether its results can be stored.

        Those of a policy object cannot, nor those of a policy that is registered from outside the package: nothing
        tells when their code changes.
        """
        return isinstance(self.source, Path) or (
            isinstance(self.source, str) and type(self.build()).__module__.split(".")[0] == "edgevision"
        )

    @property
    def causal(self) -> bool:
        """Whether it decides without knowing the future; see `edgevision.envs.policy.show_future`."""
        return not hasattr(self.build(), "foresee")

    def build(self) -> Policy:
        """Make the policy.

        Raises:
            UnknownNameError: the registry has no such policy.
            MissingExtraError: the policy needs an extra that is not installed.
            EvaluationError: the policy has no such option.
        """
        if self.members:
            return self.members[0].build()
        if isinstance(self.source, Path):
            return agents.load_policy(self.source)
        if not isinstance(self.source, str):
            return self.source
        try:
            return baselines.make(self.source, **dict(self.options))
        except (TypeError, ValueError) as error:
            if isinstance(error, EdgeVisionError):
                raise
            raise EvaluationError(f"policy {self.label!r}: {error}") from None

    def describe(self) -> dict[str, Any]:
        """Everything that its decisions depend on, as JSON values."""
        if isinstance(self.source, Path):
            return {
                "learned": (self.source / _POLICY_FILE).read_text(encoding="utf-8")
            }  # contains the SHA-256 of the weights
        described: dict[str, Any] = {"policy": str(self.source), "options": dict(self.options)}
        policy = self.build()
        return {**described, "model": policy.fingerprint} if isinstance(policy, baselines.ContentAware) else described


def resolve(policies: Sequence[str | Policy]) -> list[PolicySpec]:
    """Resolve the policies of an ``EvaluationConfig``.

    A policy is given as ``co-crra``, ``fixed:operating_point=7``, a run folder, a folder of such folders (the training
    seeds of one agent), ``module:Class`` or ``module:Class:option=value`` (which imports the module), or a policy
    object.

    Raises:
        EvaluationError: there is no policy, or two have the same name.
        UnknownNameError: a text names neither a policy, nor a folder, nor a class that can be imported.
        OwnCodeError: a class of the caller's cannot be made.
        LearnedPolicyError: a folder has no policy that can be loaded.
        MissingExtraError: a policy needs an extra that is not installed.
    """
    if isinstance(policies, str) or not isinstance(policies, Sequence):
        raise EvaluationError(f"policies must be a list of names or policies, got {shown(policies)}")
    if not policies:
        raise EvaluationError(f"name at least one policy (known: {', '.join(baselines.known())})")
    specs = [_from_text(policy) if isinstance(policy, str) else _from_object(policy) for policy in policies]
    labels = [spec.label for spec in specs]
    # Runs of one algorithm have the same name, so their folders become their labels.
    named = [
        replace(spec, label=str(spec.source)) if isinstance(spec.source, Path) and count > 1 else spec
        for spec, count in zip(specs, map(labels.count, labels), strict=True)
    ]
    for label, count in Counter(spec.label for spec in named).items():
        if count > 1:
            raise EvaluationError(f"policy {label!r} is given twice")
    return named


def _from_object(policy: Policy) -> PolicySpec:
    if not isinstance(getattr(policy, "name", None), str) or not policy.name or isinstance(policy, type):
        raise EvaluationError(f"a policy is an object with a name (a text) and act(problem), got {shown(policy)}")
    try:
        return PolicySpec(policy.name, kind_of(policy), is_batched(policy), policy)
    except ValueError as error:
        raise EvaluationError(str(error)) from None


def _from_text(text: str) -> PolicySpec:
    name, _, options = text.partition(":")
    if name in baselines.known():
        chosen = parse_settings(filter(None, options.split(",")))
        if not isinstance(chosen.get("operating_point", 0), int):
            raise EvaluationError(f"policy {text!r}: operating_point must be a whole number")
        found = PolicySpec(text, "rule", True, name, tuple(chosen.items()))
        policy = found.build()
        return replace(found, kind=kind_of(policy), batched=is_batched(policy))
    folder = Path(text)
    if folder.is_dir():
        return _from_folder(folder)
    if is_own(text):
        return _from_object(make_own("policy", text, parse_settings))
    if folder.parent != Path():
        raise UnknownNameError(f"no policy and no run folder at {text!r}")
    raise unknown_name("policy", text, baselines.known())


def _from_folder(folder: Path) -> PolicySpec:
    """The policy of a run folder, or of all runs in direct sub-folders."""
    runs = [] if (folder / _POLICY_FILE).is_file() else sorted(path.parent for path in folder.glob(f"*/{_POLICY_FILE}"))
    members = tuple(PolicySpec(run.name, "learned", True, run) for run in runs)
    policy = agents.load_policy(runs[0] if runs else folder)
    origin = {"run": str(folder), **policy.description.provenance}
    if runs:
        origin["seed"] = f"{len(runs)} runs"
    label = f"{policy.name} x{len(runs)}" if runs else policy.name
    return PolicySpec(label, "learned", True, folder, origin=tuple(origin.items()), members=members)


def check(spec: PolicySpec, scenario: Scenario) -> None:
    """Let a policy decide one slot, to find errors before the evaluation begins.

    Raises:
        EvaluationError: the value of an option is invalid, or a policy of the caller's fails.
        LearnedPolicyError: the policy was trained for other operating points or features.
        AllocationError: its operating point does not exist here, or its allocation violates a constraint.
    """
    for member in spec.members:
        check(member, scenario)
    env = scenario.make(1)
    env.reset(seed=SEEDS["validation"][0])
    try:
        policy = spec.build()
        show_future(policy, env.simulator)
        answer = ask(policy, env.problem)
    except TypeError as error:
        if not spec.options:
            raise
        raise EvaluationError(f"policy {spec.label!r}: {error}") from None
    answer.check(env.problem)

"""`ask`: the allocation of a policy, whose code may come from outside the package."""

from __future__ import annotations

from edgevision.envs import Allocation, Policy, SlotProblem
from edgevision.errors import EdgeVisionError, EvaluationError, shown


def ask(policy: Policy, problem: SlotProblem) -> Allocation:
    """The allocation of a policy for every slot of the batch, (N, U); not yet checked against the problem.

    Raises:
        EvaluationError: a policy from outside the package fails, or what it returns is no `Allocation`.
    """
    try:
        answer = policy.act(problem)
    except EdgeVisionError:
        raise
    except Exception as error:
        if type(policy).__module__.split(".")[0] == "edgevision":
            raise
        raise EvaluationError(
            f"policy {policy.name!r}: act failed with {type(error).__name__}: {error}; --debug shows where"
        ) from error
    if not isinstance(answer, Allocation):
        raise EvaluationError(f"policy {policy.name!r}: act must return an Allocation, got {shown(answer)}")
    return answer

"""Policies by name: ``@register`` on a class, ``make(name)`` for an instance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from edgevision.envs.policy import Policy
from edgevision.profiles.content_models.accuracy_model import shipped_models
from edgevision.registry import Registry

_POLICIES: Registry[Callable[..., Policy]] = Registry("policy")

PolicyClass = TypeVar("PolicyClass", bound=type[Any])


def register(policy: PolicyClass) -> PolicyClass:
    """Class decorator that makes a policy available under its ``name``.

    A class attribute ``axes`` restricts the policy to profiles with these ``axis_names``. With ``needs_content_model =
    True`` it is only for profiles for which an accuracy model comes with the package. A class attribute ``families``
    names the kinds of environment in which the policy can decide (``Family`` in `edgevision.envs.simulation`), by
    default only ``bandit``.

    Raises:
        ValueError: the name is taken.
    """
    return _POLICIES.register(policy.name)(policy)


def make(name: str, **options: Any) -> Policy:
    """Build the policy of this name; ``options`` are its constructor's keywords.

    Raises:
        UnknownNameError: no such policy.
        UnknownSettingError: it has no such option.
        MissingExtraError: the policy needs an extra that is not installed.
    """
    return _POLICIES.make(name, options)


def known() -> list[str]:
    """Names of all policies, sorted."""
    return list(_POLICIES.names())


def names(axes: Sequence[str] = (), content_fingerprint: str = "", *, family: str = "bandit") -> list[str]:
    """Names of the policies for a profile, sorted; by default, those for any profile.

    Args:
        axes: the profile's ``axis_names``.
        content_fingerprint: the profile's.
        family: kind of the environment, the ``family`` of its simulator.
    """
    modelled = content_fingerprint in shipped_models()

    def fits(policy: Any) -> bool:
        has_model = modelled or not getattr(policy, "needs_content_model", False)
        right_kind = family in getattr(policy, "families", ("bandit",))
        return has_model and right_kind and getattr(policy, "axes", None) in (None, tuple(axes))

    return [name for name in known() if fits(_POLICIES[name])]

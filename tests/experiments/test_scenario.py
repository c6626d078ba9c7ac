"""Seeds of the protocol and settings as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.errors import EvaluationError, UnknownNameError
from edgevision.experiments.evaluation.scenario import Scenario, parse_settings, parse_value
from edgevision.protocol import episode_seeds


def test_splits_have_the_seeds_of_the_protocol() -> None:
    assert episode_seeds("test", 3) == (20_000, 20_001, 20_002)
    assert episode_seeds("validation", 1) == (10_000,)
    assert not set(episode_seeds("test", 1000)) & set(episode_seeds("validation", 1000))


@pytest.mark.parametrize(("split", "episodes"), [("test", 0), ("test", 1001), ("train", 5), ("tset", 5)])
def test_other_requests_are_refused(split: str, episodes: int) -> None:
    with pytest.raises(EvaluationError):
        episode_seeds(split, episodes)  # type: ignore[arg-type]


def test_unknown_ids_get_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'EdgeVision/Paper-v0'"):
        Scenario("EdgeVision/Papr-v0")


def test_names_that_python_keeps_for_itself_are_no_settings() -> None:
    for name in ("cls", "self", "num_envs"):
        with pytest.raises(UnknownNameError, match=rf"unknown scenario setting '{name}' \(known: .*battery_mj"):
            Scenario("EdgeVision/Dynamic-v0", {name: 1}).make(1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", 10),
        ("2.5", 2.5),
        ("1e-3", 1e-3),
        ("50,100", (50, 100)),
        ("(50, 100)", (50, 100)),
        ("None", None),
        ("True", True),
        ("umi", "umi"),
        ("profiles/mine.npz", "profiles/mine.npz"),
    ],
)
def test_values_are_read_as_typed(text: str, value: object) -> None:
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    parse_value(text)


@pytest.mark.parametrize("pairs", [["users"], ["=3"], ["users="], ["a b=3"], ["users=3", "users=4"]])
def test_malformed_pairs_are_refused(pairs: list[str]) -> None:
    with pytest.raises(EvaluationError):
        parse_settings(pairs)


def test_pairs_become_settings() -> None:
    assert parse_settings(["users=3", "deadline_ms = 50,100"]) == {"users": 3, "deadline_ms": (50, 100)}

"""The docstrings of the environments are complete pages, and their tables agree with the spaces."""

from __future__ import annotations

import re

import gymnasium
import pytest

import edgevision  # noqa: F401
from edgevision.envs import IDS
from edgevision.envs.docstrings import HEADINGS, merged
from edgevision.envs.environment import OffloadingEnv
from tests.envs.strategies import BANDIT_IDS


def page(env_id: str) -> str:
    return str(type(gymnasium.make(env_id).unwrapped).__doc__)


def section(text: str, heading: str) -> str:
    return text.split(f"## {heading}\n")[1].split("\n## ")[0]


def rows(table: str) -> int:
    """Rows of the first Markdown table under its two lines of heading."""
    lines = re.search(r"(?:^\|.*\n)+", table, flags=re.MULTILINE)
    assert lines
    return len(lines[0].splitlines()) - 2


def test_sections_are_merged_by_heading_in_one_order() -> None:
    own = "Summary.\n\n    ## Rewards\n    mine\n\n    ## Description\n    first\n    "
    common = "Other summary.\n\n    ## Episode End\n    never\n\n    ## Rewards\n    ours\n    "
    assert merged(own, common) == (
        "Summary.\n\n## Description\n\nfirst\n\n## Rewards\n\nmine\n\nours\n\n## Episode End\n\nnever\n"
    )


@pytest.mark.parametrize("env_id", IDS)
def test_every_id_has_every_section_in_order(env_id: str) -> None:
    assert tuple(re.findall(r"^## (.+)$", page(env_id), flags=re.MULTILINE)) == HEADINGS


@pytest.mark.parametrize("env_id", BANDIT_IDS)
def test_tables_agree_with_the_spaces(env_id: str) -> None:
    env = gymnasium.make(env_id)
    actions = section(page(env_id), "Action Space")
    coordinates = env.action_space.shape[1]  # type: ignore[index]
    assert f"A = {coordinates - 2}:" in actions
    assert rows(actions) == coordinates - 2
    observations = section(page(env_id), "Observation Space")
    users, cell = observations.split("(`users`)")[1], observations.split("(`cell`)")[1]
    spaces = env.observation_space.spaces  # type: ignore[attr-defined]
    features = len(env.unwrapped.simulator.profile.feature_names)  # type: ignore[attr-defined]
    assert f"7 + F)), cell=Box(-4, 4, ({spaces['cell'].shape[0]},))" in observations
    assert spaces["users"].shape[1] == 7 + features
    assert "\n| 7 .. 6 + F |" in users
    assert len(re.findall(r"^\| \d \|", cell, flags=re.MULTILINE)) == spaces["cell"].shape[0]
    assert {float(spaces[name].low.min()) for name in ("users", "cell")} == {-4.0}


@pytest.mark.parametrize("env_id", IDS)
def test_every_id_says_what_kind_of_problem_it_is(env_id: str) -> None:
    own = type(gymnasium.make(env_id).unwrapped)
    vector = type(gymnasium.make_vec(env_id, num_envs=1).unwrapped)
    assert "contextual bandit" in str(own.__doc__).splitlines()[0]
    assert "contextual bandit" in str(vector.__doc__)
    assert "discount factor of\n0 is correct" in section(page(env_id), "Description")
    assert "gets a new deadline" in section(page(env_id), "Starting State")


def test_a_subclass_of_ones_own_gets_the_common_sections() -> None:
    class Mine(OffloadingEnv):
        """Mine.

        ## Rewards
        Double.
        """

        default_preset = "paper"

    assert str(Mine.__doc__).startswith("Mine.\n\n## Description\n")
    assert section(str(Mine.__doc__), "Rewards").strip().startswith("Double.\n\nA slot without requests")

from __future__ import annotations

from pathlib import Path

import pytest

from edgevision.agents import TrainingError, load_hyperparameters
from edgevision.envs import IDS
from edgevision.errors import UnknownNameError


@pytest.mark.parametrize("algorithm", ["ppo", "sac"])
@pytest.mark.parametrize("env_id", IDS)
def test_shipped_files_are_valid_for_every_environment(algorithm: str, env_id: str) -> None:
    gamma = 0.98 if "Dynamic" in env_id else 0.9 if "Stream" in env_id else 0.0
    assert load_hyperparameters(algorithm, env_id).gamma == gamma


def test_marginal_values_count_later_rewards_in_full() -> None:
    assert load_hyperparameters("marginal", "EdgeVision/Dynamic-Price-v0").gamma == 1.0
    with pytest.raises(TrainingError, match="energy_step must be < 1"):
        load_hyperparameters("marginal", "EdgeVision/Dynamic-Price-v0", {"energy_step": 1.0})


def write(tmp_path: Path, text: str) -> Path:
    shipped = load_hyperparameters("ppo", "EdgeVision/Paper-v0")
    default = "".join(f"  {key}: {value}\n" for key, value in vars(shipped).items() if f"  {key}:" not in text)
    path = tmp_path / "own.yaml"
    path.write_text(text.replace("default:\n", f"default:\n{default}"))
    return path


def test_sections_lie_over_the_default_and_overrides_over_both(tmp_path: Path) -> None:
    path = write(tmp_path, "default:\n  n_envs: 512\n")
    path.write_text(path.read_text() + "EdgeVision/Image-v0:\n  width: 7\n")
    image = load_hyperparameters("ppo", "EdgeVision/Image-v0", {"n_envs": 300}, file=path)
    paper = load_hyperparameters("ppo", "EdgeVision/Paper-v0", file=path)
    assert (image.width, image.n_envs) == (7, 300)
    assert (paper.width, paper.n_envs) == (load_hyperparameters("ppo", "EdgeVision/Paper-v0").width, 512)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("default:\n  lerning_rate: 0.1\n", UnknownNameError, "did you mean 'learning_rate'"),
        ("default:\n  gradient_steps: 1\n", UnknownNameError, "ppo hyperparameter 'gradient_steps'"),
        ("EdgeVision/Imag-v0:\n  width: 3\n", UnknownNameError, "did you mean 'EdgeVision/Image-v0'"),
        ("default:\n  learning_rate: 1e-3\n", TrainingError, "point before the exponent"),
        ("default:\n  learning_rate: 0\n", TrainingError, "learning_rate must be > 0"),
        ("default:\n  gamma: 1.5\n", TrainingError, "gamma must be >= 0 and <= 1"),
        ("default:\n  clip_range: .nan\n", TrainingError, "clip_range must be a number"),
        ("default:\n  width: 8.5\n", TrainingError, "width must be a whole number"),
        ("default:\n  width: true\n", TrainingError, "width must be a whole number"),
        ("default:\n  batch_size: 100000\n", TrainingError, "must hold a batch"),
        ("default: [1]\n", TrainingError, "must map environment ids"),
        ("3\n", TrainingError, "must map environment ids"),
        ("default: {\n", TrainingError, "not plain YAML"),
        ("default: {width: 2001-99-99}\n", TrainingError, "not plain YAML"),
        (f"default: {{width: {'9' * 5000}}}\n", TrainingError, "not plain YAML"),
        (f"default:\n  width: {'9' * 400}\n", TrainingError, "must be a whole number"),
        (f"default: {'[' * 3000}\n", TrainingError, "nested too deeply"),
        ("a: &a [1, 1]\nb: &b [*a, *a]\ndefault: {width: *b}\n", TrainingError, "uses an alias"),
        ("#" * 2**18 + "\n", TrainingError, "larger than"),
        ("default: !!python/object/apply:os.getcwd []\n", TrainingError, "not plain YAML"),
    ],
)
def test_says_what_is_wrong_with_a_file(tmp_path: Path, text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        load_hyperparameters("ppo", "EdgeVision/Paper-v0", file=write(tmp_path, text))


def test_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("default:\n  width: 3\n")
    with pytest.raises(TrainingError, match="needs a value for batch_size, "):
        load_hyperparameters("ppo", "EdgeVision/Paper-v0", file=path)
    with pytest.raises(TrainingError, match="there is no such file"):
        load_hyperparameters("ppo", "EdgeVision/Paper-v0", file=tmp_path / "none.yaml")


def test_unknown_algorithm_and_override() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'ppo'"):
        load_hyperparameters("pp", "EdgeVision/Paper-v0")
    with pytest.raises(UnknownNameError, match="did you mean 'tau'"):
        load_hyperparameters("sac", "EdgeVision/Paper-v0", {"tua": 1})

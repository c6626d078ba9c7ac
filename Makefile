PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

RAY_BIN := .venv-ray/bin

.PHONY: demo demo-video demo-dynamic docs test test-ray lint bench-compare clean help

help:  ## List the targets.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --progress-bar on -c constraints.txt -e ".[dev]"
	touch $@

demo: $(INSTALLED)  ## Train an agent and compare it with Co-CRRA and the paper baselines (runs/demo).
	$(BIN)/edgevision demo

demo-video: $(INSTALLED)  ## The same for video clips sent with STAE (runs/demo-video).
	$(BIN)/edgevision demo video

demo-dynamic: $(INSTALLED)  ## The same for patrols whose requests may wait (runs/demo-dynamic).
	$(BIN)/edgevision demo dynamic

lint: $(INSTALLED)  ## Check style and types.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(INSTALLED)  ## Build the documentation (docs/_build/html/index.html).
	$(BIN)/python -m sphinx --fresh-env --fail-on-warning --keep-going --quiet docs docs/_build/html

bench-compare: $(INSTALLED)  ## Compare the speed of the environments with that of another commit: BASE=main.
	$(BIN)/python benchmarks/compare_speed.py --base $(or $(BASE),HEAD)

test: lint docs  ## Set up, lint, type-check, build the documentation and run all tests.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup --durations 25

test-ray:  ## Run the tests of RLlib, which pins another Gymnasium, in an environment of its own (.venv-ray).
	$(PYTHON) -m venv .venv-ray
	$(RAY_BIN)/python -m pip install --quiet --upgrade pip
	grep -v '^gymnasium==' constraints.txt > .venv-ray/constraints.txt
	$(RAY_BIN)/python -m pip install --quiet --progress-bar on -c .venv-ray/constraints.txt -e ".[ray]" pytest pytest-xdist
	OMP_NUM_THREADS=1 $(RAY_BIN)/python -m pytest tests/ray

clean:  ## Remove the virtual environments and caches.
	rm -rf $(VENV) .venv-ray docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis

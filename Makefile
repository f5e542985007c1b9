# The one door: every target creates what it needs, on a machine where nothing was installed by hand.
PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1
# The compiled loop is there before the first run, which would have half as many trials beside the compiler, and before the first
# test, or runs that are compared might train with and without it.
COMPILED := $(BIN)/python -c 'from coeval.train.kernels.loading import load; load()'

.PHONY: demo test test-slow lint check bench peers clean
.DELETE_ON_ERROR:

.venv/user: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	$(COMPILED)
	touch $@

.venv/dev: .venv/user
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: .venv/user  ## Install, then search a model for a bundled real table in one minute
	$(BIN)/python examples/make_table.py breast_cancer runs/breast_cancer.csv
	$(BIN)/coeval fit runs/breast_cancer.csv --target diagnosis --budget 60s --out runs/demo --overwrite

test: .venv/dev  ## Install, then run the fast tests (about six minutes on two cores)
	$(COMPILED)
	$(BIN)/python -m pytest

test-slow: .venv/dev  ## The tests that take minutes: SIGKILL, parity on every table
	$(COMPILED)
	$(BIN)/python -m pytest -m slow

lint: .venv/dev  ## Format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

check: lint test  ## All that must hold before a commit

bench: .venv/dev  ## Measure, and write docs/benchmarks.md
	$(BIN)/python -m benchmarks

peers: .venv/dev  ## Other systems, in environments of their own, for 'make bench'
	test -x benchmarks/.venv/bin/python || $(PYTHON) -m venv benchmarks/.venv
	benchmarks/.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		gplearn pyoperon optuna neural-pipeline-search dill psutil sortedcontainers statsmodels
	# Without its other dependencies: xgboost alone brings 350 MB for accelerators, and ask and tell do without.
	benchmarks/.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps syne-tune
	# Those on tables: an environment each, about 8 GB together.
	$(BIN)/python -m benchmarks.peers.install

clean:
	rm -rf .venv benchmarks/.venv benchmarks/.venv-* runs dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Everything a contributor runs. `make demo` and `make test` work on a machine with Python >= 3.11 and make alone.

PYTHON ?= python3
VENV ?= .venv
# A directory of lock files to install from, as CI does; without it, what pyproject.toml allows.
LOCK ?=
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest

.PHONY: help demo test unit integration lint format fuzz soak lock release-check audit bench bench-check scaling docs docs-update clean

help:  ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The stamp is as old as the installation: a changed pyproject.toml installs again.
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "calicometrics needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(if $(LOCK),$(BIN)/python -m pip install --quiet --require-hashes --requirement $(LOCK)/ci.lock)
	$(BIN)/python -m pip install --quiet $(if $(LOCK),--no-deps --no-build-isolation) --editable .
	touch $@

$(VENV)/.developing: $(VENV)/.installed
	$(if $(LOCK),,$(BIN)/python -m pip install --quiet --group test --group lint --group docs)
	touch $@

demo: $(VENV)/.installed  ## serve a simulated Calico node on http://localhost:6502
	$(BIN)/calicometrics serve --demo

test: $(VENV)/.developing  ## run every test, with coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

unit: $(VENV)/.developing  ## run the tests that start no daemon
	$(PYTEST) tests/unit plugins

integration: $(VENV)/.developing  ## run the tests against real daemons; TESTS='not outside' leaves out some
	$(PYTEST) tests/integration $(if $(TESTS),-m "$(TESTS)")

lint: $(VENV)/.developing  ## check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.developing  ## format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

FUZZ_SEED ?= 1
FUZZ_RUNS ?= 5000
FUZZ_TARGETS := $(sort $(wildcard tests/fuzz/fuzz_*.py))

fuzz: $(VENV)/.developing  ## feed the parsers damaged input, FUZZ_RUNS times each
	$(BIN)/python -m pip install --quiet $(if $(LOCK),--require-hashes --requirement $(LOCK)/fuzz.lock,--group fuzz)
	set -e; for target in $(FUZZ_TARGETS); do \
	  echo "== $$target"; PYTHONPATH=src $(BIN)/python $$target $(FUZZ_RUNS) $(FUZZ_SEED); \
	done

SOAK_MINUTES ?= 30

soak: $(VENV)/.developing  ## run the exporter for SOAK_MINUTES between failing daemons, and keep the figures
	$(BIN)/python -m tests.soak $(SOAK_MINUTES)

UV_COMPILE = uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --universal --python-version 3.11

lock:  ## pin what CI and the image install, with hashes, in requirements/; needs uv
	$(UV_COMPILE) pyproject.toml requirements/build.in --extra fast --group test --group lint --group docs --output-file requirements/ci.lock
	$(UV_COMPILE) --group fuzz --output-file requirements/fuzz.lock
	$(UV_COMPILE) pyproject.toml --extra fast --extra web-config --constraint requirements/ci.lock --output-file requirements/image.lock
	$(UV_COMPILE) requirements/image-build.in --constraint requirements/ci.lock --output-file requirements/image-build.lock

release-check: $(VENV)/.developing  ## build the release twice from the latest commit; both have to be the same bytes
	tests/release_check.sh $(BIN)/python

audit: $(VENV)/.developing  ## look up known vulnerabilities of what is pinned; needs pip-audit and the network
	pip-audit --require-hashes --disable-pip --requirement requirements/ci.lock --requirement requirements/image.lock

bench: $(VENV)/.developing  ## measure speed and memory beside the Go exporter, and write docs/performance.md
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python -m benchmarks.scale
	$(BIN)/python -m benchmarks.report --plot

bench-check: $(VENV)/.developing  ## check that nothing became much slower, by ratios
	$(BIN)/python -m benchmarks.check

scaling: $(VENV)/.developing  ## measure what nodes and Prometheus take by topology, and write docs/scaling.md
	$(BIN)/python -m benchmarks.topologies
	$(BIN)/python -m benchmarks.scaling

docs: $(VENV)/.developing  ## build the documentation site
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html

# The recordings that the page of metrics takes its examples from.
EXAMPLES := 3.3.2/epoch 2.0.12/epoch 1.6.8/epoch 2.0.12/recovery 1.6.8/errors 2.0.12/neighbor-restarts

docs-update: $(VENV)/.developing  ## write the pages that are made from the code
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/grammar_page.py
	$(BIN)/calicometrics metrics --all $(addprefix --examples=tests/data/bird/,$(EXAMPLES)) > docs/metrics.md

clean:  ## remove what the other targets made
	rm -rf .venv .venv-newest .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache build dist docs/_build

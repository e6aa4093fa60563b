# Everything here sets up what it needs in .venv by itself.

PYTHON ?= python3
VENV ?= .venv
ROWS ?= 1050
ROWS_PER_WORKER ?= 100
ROUNDS ?= 10
PROFILE ?= embedded
ONLY ?=
SECONDS_EACH ?= 60
SEED ?= 1
JSON ?=

BIN := $(VENV)/bin
# SQLAlchemy and others end support for Python 3.10 before Airflow does: it has pins of its own.
PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
CONSTRAINTS := $(if $(filter 3.10,$(PYTHON_VERSION)),constraints-3.10.txt,constraints.txt)
READY := $(VENV)/.ready-$(PYTHON_VERSION)

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help setup demo env test test-end-to-end browser screenshots chaos crash fuzz bench lint format docs wheel clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Install everything into .venv

$(READY): setup.cfg pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' || { \
		echo "Python 3.10 to 3.13 is needed; $(PYTHON) is $(PYTHON_VERSION). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV) with Python $(PYTHON_VERSION): Airflow and some 160 packages, a minute or two ..."
	@rm -f $(VENV)/.ready-*
	@test -x $(BIN)/python$(PYTHON_VERSION) || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) --editable '.[dev,postgres]'
	@touch $@
	@echo "$(VENV) is ready."

demo: $(READY) ## Run the main job: ROWS=1050 ROWS_PER_WORKER=100
	@$(BIN)/python tools/demo.py --rows '$(ROWS)' --rows-per-worker '$(ROWS_PER_WORKER)'

env: ## Write .env for docker-compose.yaml: PROFILE=embedded or kubernetes
	@$(PYTHON) tools/make_env.py '$(PROFILE)'

test: $(READY) ## Run the tests
	@$(BIN)/python -m pytest -n 2 -q -m 'not slow'

test-end-to-end: $(READY) ## Run the tests of a whole running Airflow, and of docker-compose.yaml (minutes)
	@$(BIN)/python -m pytest -q -m slow tests/end_to_end tests/deploy tests/test_docs.py

browser: $(READY) ## Try the UI in a real browser (Chromium) before a real Airflow: SCREENSHOTS=dir keeps what was seen
	@$(if $(SCREENSHOTS),SCREENSHOTS="$(SCREENSHOTS)") $(BIN)/python -m pytest -q tests/browser

screenshots: $(READY) ## Take the documentation's pictures of the UI anew, from the running product
	@PYTHONPATH=. $(BIN)/python tools/screenshots.py docs/images

chaos: $(READY) ## Prove one workflow per attempt, whatever dies: ROUNDS=10 ONLY=kill,clear JSON=file ARGO_URL=…
	@PYTHONPATH=. $(BIN)/python -m tests.chaos --rounds '$(ROUNDS)' --only '$(ONLY)' $(if $(JSON),--json '$(JSON)') $(if $(ARGO_URL),--argo-url '$(ARGO_URL)')

crash: $(READY) ## Kill the embedded server 200 times at random moments and count what is lost, doubled or left (minutes)
	@$(BIN)/python -m pytest -q -s -m slow --timeout 1800 tests/local/test_crash.py

fuzz: $(READY) ## Throw mutated manifests and expressions at the embedded server: SECONDS_EACH=60 SEED=1
	@AIRFLOW_ARGO_FUZZ_SECONDS='$(SECONDS_EACH)' AIRFLOW_ARGO_FUZZ_SEED='$(SEED)' $(BIN)/python -m pytest -q -m slow --timeout 1800 tests/local/test_fuzz.py

bench: $(READY) ## Measure what the bridge and the embedded server cost
	@$(BIN)/python tools/bench.py
	@$(BIN)/python tools/bench_bridge.py

lint: $(READY) ## Check style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(READY) ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: $(READY) ## Build docs/ into site/
	@$(BIN)/mkdocs build --strict --quiet

wheel: $(READY) ## Build the package into dist/
	@$(BIN)/python -m build --wheel --no-isolation

clean: ## Remove what was built, .venv included
	rm -rf .venv .demo build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Everything that people and CI run. Each target makes its own .venv on a fresh machine.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
KUBELESS_DATA_DIR ?= .kubeless

.PHONY: help setup run test retest bench kube-apiserver check format pin clean

help:  ## What can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/ready  ## Make .venv with the kubeless command and everything for local mode

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed, $(PYTHON) is older: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

run: setup  ## Run the platform here, deploy examples/ and send a first event through every trigger (ONCE=1: then stop)
	$(BIN)/kubeless local demo examples --data-dir $(KUBELESS_DATA_DIR) $(if $(ONCE),--once)

test: setup  ## Run all tests; says what it skips for lack of a real part
	$(BIN)/pytest

retest: setup  ## Run only those tests again that failed; one that passes now hangs on luck, and is to be mended
	$(BIN)/pytest --last-failed --last-failed-no-failures none

bench: setup  ## Measure the data plane beside what everybody knows, and write docs/benchmarks.md; about fifteen minutes
	PYTHONPATH=tests $(BIN)/python -m bench

kube-apiserver: setup  ## Compile the real API server that tests/contract also runs against; needs go, about five minutes
	PYTHONPATH=tests $(BIN)/python -m support.clusterprograms

chart: setup  ## Lint and render the charts with every values file, and check what comes out
	$(BIN)/pytest tests/charts

images:  ## Build the images of the services and of runtimes with docker, podman or buildah; see docker/build.sh
	docker/build.sh $(IMAGES)

check: setup  ## Format, lint, types and import contracts, as CI does
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy services tests
	$(BIN)/lint-imports

format: setup  ## Let ruff rewrite what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pin: setup  ## Write the versions in .venv to constraints.txt
	@{ head -n 1 constraints.txt; $(BIN)/pip freeze --exclude-editable; } > constraints.new && mv constraints.new constraints.txt

clean:  ## Remove .venv, caches and the local platform's state
	@if [ -x $(BIN)/kubeless ]; then $(BIN)/kubeless local down --data-dir $(KUBELESS_DATA_DIR) >/dev/null 2>&1 || true; fi
	rm -rf .venv $(KUBELESS_DATA_DIR) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

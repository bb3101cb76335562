# Every target does its own set-up; the second call starts at once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo test lint format bench eval fit lock docs clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/'

$(STAMP): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "fanzha needs Python 3.11 or newer; call make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile --requirement requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

setup: $(STAMP) ## virtual environment, pinned and hashed packages, fanzha itself

demo: $(STAMP) ## the daily flow on bundled samples, then sites followed until they are down, over loopback
	$(BIN)/fanzha demo

lint: $(STAMP) ## ruff, mypy strict, import contracts, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

docs: $(STAMP) ## make the generated pages of docs/ anew
	$(BIN)/python docs/generate.py

bench: $(STAMP) ## ratios against a floor measured in the same run; SCALE=1 for a whole year
	$(BIN)/python -m tests.bench.run --out build/bench.json

eval: $(STAMP) ## quality of matching, by family and place; DATA=dir adds labelled files
	$(BIN)/python -m tests.eval.run --out build/eval.json $(if $(DATA),--data "$(DATA)") $(if $(BRANDS),--brands "$(BRANDS)") $(if $(TARGETS),--targets "$(TARGETS)")

fit: $(STAMP) ## the matcher's weights anew; DATA=dir adds labelled files
	$(BIN)/python -m tests.eval.fit $(if $(DATA),--data "$(DATA)") $(if $(BRANDS),--brands "$(BRANDS)")

format: $(STAMP) ## apply the formatter
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: lint ## lint, then every test, on two cores
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

lock: $(STAMP) ## resolve the pins anew (needs the package index)
	$(BIN)/pip-compile --quiet --upgrade --allow-unsafe --strip-extras --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --extra dev --output-file requirements-dev.txt pyproject.toml
	$(BIN)/pip-compile --quiet --allow-unsafe --strip-extras --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --constraint requirements-dev.txt --output-file requirements.txt pyproject.toml
	sed -i -E 's#-c /[^ ]*requirements-dev.txt#-c requirements-dev.txt#' requirements.txt requirements-dev.txt

clean: ## remove what make built
	rm -rf $(VENV) build

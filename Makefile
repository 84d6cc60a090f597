SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?=
export PYTHON
BIN := .venv/bin

.PHONY: help install trainer demo up test check lock bench faults

help:  ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install:  ## Install the service into .venv (nothing to do when its lock is unchanged)
	@scripts/install.sh

trainer: install  ## Install the trainer (real Axolotl, 2 GB) into the cache, once a lock file
	@$(BIN)/python trainer/install.py > /dev/null

demo: install trainer  ## Fine-tune a tiny model from start to end, here, in about a minute
	@$(BIN)/axo demo

up: install trainer  ## Start the whole service in this terminal, with its state in .axo
	@$(BIN)/axo up --home .axo

check: install  ## Lint, types, import rules, and files that are written from the code
	@echo "check: ruff" && $(BIN)/ruff check -q . && $(BIN)/ruff format -q --check .
	@echo "check: mypy" && $(BIN)/mypy --no-error-summary
	@echo "check: import rules" && report=$$($(BIN)/lint-imports --no-logo) || { echo "$$report"; exit 1; }
	@echo "check: docs/openapi.json and .env.example are up to date"
	@$(BIN)/python -m axo_api.openapi --check docs/openapi.json
	@$(BIN)/python -m axo_api.env_example --check .env.example

test: install trainer check  ## Run the checks and all tests
	@echo "test: pytest" && $(BIN)/pytest

faults: install trainer  ## Break everything on purpose, and see that the promises hold
	@$(BIN)/pytest tests/faults

bench: install trainer  ## Measure, each figure beside its physical limit
	@$(BIN)/python -m bench

lock:  ## Resolve both lock files anew
	@scripts/lock.sh

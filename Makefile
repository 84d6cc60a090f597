SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?=
RUNS ?= 1
export PYTHON
BIN := .venv/bin
# A trainer that is there already, as on Axolotl's own image, goes before the one that `make trainer` installs.
WITH_TRAINER = AXO_TRAINER_PYTHON=$${AXO_TRAINER_PYTHON:-$$($(BIN)/python trainer/install.py --where)}
# A file's tests share what is dear to start, so one process has them all.
SIDE_BY_SIDE = -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: help install trainer demo up test check lock bench faults

help:  ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install:  ## Install the service into .venv (nothing to do when its lock is unchanged)
	@scripts/install.sh

trainer: install  ## Install the trainer (real Axolotl, 2 GB) into the cache, once a lock file
	@test -n "$$AXO_TRAINER_PYTHON" || $(BIN)/python trainer/install.py > /dev/null

demo: install trainer  ## Fine-tune a tiny model from start to end, here, in about a minute
	@$(BIN)/axo demo

up: install trainer  ## Start the whole service in this terminal, with its state in .axo
	@$(BIN)/axo up --home .axo

check: install  ## Lint, types, import rules, and files that are written from the code
	@echo "check: ruff" && $(BIN)/ruff check -q . && $(BIN)/ruff format -q --check .
	@echo "check: mypy" && $(BIN)/mypy --no-error-summary
	@echo "check: import rules" && report=$$($(BIN)/lint-imports --no-logo) || { echo "$$report"; exit 1; }
	@echo "check: docs/openapi.json, docs/events and .env.example are up to date"
	@$(BIN)/python -m axo_api.openapi --check docs/openapi.json
	@$(BIN)/python scripts/event_schemas.py --check docs/events
	@$(BIN)/python scripts/env_example.py --check .env.example

test: install trainer check  ## Run the checks and all tests
	@echo "test: pytest, in three processes" && $(WITH_TRAINER) $(BIN)/pytest $(SIDE_BY_SIDE) -m "not alone and not faults_long"
	@echo "test: pytest, what needs the machine for itself" && $(WITH_TRAINER) $(BIN)/pytest -m "alone and not faults_long"

faults: install trainer  ## Break everything on purpose, and see that the promises hold; RUNS=10 makes ten runs
	@$(WITH_TRAINER) scripts/faults.sh $(RUNS)

bench: install trainer  ## Measure, each figure beside its physical limit
	@$(WITH_TRAINER) $(BIN)/python -m bench

lock:  ## Resolve both lock files anew
	@scripts/lock.sh

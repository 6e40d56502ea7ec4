# `make` lists what there is. Needs Python 3.11 or newer with venv, and git; nothing else.

PYTHON ?= python3
VAR ?= var
PORT ?= 8000
SIZE ?= small
SUITES ?=
# Of the tests, side by side: one for each core, as long as their services find memory.
PROCESSES ?= logical

BIN := .venv/bin
TOOLS := $(BIN)/python -m healthcode.tools.run
PYTEST := $(BIN)/pytest --numprocesses $(PROCESSES) --maxprocesses 4
WITH_SETTINGS := $(BIN)/python -m healthcode.tools.run.environment
MESSAGES := $(shell find accounts healthcode verifier -name '*.po')
SCRIPTS := $(shell find accounts healthcode verifier -name '*.ts')

# In the environment, as they were written: no `$$`, quote or blank in them means anything to make or
# to a shell.
override VAR := $(value VAR)
override PORT := $(value PORT)
override SIZE := $(value SIZE)
export VAR PORT SIZE

# Without compiled modules each of the processes that run tests compiles them anew, for 4 seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

.PHONY: help
help: ## List these targets
	@echo 'make run PORT=8000 VAR=var starts everything; the rest:'
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile

.PHONY: run
run: .venv/.local messages frontend ## Run the whole service on this machine; Ctrl-C stops it
	@exec $(TOOLS)

.PHONY: run-pair
run-pair: override export VAR := $(VAR)/pair
run-pair: .venv/.local messages frontend ## Run two provinces that recognise each other, on PORT and the next one
	@exec $(TOOLS).pair

.PHONY: code
code: .venv/.local ## Show the code of an authenticator app, to log in to the demo: SECRET="ABCD …"
	@$(BIN)/python -m healthcode.tools.app_code "$(SECRET)"

.PHONY: test
test: .venv/.dev messages frontend ## Run the tests on private servers, in a real browser too
	@$(TOOLS).browser
	$(PYTEST)

.PHONY: test-quick
test-quick: .venv/.dev messages frontend ## Run those that need no server and no browser, in half a minute
	$(PYTEST) --dist worksteal --ignore=tests/live --ignore=tests/scale -m 'not servers and not live and not more'

.PHONY: test-more
test-more: .venv/.dev messages frontend ## Run those that need servers of Debian, which root gets installed
	@$(TOOLS).debian pgbouncer rabbitmq-server nginx-light rsync
	$(BIN)/pytest -m more

.PHONY: test-clocks
test-clocks: .venv/.dev messages frontend ## Run those of days, and bench the door, with the clock at six odd moments; needs gcc
	$(BIN)/python -m tests.clocks --processes $(PROCESSES)

.PHONY: bench
bench: .venv/.dev ## Measure what the service does beside its limits; SIZE=city takes ten million people
	@$(BIN)/python -m tests.bench --out "$$VAR/bench.json" $(SUITES)

.PHONY: check
check: .venv/.dev messages frontend ## Format, lint, types, floors of the house, migrations, interface, translations
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/hadolint Dockerfile
	$(BIN)/lint-imports
	$(WITH_SETTINGS) $(BIN)/mypy healthcode accounts verifier
	$(WITH_SETTINGS) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(WITH_SETTINGS) $(BIN)/python manage.py spectacular --fail-on-warn --validate --file /dev/null
	$(TOOLS).messages check
	$(TOOLS).node npm run --silent check
	$(BIN)/pytest --quiet tests/house

.PHONY: conformance
conformance: .venv/.dev ## Compare the code format with other people's test vectors
	$(BIN)/python -m tests.conformance

.PHONY: schema
schema: .venv/.dev ## Write down the tables that migrations make, after a migration was added
	$(BIN)/python -m tests.upgrade.make --schema

.PHONY: frozen
frozen: .venv/.dev ## Write down migrations, tables and state of version 1.0.0; once, before its tag
	$(BIN)/python -m tests.upgrade.make

.PHONY: messages
messages: .venv/.messages ## Compile the translations

.PHONY: frontend
frontend: .venv/.frontend ## Bundle the pages' script

.PHONY: lock
lock: .venv/.dev ## Pin every dependency anew, with hashes
	for part in requirements requirements-local requirements-dev; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-header --no-emit-index-url --upgrade $$part.in -o $$part.txt || exit 1; done
	$(BIN)/python -m healthcode.tools.run.node npm install --package-lock-only

.PHONY: clean
clean: ## Remove what was built; keeps VAR
	rm -rf .venv node_modules healthcode/web/static/built

.venv/.local: requirements-local.txt | .venv/bin/python
	@echo 'Installing the requirements into .venv; takes a minute, once …'
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r $<
	@touch $@

# What tests need contains what running needs.
.venv/.dev: requirements-dev.txt requirements-local.txt | .venv/bin/python
	@echo 'Installing the requirements and the tools for tests into .venv; takes a minute, once …'
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r $<
	@touch .venv/.local $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	@echo 'Making .venv …'
	@$(PYTHON) -m venv .venv

.venv/.messages: $(MESSAGES) | .venv/.local
	@$(TOOLS).messages compile
	@touch $@

node_modules/.done: package-lock.json .npmrc | .venv/.local
	@echo 'Installing the front-end tools; once …'
	@$(TOOLS).node npm ci --silent
	@touch $@

.venv/.frontend: node_modules/.done $(SCRIPTS) package.json
	@$(TOOLS).node npm run --silent build
	@touch $@

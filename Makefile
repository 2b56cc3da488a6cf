# The two commands: `make up` runs the dev stack in the local cloud, `make test` runs every test.

PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
HASH := $(shell cat requirements.txt requirements-dev.txt Makefile 2>/dev/null | cksum | tr ' ' -)

.PHONY: up down test test-fast lint toolchain venv bench clean help

help:  ## what there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

up: venv toolchain  ## from nothing to the dev stack answering over HTTPS
	@bin/estate sandbox up -s dev

down: venv  ## destroy the dev stack; what is protected stays and is named
	@bin/estate sandbox down -s dev

test: venv lint  ## every test; the fast ones run first and fail first
	@$(VENV)/bin/python -m pytest -n 2 -m "not containers and not end_to_end"
	@$(MAKE) --no-print-directory toolchain
	@$(VENV)/bin/python -m pytest -m "containers and not end_to_end"
	@$(VENV)/bin/python -m pytest -m "end_to_end"

test-fast: venv lint  ## the tests without engine and containers: seconds
	@$(VENV)/bin/python -m pytest -n 2 -m "not containers and not end_to_end"

lint: venv
	@$(VENV)/bin/ruff check --quiet . && $(VENV)/bin/ruff format --check --quiet .
	@$(VENV)/bin/mypy --no-error-summary .

toolchain: venv  ## engine and plugins: the official ones, or built from package registries
	@$(VENV)/bin/python -m toolchain

venv: $(STAMP)-$(HASH)

$(STAMP)-$(HASH):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "estate needs Python 3.11 or newer; '$(PYTHON)' is older. Run: make PYTHON=python3.12 …" >&2; exit 1; }
	@echo "python packages: about a minute the first time"
	@$(PYTHON) -m venv $(VENV) || \
	    { echo "the module venv is missing. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@rm -f $(STAMP)-* && touch $@

bench: venv toolchain  ## reproduces every figure of docs/performance.md
	@$(VENV)/bin/python -m tests.bench

clean:  ## remove the local cloud and everything that was built in this clone
	@[ ! -x $(VENV)/bin/python ] || bin/estate sandbox reset --yes
	@rm -rf .estate $(VENV)

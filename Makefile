# The door to the project: `make` alone tells what there is. It needs python3 (3.11 or newer), git and make;
# uv and everything else are fetched from the package index into .venv/ and var/.

PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 2
MANAGE := $(BIN)/python manage.py
UV := var/uv/bin/uv

.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 18

$(UV):
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; say which with: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv var/uv
	var/uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'

.venv/.installed: requirements.lock | $(UV)
	test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	touch $@

# Translations are compiled here, by Python: the machine need not have gettext.
MESSAGES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/django.po))

%.mo: %.po .venv/.installed
	$(BIN)/python -m contactcenter.translations compile

.PHONY: env
env: .venv/.installed $(MESSAGES) ## the environment in .venv/, ready to run

.PHONY: demo
demo: env ## the product with sample data; TRAFFIC=1 lets customers write, PORT=… moves it
	@$(MANAGE) demo $(if $(TRAFFIC),--traffic) $(if $(PORT),--port $(PORT)) \
		$(if $(TELEGRAM_PORT),--telegram-port $(TELEGRAM_PORT)) $(ARGS)

.PHONY: stop
stop: env ## stop the demo, or what a killed one has left; and the embedded PostgreSQL
	@$(MANAGE) stop

.PHONY: test
test: env ## all tests, on a real PostgreSQL and a real Chromium; ARGS="-k word", JOBS=0 for one process
	$(BIN)/pytest -rs -n $(JOBS) $(ARGS)

# No database is needed: the address leads nowhere, and makemigrations only warns that it cannot be asked.
NO_DATABASE := DATABASE_URL=postgres://127.0.0.1:1/none $(BIN)/python -W ignore::RuntimeWarning manage.py

.PHONY: check
check: env ## style, types, layers, migrations, templates, translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djhtml --check --tabwidth 2 templates
	$(BIN)/mypy
	$(BIN)/lint-imports --cache-dir var/cache/imports
	$(NO_DATABASE) check
	$(NO_DATABASE) makemigrations --check --dry-run
	$(BIN)/python -m contactcenter.translations check

.PHONY: format
format: env ## put the sources and templates into shape
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .
	$(BIN)/djhtml --tabwidth 2 templates

.PHONY: messages
messages: env ## gather the texts of the sources into locale/
	$(BIN)/python -m contactcenter.translations extract

.PHONY: bench
bench: env ## measure; the table also goes to var/bench.json
	@$(BIN)/python -m tests.load.bench $(ARGS)

.PHONY: lock
lock: $(UV) ## resolve pyproject.toml into requirements.lock; UPGRADE=1 for the newest
	$(UV) pip compile --quiet pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-emit-index-url $(if $(UPGRADE),--upgrade) \
		--output-file requirements.lock

.PHONY: clean
clean: ## remove the environment and caches; the data in var/ stays
	rm -rf .venv var/uv var/cache $(MESSAGES)

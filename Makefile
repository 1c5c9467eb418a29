# Needs Python 3.11 or newer with venv, pip and make. `make` alone lists the targets.

PYTHON ?= python3
ARGS   ?=
BIN    := .venv/bin
PIP     = $(BIN)/python -m pip --disable-pip-version-check install -qq

# A stamp carries the checksum of what was installed and of where: nothing changed, no work.
stamp_of    = .venv/$(1)-$(firstword $(shell { pwd; cat requirements/$(1).txt requirements/build.txt \
                packaging/server/pyproject.toml; sed '/^\[tool/,$$d' pyproject.toml; } 2>&1 | cksum)).stamp
SERVER_ENV := $(call stamp_of,server)
DEV_ENV    := $(call stamp_of,dev)

NPM_CI = command -v npm >/dev/null || { echo "needs npm (Debian: apt-get install npm)" >&2; exit 1; }; \
          cd tools/schema-lint && npm ci --silent

.DEFAULT_GOAL := help
.PHONY: help venv run test nightly soak check schema errors bench bench-peers lint-schema audit-http migration lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' Makefile | expand -t 20

venv: $(DEV_ENV) ## set up .venv for development (a second time is instant)

run: $(SERVER_ENV) ## set up, and serve a demo on 127.0.0.1:8000 (ARGS="--port 9000")
	@exec $(BIN)/counterfoil serve --demo $(ARGS)

# Each worker would translate all tests anew where the environment forbids to keep the translation.
test: $(DEV_ENV) ## run the whole suite (ARGS="tests/orders -k place")
	@PYTHONDONTWRITEBYTECODE= exec $(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

nightly: $(DEV_ENV) ## compare compiled execution with graphql-core's over 50,000 drawn cases
	@NIGHTLY=1 exec $(BIN)/python -m pytest -n 2 --dist worksteal -rA tests/execution/test_equivalence.py $(ARGS)

soak: $(DEV_ENV) ## 10,000 documents and 1,000 subscribers at a real server; prints memory and times
	@DOCUMENTS=10000 SUBSCRIBERS=1000 exec $(BIN)/python -m pytest -n 0 -s -k "thousand or hundred" \
	  tests/execution/test_memory.py tests/subscriptions/test_real_server.py $(ARGS)

check: $(DEV_ENV) ## lint, formatting, types, import rules, generated files fresh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/counterfoil schema export --check
	$(BIN)/counterfoil errors export --check

schema: $(SERVER_ENV) ## write schema.graphql
	$(BIN)/counterfoil schema export

errors: $(SERVER_ENV) ## write docs/errors.md
	$(BIN)/counterfoil errors export

bench: $(DEV_ENV) ## run the benchmarks, as ratios
	@exec $(BIN)/python -m bench $(ARGS)

bench-peers: $(DEV_ENV) ## the pages against PostGraphile 5 and Mercurius (needs npm)
	@exec $(BIN)/python -m bench.peers $(ARGS)

lint-schema: schema ## schema.graphql against public linters and code generators (needs npm)
	@$(NPM_CI)
	@cd tools/schema-lint && exec npm run --silent lint

audit-http: $(SERVER_ENV) ## the GraphQL over HTTP audits against a server of this checkout (needs npm)
	@$(NPM_CI)
	@cd tools/schema-lint && exec npm run --silent audit

migration: $(SERVER_ENV) ## write the migration that the changed models need (ARGS="-n add_tags")
	$(BIN)/tortoise -c domain.kernel.database.MODELS makemigrations $(ARGS) domain

lock: ## write requirements/*.txt anew from *.in (maintainers; needs uv; ARGS=--upgrade)
	@command -v uv >/dev/null || { echo "make lock needs uv on the PATH" >&2; exit 1; }
	cd requirements && for one in server "build -c server.txt" "dev -c server.txt -c build.txt"; do \
	  set -- $$one; name=$$1; shift; \
	  uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-annotate $(ARGS) $$name.in "$$@" -o $$name.txt || exit 1; \
	done

clean: ## remove what was built or installed here (not var/, your data)
	rm -rf .venv build dist packaging/server/dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(SERVER_ENV):
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "needs Python 3.11 or newer with venv (Debian: apt-get install python3-venv); PYTHON=... names one" >&2; exit 1; }
	@echo "Setting up .venv for the server (once, about half a minute) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) --no-deps --require-hashes -r requirements/server.txt -r requirements/build.txt
	@$(PIP) --no-deps --no-build-isolation -e . -e packaging/server
	@$(BIN)/python -m pip --disable-pip-version-check check >/dev/null || $(BIN)/python -m pip check
	@touch $@

$(DEV_ENV): $(SERVER_ENV)
	@echo "Adding what tests and checks need ..."
	@$(PIP) --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

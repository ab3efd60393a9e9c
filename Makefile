# Everything that is done in this repository; `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := .venv/bin
WORKERS ?= 2

.PHONY: run test check format schema release lock bench faults fuzz environment environment-dev clean help

run: environment  ## Start everything: PostgreSQL, Valkey, API and worker, on http://127.0.0.1:8009
	@exec $(BIN)/tidemark up

test: environment-dev  ## Run the tests against a real PostgreSQL and Valkey (WORKERS=2)
	$(BIN)/pytest -n $(WORKERS)

check: environment-dev  ## Check format, lint, types, import rules and the checked-in schema
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/tidemark schema | diff -u schema.graphql - \
		|| { echo 'schema.graphql is not what the code says: make schema'; exit 1; }

format: environment-dev  ## Format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schema: environment-dev  ## Write schema.graphql and db/schema.sql anew
	$(BIN)/tidemark schema > schema.graphql
	$(BIN)/python -m tests.schema_dump > db/schema.sql

release: check test  ## Take the schema as that of a release; version and CHANGELOG.md are set by hand before
	cp schema.graphql schema.released.graphql

lock: environment-dev  ## Pin what is installed now in requirements.lock
	$(BIN)/pip freeze --exclude-editable > requirements.lock

bench: environment-dev  ## Measure beside peers and limits (ARGS=--quick for a short run); writes benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.run $(ARGS)

faults: environment-dev  ## Kill every part at random, 100 rounds (FAULT_ROUNDS=100)
	FAULT_ROUNDS=$${FAULT_ROUNDS:-100} $(BIN)/pytest tests/faults

fuzz: environment-dev  ## Ask 10,000 generated operations as every role (FUZZ_OPERATIONS, FUZZ_SEED)
	FUZZ_OPERATIONS=$${FUZZ_OPERATIONS:-10000} $(BIN)/pytest tests/api/test_fuzz.py

environment:
	@scripts/environment run

environment-dev:
	@scripts/environment dev

clean:  ## Remove caches; data in .tidemark and .venv stay
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info

help:  ## Show this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' \
		| while IFS=$$'\t' read -r name what; do printf '  make %-8s %s\n' "$$name" "$$what"; done

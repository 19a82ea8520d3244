# setup, demo, test, ledgers, check and bench; format, lock and generated rewrite files.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test ledgers check format lock generated bench

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch .venv/.ready

demo: setup
	$(BIN)/tallystick demo

test: setup
	$(BIN)/python -m pytest -n 2

ledgers: setup
	TALLYSTICK_TEST_EVERY_DAY=1 $(BIN)/python -m pytest -n 2 tests/examples/test_rules_on_real_ledgers.py

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/yamllint --strict docker
	$(BIN)/hadolint docker/Dockerfile

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: setup
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --group dev --output-file requirements.lock pyproject.toml

generated: setup
	$(BIN)/tallystick schema > api/schema.graphql
	$(BIN)/python -m runtime.dictionary > docs/data-dictionary.md

bench: setup
	$(BIN)/python -m benchmarks

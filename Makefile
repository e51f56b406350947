# `make demo` and `make test` are all a newcomer needs; each makes .venv in the project root when it is missing.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test check bench clean

help:
	@echo "make demo   run the whole job on the embedded sandbox (about two minutes)"
	@echo "make test   run the tests"
	@echo "make check  format, lint, types, layers"
	@echo "make bench  run the benchmarks, one JSON object a line"

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(VENV)/.ready
	$(BIN)/b24kit demo

test: $(VENV)/.ready
	$(BIN)/python -m pytest -n 2

check: $(VENV)/.ready
	$(BIN)/ruff format --check b24kit tests benchmarks
	$(BIN)/ruff check b24kit tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry b24kit

bench: $(VENV)/.ready
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis demo-report

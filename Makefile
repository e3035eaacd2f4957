# Everything is named by a relative path, and every tool is started as a module of the
# environment's own python: directories with a space in their name break make's targets
# when these are absolute, and the shebang lines of console scripts.

PYTHON ?= python3

# OpenMP threads that wait should sleep, not spin: where another process has the core
# that they wait for, spinning made small models up to thirty times slower.
export OMP_WAIT_POLICY ?= PASSIVE

PY := .venv/bin/python
INSTALL := $(PY) -m pip --disable-pip-version-check install --quiet -c constraints.txt
# The build backend is installed (pinned) beforehand, so no build environment of its own
# with packages of the day is set up.
INSTALL_SELF := $(INSTALL) --no-build-isolation -e

.PHONY: help demo test lint format docs clean

help:
	@echo "make demo    the two-digit numbers: a table, and a picture of unseen numbers"
	@echo "make test    the whole test suite; ARGS='-m \"not slow\"' passes options on"
	@echo "make lint    ruff and codespell; make format lets ruff mend what it can"
	@echo "make docs    the documentation, in docs/_build/html"
	@echo "make clean   remove what these targets made, .venv included"

.venv/.stamp-venv:
	$(PYTHON) -m venv .venv
	$(INSTALL) setuptools
	@touch $@

.venv/.stamp-test: .venv/.stamp-venv pyproject.toml constraints.txt
	$(INSTALL_SELF) ".[test,plot]"
	@touch $@

.venv/.stamp-docs: .venv/.stamp-venv pyproject.toml constraints.txt
	$(INSTALL_SELF) ".[docs]"
	@touch $@

.venv/.stamp-lint: .venv/.stamp-venv pyproject.toml constraints.txt
	$(INSTALL) ruff codespell
	@touch $@

demo: .venv/.stamp-test
	$(PY) examples/demo.py

test: .venv/.stamp-test
	$(PY) -m pytest $(ARGS)

lint: .venv/.stamp-lint
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m codespell_lib

format: .venv/.stamp-lint
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

docs: .venv/.stamp-docs
	$(PY) -m sphinx -q -W --keep-going -n -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

clean:
	rm -rf .venv build dist sklearn_gzsl.egg-info .pytest_cache .ruff_cache
	rm -rf docs/_build docs/auto_examples docs/generated docs/sg_execution_times.rst
	rm -f two_digit_numbers.png
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Everything is named by a relative path, and every tool is started as a module of the
# environment's own python: directories with a space in their name break make's targets
# when these are absolute, and the shebang lines of console scripts.

PYTHON ?= python3

# OpenMP threads that wait should sleep, not spin: where another process has the core
# that they wait for, spinning made small models up to thirty times slower.
export OMP_WAIT_POLICY ?= PASSIVE

# A module is compiled once, where it is first imported, and the result kept: of torch's
# thousands pip would compile all, which takes longer than to install them.
unexport PYTHONDONTWRITEBYTECODE

PY := .venv/bin/python
PIP_INSTALL := -m pip --disable-pip-version-check install --quiet --no-compile
INSTALL := $(PY) $(PIP_INSTALL) -c constraints.txt
# The build backend is installed (pinned) beforehand, so no build environment of its own
# with packages of the day is set up.
INSTALL_SELF := $(INSTALL) --no-build-isolation -e
TESTED := ".[data,plot,test]"
# ONNX is for the pinned versions alone: its packages follow new ones late.
TESTED_HERE := ".[data,onnx,plot,test]"

# The versions tested besides, each set in an environment of its own.
OLDEST := .venv-oldest
NEWEST := .venv-newest-$(notdir $(PYTHON))
FAST := -m "not slow"
# One worker for each processor; what a worker has done early it takes from the others.
PYTEST := -m pytest -n logical --maxprocesses 8 --dist worksteal

.PHONY: help demo test fuzz soak newcomer test-oldest test-newest test-dist lint format docs check-docs dist clean

help:
	@echo "make demo         the two-digit numbers: a table, and a picture of unseen numbers"
	@echo "make test         the whole test suite; ARGS='-m \"not slow\"' passes options on"
	@echo "make fuzz         5,000 random fits and damaged files; FUZZ=20000 makes more"
	@echo "make soak         fits that are killed, then random ones; SOAK=600 seconds"
	@echo "make newcomer     README's first lines in a fresh environment, in five minutes"
	@echo "make test-oldest  the fast tests with the oldest versions that are supported"
	@echo "make test-newest  the fast tests with the newest; PYTHON=python3.13 with that one"
	@echo "make lint         ruff and codespell; make format lets ruff mend what it can"
	@echo "make docs         the documentation, in docs/_build/html"
	@echo "make check-docs   opens every page in headless Chromium, if there is one"
	@echo "make dist         sdist and wheel, in dist; make test-dist tests the sdist"
	@echo "make clean        remove what these targets made, .venv included"

.venv/.stamp-venv:
	$(PYTHON) -m venv .venv
	$(INSTALL) setuptools
	@touch $@

.venv/.stamp-demo: .venv/.stamp-venv pyproject.toml constraints.txt
	$(INSTALL_SELF) ".[plot]"
	@touch $@

.venv/.stamp-test: .venv/.stamp-venv pyproject.toml constraints.txt
	$(INSTALL_SELF) $(TESTED_HERE)
	@touch $@

.venv/.stamp-docs: .venv/.stamp-venv pyproject.toml constraints.txt
	$(INSTALL_SELF) ".[docs]"
	@touch $@

.venv/.stamp-lint: .venv/.stamp-venv pyproject.toml constraints.txt
	$(INSTALL) ruff codespell
	@touch $@

.venv/.stamp-dist: .venv/.stamp-venv pyproject.toml constraints.txt
	$(INSTALL) build
	@touch $@

# These environments begin anew when what is installed has changed: pip would keep what it
# finds. Of the oldest, all that the constraints name is installed without looking for a
# solution, as they are one, and apart from the package, so that this may go on beside
# another installation.
$(OLDEST)/.stamp-packages: pyproject.toml constraints-oldest.txt
	$(PYTHON) -m venv --clear $(OLDEST)
	$(OLDEST)/bin/python $(PIP_INSTALL) -c constraints-oldest.txt setuptools
	$(OLDEST)/bin/python $(PIP_INSTALL) --no-build-isolation --no-deps \
	    -r constraints-oldest.txt
	@touch $@

$(OLDEST)/.stamp: $(OLDEST)/.stamp-packages
	$(OLDEST)/bin/python $(PIP_INSTALL) -c constraints-oldest.txt \
	    --no-build-isolation -e $(TESTED)
	@touch $@

$(NEWEST)/.stamp: pyproject.toml
	$(PYTHON) -m venv --clear $(NEWEST)
	$(NEWEST)/bin/python $(PIP_INSTALL) --upgrade pip setuptools
	$(NEWEST)/bin/python $(PIP_INSTALL) --no-build-isolation -e $(TESTED)
	@touch $@

demo: .venv/.stamp-demo
	$(PY) examples/demo.py

test: .venv/.stamp-test
	$(PY) $(PYTEST) $(ARGS)

# Of these files `make test` runs a few examples, always the same ones.
FUZZ ?= 5000
SOAK ?= 600
FUZZED := tests/test_random_fits.py tests/test_mutated_files.py

fuzz: .venv/.stamp-test
	FUZZ_EXAMPLES=$(FUZZ) $(PY) $(PYTEST) $(FUZZED) $(ARGS)

soak: .venv/.stamp-test
	KILLS=20 $(PY) -m pytest tests/test_checkpoint_files.py -k kills $(ARGS)
	end=$$(($$(date +%s) + $(SOAK))); while [ $$(date +%s) -lt $$end ]; do \
	    FUZZ_EXAMPLES=500 $(PY) $(PYTEST) $(FUZZED) $(ARGS) || exit 1; done

# It downloads torch, and is a matter of minutes: for a release, not for each change.
newcomer:
	$(PYTHON) tests/newcomer.py

# Releases that old warn of each other's ways; what we call ourselves, `make test` tells.
test-oldest: $(OLDEST)/.stamp
	$(OLDEST)/bin/python $(PYTEST) $(FAST) \
	    -W default::DeprecationWarning -W default::FutureWarning $(ARGS)

test-newest: $(NEWEST)/.stamp
	$(NEWEST)/bin/python $(PYTEST) $(FAST) $(ARGS)

lint: .venv/.stamp-lint
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m codespell_lib

format: .venv/.stamp-lint
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

docs: .venv/.stamp-docs
	$(PY) -m sphinx -q -W --keep-going -n -j auto -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

# Every page, wide and narrow, light and dark; of Debian's chromium and chromium-driver.
check-docs: docs
	$(PY) docs/check_pages.py docs/_build/html --pictures docs/_build/pictures

dist: .venv/.stamp-dist
	rm -rf build dist
	$(PY) -m build --no-isolation

# An sdist holds a checkout, so its own `make test` tests it, in an environment of its own.
test-dist: dist
	tar -xf dist/*.tar.gz -C dist --strip-components=1 --one-top-level=unpacked
	$(MAKE) -C dist/unpacked test

clean:
	rm -rf .venv .venv-* build dist sklearn_gzsl.egg-info .pytest_cache .ruff_cache
	rm -rf docs/_build docs/auto_examples docs/generated docs/sg_execution_times.rst
	rm -f two_digit_numbers.png
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

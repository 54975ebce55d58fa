# Every chore has one name. `make demo` and `make test` work on a bare clone.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: help demo test check bench lessons docs constraints clean

help:
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/'

# Installed once for each state of pyproject.toml and constraints.txt.
$(VENV)/installed: pyproject.toml constraints.txt
	@echo "Making the environment in $(VENV) (some minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/tested: $(VENV)/installed
	@$(PIP) install -c constraints.txt -e '.[test,check]'
	@touch $@

demo: $(VENV)/installed  ## make the embedded data set and run the main job on it
	@$(BIN)/wetread demo --overwrite

test: $(VENV)/tested  ## install and run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/tested  ## lint, types, import order, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

bench: $(VENV)/installed  ## the main job on phantoms, seconds per step
	$(BIN)/python bench/main_job.py

$(VENV)/taught: $(VENV)/installed
	@$(PIP) install -c constraints.txt -e '.[lessons,docs]'
	@touch $@

lessons: $(VENV)/taught  ## every lesson whole, with its outputs, in build/lessons (under 90 minutes)
	$(BIN)/python docs/make_lessons.py

docs: lessons  ## lessons and pages as a site that needs no network: build/site/index.html
	$(BIN)/python docs/make_site.py

constraints: $(VENV)/tested  ## write down the versions that are installed
	@(sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | grep -E '^[A-Za-z0-9._-]+==' ) > constraints.new
	@mv constraints.new constraints.txt

clean:  ## remove environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

## make lab        open the course in JupyterLab
## make test       run every test, and every notebook against its stored outputs
## make notebooks  execute all notebooks in place (fast mode)
## make full       execute all notebooks in full mode, into runs/full/
## make timings    measure the notebooks and write their times into README.md
##
## For maintainers:
## make dev        the maintainer's tools on top of the learner's environment
## make lint       ruff: rules and format
## make lock       renew requirements.txt and requirements-dev.txt from pyproject.toml
##
## Another Python than python3, the first time: make lab PYTHON=python3.13

BIN := .venv/bin

# Once there is an environment, its own Python stays the default.
ifndef PYTHON
PYTHON := $(shell $(BIN)/python -c 'print("$(BIN)/python")' 2>/dev/null || echo python3)
endif

.PHONY: help python environment lab test notebooks full timings dev lint lock

help:
	@sed -n 's/^## \{0,1\}//p' Makefile

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3,))' 2>/dev/null || { \
	  echo 'error: there is no Python 3 called $(PYTHON): install Python 3.11, 3.12 or 3.13' \
	       '(on Debian and Ubuntu: apt install python3 python3-venv)' >&2; exit 2; }

environment: python
	@$(PYTHON) scripts/environment.py

# Containers run as root; Jupyter would refuse. It listens on this machine alone and asks for a token.
lab: environment
	$(BIN)/python -m jupyterlab --ip=127.0.0.1 --allow-root \
	  --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb

test: environment
	$(BIN)/python -m pytest

notebooks: environment
	$(BIN)/python scripts/run_notebooks.py

full: environment
	COURSE_MODE=full $(BIN)/python scripts/run_notebooks.py --into runs/full

timings: environment
	$(BIN)/python scripts/timings.py

dev: python
	@$(PYTHON) scripts/environment.py --dev

lint:
	$(BIN)/ruff check
	$(BIN)/ruff format --check

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
          --generate-hashes --no-annotate --custom-compile-command 'make lock' --no-config

lock: dev
	$(COMPILE) pyproject.toml --group test --output-file requirements.txt --upgrade
	$(COMPILE) --group dev --constraints requirements.txt --output-file requirements-dev.txt --upgrade

SEEDS ?= 100000
STACK_SEEDS ?= 1000
# Everything one does with this project, by name. Needs python3 >= 3.11 and make; the rest is installed into .venv
# from the hashed locks in requirements/.
.POSIX:
.SUFFIXES:
.PHONY: help run demo serve test check lint format docs openapi lock soak bench clean

PYTHON ?= python3
RUN_ARGS =
TEST_ARGS =

VENV = .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
PYTEST = $(BIN)/python -m pytest
INPUTS = pyproject.toml clients/python/pyproject.toml
TOO_OLD = Python 3.11 or newer is needed, and '$(PYTHON)' is not that. Try: make PYTHON=python3.12 ...
INSTALL = { $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(TOO_OLD)" >&2; exit 1; }; } \
	&& echo "Installing requirements/$(@F).txt into $(VENV) (a minute or two, once)" \
	&& $(PYTHON) -m venv $(VENV) \
	&& $(PIP) install --require-hashes --requirement requirements/$(@F).txt \
	&& $(PIP) install --no-build-isolation --no-deps --editable . --editable clients/python \
	&& touch $@
RESOLVE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11
LOCK = $(RESOLVE) $(INPUTS) --group pyproject.toml:build

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/run ## Install, play a field day against the service, and keep serving (RUN_ARGS=..., PHOTOS=folder)
	@$(BIN)/minhchung demo --keep-serving $${PHOTOS:+--photos "$$PHOTOS"} $(RUN_ARGS)

demo: $(VENV)/run ## Play the same day and end; fails if anything was lost
	@$(BIN)/minhchung demo $${PHOTOS:+--photos "$$PHOTOS"} $(RUN_ARGS)

serve: $(VENV)/run ## Migrate the database and serve it; settings come from MINHCHUNG_* (docs/settings.md)
	@$(BIN)/minhchung migrate
	@$(BIN)/minhchung serve

test: $(VENV)/dev $(VENV)/s3 $(VENV)/npm ## Run every test (TEST_ARGS="-k push"); with CI=true a skipped test fails
	@$(PYTEST) -n 2 --dist worksteal $(TEST_ARGS)

check: lint ## Format, lint, types, import contracts, house lints, documentation
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(PYTEST) --quiet tests/test_docs.py -m "not slow"

lint: $(VENV)/dev ## The quick part of check: format, ruff, house lints
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/python tests/house_lints.py

format: $(VENV)/dev ## Rewrite the code in the house format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: $(VENV)/dev ## Regenerate docs/settings.md and docs/problems.md from the code
	@$(BIN)/python docs/generate.py

openapi: $(VENV)/dev ## Regenerate openapi/openapi.json from the routes
	@mkdir -p var && $(BIN)/minhchung openapi > var/openapi.json && mv var/openapi.json openapi/openapi.json

soak: $(VENV)/dev $(VENV)/s3 $(VENV)/office ## Long lanes: papers in LibreOffice, property tests, then SEEDS model-level and STACK_SEEDS whole-stack schedules of the simulator
	@$(PYTEST) tests/e2e/libreoffice.py
	@SOAK_SECONDS=60 SCOPE_SEEDS=200 $(PYTEST) tests/api/test_overtaken.py tests/api/test_cursor_choice.py tests/api/test_scopes.py
	@MERGE_RUNS=20000 SCRIPT_RUNS=2000 $(PYTEST) -n 2 --hypothesis-profile=soak tests/property $(TEST_ARGS)
	@STRIDE=1 $(PYTEST) -n 2 tests/simulation/test_failpoints.py
	@SCALED_ROUNDS=10 $(PYTEST) tests/e2e/test_scaled.py
	@! command -v pgbouncer >/dev/null || PGBOUNCER=$$(command -v pgbouncer) $(PYTEST) tests/api/test_pooled.py
	@$(BIN)/python -m simulator --seeds $(SEEDS) --stack-seeds $(STACK_SEEDS)

bench: $(VENV)/dev $(VENV)/npm $(VENV)/peers ## Measure it beside its peers and the machine (RACE_ARGS=--quick)
	@PYTHONPATH=benchmarks:tests:. $(BIN)/python -m race $(RACE_ARGS)
	@PYTHONPATH=tests:. $(BIN)/python benchmarks/cost.py

lock: $(VENV)/dev ## Resolve the dependencies again into requirements/*.txt
	@$(PIP) install uv
	@$(LOCK) --output-file requirements/run.txt
	@$(LOCK) --group pyproject.toml:dev --output-file requirements/dev.txt
	@$(RESOLVE) --group pyproject.toml:s3 --output-file requirements/s3.txt
	@$(RESOLVE) --group pyproject.toml:peers --output-file requirements/peers.txt

clean: ## Remove what make can make again; the data in var/ stays
	@rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp for each environment, named like its lock.
$(VENV)/run: requirements/run.txt $(INPUTS)
	@$(INSTALL)

$(VENV)/dev: requirements/dev.txt $(INPUTS)
	@$(INSTALL)

$(VENV)/npm: requirements/npm.txt $(VENV)/dev
	@echo "Installing requirements/npm.txt into $(VENV)/node"
	@$(BIN)/python tests/npm_packages.py $< $(VENV)/node
	@touch $@

$(VENV)/office: requirements/office.txt $(VENV)/dev
	@echo "Installing requirements/office.txt, which is LibreOffice, into $(VENV)/libreoffice (80 MB, once)"
	@$(BIN)/python tests/npm_packages.py $< $(VENV)/libreoffice
	@touch $@

# The S3 server of the tests needs other releases of what the service uses, so it lives apart.
$(VENV)/s3: requirements/s3.txt $(VENV)/dev
	@echo "Installing requirements/s3.txt into $(VENV)/swift (half a minute, once)"
	@$(BIN)/python -m venv $(VENV)/swift
	@$(VENV)/swift/bin/python -m pip --disable-pip-version-check --quiet --quiet install --require-hashes --requirement requirements/s3.txt
	@touch $@

# What is raced against, in an environment of its own.
$(VENV)/peers: requirements/peers.txt $(VENV)/dev
	@echo "Installing requirements/peers.txt into $(VENV)/kinto (half a minute, once)"
	@$(BIN)/python -m venv $(VENV)/kinto
	@$(VENV)/kinto/bin/python -m pip --disable-pip-version-check --quiet --quiet install --require-hashes --requirement requirements/peers.txt
	@touch $@

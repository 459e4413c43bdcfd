# `make demo` and `make test` need Python 3.11 and make, nothing else.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
# Only what a stock pip 23 can do with a hashed lock that has extras in it: --no-deps.
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes

.PHONY: help setup demo test check golden torture bench lock clean test-distributed

help: ## Show the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(VENV)/.product ## Build .venv with the product and its console script

$(VENV)/.product: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/.product requirements-dev.lock
	$(INSTALL) -r requirements-dev.lock
	touch $@

demo: $(VENV)/.product ## Sandboxes and Airflow: a seller's month, booked and settled (ONCE=1: stop by itself)
	$(BIN)/python -m coupling_sandbox.demo $(if $(ONCE),--once)

test: $(VENV)/.dev ## All tests, the one through a real Airflow included
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: $(VENV)/.dev ## Lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: $(VENV)/.dev ## Rewrite the expected side of the golden cases; review with git diff
	$(BIN)/python -m pytest tests/golden --golden-rewrite -q

torture: $(VENV)/.dev ## The long fault campaign against the booking protocol
	$(BIN)/python -m tests.torture $(ARGS)

# --- a real browser. Debian's Chromium with its driver of the same version; axe-core judges the pages.
AXE := axe-core@4.14.1
.PHONY: test-browser screenshots

$(VENV)/.browser: $(VENV)/.dev requirements-browser.lock
	$(INSTALL) -r requirements-browser.lock
	touch $@

var/browser/axe-core.tgz:
	@mkdir -p var/browser
	cd var/browser && mv "$$(npm pack --silent $(AXE))" axe-core.tgz

/usr/bin/chromedriver:
	apt-get install -y --no-install-recommends chromium chromium-driver

test-browser: $(VENV)/.browser var/browser/axe-core.tgz | /usr/bin/chromedriver ## A seller's way through a real Airflow, in Chromium (10 minutes; fetching its tools needs root and npm)
	$(BIN)/python -m pytest tests/browser -x $(ARGS)

screenshots: ## The same, and its pictures become those of docs/handleiding.md
	$(MAKE) test-browser ARGS="--pictures $(ARGS)"

.PHONY: kills
kills: $(VENV)/.dev ## SIGKILL to real Airflow at every step of the ledger (an hour)
	$(BIN)/python -m tests.kills $(ARGS)

test-distributed: $(VENV)/.dev ## 200 couplings on PostgreSQL, Redis and Celery workers, two of them killed (ARGS=...)
	$(BIN)/python -m tests.distributed $(ARGS)

bench: $(VENV)/.dev ## Side by side with peers, into benchmarks/results.md (an hour; ARGS="matching frames": parts)
	$(BIN)/python -m benchmarks $(ARGS)

lock: ## Compile the pins again from requirements.in and requirements-dev.in (needs uv)
	uv pip compile requirements.in --universal --python-version 3.11 --no-annotate --no-header -o requirements.txt
	uv pip compile requirements.in -c requirements.txt --universal --python-version 3.11 --no-annotate --no-header --generate-hashes -o requirements.lock
	uv pip compile requirements-dev.in -c requirements.txt --universal --python-version 3.11 --no-annotate --no-header --generate-hashes -o requirements-dev.lock
	uv pip compile requirements-browser.in -c requirements.txt --universal --python-version 3.11 --no-annotate --no-header --generate-hashes -o requirements-browser.lock

clean: ## Remove what the demo and the tests left; the virtual environment stays
	rm -rf var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.PHONY: docs
docs: $(VENV)/.dev ## Write docs/errors.md again from the catalogue of problems
	$(BIN)/python -m tests.docs.errors_page

# --- what the product is made of: docs/licences.md. The tools live apart from the product.
TOOLS ?= var/tools

.PHONY: sbom licences vulnerabilities security canaries

$(TOOLS)/.ready:
	test -x $(TOOLS)/bin/python || $(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0 pip-audit==2.10.1
	touch $@

sbom: $(TOOLS)/.ready ## Bill of materials of the lock (CycloneDX): var/sbom.cdx.json
	@mkdir -p var
	$(TOOLS)/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible --of JSON -o var/sbom.cdx.json

licences: $(VENV)/.product ## Licences of all that is installed, into docs/licences.md; fails on one not accepted
	$(BIN)/python deploy/licences.py

$(TOOLS)/bin/bandit: | $(TOOLS)/.ready
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check bandit==1.9.4

security: $(TOOLS)/bin/bandit $(VENV)/.dev ## Our own code: ruff S and bandit; fails on anything unjudged
	$(BIN)/ruff check --select S include dags plugins deploy
	$(BIN)/python deploy/security.py $(TOOLS)/bin/bandit

canaries: $(VENV)/.dev ## 25 secrets and 50 buyers through more than 100 runs: none may be heard (ARGS=...)
	$(BIN)/python -W ignore -m tests.canaries $(ARGS)

vulnerabilities: $(TOOLS)/.ready ## Known vulnerabilities in the lock; fails when it could not check
	@mkdir -p var && rm -f var/vulnerabilities.json
	@$(TOOLS)/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock -f json -o var/vulnerabilities.json || { \
	  if test -s var/vulnerabilities.json; then echo "VULNERABLE: see var/vulnerabilities.json, then docs/licences.md, Updating"; \
	  else echo "NOT CHECKED: the advisory service could not be asked about every package (reason above). Nothing is known about these pins."; fi; exit 1; }
	@test -s var/vulnerabilities.json || { echo "NOT CHECKED: no report was written."; exit 1; }
	@echo "no known vulnerability in the lock"

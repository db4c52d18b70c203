# `make run` serves the app, `make test` passes the tests; both set up what they need.
# Needs Python 3.11+, Node 20+ and make.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

FRONTEND_SOURCES := $(shell find frontend -type f \
	-not -path 'frontend/node_modules/*' -not -path 'frontend/dist/*' 2>/dev/null)

.PHONY: run test check bench setup setup-dev schema lock parity screenshots clean

run: setup
	$(BIN)/python manage.py up --host $(HOST) --port $(PORT)

test: setup-dev
	sh tests/run.sh

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file .make/schema.yaml
	cmp .make/schema.yaml frontend/src/api/schema.yaml || \
		(echo "The API schema has changed: run 'make schema' and commit the result." && false)
	cd frontend && npm run --silent check

bench: setup-dev
	$(BIN)/python -m benchmarks

# Full-size network against the golden cases: minutes, and 6 GB of memory.
parity: setup-dev
	$(BIN)/python -m pytest -m parity -s

# The pictures in docs/, made by the browser tests.
screenshots: setup-dev
	ALLELENS_SCREENSHOTS=docs/screenshots $(BIN)/python -m pytest tests/frontend-e2e

schema: setup-dev
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file frontend/src/api/schema.yaml
	cd frontend && npm run --silent generate-api

# Lock files: hashes, and no address of any index.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --quiet pyproject.toml --output-file requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --quiet --extra dev --constraint requirements.txt pyproject.toml \
		--output-file requirements-dev.txt

setup: .make/venv frontend/dist/index.html
setup-dev: .make/venv-dev .make/old-sdk frontend/dist/index.html

.make/venv: requirements.txt
	@mkdir -p .make
	@echo "Installing Python packages ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) --requirement requirements.txt
	@touch $@

.make/venv-dev: requirements-dev.txt .make/venv
	@echo "Installing Python packages for the tests ..."
	@$(PIP) --requirement requirements-dev.txt
	@touch $@

# An SDK of 2025 beside the present one: the gRPC service must serve both.
.make/old-sdk: tests/predictor/serving/old_sdk.txt .make/venv
	@rm -rf $@
	@$(PIP) --no-deps --target $@ --requirement $<
	@touch $@

.make/node: frontend/package-lock.json
	@mkdir -p .make
	@echo "Installing front-end packages ..."
	@cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

frontend/dist/index.html: .make/node $(FRONTEND_SOURCES)
	@echo "Building the front end ..."
	@cd frontend && npm run --silent build
	@touch $@

clean:
	rm -rf .make .venv frontend/node_modules frontend/dist

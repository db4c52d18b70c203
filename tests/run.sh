#!/bin/sh
# All tests: the front end's, then Python's on the embedded profile (SQLite, filesystem broker),
# then whatever touches database or broker once more on PostgreSQL and Redis.
# Services and a browser are used where present; every skip is listed with its reason.
set -eu
cd "$(dirname "$0")/.."

npm --prefix frontend run --silent test

ALLELENS_TEST_PROFILE=embedded .venv/bin/python -m pytest -m "not parity"

status=0
.venv/bin/python -m tests.services || status=$?
if [ "$status" -eq 1 ]; then exit 1; fi
if [ "$status" -eq 0 ]; then
  ALLELENS_TEST_PROFILE=services .venv/bin/python -m pytest -m "not parity" \
    tests/webapp tests/worker tests/faults tests/frontend-e2e
fi

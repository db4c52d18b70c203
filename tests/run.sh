#!/bin/sh
# All tests: the front end's, then Python's on the embedded profile (SQLite, filesystem broker),
# then whatever touches database or broker once more on PostgreSQL and Redis.
# Services and a browser are used where present; every skip is listed with its reason.
set -eu
cd "$(dirname "$0")/.."

npm --prefix frontend run --silent test

# What starts whole applications, and may end them, has the machine to itself; the rest runs in
# parallel, a file at a time, in the order of tests/conftest.py.
parallel() {
  .venv/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder "$@"
}
alone() { .venv/bin/python -m pytest "$@"; }

export ALLELENS_TEST_PROFILE=embedded
parallel tests --ignore tests/faults --ignore tests/frontend-e2e
alone tests/faults tests/frontend-e2e

status=0
.venv/bin/python -m tests.services || status=$?
if [ "$status" -eq 1 ]; then exit 1; fi
if [ "$status" -eq 0 ]; then
  export ALLELENS_TEST_PROFILE=services
  # Not once more what is marked `once`: `manage.py up` and its SQLite, which are the embedded
  # mode's own, and pages that only read what is the same everywhere or are looked at for their
  # layout. They ran above.
  parallel tests/webapp tests/worker -m "not once"
  alone tests/faults tests/frontend-e2e -m "not once"
fi

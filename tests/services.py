"""Tells whether PostgreSQL and Redis answer on this machine (exit status 0: both do).

Where `ALLELENS_REQUIRE_SERVICES=1`, a missing service is an error of the test run, not a skip.
"""

import os
import socket
import sys

SERVICES = {"PostgreSQL": 5432, "Redis": 6379}


def missing_services() -> list[str]:
    """Names the services that do not accept a connection on 127.0.0.1."""
    missing = []
    for name, port in SERVICES.items():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            missing.append(name)
    return missing


def required() -> bool:
    return os.environ.get("ALLELENS_REQUIRE_SERVICES") == "1"


if __name__ == "__main__":
    missing = missing_services()
    if missing and required():
        sys.exit(f"Required services do not answer on 127.0.0.1: {', '.join(missing)}.")
    if missing:
        print(  # noqa: T201
            "SKIPPED the tests on PostgreSQL and Redis: "
            f"{' and '.join(missing)} not reachable on 127.0.0.1."
        )
        sys.exit(3)

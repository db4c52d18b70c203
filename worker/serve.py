"""`python -m worker.serve`: the SDK's gRPC service for the people of the app, by their tokens.

As `python -m predictor serve`, but keys are the app's API tokens and what they cost is counted.
"""

import argparse
import os
import sys

from predictor.errors import AllelensError
from predictor.serving import options
from predictor.serving.authoriser import Call


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m worker.serve", description=__doc__)
    options.add_options(parser)
    parsed = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings.embedded")

    import django

    django.setup()

    from django.db import connections

    from predictor.serving import command, server
    from webapp.accounts.service_access import TokenAuthoriser

    class Authoriser(TokenAuthoriser):
        """Leaves no connection behind in the threads of the service, which come and go."""

        def admit(self, call: Call) -> str:
            try:
                return super().admit(call)
            finally:
                connections.close_all()

        def charge(self, caller: str, call: Call) -> None:
            try:
                super().charge(caller, call)
            finally:
                connections.close_all()

    try:
        server.serve(command.service_of(parsed, Authoriser(), _report))
    except AllelensError as error:
        sys.stderr.write(f"{error.message}\n")
        return 2
    return 0


def _report(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""The command line: parse, call one function, print.

Errors are one sentence on stderr and exit status 2; where something else goes wrong, status 1.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from predictor import errors
from predictor.commands import (
    installation,
    prediction,
    scoring,
    service,
    simulation,
    training,
)

_COMMANDS = (prediction, scoring, installation, service, simulation, training)


class _Parser(argparse.ArgumentParser):
    """Argument errors are sentences like all others."""

    def error(self, message: str) -> NoReturn:
        raise errors.AllelensError(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns:
      Exit status: 0, 2 for input that cannot be used, 1 for anything unforeseen.
    """
    try:
        parsed = _parser().parse_args(arguments)
        parsed.run(parsed)
    except errors.AllelensError as error:
        print(error.message, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"A file cannot be read or written: {error}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except Exception as error:
        if os.environ.get("ALLELENS_DEBUG"):
            raise
        print(
            f"This should not happen ({type(error).__name__}: {error}); "
            "set ALLELENS_DEBUG=1 to see where.",
            file=sys.stderr,
        )
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m predictor", description="Predictions of DNA sequences.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in _COMMANDS:
        group.add(commands)
    return parser

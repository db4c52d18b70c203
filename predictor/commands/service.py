"""`serve`."""

import argparse
import logging

from predictor.commands.options import Commands
from predictor.serving import options as serving_options


def add(commands: Commands) -> None:
    """`serve`."""
    command = commands.add_parser(
        "serve",
        help="answer the official SDK over gRPC",
        description="Serves until it is told to stop; plain text on this machine, TLS beyond it.",
    )
    serving_options.add_options(command)
    serving_options.add_keys_option(command)
    command.set_defaults(run=_serve)


def _serve(parsed: argparse.Namespace) -> None:
    from predictor.serving import command, server

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")

    def report(line: str) -> None:
        print(line, flush=True)

    server.serve(command.service_of(parsed, command.key_authoriser(parsed), report))

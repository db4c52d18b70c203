"""The options of whatever starts the service. Imports nothing heavy: every command reads them."""

import argparse
from pathlib import Path

HOST, PORT = "127.0.0.1", 50051
AT_ONCE = 2
GRACE_SECONDS = 30.0


def add_options(command: argparse.ArgumentParser) -> None:
    """Adds the options of a service."""
    command.add_argument(
        "--engine",
        required=True,
        nargs="+",
        metavar="NAME",
        help="as shown by `list`; of several, the first answers requests without a model version",
    )
    command.add_argument("--port", type=int, default=PORT, help="0 for any free one")
    command.add_argument("--host", default=HOST, help="without a certificate: of this machine only")
    command.add_argument(
        "--certificate", type=Path, metavar="FILE.pem", help="certificate chain, for TLS"
    )
    command.add_argument("--key", type=Path, metavar="FILE.pem", help="its private key")
    command.add_argument(
        "--at-once",
        type=int,
        default=AT_ONCE,
        metavar="N",
        help="calls that are worked on at once; others wait their turn",
    )
    command.add_argument(
        "--grace",
        type=float,
        default=GRACE_SECONDS,
        metavar="SECONDS",
        help="how long open calls may go on when the service is told to stop",
    )
    command.add_argument(
        "--lenient-reference",
        action="store_true",
        help="write REF bases that are not those of the genome over it, as the official service "
        "does, instead of refusing them",
    )


def add_keys_option(command: argparse.ArgumentParser) -> None:
    """Adds the option of a service that has its keys in a file."""
    command.add_argument(
        "--api-keys",
        type=Path,
        metavar="FILE",
        help="a name and a key on each line; where not given, only this machine may call",
    )

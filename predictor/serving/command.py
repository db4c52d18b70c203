"""The service that options ask for."""

import argparse
from collections.abc import Callable

from predictor.serving.authoriser import AnyoneOnLoopback, Authoriser, KeyFile
from predictor.serving.opening import opener
from predictor.serving.server import Place, Service
from predictor.serving.service import Limits


def key_authoriser(parsed: argparse.Namespace) -> Authoriser:
    """Who may call, by `--api-keys`.

    Raises:
      ServiceRefusedError: the file cannot be used.
    """
    return AnyoneOnLoopback() if parsed.api_keys is None else KeyFile(parsed.api_keys)


def service_of(
    parsed: argparse.Namespace, authoriser: Authoriser, report: Callable[[str], None]
) -> Service:
    """The service that the options ask for; nothing is opened yet.

    Raises:
      UnknownEngineError, EngineNotInstalledError: see `opening.opener`.
    """
    return Service(
        open_engines=opener(parsed.engine, lenient=parsed.lenient_reference),
        place=Place(
            host=parsed.host, port=parsed.port, certificate=parsed.certificate, key=parsed.key
        ),
        authoriser=authoriser,
        limits=Limits(at_once=max(parsed.at_once, 1)),
        grace=parsed.grace,
        report=report,
    )

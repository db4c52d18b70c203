"""`manage.py serve`: one web process (uvicorn)."""

import argparse
import socket
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand

from webapp.supervisor import lifeline

_LARGEST_FRAME = 64 * 1024


class Command(BaseCommand):
    help = "Serves pages, API and sockets."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--fd", type=int, help="an open listening socket, instead")

    def handle(self, *args: Any, **options: Any) -> None:
        lifeline.watch()
        config = uvicorn.Config(
            "webapp.asgi:application",
            host=options["host"],
            port=options["port"],
            lifespan="off",
            log_level="warning",
            access_log=False,
            ws_max_size=_LARGEST_FRAME,
            # In the embedded mode nobody is in front of us; a header must not name the peer.
            proxy_headers=settings.MODE == "production",
            server_header=False,
            timeout_graceful_shutdown=3,
        )
        sockets = None
        if options["fd"] is not None:
            sockets = [socket.socket(fileno=options["fd"])]
        uvicorn.Server(config).run(sockets=sockets)

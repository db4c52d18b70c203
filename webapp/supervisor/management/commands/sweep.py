"""`manage.py sweep`: the sweeper as a process of its own, for production."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from webapp.supervisor import lifeline
from webapp.supervisor.sweeping import sweep_forever


class Command(BaseCommand):
    help = "Gives back what crashed workers held, and rings where there is work. Runs until ended."

    def handle(self, *args: Any, **options: Any) -> None:
        lifeline.watch()
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        sweep_forever(stop)

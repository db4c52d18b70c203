"""`manage.py prepare`: what `up` does before it serves, for production."""

from typing import Any

from django.core.management.base import BaseCommand

from webapp.supervisor import first_run


class Command(BaseCommand):
    help = "Applies migrations and writes the demo genome where it is missing."

    def handle(self, *args: Any, **options: Any) -> None:
        first_run.migrate()
        if first_run.missing_demo_genomes():
            first_run.make_demo_genomes()
        self.stdout.write("Ready to serve.")

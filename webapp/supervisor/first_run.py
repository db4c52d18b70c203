"""What must be there before the application answers: database, local user, demo genome."""

import sqlite3
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from predictor.errors import AllelensError
from predictor.home import genome_folder, home

# Not asked of the engine registry: that takes seconds to import, before anything is served.
DEMO_ASSEMBLIES = ("demoH1", "demoM1")


class NewerDatabase(AllelensError):
    """The database was made by a newer version of the application."""

    code = "newer_database"


def check_database(file: Path) -> bool:
    """Compares an SQLite database with our migrations, without writing to it.

    Returns:
      Whether migrations are to be applied.

    Raises:
      NewerDatabase: it knows migrations that we do not; nothing was changed.
    """
    known = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    if not file.exists():
        return True
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            applied = set(database.execute("SELECT app, name FROM django_migrations"))
    except sqlite3.OperationalError:
        # No such table: an empty file, or one that a killed first start left.
        return True
    except sqlite3.DatabaseError as error:
        raise NewerDatabase(
            f"The file {file} is not a database of Allelens ({error}); move it away, or choose "
            "another folder with --data. Nothing was changed."
        ) from error
    apps = {app for app, _ in known}
    unknown = sorted(f"{app}.{name}" for app, name in applied - known if app in apps)
    unknown += sorted(f"{app}.{name}" for app, name in applied if app not in apps)
    if unknown:
        raise NewerDatabase(
            f"The database {file} was made by a newer version of Allelens (it has "
            f"{unknown[0]}, which this version {settings.VERSION} does not know); start the newer "
            "version, or choose another folder with --data. Nothing was changed."
        )
    return bool(known - applied)


def migrate() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    # The children open their own connections.
    connection.close()


def missing_demo_genomes() -> list[str]:
    """Names of the demo assemblies whose files are not all there."""
    return [
        name for name in DEMO_ASSEMBLIES if not (genome_folder(name) / "genome.fa.fai").exists()
    ]


def make_demo_genomes() -> None:
    """Writes the demo genomes and their lists; the same bytes each time, in seconds."""
    from predictor.simulator.demo_lists import write_lists
    from predictor.simulator.genome import write_assembly

    folder = home() / "genomes"
    folder.mkdir(parents=True, exist_ok=True)
    write_assembly(folder)
    write_lists(folder)

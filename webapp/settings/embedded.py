"""One machine, one person, no other service: SQLite and a broker of files in the data folder."""

import secrets

from webapp.settings import environment
from webapp.settings.base import *  # noqa: F403
from webapp.settings.base import DATA_DIR

MODE = "embedded"
LOCAL_USERNAME = "local"

# Only these names sign the local user in; a page of another site that makes its own name point at
# 127.0.0.1 gets "bad request" instead.
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *environment.names("ALLELENS_ALLOWED_HOSTS")]


def _secret_key() -> str:
    """The key of this data folder, made on first use, readable by its owner only."""
    file = DATA_DIR / "secret-key"
    try:
        return file.read_text()
    except FileNotFoundError:
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        temporary = DATA_DIR / f".secret-key-{secrets.token_hex(4)}"
        temporary.touch(mode=0o600)
        temporary.write_text(secrets.token_urlsafe(50))
        try:
            # Fails if another process was first, so that both use the same key.
            file.hardlink_to(temporary)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
        return file.read_text()


SECRET_KEY = _secret_key()

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "db.sqlite3",
        "OPTIONS": {
            # A transaction that reads, then writes, must not fail as "database is locked":
            # it takes the write lock at its start.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}

BROKER_DIR = DATA_DIR / "broker"
CELERY_BROKER_URL = "allelens-files://localhost//"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "data_folder_in": str(BROKER_DIR / "queue"),
    "data_folder_out": str(BROKER_DIR / "queue"),
    "control_folder": str(BROKER_DIR / "control"),
    # Without a folder of its own a message passes through the system's temporary folder.
    "processed_folder": str(BROKER_DIR / "processed"),
    "store_processed": True,
    "polling_interval": 0.05,
}
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False

# No channel layer between the processes: the poller looks at the database often.
CHANNEL_LAYERS: dict[str, dict[str, object]] = {}
EVENT_POLL_SECONDS = 0.1

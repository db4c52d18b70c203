"""Reads settings from environment variables.

Every reader takes the value from NAME, or from the file that NAME_FILE points to, so that a
secret can be mounted as a file and never appears in a process list.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str | None = None) -> str:
    """The value of NAME or the content of the file NAME_FILE.

    Raises:
      ImproperlyConfigured: neither is set and there is no default.
    """
    value = os.environ.get(name)
    if value is not None:
        return value
    file = os.environ.get(f"{name}_FILE")
    if file is not None:
        try:
            return Path(file).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: cannot read {file}: {error}.") from error
    if default is None:
        raise ImproperlyConfigured(
            f"Set the environment variable {name}, or {name}_FILE with the name of a file "
            "that holds the value."
        )
    return default


def flag(name: str, *, default: bool) -> bool:
    value = text(name, "1" if default else "0").strip().lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; expected 1 or 0.")


def number(name: str, default: float) -> float:
    value = text(name, str(default))
    try:
        return float(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; expected a number.") from error


def names(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def postgresql() -> dict[str, Any]:
    """The Django database entry from DATABASE_URL, or from PGHOST, PGDATABASE and so on.

    Raises:
      ImproperlyConfigured: neither is given, or the URL is for another kind of database.
    """
    url = text("DATABASE_URL", "")
    entry: dict[str, Any] = {"ENGINE": "django.db.backends.postgresql"}
    if not url:
        return entry | {
            "HOST": text("PGHOST", ""),
            "PORT": text("PGPORT", "5432"),
            "NAME": text("PGDATABASE"),
            "USER": text("PGUSER"),
            "PASSWORD": text("PGPASSWORD", ""),
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            f"DATABASE_URL starts with {parts.scheme!r}; expected "
            "postgresql://user:password@host:port/database."
        )
    return entry | {
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or 5432),
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),
    }

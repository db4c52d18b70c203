"""How long a chunk may take, so that one that hangs does not hold the worker for ever."""

import math

from django.conf import settings

CODE = "too_slow"
_STEP = 16_384


def seconds(window: int) -> float:
    """The limit for a window of so many bp: `ALLELENS_CHUNK_SECONDS` for every 16,384 begun."""
    return float(settings.JOB_CHUNK_SECONDS) * math.ceil(window / _STEP)


def message(window: int) -> str:
    """What a person is told whose chunk reached the limit."""
    limit = seconds(window)
    told = f"{limit / 60:,.0f} minutes" if limit >= 120 else f"{limit:,.0f} seconds"
    return (
        f"This was not done within {told}, the limit for a window of {window:,} bp on this "
        "server; choose a shorter window or fewer output types, or have the limit raised "
        "(ALLELENS_CHUNK_SECONDS)."
    )

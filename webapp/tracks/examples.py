"""Examples to click: the show-case loci of the demo genome."""

from typing import Any


def examples() -> list[dict[str, Any]]:
    """Variants with a known answer, in the order in which a page shows them."""
    return []

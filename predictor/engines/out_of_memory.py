"""A lack of memory: how it is recognised, and the sentence that tells it.

Never loads JAX: the worker recognises these errors without it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from predictor.errors import NotEnoughMemoryError

# What XLA says where an allocation fails: main memory, GPU memory, and a GPU's own libraries.
_SIGNS = ("RESOURCE_EXHAUSTED", "OUT_OF_MEMORY", "Out of memory")

POSSIBLE_ERRORS = (MemoryError, RuntimeError, ValueError)
"""What `is_out_of_memory` has to be asked about."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an allocation failed, in main memory or on an accelerator."""
    if isinstance(error, MemoryError):
        return True
    # XLA's own type is a RuntimeError, whose name differs between versions of JAX; while a program
    # starts it is a ValueError.
    text = str(error)
    if isinstance(error, ValueError):
        return text.startswith(_SIGNS[0])
    return isinstance(error, RuntimeError) and any(sign in text for sign in _SIGNS)


def not_enough_memory(window: int) -> NotEnoughMemoryError:
    """The error for people, once nothing can be made smaller."""
    return NotEnoughMemoryError(
        f"The memory of this device is not enough for a window of {window:,} bp; choose a shorter "
        "window, fewer output types or fewer cell types."
    )


@contextmanager
def told_as_sentence(window: int) -> Iterator[None]:
    """Turns a lack of memory inside into the error for people."""
    try:
        yield
    except POSSIBLE_ERRORS as error:
        if not is_out_of_memory(error):
            raise
        raise not_enough_memory(window) from None

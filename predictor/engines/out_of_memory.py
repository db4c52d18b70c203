"""What happens when the memory of the device is used up: smaller steps, and at last a sentence.

Never loads JAX: the worker recognises these errors without it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from predictor.errors import NotEnoughMemoryError

T = TypeVar("T")
R = TypeVar("R")

# What XLA says where an allocation fails: main memory, GPU memory, and a GPU's own libraries.
_SIGNS = ("RESOURCE_EXHAUSTED", "OUT_OF_MEMORY", "Out of memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an allocation failed, in main memory or on an accelerator."""
    if isinstance(error, MemoryError):
        return True
    # XLA's own type is a RuntimeError, whose name differs between versions of JAX.
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)


def not_enough_memory(window: int) -> NotEnoughMemoryError:
    """The error for people, once nothing can be made smaller."""
    return NotEnoughMemoryError(
        f"The memory of this device is not enough for a window of {window:,} bp; choose a shorter "
        "window, fewer output types or fewer cell types."
    )


def in_smaller_steps(
    things: Sequence[T],
    compute: Callable[[Sequence[T]], R],
    *,
    release: Callable[[], None],
    window: int,
) -> Iterator[tuple[Sequence[T], R]]:
    """Computes things together, or in halves wherever the memory is not enough for that.

    A result is held here only until the next is asked for.

    Args:
      things: such as output types; order is kept.
      compute: takes some of them.
      release: gives up what is only kept to save time later.
      window: in bp, for the message.

    Yields:
      Things that were computed together, and the result.

    Raises:
      NotEnoughMemoryError: the memory is not enough for one of the things by itself.
    """
    waiting, scarce = [things], False
    while waiting:
        group, *waiting = waiting
        found = _unless_out_of_memory(group, compute)
        if found is not None:
            yield group, found[0]
            del found
            if scarce:
                release()
            continue
        release()
        if not scarce:
            # Once more, now that other windows are no longer kept.
            waiting, scarce = [group, *waiting], True
        elif len(group) == 1:
            raise not_enough_memory(window)
        else:
            waiting = [group[: len(group) // 2], group[len(group) // 2 :], *waiting]


def _unless_out_of_memory(
    group: Sequence[T], compute: Callable[[Sequence[T]], R]
) -> tuple[R] | None:
    # A function of its own: with the exception its frames end, and the arrays that they hold.
    try:
        return (compute(group),)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        return None

"""Computing in smaller steps where the memory is not enough for all at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from predictor.engines.out_of_memory import (
    POSSIBLE_ERRORS,
    is_out_of_memory,
    not_enough_memory,
)
from predictor.engines.stretches import SIZES

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Budget(Generic[T]):
    """What is expected of a step before it is tried.

    On a CPU an allocation hardly ever fails: the system ends the process instead. So what does
    not fit by the estimate is not tried there.

    Attributes:
      needs: bytes that some of the things take together, by the tokens decoded at a time.
      room: bytes that may still be taken, now.
    """

    needs: Callable[[Sequence[T], int], int]
    room: Callable[[], int]


@dataclass(frozen=True)
class _Step(Generic[T]):
    things: Sequence[T]
    at_once: int


class SmallerSteps(Generic[T]):
    """Computes things together, or less at a time wherever the memory is not enough for that.

    In this order: what is only kept to save time is released; fewer things at a time; parts of a
    thing; shorter stretches of the decoder. What was not enough once is not tried again, so one of
    these serves all variants of a window.
    """

    def __init__(
        self,
        things: Sequence[T],
        *,
        window: int,
        release: Callable[[], None],
        split: Callable[[T], Sequence[T]] = lambda _: (),
        budget: Budget[T] | None = None,
    ):
        """Takes what there is to do.

        Args:
          things: such as output types; order is kept.
          window: in bp, for the message.
          release: gives up what is only kept to save time later.
          split: parts of a thing, in order; none where it has no parts.
          budget: what steps are expected to need, where that can be told.
        """
        self._window = window
        self._release = release
        self._split = split
        self._budget = budget
        self._steps = [_Step(things, SIZES[0])]
        self._scarce = self._probed = False

    def __call__(self, compute: Callable[[Sequence[T], int], R]) -> Iterator[tuple[Sequence[T], R]]:
        """Goes through all things.

        A result is held here only until the next is asked for.

        Args:
          compute: takes some of the things, or none for what is common to all, and the tokens
            that are decoded at a time.

        Yields:
          Things that were computed together, and the result.

        Raises:
          NotEnoughMemoryError: the memory is not enough for the smallest step.
        """
        waiting, done = self._steps, []
        while waiting:
            step, *waiting = waiting
            found = self._found(step, compute)
            if found is None:
                waiting = self._smaller(step, waiting, compute)
                continue
            done.append(step)
            yield step.things, found[0]
            del found
            if self._scarce:
                self._release()
        self._steps = done

    def _found(self, step: _Step[T], compute: Callable[[Sequence[T], int], R]) -> tuple[R] | None:
        if self._budget is not None:
            needed = self._budget.needs(step.things, step.at_once)
            if needed > self._budget.room():
                return None
        return _unless_out_of_memory(step, compute)

    def _smaller(
        self,
        step: _Step[T],
        waiting: Sequence[_Step[T]],
        compute: Callable[[Sequence[T], int], R],
    ) -> list[_Step[T]]:
        """What to do instead of a step that did not fit, and after it."""
        self._release()
        if not self._scarce:
            # Once more, now that other windows are no longer kept.
            self._scarce = True
            return [step, *waiting]
        if not self._probed:
            # Where what is common to all does not fit, nothing smaller does.
            self._probed = True
            if self._found(_Step((), SIZES[-1]), compute) is None:
                raise not_enough_memory(self._window)
        things = step.things
        if len(things) > 1:
            half = len(things) // 2
            parts: Sequence[Sequence[T]] = [things[:half], things[half:]]
        else:
            parts = [[part] for thing in things for part in self._split(thing)]
        if parts:
            return [*(replace(step, things=part) for part in parts), *waiting]
        for at_once in SIZES:
            if at_once < step.at_once:
                rest = [replace(one, at_once=min(one.at_once, at_once)) for one in waiting]
                return [replace(step, at_once=at_once), *rest]
        raise not_enough_memory(self._window)


def _unless_out_of_memory(
    step: _Step[T], compute: Callable[[Sequence[T], int], R]
) -> tuple[R] | None:
    # A function of its own: with the exception its frames end, and the arrays that they hold.
    try:
        return (compute(step.things, step.at_once),)
    except POSSIBLE_ERRORS as error:
        if not is_out_of_memory(error):
            raise
        return None

"""Less at a time where the memory is not enough, in which order, and when it ends."""

import pytest

from predictor.engines.smaller_steps import Budget, SmallerSteps
from predictor.engines.stretches import SIZES
from predictor.errors import NotEnoughMemoryError

LARGEST, *_, SMALLEST = SIZES


def halves(word):
    middle = len(word) // 2
    return (word[:middle], word[middle:]) if len(word) > 2 else ()


class Memory:
    """Takes `most` letters at a time, and stretches of at most `at_once` tokens."""

    def __init__(self, most, at_once=LARGEST):
        self.most, self.at_once = most, at_once
        self.tried = []

    def compute(self, words, at_once):
        self.tried.append((list(words), at_once))
        if sum(map(len, words)) > self.most or at_once > self.at_once:
            raise MemoryError
        return "+".join(words)


def steps_of(words, **more):
    return SmallerSteps(words, window=16_384, release=lambda: None, split=halves, **more)


def computed(words, memory, **more):
    return [found for _, found in steps_of(words, **more)(memory.compute)]


def test_what_is_kept_from_before_is_given_up_first():
    kept, calls = ["another window"], []

    def compute(things, at_once):
        calls.append((things, at_once))
        if kept:
            raise MemoryError
        return things

    steps = SmallerSteps("ab", window=16_384, release=kept.clear)
    assert list(steps(compute)) == [("ab", "ab")]
    assert calls == [("ab", LARGEST)] * 2


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (9, ["ab+cdef+g"]),
        (6, ["ab", "cdef+g"]),
        (4, ["ab", "cdef", "g"]),
        (2, ["ab", "cd", "ef", "g"]),
    ],
)
def test_fewer_things_are_computed_together_then_parts_of_one_and_all_in_order(most, expected):
    assert computed(["ab", "cdef", "g"], Memory(most)) == expected


def test_shorter_stretches_come_last_and_then_for_all_that_is_left():
    memory = Memory(4, SIZES[1])
    assert computed(["ab", "cd"], memory) == ["ab", "cd"]
    assert memory.tried[-2:] == [(["ab"], SIZES[1]), (["cd"], SIZES[1])]


def test_what_was_not_enough_once_is_not_tried_again():
    memory = Memory(2)
    steps = steps_of(["ab", "cdef"])
    first = list(steps(memory.compute))
    memory.tried.clear()
    assert list(steps(memory.compute)) == first
    assert [words for words, _ in memory.tried] == [["ab"], ["cd"], ["ef"]]


def test_what_does_not_fit_in_the_smallest_steps_ends_with_a_sentence():
    memory = Memory(1)
    with pytest.raises(NotEnoughMemoryError, match="16,384 bp; choose a shorter window"):
        computed(["ab", "c"], memory)
    assert memory.tried[-1] == (["ab"], SMALLEST)


def test_nothing_is_made_smaller_where_what_is_common_to_all_does_not_fit():
    memory = Memory(-1)
    with pytest.raises(NotEnoughMemoryError):
        computed(["ab", "cdef"], memory)
    assert memory.tried == [(["ab", "cdef"], LARGEST)] * 2 + [([], SMALLEST)]


def test_steps_that_are_expected_not_to_fit_are_not_tried():
    memory = Memory(99)
    budget = Budget(needs=lambda words, _: sum(map(len, words)), room=lambda: 2)
    assert computed(["ab", "cdef"], memory, budget=budget) == ["ab", "cd", "ef"]
    assert [words for words, _ in memory.tried] == [[], ["ab"], ["cd"], ["ef"]]


def test_the_smallest_step_too_is_tried_only_where_it_is_expected_to_fit():
    def expected(needed):
        return Budget(needs=lambda *_: needed, room=lambda: 100)

    assert computed(["ab"], Memory(99), budget=expected(100)) == ["ab"]
    with pytest.raises(NotEnoughMemoryError):
        computed(["ab"], Memory(99), budget=expected(101))


def test_other_errors_end_everything():
    def compute(things, at_once):
        raise RuntimeError("INVALID_ARGUMENT: shapes differ")

    with pytest.raises(RuntimeError, match="INVALID_ARGUMENT"):
        list(steps_of(["ab"])(compute))

import pytest

from predictor.engines.out_of_memory import is_out_of_memory, told_as_sentence
from predictor.errors import NotEnoughMemoryError


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    assert not is_out_of_memory(ValueError("Out of memory"))
    assert is_out_of_memory(ValueError("RESOURCE_EXHAUSTED: Out of memory allocating 2 bytes."))
    assert not is_out_of_memory(RuntimeError("INVALID_ARGUMENT: shapes differ"))
    with pytest.raises(RuntimeError, match="INVALID_ARGUMENT"), told_as_sentence(2_048):
        raise RuntimeError("INVALID_ARGUMENT: shapes differ")


def test_a_lack_of_memory_is_told_with_the_window_and_what_to_do():
    with (
        pytest.raises(NotEnoughMemoryError, match="16,384 bp; choose a shorter window"),
        told_as_sentence(16_384),
    ):
        raise MemoryError

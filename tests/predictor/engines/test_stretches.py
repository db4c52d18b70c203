import numpy as np
import pytest

from predictor.engines.stretches import SIZES, cost, stretches, whole, within
from predictor.model.narrow import MARGINS, decoded_lengths, decoded_starts


def random_reads(tokens, seed):
    rng = np.random.default_rng(seed)
    read = np.zeros(tokens, bool)
    for first in rng.integers(0, tokens, rng.integers(1, 6)):
        read[first : first + rng.integers(1, 1 + tokens // 3)] = True
    return read


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("tokens", [16, 32, 48, 128, 272, 1024, 1040])
def test_every_token_that_is_read_is_given(tokens, seed):
    read = random_reads(tokens, seed)
    if seed == 0:
        read[:] = True
    found = stretches(read)
    given = np.zeros(tokens, bool)
    for stretch in found:
        assert 0 <= stretch.first < stretch.end <= tokens
        assert stretch.given in (*SIZES, tokens)
        given[stretch.first : stretch.end] = True
    assert not (read & ~given).any()


@pytest.mark.parametrize("tokens", [32, 128, 1024])
@pytest.mark.parametrize("size", SIZES)
def test_a_stretch_is_decoded_with_all_it_depends_on_inside_the_window(tokens, size):
    if size + 2 * MARGINS[0] > tokens:
        assert all(stretch.given != size for stretch in stretches(np.arange(tokens) == 9))
        return
    for first in range(0, tokens - size + 1, 3):
        *starts, base = decoded_starts(first, size, tokens)
        assert base == first * 128
        per_token = [1, 2, 4, 8, 16, 32, 64, 128]
        # By hand: two positions at 1 bp for the last convolution; at each coarser resolution half
        # of that, and two for the first convolution of the block and two for the second.
        needed = [6, 8, 8, 8, 7, 7, 5, 2]
        for start, length, scale, margin in zip(
            starts, decoded_lengths(size), per_token, needed, strict=True
        ):
            assert 0 <= start <= max(first * scale - margin, 0)
            end = (first + size) * scale
            assert min(end + margin, tokens * scale) <= start + length <= tokens * scale


@pytest.mark.parametrize("tokens", [16, 48, 128, 272, 8192])
def test_a_window_has_few_sizes_of_stretches(tokens):
    sizes = {
        stretch.given for seed in range(30) for stretch in stretches(random_reads(tokens, seed))
    }
    assert len(sizes) <= len(SIZES)


@pytest.mark.parametrize("seed", range(10))
def test_reading_less_never_costs_more(seed):
    read = random_reads(1024, seed)
    less = read & random_reads(1024, seed + 100)
    more, fewer = (cost(stretches(r)) for r in (read, less))
    assert fewer <= more <= cost(whole(1024))


def test_nothing_is_decoded_where_nothing_is_read():
    assert stretches(np.zeros(128, bool)) == ()


def test_a_window_hardly_longer_than_a_stretch_is_one_stretch():
    assert len(whole(268)) == 1
    assert len(whole(272)) == 2


@pytest.mark.parametrize("tokens", [64, 128, 1024, 8192])
def test_a_variant_in_the_middle_of_a_window_is_read_from_one_stretch(tokens):
    read = np.zeros(tokens, bool)
    read[tokens // 2 - 2 : tokens // 2 + 3] = True
    assert len(stretches(read)) == 1


def test_half_a_kilobase_around_a_variant_costs_less_than_a_hundredth_of_half_a_megabase():
    read = np.zeros(4096, bool)
    read[2046:2050] = True
    assert cost(stretches(read)) < 4096 / 300


@pytest.mark.parametrize("seed", range(10))
def test_what_one_of_several_readers_needs_is_decoded_once(seed):
    one, other = random_reads(1024, seed), random_reads(1024, seed + 50)
    together = stretches(one | other)
    for read in (one, other):
        wanted = stretches(read)
        found = within(wanted, together)
        assert all(a.holds(b) for a, b in zip(found, wanted, strict=True))
        assert set(found) <= set(together)


def test_a_stretch_that_lies_in_no_other_is_decoded_itself():
    (small,) = stretches(np.arange(1024) == 500)
    assert within([small], whole(1024)[:1]) == (small,)

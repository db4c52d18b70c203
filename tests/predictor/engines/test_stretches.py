import numpy as np
import pytest

from predictor.engines.stretches import SIZES, stretches, whole

HALO = 6
"""Tokens that are decoded on either side: 768 bp, of which 762 are needed."""


def random_reads(tokens, seed):
    rng = np.random.default_rng(seed)
    read = np.zeros(tokens, bool)
    for first in rng.integers(0, tokens, rng.integers(1, 6)):
        read[first : first + rng.integers(1, 1 + tokens // 3)] = True
    return read


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("tokens", [16, 32, 48, 128, 272, 1024, 1040])
def test_every_token_that_is_read_is_given_with_all_it_depends_on(tokens, seed):
    read = random_reads(tokens, seed)
    if seed == 0:
        read[:] = True
    found = stretches(read)
    given = np.zeros(tokens, bool)
    for stretch in found:
        end = stretch.first + stretch.given
        given[stretch.first : end] = True
        assert stretch.start >= 0
        assert stretch.start + stretch.decoded <= tokens
        assert stretch.start <= max(stretch.first - HALO, 0)
        assert stretch.start + stretch.decoded >= min(end + HALO, tokens)
        assert stretch.decoded <= SIZES[0] + 2 * HALO
    assert not (read & ~given).any()


@pytest.mark.parametrize("tokens", [16, 48, 128, 272, 8192])
def test_a_window_has_few_sizes_of_stretches(tokens):
    sizes = {
        (stretch.given, stretch.decoded)
        for seed in range(30)
        for stretch in stretches(random_reads(tokens, seed))
    }
    assert len(sizes) <= len(SIZES)


@pytest.mark.parametrize("seed", range(10))
def test_reading_less_never_costs_more(seed):
    read = random_reads(1024, seed)
    less = read & random_reads(1024, seed + 100)
    cost, smaller = (sum(s.decoded for s in stretches(r)) for r in (read, less))
    assert smaller <= cost <= sum(stretch.decoded for stretch in whole(1024))


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
    assert sum(stretch.decoded for stretch in stretches(read)) < 4096 / 140

import numpy as np
import pytest

from predictor.tracks import strand


@pytest.mark.parametrize("name", ["RNA_SEQ", "DNASE", "CHIP_TF", "SPLICE_SITES"])
def test_tracks_agree_with_the_golden_case(golden, name):
    arrays, meta = golden("revcomp")
    strands = meta[f"{name}_strands"]
    assert np.array_equal(strand.opposite_strand_index(strands), arrays[f"{name}_reindex"])
    values = arrays[f"{name}_in"]
    shifts = [1] * len(strands) if name == "DNASE" else None
    found = strand.forward_tracks(values.reshape(values.shape[-2:]), strands, shifts=shifts)
    assert np.array_equal(found, arrays[f"{name}_out"].reshape(found.shape))


def test_contact_maps_agree_with_the_golden_case(golden):
    arrays, _ = golden("revcomp")
    values = arrays["CONTACT_MAPS_in"]
    found = strand.forward_contact_maps(values.reshape(values.shape[-3:]))
    assert np.array_equal(found, arrays["CONTACT_MAPS_out"].reshape(found.shape))


def test_junctions_agree_with_the_golden_case(golden):
    arrays, meta = golden("revcomp")
    counts, positions = strand.forward_junctions(
        arrays["SPLICE_JUNCTIONS_in"],
        arrays["SPLICE_JUNCTIONS_positions_in"],
        length=meta["sequence_length"],
    )
    assert np.array_equal(counts, arrays["SPLICE_JUNCTIONS_out"])
    assert np.array_equal(positions, arrays["SPLICE_JUNCTIONS_positions_out"])


def test_only_the_tracks_that_ask_for_it_move():
    values = np.arange(8.0).reshape(4, 2)
    found = strand.forward_tracks(values, list(".."), shifts=[0, 1])
    assert found.tolist() == [[6, 0], [4, 7], [2, 5], [0, 3]]


def test_turning_twice_gives_the_tracks_back():
    values = np.random.default_rng(0).normal(size=(7, 5))
    strands = list("+-.+-")
    assert np.array_equal(
        strand.forward_tracks(strand.forward_tracks(values, strands), strands), values
    )
    sites = np.random.default_rng(0).normal(size=(7, 5))
    assert np.array_equal(strand.opposite_sites(strand.opposite_sites(sites)), sites)


def test_unpaired_strands_are_refused():
    with pytest.raises(ValueError, match="cannot be paired"):
        strand.opposite_strand_index(["+", "+", "-"])

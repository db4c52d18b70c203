import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from hypothesis import given, settings
from hypothesis import strategies as st

from predictor import errors
from predictor.engines.junctions import (
    align_to_reference,
    candidate_sites,
    padded_insertions,
)
from predictor.genome.splice_sites import splice_site_mask
from predictor.model.splicing import select_sites
from predictor.tracks.alignment import AlleleAlignment

WIDTH = 48
ALIGN = jax.jit(align_to_reference)


def variant(text: str) -> Variant:
    chromosome, position, alleles = text.split(":")
    reference, alternate = alleles.split(">")
    return Variant(chromosome, int(position), reference, alternate)


def test_single_variants_agree_with_the_golden_cases(golden):
    arrays, meta = golden("align")
    for i, item in enumerate(meta["items"]):
        interval = Interval.from_str(item["interval"])
        alternate, expected = arrays[f"alt_{i}"], arrays[f"aligned_{i}"]
        if interval.negative_strand:
            # The official arrays are in the orientation of the network, ours in forward order.
            alternate, expected = alternate[::-1], expected[::-1]
        found = AlleleAlignment(interval, [variant(item["variant"])]).tracks(alternate)
        assert np.array_equal(found, expected), item


def test_an_insertion_spelled_out():
    alignment = AlleleAlignment(Interval("c", 10, 18), [variant("c:13:A>ACG")])
    #                         0  1  2* i  i  3  4  5
    values = np.array([[1.0], [2], [3], [9], [4], [5], [6], [7]])
    assert alignment.tracks(values).ravel().tolist() == [1, 2, 9, 5, 6, 7, 0, 0]
    assert np.flatnonzero(alignment.missing()).tolist() == [6, 7]
    assert np.flatnonzero(alignment.inserted()).tolist() == [2]


def test_a_deletion_spelled_out():
    alignment = AlleleAlignment(Interval("c", 10, 18), [variant("c:13:ACG>A")])
    values = np.arange(1.0, 9).reshape(8, 1)
    assert alignment.tracks(values).ravel().tolist() == [1, 2, 3, 0, 0, 4, 5, 6]
    assert np.flatnonzero(alignment.missing()).tolist() == [3, 4]


def test_a_deletion_and_an_insertion_bring_the_right_end_back():
    alignment = AlleleAlignment(Interval("c", 0, 10), [variant("c:6:A>ATT"), variant("c:2:AGG>A")])
    values = np.arange(1.0, 11).reshape(10, 1)
    assert alignment.tracks(values).ravel().tolist() == [1, 2, 0, 0, 3, 6, 7, 8, 9, 10]


alleles = st.text("ACGT", min_size=1, max_size=9)


@st.composite
def haplotypes(draw):
    starts = sorted(draw(st.sets(st.integers(0, WIDTH - 1), min_size=1, max_size=4)))
    found = []
    for left, right in itertools.pairwise([*starts, WIDTH + 9]):
        length = draw(st.integers(1, min(9, right - left)))
        found.append(Variant("c", left + 1, "A" * length, draw(alleles)))
    return draw(st.permutations(found))


def slow_alignment(variants, values):
    """Walks along both alleles base by base, with the rules of the specification."""
    aligned = np.zeros_like(values)
    at_ref = at_alt = 0
    by_start = {v.start: v for v in variants}
    folds = []

    def take(ref, alt):
        if ref < WIDTH and alt < WIDTH:
            aligned[ref] = values[alt]

    while at_ref < WIDTH:
        v = by_start.get(at_ref)
        r, a = (1, 1) if v is None else (len(v.reference_bases), len(v.alternate_bases))
        for step in range(min(r, a)):
            take(at_ref + step, at_alt + step)
        if a > r and at_ref + r - 1 < WIDTH:
            folds.append((at_ref + r - 1, at_alt + r - 1, at_alt + a))
        at_ref, at_alt = at_ref + r, at_alt + a
    gained = sum(len(v.alternate_bases) - len(v.reference_bases) for v in variants)
    tail = max(WIDTH - max(gained, 0), 0)
    for q, first, last in folds:
        if first < WIDTH:
            aligned[q] = values[first:last].max(axis=0)
    aligned[tail:] = 0
    return aligned


@settings(deadline=None, max_examples=200)
@given(haplotypes(), st.integers(0, 2**32 - 1))
def test_any_haplotype_equals_a_walk_base_by_base(variants, seed):
    values = np.random.default_rng(seed).normal(size=(WIDTH, 2)).astype(np.float32)
    alignment = AlleleAlignment(Interval("c", 0, WIDTH), variants)
    assert np.array_equal(alignment.tracks(values), slow_alignment(variants, values))


@settings(deadline=None, max_examples=30)
@given(haplotypes(), st.integers(0, 2**32 - 1))
def test_the_device_aligns_as_the_host_in_both_orientations(variants, seed):
    values = np.random.default_rng(seed).normal(size=(WIDTH, 2)).astype(np.float32)
    alignment = AlleleAlignment(Interval("c", 0, WIDTH), variants)
    expected = alignment.tracks(values)
    for device, turn in ((alignment.forward, 1), (alignment.reversed, -1)):
        found = ALIGN(values[::turn], device.source, padded_insertions(device.insertions, WIDTH))
        assert np.array_equal(np.asarray(found)[::turn], expected)


@settings(deadline=None, max_examples=100)
@given(haplotypes(), st.sampled_from([4, 8, 16]), st.integers(0, 2**32 - 1))
def test_coarse_bins_are_means_over_the_bases_that_alt_has(variants, resolution, seed):
    bins = WIDTH // resolution
    values = np.random.default_rng(seed).normal(size=(bins, 2)).astype(np.float32)
    alignment = AlleleAlignment(Interval("c", 0, WIDTH), variants)
    per_base = np.repeat(values, resolution, axis=0)
    expected = np.zeros_like(values)
    for i in range(bins):
        sources = [s for s in alignment.source[i * resolution : (i + 1) * resolution] if s >= 0]
        if sources:
            expected[i] = np.mean([per_base[s] for s in sources], axis=0)
    contacts = values[:, None, :] * values[None, :, :]
    weights = np.zeros((bins, bins))
    for i in range(bins):
        sources = [s for s in alignment.source[i * resolution : (i + 1) * resolution] if s >= 0]
        for s in sources:
            weights[i, s // resolution] += 1 / len(sources)

    found = alignment.tracks(values, resolution)
    # A long insertion may raise the bin before it, and nothing else.
    raised = np.zeros(bins, bool)
    for insertion in alignment.insertions:
        inside = range(insertion.first + 1, insertion.last)
        whole = [
            b
            for b in range(bins)
            if set(range(b * resolution, (b + 1) * resolution)) <= set(inside)
        ]
        if whole:
            at = insertion.at // resolution
            raised[at] = True
            expected[at] = np.maximum(expected[at], values[whole].max(axis=0))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.array_equal(alignment.inserted(resolution) | ~raised, np.ones(bins, bool))
    np.testing.assert_allclose(
        alignment.contact_maps(contacts, resolution),
        np.einsum("ia,jb,abt->ijt", weights, weights, contacts),
        atol=1e-5,
    )


def test_bins_that_nothing_moved_stay_bit_for_bit():
    values = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
    alignment = AlleleAlignment(Interval("c", 0, 48), [variant("c:30:A>ACCC")])
    assert np.array_equal(alignment.tracks(values, 4)[:7], values[:7])


def test_an_indel_of_whole_bins_moves_whole_bins():
    values = np.arange(1.0, 13).reshape(12, 1)
    deletion = AlleleAlignment(Interval("c", 0, 48), [variant(f"c:8:{'A' * 9}>A")])
    assert deletion.tracks(values, 4).ravel().tolist() == [1, 2, 0, 0, *range(3, 11)]
    assert np.flatnonzero(deletion.missing(4)).tolist() == [2, 3]


def test_a_constant_track_stays_constant_where_alt_has_bases():
    alignment = AlleleAlignment(
        Interval("c", 0, 48), [variant("c:5:A>ACCCCCC"), variant("c:20:AAAA>A")]
    )
    aligned = alignment.tracks(np.ones((12, 1), np.float32), 4)
    np.testing.assert_allclose(aligned[~alignment.missing(4)], 1, rtol=1e-6)
    assert (aligned[alignment.missing(4)] == 0).all()


def test_substitutions_change_nothing():
    alignment = AlleleAlignment(Interval("c", 0, 48), [variant("c:5:ACG>TTT")])
    values = np.ones((12, 1))
    assert alignment.is_identity
    assert alignment.tracks(values, 4) is values


@pytest.mark.parametrize("text", ["c:10:A>AT", "c:59:A>AT", "other:20:A>AT"])
def test_a_variant_that_does_not_start_inside_is_refused(text):
    with pytest.raises(errors.VariantOutsideIntervalError, match="does not start inside"):
        AlleleAlignment(Interval("c", 10, 58), [variant(text)])


def test_the_sites_of_both_alleles_agree_with_the_golden_pipeline(golden):
    arrays, meta = golden("pipeline_positions")

    def rows(table):
        return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]

    tested = 0
    for i, item in enumerate(meta["items"]):
        interval, changed = Interval.from_str(item["interval"]), variant(item["variant"])
        annotated = np.zeros((interval.width, 5), bool)
        for table, column in (("junction_starts", "Start"), ("junction_ends", "End")):
            for row in rows(meta[table]):
                if row["Chromosome"] == interval.chromosome:
                    intron = (
                        (row["Start"], 10**9, row["Strand"])
                        if column == "Start"
                        else (-(10**9), row["End"], row["Strand"])
                    )
                    annotated[:, :4] |= splice_site_mask(interval, [intron])[:, :4]
        annotated[:, 4] = ~annotated[:, :4].any(axis=1)
        genes = [
            row
            for row in rows(meta["gtf"])
            if row["Feature"] == "gene"
            and row["Chromosome"] == interval.chromosome
            and row["End"] > changed.start
            and row["Start"] < max(changed.end, changed.start + len(changed.alternate_bases))
        ]
        mask = np.zeros(interval.width, bool)
        for row in genes:
            mask[max(row["Start"] - interval.start, 0) : max(row["End"] - interval.start, 0)] = True
        if not genes:
            mask[:] = True
        device = AlleleAlignment(interval, [changed]).forward
        candidates = candidate_sites(
            jnp.asarray(arrays[f"ref_sites_{i}"])[None],
            jnp.asarray(arrays[f"alt_sites_{i}"])[None],
            jnp.asarray(device.source),
            jnp.asarray(padded_insertions(device.insertions, interval.width)),
            jnp.asarray(mask),
            jnp.asarray(annotated),
        )
        found = np.asarray(select_sites(candidates, meta["k"], meta["threshold"]))[0]
        assert np.array_equal(found, arrays[f"predict_variant_positions_{i}"]), item
        tested += 1
    assert tested

"""The truth as an engine would give it: same window, same sequences, ALT aligned to REF."""

import numpy as np
import pandas as pd
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor.genome.reference import Reference
from predictor.simulator import readouts
from predictor.simulator.allele_tracks import known_rows, true_alleles, true_metadata
from predictor.simulator.showcase import SHOWCASE
from predictor.tracks.alignment import AlleleAlignment
from predictor.tracks.output_types import OUTPUTS

HUMAN, MOUSE = Organism.HOMO_SAPIENS, Organism.MUS_MUSCULUS
WINDOW = Interval("demo1", 40_960, 57_344)


@pytest.fixture(scope="module")
def reference(installed):
    return Reference(installed / "genomes" / "demoH1" / "genome.fa", assembly="demoH1")


def everything(organism=HUMAN):
    return {kind: range(len(true_metadata(organism, kind))) for kind in OUTPUTS}


def truth(reference, variants=(), *, interval=WINDOW, wanted=None):
    found = true_alleles(
        interval,
        variants,
        organism=HUMAN,
        reference=reference,
        wanted=wanted or everything(),
    )
    return {kind: (ref, alt) for kind, ref, alt in found}


def counts(data) -> dict[tuple[int, int, str], np.ndarray]:
    return {
        (j.start, j.end, j.strand): values
        for j, values in zip(data.junctions, data.values, strict=True)
    }


def changed(reference, position, change, *, removed=0):
    """A variant at a 0-based position: `change` bases put in behind it, or some removed."""
    bases = reference.sequence(Interval("demo1", position, position + removed + 1))
    return Variant("demo1", position + 1, bases, bases[0] + change)


def test_without_a_variant_there_is_the_simulators_truth_of_the_window_and_no_alt(reference):
    expected = readouts.simulate(reference.sequence(WINDOW), HUMAN, interval=WINDOW)
    found = truth(reference)
    assert list(found) == list(OUTPUTS)
    for kind, (ref, alt) in found.items():
        assert alt is None
        np.testing.assert_array_equal(ref.values, expected.get(kind).values)
        assert ref.metadata.equals(true_metadata(HUMAN, kind))


def test_alt_of_a_substitution_is_the_truth_of_the_changed_sequence(reference):
    position = WINDOW.start + 8_000
    base = reference.sequence(Interval("demo1", position, position + 1))
    variant = Variant("demo1", position + 1, base, "A" if base != "A" else "C")
    letters = list(reference.sequence(WINDOW))
    letters[8_000] = variant.alternate_bases
    expected = readouts.simulate("".join(letters), HUMAN, interval=WINDOW)
    for kind, (_, alt) in truth(reference, [variant]).items():
        np.testing.assert_array_equal(alt.values, expected.get(kind).values)


@pytest.mark.parametrize(("change", "removed"), [("ATAT", 0), ("", 4), ("A" * 130, 0)])
def test_an_indel_that_touches_nothing_leaves_every_junction_in_its_place(
    reference, change, removed
):
    variant = changed(reference, WINDOW.start + 20, change, removed=removed)
    ref, alt = truth(reference, [variant])[OutputType.SPLICE_JUNCTIONS]
    before, after = counts(ref), counts(alt)
    assert len(before) > 3
    # What reaches over the right end may be read differently when the window's end moves.
    inside = {key for key in before if key[1] < WINDOW.end - 4_000}
    assert inside <= set(after)
    for key in inside:
        np.testing.assert_allclose(after[key], before[key], rtol=0.05)


@pytest.mark.parametrize(("change", "removed"), [("ATATATAT", 0), ("", 8)])
def test_tracks_of_alt_are_aligned_as_those_of_an_engine(reference, change, removed):
    variant = changed(reference, WINDOW.start + 5_000, change, removed=removed)
    alignment = AlleleAlignment(WINDOW, [variant])
    bases = reference.sequence(Interval("demo1", WINDOW.start, WINDOW.end + removed))
    alternate = bases[:5_001] + change + bases[5_001 + removed :]
    raw = readouts.simulate(alternate[: WINDOW.width], HUMAN, interval=WINDOW)
    for kind, (_, alt) in truth(reference, [variant]).items():
        if kind is OutputType.SPLICE_JUNCTIONS:
            continue
        align = alignment.contact_maps if kind is OutputType.CONTACT_MAPS else alignment.tracks
        expected = align(raw.get(kind).values, OUTPUTS[kind].resolution)
        np.testing.assert_array_equal(alt.values, expected)


def test_a_donor_moved_by_an_insertion_is_named_by_the_base_before_it(reference):
    """Bases put into an exon right before its donor: the intron begins where it began in REF."""
    ref = counts(truth(reference)[OutputType.SPLICE_JUNCTIONS][0])
    start, end, _ = next(key for key in sorted(ref) if key[2] == "+")
    donor = start - 1
    # The donor's 9-mer begins three bases before the intron: written a second time, it is whole
    # only in its new place.
    exon_end = reference.sequence(Interval("demo1", donor - 2, donor + 1))
    variant = changed(reference, donor, exon_end)
    alt = counts(truth(reference, [variant])[OutputType.SPLICE_JUNCTIONS][1])
    assert any(key[0] == start and key[1] == end for key in alt)


def test_only_the_wanted_tracks_come_in_their_order(reference):
    whole = truth(reference)[OutputType.DNASE][0]
    some = truth(reference, wanted={OutputType.DNASE: [3, 1]})
    assert list(some) == [OutputType.DNASE]
    np.testing.assert_array_equal(some[OutputType.DNASE][0].values, whole.values[:, [3, 1]])
    names = some[OutputType.DNASE][0].metadata["name"].tolist()
    assert names == whole.metadata["name"].tolist()[3:0:-2]


def test_the_tal1_insertion_opens_t_cells_only(reference):
    slot = next(each for each in SHOWCASE if each.slug == "d-tal1")
    variant = slot.variants[0].variant
    ref, alt = truth(reference, [variant], interval=slot.interval)[OutputType.DNASE]
    place = variant.start - slot.interval.start
    near = slice(place - 250, place + 251)
    change = alt.values[near].sum(axis=0) - ref.values[near].sum(axis=0)
    assert change[0] > 50
    assert np.abs(change[1:]).max() < change[0] / 20


@pytest.mark.parametrize("organism", Organism)
@pytest.mark.parametrize("kind", OUTPUTS)
def test_rows_are_known_by_name_and_strand_at_their_place(organism, kind):
    known = true_metadata(organism, kind)
    assert known_rows(known, organism, kind) == list(range(len(known)))
    if len(known) < 2:
        return
    renamed = known.copy()
    renamed.loc[1, "name"] = "D-STR something else"
    longer = pd.concat([renamed, known.iloc[[0]]], ignore_index=True)
    assert known_rows(longer, organism, kind) == [i for i in range(len(known)) if i != 1]

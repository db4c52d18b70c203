"""The engine where memory is scarce: smaller steps, the same numbers, and a sentence at the end.

The limit is put on what a stage of the network is asked for at a time; `test_limited_process.py`
has a real one.
"""

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models import interval_scorers
from alphagenome.models.dna_output import OutputType

from predictor.engines import pieces
from predictor.errors import NotEnoughMemoryError
from predictor.tracks.output_types import OUTPUTS

WINDOW = Interval("demo1", 1_000, 5_096)
KINDS = list(OutputType)
GENES = interval_scorers.GeneMaskScorer(
    requested_output=OutputType.RNA_SEQ,
    width=2_001,
    aggregation_type=interval_scorers.IntervalAggregationType.MEAN,
)
TOGETHER = {OutputType.SPLICE_SITES, OutputType.SPLICE_JUNCTIONS}
# Shorter stretches round otherwise, and usage is rounded to float16, whose last digit may tip.
CLOSE = {"rtol": 2e-3, "atol": 1e-4}
# Sums over bases are rounded otherwise for other numbers of tracks.
SCORES_CLOSE = {"rtol": 1e-3, "atol": 1e-5}

pytestmark = pytest.mark.slow


@pytest.fixture
def scarce(model, monkeypatch):
    """Limits the tracks of a head, and the tokens of a stretch, that fit into memory."""
    stages = model.network.stages
    head, decode = stages.head, stages.decode

    def limit(*, tracks=10**9, tokens=10**9):
        model.network.references.clear()
        asked = []

        def limited_head(kind, embeddings, organisms, chosen, nonzero_mean):
            every = range(getattr(stages.config.tracks, OUTPUTS[kind].head))
            rows = tuple(every if chosen is None else chosen)
            if len(rows) > tracks and kind not in TOGETHER:
                raise MemoryError
            asked.append((kind, rows))
            return head(kind, embeddings, organisms, chosen, nonzero_mean)

        def limited_decode(trunk, skips, organisms, stretch, patch=None):
            if stretch.given > tokens:
                raise MemoryError
            asked.append((None, stretch.given))
            return decode(trunk, skips, organisms, stretch, patch)

        monkeypatch.setattr(stages, "head", limited_head)
        monkeypatch.setattr(stages, "decode", limited_decode)
        return asked

    monkeypatch.setattr(pieces, "FEWEST_TRACKS", 1)
    yield limit
    model.network.references.clear()


def variant_of(reference, *, inserted=""):
    base = reference.sequence(Interval("demo1", 2_500, 2_501))
    other = "ACGT".replace(base, "")[0] if not inserted else base + inserted
    return Variant("demo1", 2_501, base, other)


def predicted(model, variant, interval=WINDOW, terms=None):
    found = model.predict_alleles(
        interval, [variant], requested_outputs=KINDS, ontology_terms=terms
    )
    return [allele.get(kind) for allele in (found.reference, found.alternate) for kind in KINDS]


def to_the_last_digit(one, other):
    np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


def assert_same(found, expected, compare):
    for one, other in zip(found, expected, strict=True):
        compare(one.values, other.values)
        assert one.metadata.equals(other.metadata)


@pytest.mark.parametrize(("strand", "inserted"), [("+", ""), ("-", "ACG")])
def test_tracks_in_groups_are_the_tracks_of_the_whole(model, reference, scarce, strand, inserted):
    interval = Interval("demo1", 1_000, 5_096, strand)
    variant = variant_of(reference, inserted=inserted)
    expected = predicted(model, variant, interval)
    asked = scarce(tracks=3)
    assert_same(predicted(model, variant, interval), expected, to_the_last_digit)
    histone = {rows for kind, rows in asked if kind is OutputType.CHIP_HISTONE}
    assert len(histone) > 4
    assert max(map(len, histone)) <= 3


def test_groups_have_only_tracks_of_the_chosen_cell_types(model, reference, scarce, monkeypatch):
    monkeypatch.setattr(model.network, "chooses_tracks", True)
    terms = model.output_metadata().rna_seq["ontology_curie"].unique()[:2].tolist()
    variant = variant_of(reference)
    expected = predicted(model, variant, terms=terms)
    asked = scarce(tracks=1)
    assert_same(predicted(model, variant, terms=terms), expected, to_the_last_digit)
    listed = len(expected[KINDS.index(OutputType.RNA_SEQ)].metadata)
    assert len({rows for kind, rows in asked if kind is OutputType.RNA_SEQ}) == listed


def test_shorter_stretches_of_the_decoder_give_the_same_tracks(model, reference, scarce):
    variant = variant_of(reference)
    expected = predicted(model, variant)
    asked = scarce(tokens=16)
    assert_same(
        predicted(model, variant),
        expected,
        lambda one, other: np.testing.assert_allclose(one, other, **CLOSE),
    )
    assert max(size for kind, size in asked if kind is None) == 16


def scores_of(found):
    return [one.X for one in found]


@pytest.mark.parametrize("inserted", ["", "ACG"])
def test_scores_in_groups_of_tracks_are_the_scores(model, reference, scarce, inserted):
    variant = variant_of(reference, inserted=inserted)
    expected = scores_of(model.score_variant(WINDOW, variant))
    asked = scarce(tracks=3)
    found = scores_of(model.score_variant(WINDOW, variant))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, **SCORES_CLOSE)
    assert max(len(rows) for kind, rows in asked if kind is OutputType.CHIP_HISTONE) <= 3


def test_scores_with_shorter_stretches_are_the_scores(model, reference, scarce):
    variant = variant_of(reference)
    expected = scores_of(model.score_variant(WINDOW, variant))
    scarce(tokens=8)
    for one, other in zip(scores_of(model.score_variant(WINDOW, variant)), expected, strict=True):
        np.testing.assert_allclose(one, other, **CLOSE)


def test_scores_of_intervals_and_of_mutagenesis_in_groups_are_the_same(model, scarce):
    stretch = Interval("demo1", 2_500, 2_502)

    def both():
        ism = model.score_ism_variants(WINDOW, stretch, progress_bar=False)
        return [model.score_interval(WINDOW, [GENES]), *ism]

    expected = both()
    scarce(tracks=3)
    for found, before in zip(both(), expected, strict=True):
        for one, other in zip(scores_of(found), scores_of(before), strict=True):
            np.testing.assert_allclose(one, other, **SCORES_CLOSE)


def test_steps_that_were_needed_once_are_taken_at_once_for_the_next_variant(
    model, reference, scarce
):
    run = model.variant_run()
    asked = scarce(tracks=3)
    variant = variant_of(reference)
    next(run.results([run.check(WINDOW, variant)]))
    first = len(asked)
    asked.clear()
    next(run.results([run.check(WINDOW, variant)]))
    assert len(asked) < first


def test_what_never_fits_ends_with_a_sentence_and_the_engine_goes_on(model, reference, scarce):
    variant = variant_of(reference)
    scarce(tokens=4)
    for ask in (
        lambda: predicted(model, variant),
        lambda: model.score_variant(WINDOW, variant),
        lambda: model.score_interval(WINDOW, [GENES]),
    ):
        with pytest.raises(NotEnoughMemoryError, match="4,096 bp; choose a shorter window"):
            ask()
    scarce()
    assert predicted(model, variant)

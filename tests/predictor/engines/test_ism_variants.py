"""`score_ism_variants` of the small engine."""

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.interpretation import ism

from predictor import errors
from tests.predictor.engines.test_scoring_model import RECOMMENDED, WINDOW, assert_same_bytes, snv

NAMES = ("DNASE", "RNA_SEQ", "SPLICE_JUNCTIONS")
SCORERS = [RECOMMENDED[name] for name in NAMES]
STRETCH = Interval("demo1", 1_550, 1_554)


def mutated(model, stretch=STRETCH, **options):
    return model.score_ism_variants(WINDOW, stretch, SCORERS, progress_bar=False, **options)


def of(results):
    return [found[0].uns["variant"] for found in results]


def test_every_substitution_is_scored_in_the_order_of_the_genome(model, reference):
    found = mutated(model)
    expected = ism.ism_variants(STRETCH, reference.sequence(STRETCH))
    assert of(found) == expected
    alone = model.score_variants(WINDOW, expected, SCORERS, progress_bar=False)
    for one, other in zip(found, alone, strict=True):
        assert_same_bytes(one, other)
    matrix = ism.ism_matrix([float(one[0].X[0, 0]) for one in found], of(found))
    assert matrix.shape == (4, 4)


def test_an_empty_stretch_has_no_substitutions_and_n_is_left_out(model):
    assert mutated(model, Interval("demo1", 1_550, 1_550)) == []
    window = Interval("demo1", -1_024, 1_024)
    with pytest.warns(UserWarning, match="reaches beyond demo1"):
        found = model.score_ism_variants(
            window, Interval("demo1", -3, 1), SCORERS[:1], progress_bar=False
        )
    assert {variant.position for variant in of(found)} == {1}


def test_a_background_is_on_both_alleles(model, reference):
    """Slow version: REF is the background, ALT has the substitution too, by hand."""
    background = snv(reference, 1_552)
    found = mutated(model, interval_variant=background)
    bases = list(reference.sequence(STRETCH))
    bases[1] = background.alternate_bases
    assert of(found) == ism.ism_variants(STRETCH, "".join(bases))
    substitution = next(v for v in of(found) if v.position == 1_554)
    (result,) = [one for one in found if one[0].uns["variant"] == substitution]
    both = [
        model.score_variant(WINDOW, Variant("demo1", 1_552, *alleles), [SCORERS[1]])[0].X
        for alleles in [
            (reference.sequence(Interval("demo1", 1_551, 1_554)), letters)
            for letters in (
                background.alternate_bases + "".join(bases[2:]),
                background.alternate_bases + bases[2] + substitution.alternate_bases,
            )
        ]
    ]
    # Log fold changes add up along REF, background, background with the substitution.
    np.testing.assert_allclose(result[1].X, both[1] - both[0], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("gained", [3, -3])
def test_a_background_that_moves_bases_is_followed(model, reference, gained):
    """Genes, sites and positions lie where the background has moved them."""
    bases = reference.sequence(Interval("demo1", 1_299, 1_303))
    background = (
        Variant("demo1", 1_300, bases[0], bases[0] + "ACG")
        if gained > 0
        else Variant("demo1", 1_300, bases, bases[0])
    )
    found = mutated(model, interval_variant=background)
    assert of(found) == ism.ism_variants(STRETCH, reference.sequence(STRETCH))
    plain = mutated(model)
    for one, other in zip(found, plain, strict=True):
        assert one[1].obs.equals(other[1].obs)
        assert one[0].uns["interval"] == WINDOW
    # A substitution of the base itself, against the slow way: all of it as one haplotype.
    substitution = of(found)[0]
    (combined,) = model.score_haplotype(
        WINDOW, [background, substitution], [RECOMMENDED["RNA_SEQ"]]
    ).scores
    np.testing.assert_allclose(found[0][1].X, combined.beyond[0], rtol=1e-2, atol=2e-3)


def test_deleted_bases_are_not_mutated(model, reference):
    bases = reference.sequence(Interval("demo1", 1_549, 1_553))
    found = mutated(model, interval_variant=Variant("demo1", 1_550, bases, bases[0]))
    assert {variant.position for variant in of(found)} == {1_554}


def test_bad_stretches_are_refused_in_words(model, reference):
    for stretch, sentence in [
        (Interval("demo1", 1_550, 1_554, "-"), "is on the strand -; give it on"),
        (Interval("demo1", 900, 1_004), "does not lie wholly inside the predicted interval"),
        (Interval("demo2", 1_550, 1_554), "does not lie wholly inside the predicted interval"),
    ]:
        with pytest.raises(errors.InvalidScoringRequestError, match=sentence):
            mutated(model, stretch)
    with pytest.raises(errors.VariantOutsideIntervalError, match="does not start inside"):
        mutated(model, interval_variant=snv(reference, 4_000))
    with pytest.raises(errors.InvalidScorerError, match="more than once"):
        model.score_ism_variants(WINDOW, STRETCH, [SCORERS[0]] * 2)

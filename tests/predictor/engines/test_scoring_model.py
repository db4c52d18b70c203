"""Scores of the small engine: the SDK's calls."""

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models import variant_scorers
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor import errors
from predictor.scoring import variant_scores
from predictor.scoring.site import variant_site

HUMAN, MOUSE = Organism.HOMO_SAPIENS, Organism.MUS_MUSCULUS
WINDOW = Interval("demo1", 1_000, 3_048)
RECOMMENDED = variant_scorers.RECOMMENDED_VARIANT_SCORERS


def snv(reference, position, chromosome="demo1"):
    base = reference.sequence(Interval(chromosome, position - 1, position))
    return Variant(chromosome, position, base, "ACGT".replace(base, "")[0])


@pytest.fixture(scope="module")
def variants(reference):
    """An SNV, an insertion and a deletion in the gene D-ONE, and an SNV outside of it."""
    bases = reference.sequence(Interval("demo1", 2_500, 2_512))
    base = reference.sequence(Interval("demo1", 2_000, 2_001))
    return [
        snv(reference, 1_550),
        Variant("demo1", 2_001, base, base + "ACGTACG"),
        Variant("demo1", 2_501, bases, bases[0]),
        snv(reference, 3_020),
    ]


@pytest.fixture(scope="module")
def scored(model, variants):
    return model.score_variants(WINDOW, variants, progress_bar=False)


def assert_same_bytes(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one.X.tobytes() == other.X.tobytes(), one.uns["variant_scorer"]
        assert one.obs.equals(other.obs)
        assert one.var.equals(other.var)
        assert one.uns == other.uns


def on_the_host(model, variant, scorers, interval=WINDOW):
    """Slow version: predictions as anybody gets them, scored with numpy."""
    predicted = model.predict_alleles(
        interval,
        [variant],
        requested_outputs=list(OutputType),
        ontology_terms=None,
        align=False,
    )
    data = model._data[HUMAN]
    site = variant_site(interval, variant, data.annotation, data.polyadenylation_sites)

    def allele(output):
        found = {}
        for kind in OutputType:
            table = model.catalogue.table(HUMAN, kind)
            if kind is OutputType.SPLICE_JUNCTIONS:
                continue
            values = output.get(kind).values
            padded = np.zeros((*values.shape[:-1], len(table.rows)), np.float32)
            padded[..., table.real] = values
            found[kind] = padded
        return found

    plain = [s for s in scorers if s.requested_output is not OutputType.SPLICE_JUNCTIONS]
    tracks = {kind: model.catalogue.table(HUMAN, kind) for kind in OutputType}
    return variant_scores.score_variant(
        plain, site, allele(predicted.reference), allele(predicted.alternate), tracks
    )


@pytest.mark.parametrize("number", range(4))
def test_scores_are_those_of_the_predictions(model, variants, scored, number):
    expected = on_the_host(model, variants[number], RECOMMENDED.values())
    found = [
        result
        for result in scored[number]
        if result.uns["variant_scorer"].requested_output is not OutputType.SPLICE_JUNCTIONS
    ]
    for one, other in zip(found, expected, strict=True):
        name = str(one.uns["variant_scorer"])
        np.testing.assert_allclose(one.X, other.X, rtol=2e-3, atol=1e-4, err_msg=name)
        assert one.obs.equals(other.obs), name
        assert one.var.equals(other.var), name


def test_without_scorers_the_recommended_ones_are_taken(model, reference, scored):
    assert [str(r.uns["variant_scorer"]) for r in scored[0]] == list(map(str, RECOMMENDED.values()))
    mouse = Interval("demoM", 1_000, 3_048)
    base = model._data[MOUSE].reference.sequence(Interval("demoM", 2_000, 2_001))
    variant = Variant("demoM", 2_001, base, "ACGT".replace(base, "")[0])
    found = model.score_variant(mouse, variant, organism=MOUSE)
    # This mouse has no genes, so that the scorers of genes are left out.
    assert len(found) == 13
    with pytest.raises(errors.ScoringDataMissingError, match="needs a gene annotation"):
        model.score_variant(mouse, variant, [RECOMMENDED["RNA_SEQ"]], organism=MOUSE)
    procap = [r for r in found if r.uns["variant_scorer"] == RECOMMENDED["PROCAP"]]
    assert procap[0].shape == (1, 0)


def test_a_variant_alone_gets_the_bytes_that_it_gets_in_a_list(model, variants, scored):
    for variant, expected in zip(variants, scored, strict=True):
        assert_same_bytes(model.score_variant(WINDOW, variant), expected)

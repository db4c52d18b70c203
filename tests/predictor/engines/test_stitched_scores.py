"""Stitching as a switch of the small engine."""

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_output import OutputType

from predictor.engines.organism_data import ORGANISM_INDEX, base_codes, nonzero_means
from predictor.scoring.stitching import stitch
from tests.predictor.engines.test_scoring_model import (
    HUMAN,
    RECOMMENDED,
    WINDOW,
    assert_same_bytes,
    snv,
)

KINDS = (OutputType.DNASE, OutputType.CHIP_TF, OutputType.CONTACT_MAPS)
SCORERS = [RECOMMENDED[name] for name in ("DNASE", "CHIP_TF", "RNA_SEQ", "SPLICE_JUNCTIONS")]


@pytest.fixture(params=["insertion", "deletion"])
def indel(request, reference):
    bases = reference.sequence(Interval("demo1", 1_499, 1_505))
    if request.param == "insertion":
        return Variant("demo1", 1_500, bases[0], bases[0] + "ACGGT")
    return Variant("demo1", 1_500, bases, bases[0])


def test_a_stitched_allele_is_the_left_prediction_and_the_right_one_joined(model, reference, indel):
    """Slow version: the two predictions joined. Heads read each base and bin by itself."""
    found = stitch(WINDOW, indel, reference)
    means = nonzero_means(model.catalogue, HUMAN, model.network.config.tracks)
    organism = ORGANISM_INDEX[HUMAN]
    sides = base_codes(found.left), base_codes(found.right)
    plain = base_codes(reference.sequence(WINDOW))
    outputs, alternates = model.network.stitched(found, plain, sides, organism, KINDS, means)
    stitched = outputs if found.allele == "reference" else alternates.outputs
    left, right = (
        model.network.reference(codes, organism, KINDS, means).outputs for codes in sides
    )
    joined = {
        OutputType.DNASE: found.bases(left[KINDS[0]][0], right[KINDS[0]][0]),
        OutputType.CHIP_TF: found.bins(left[KINDS[1]][0], right[KINDS[1]][0], 128),
        OutputType.CONTACT_MAPS: found.pairs(left[KINDS[2]][0], right[KINDS[2]][0], 2_048),
    }
    for kind in KINDS:
        np.testing.assert_allclose(
            stitched[kind][0], joined[kind], rtol=1e-4, atol=1e-5, err_msg=kind.name
        )


def test_the_switch_matters_to_insertions_and_deletions_only(model, reference, indel):
    run = model.variant_run(SCORERS, stitch=True)
    substitution = snv(reference, 1_500)
    stitched, same = run.results([run.check(WINDOW, indel), run.check(WINDOW, substitution)])
    assert_same_bytes(same, model.score_variant(WINDOW, substitution, SCORERS))
    plain = model.score_variant(WINDOW, indel, SCORERS)
    for one, other in zip(stitched, plain, strict=True):
        assert one.obs.columns.equals(other.obs.columns)
        assert np.isfinite(one.X).any()
    assert not np.array_equal(stitched[1].X, plain[1].X)

"""What holds for every variant scorer."""

import dataclasses
from functools import partial

import jax
import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models import variant_scorers
from alphagenome.models.dna_output import OutputType

from predictor import errors
from predictor.genome.reference import Reference
from predictor.genome.variant import check_variant
from predictor.scoring import variant_scores
from predictor.scoring.scorer import to_one_shape
from predictor.scoring.scorers import VARIANT_SCORERS
from predictor.scoring.splice_junction import JunctionCounts
from predictor.tracks.catalogue import TrackTable
from predictor.tracks.output_types import OUTPUTS
from tests.predictor.scoring.conftest import DELETION, INSERTION, INTERVAL, SNV, TRACKS

ALL_KINDS = pytest.mark.parametrize("variant", [SNV, INSERTION, DELETION], ids=str)


def assert_same_results(found, expected, **tolerance):
    for one, other in zip(found, expected, strict=True):
        name = str(one.uns["variant_scorer"])
        np.testing.assert_allclose(one.X, other.X, err_msg=name, **({"rtol": 0} | tolerance))
        assert one.obs.equals(other.obs), name
        assert one.var.equals(other.var), name


def test_reference_against_reference_scores_zero(world, scorers):
    changes = [s for s in scorers if "ACTIVE" not in str(s) and "Active" not in str(s)]
    for result in world.score(changes, SNV, alternate=world.reference):
        finite = result.X[np.isfinite(result.X)]
        np.testing.assert_array_equal(finite, 0, err_msg=str(result.uns["variant_scorer"]))


def test_swapping_the_alleles_of_an_snv_flips_signed_scores_and_keeps_the_others(world, scorers):
    swapped = Variant(SNV.chromosome, SNV.position, SNV.alternate_bases, SNV.reference_bases)
    forward = world.score(scorers, SNV)
    backward = world.score(scorers, swapped, reference=world.alternate, alternate=world.reference)
    for one, other in zip(forward, backward, strict=True):
        scorer = one.uns["variant_scorer"]
        sign = -1 if scorer.is_signed else 1
        if scorer == variant_scorers.PolyadenylationScorer():
            # Folds are averaged before they are compared, so there is no such symmetry.
            continue
        np.testing.assert_allclose(other.X, sign * one.X, rtol=1e-6, atol=1e-7, err_msg=str(scorer))


@pytest.mark.parametrize("strand", ["+", "-"])
def test_the_strand_given_does_not_change_scores(world, scorers, strand):
    stranded = Interval(INTERVAL.chromosome, INTERVAL.start, INTERVAL.end, strand)
    found = world.score(scorers, DELETION, site=world.site(DELETION, stranded))
    assert_same_results(found, world.score(scorers, DELETION))
    assert all(result.uns["interval"] == INTERVAL for result in found)


@ALL_KINDS
def test_the_order_of_tracks_does_not_change_scores(world, scorers, variant):
    plain = [s for s in scorers if s.requested_output != OutputType.SPLICE_JUNCTIONS]
    order = np.array([3, 5, 0, 4, 2, 1])

    def shuffled(predictions):
        return {
            kind: values[..., order]
            for kind, values in predictions.items()
            if not isinstance(values, JunctionCounts)
        }

    tracks = {
        kind: TrackTable(
            rows=table.rows.iloc[order].reset_index(drop=True),
            real=table.real[order],
            shifts=table.shifts[order],
        )
        for kind, table in TRACKS.items()
        if kind != OutputType.SPLICE_JUNCTIONS
    }
    found = world.score(
        plain,
        variant,
        reference=shuffled(world.reference),
        alternate=shuffled(world.alternate),
        tracks=tracks,
    )
    moved = np.argsort(order[order < 5])
    for one, other in zip(found, world.score(plain, variant), strict=True):
        np.testing.assert_array_equal(one.X[:, moved], other.X)


@pytest.fixture(scope="module")
def on_device(world, scorers):
    """Scores several variants in one compiled, batched call."""
    compute = jax.jit(jax.vmap(partial(variant_scores.compute, scorers), in_axes=(None, 0, 0, 0)))

    def score(variants):
        prepared = [variant_scores.prepare(scorers, world.site(v)) for v in variants]
        alternate = jax.tree.map(lambda values: np.stack([values] * len(variants)), world.alternate)
        numbers = compute(
            world.reference,
            alternate,
            [
                to_one_shape([own.arrays for own in of_one])
                for of_one in zip(*prepared, strict=True)
            ],
            jax.tree.map(
                lambda *found: np.stack(found),
                *(variant_scores.alignment(world.site(v)) for v in variants),
            ),
        )
        return [
            variant_scores.assemble(
                scorers,
                prepared[row],
                jax.tree.map(lambda values, row=row: values[row], numbers),
                world.site(variant),
                TRACKS,
            )
            for row, variant in enumerate(variants)
        ]

    return score


def test_a_batch_on_the_device_gives_the_scores_of_each_variant_alone_on_the_host(
    world, scorers, on_device
):
    variants = [SNV, INSERTION, DELETION, Variant("demo1", 10_002, "A", "T")]
    together = on_device(variants)
    for variant, found in zip(variants, together, strict=True):
        # Junction scores are rounded to 11 bits, elsewhere float32 against float64.
        assert_same_results(found, world.score(scorers, variant), rtol=1e-3, atol=1e-5)


def test_the_size_of_the_batch_does_not_change_scores(scorers, on_device):
    together = on_device([SNV, INSERTION, DELETION])
    alone = [on_device([variant])[0] for variant in (SNV, INSERTION, DELETION)]
    for found, expected in zip(together, alone, strict=True):
        assert_same_results(found, expected, rtol=1e-5, atol=1e-5)


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    path = tmp_path_factory.mktemp("genome") / "genome.fa"
    path.write_text(">demo1\n" + "ACGT" * 4_000 + "\n")
    return Reference(path)


@pytest.mark.parametrize(
    ("with_anchor", "without"),
    [
        (Variant("demo1", 12_049, "A", "AGG"), Variant("demo1", 12_050, "", "GG")),
        (Variant("demo1", 12_049, "ACG", "A"), Variant("demo1", 12_050, "CG", "")),
    ],
    ids=["insertion", "deletion"],
)
def test_an_indel_with_and_without_its_anchor_base_scores_the_same(
    world, scorers, genome, with_anchor, without
):
    checked = check_variant(without, genome)
    assert_same_results(world.score(scorers, checked), world.score(scorers, with_anchor))


@ALL_KINDS
def test_aligned_on_request_what_an_indel_only_moves_is_no_change(world, variant):
    """ALT is REF with the bases of an insertion added, or those of a deletion left out."""
    ref = world.reference[OutputType.ATAC]
    gained = len(variant.alternate_bases) - len(variant.reference_bases)
    behind = variant.start - INTERVAL.start + 1
    added = np.zeros((max(gained, 0), ref.shape[1]), np.float32)
    alt = np.concatenate([ref[:behind], added, ref[behind - min(gained, 0) :], ref[:8]])[: len(ref)]
    scorer = variant_scorers.CenterMaskScorer(
        OutputType.ATAC, 501, variant_scorers.AggregationType.L2_DIFF
    )
    alleles = {"reference": {OutputType.ATAC: ref}, "alternate": {OutputType.ATAC: alt}}
    deleted = ref[behind : behind - min(gained, 0)]
    expected = np.sqrt((deleted[:, :5] ** 2).sum(axis=0))
    (found,) = world.score([scorer], variant, align_all=True, **alleles)
    np.testing.assert_allclose(found.X[0], expected, rtol=1e-6, atol=1e-7)
    (official,) = world.score([scorer], variant, **alleles)
    assert (expected + 1 < official.X).all() == (gained != 0)


def test_results_have_the_form_of_the_sdk(world, scorers):
    for scorer, result in zip(scorers, world.score(scorers, SNV), strict=True):
        assert result.uns == {"interval": INTERVAL, "variant": SNV, "variant_scorer": scorer}
        assert result.X.dtype == np.float32
        assert "padding" not in set(result.var["name"])
        per_gene = VARIANT_SCORERS[type(scorer)].needs_genes
        assert result.obs.empty == (not per_gene)
        assert set(result.obs.columns) >= ({"gene_id", "strand"} if per_gene else set())


def test_genes_and_tracks_on_opposite_strands_are_nan(world):
    scorer = variant_scorers.GeneMaskLFCScorer(OutputType.RNA_SEQ)
    (result,) = world.score([scorer], SNV)
    assert result.obs["gene_name"].tolist() == ["D-ONE", "D-TWO"]
    np.testing.assert_array_equal(
        np.isnan(result.X), [[False, True, False, False, True], [True, False, False, True, False]]
    )


def test_merged_tracks_are_those_of_the_gene(world):
    scorer = variant_scorers.GeneMaskLFCScorer(OutputType.RNA_SEQ)
    (apart,) = world.score([scorer], SNV)
    (merged,) = world.score([scorer], SNV, merge_stranded_gene_tracks=True)
    assert merged.var["strand"].tolist() == [".", ".", "."]
    np.testing.assert_array_equal(merged.X[0], apart.X[0][~np.isnan(apart.X[0])])
    np.testing.assert_array_equal(merged.X[1], apart.X[1][~np.isnan(apart.X[1])])


def test_an_output_type_without_tracks_gives_no_columns(world):
    scorer = variant_scorers.RECOMMENDED_VARIANT_SCORERS["PROCAP"]
    (result,) = world.score([scorer], SNV, reference={}, alternate={}, tracks={})
    assert result.X.shape == (1, 0)


def test_only_what_is_scored_must_be_predicted(scorers):
    names = ("RNA_SEQ", "ATAC", "ATAC_ACTIVE", "RNA_SEQ_ACTIVE")
    wanted = [variant_scorers.RECOMMENDED_VARIANT_SCORERS[name] for name in names]
    assert variant_scores.required_outputs(wanted) == (OutputType.RNA_SEQ, OutputType.ATAC)
    assert OutputType.SPLICE_JUNCTIONS in variant_scores.required_outputs(scorers)


def test_scorers_whose_data_are_missing_are_refused(world, scorers):
    bare = dataclasses.replace(world.site(SNV), genes=None, polyadenylation_sites=None)
    with pytest.raises(errors.ScoringDataMissingError, match="needs a gene annotation"):
        world.score(scorers, SNV, site=bare)


def test_a_variant_left_of_the_interval_is_not_aligned_but_refused(world):
    scorer = variant_scorers.GeneMaskLFCScorer(OutputType.RNA_SEQ)
    with pytest.raises(errors.VariantOutsideIntervalError):
        world.score([scorer], Variant("demo1", 9_990, "A" * 20, "A"))


@ALL_KINDS
@pytest.mark.parametrize("align_all", [False, True])
def test_bases_that_are_not_read_do_not_matter(world, scorers, variant, align_all):
    site = world.site(variant)
    prepared = variant_scores.prepare(scorers, site)
    read = variant_scores.bases_read(scorers, prepared, site, align_all=align_all)
    assert read[OutputType.ATAC].sum() < 600
    assert read.keys() == {
        kind for kind, about in OUTPUTS.items() if about.resolution == 1 and about.kind == "signal"
    }

    def elsewhere_nan(predictions):
        return {
            kind: np.where(read[kind][:, None], values, np.nan) if kind in read else values
            for kind, values in predictions.items()
        }

    found = world.score(
        scorers,
        variant,
        reference=elsewhere_nan(world.reference),
        alternate=elsewhere_nan(world.alternate),
        align_all=align_all,
    )
    assert_same_results(found, world.score(scorers, variant, align_all=align_all))

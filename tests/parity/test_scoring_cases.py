"""Every golden case of scoring gives the official numbers.

The cases lie beside the repository, or in the folder ALLELENS_SCORING_CASES; whatever
`scoring_case_*.npz` is there is tested, on the host and compiled for the device.
"""

import contextlib
import os
import tempfile
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from alphagenome import tensor_utils
from alphagenome.data import genome
from alphagenome.data.genome import Interval
from alphagenome.data.track_data import AggregationType as BinAggregation
from alphagenome.data.track_data import TrackData
from alphagenome.interpretation import ism
from alphagenome.models import interval_scorers, variant_scorers
from alphagenome.models.dna_output import OutputType
from alphagenome.models.variant_scoring_utils import unmerge_stranded_gene_tracks
from alphagenome.protos import tensor_pb2
from anndata import AnnData

from predictor import errors
from predictor.engines.junctions import candidate_sites
from predictor.genome.reference import Reference
from predictor.genome.sequences import allele_sequences
from predictor.genome.splice_sites import splice_site_mask
from predictor.genome.variant import normalize_variant
from predictor.model.splicing import select_sites
from predictor.scoring import genes as scored_genes
from predictor.scoring.calibration import quantile_scores
from predictor.scoring.center_mask import center_mask
from predictor.scoring.interval_scores import prepare
from predictor.scoring.results import merged, tidy_scores
from predictor.scoring.site import VariantSite, interval_site, variant_site
from predictor.scoring.splice_junction import JunctionCounts, junction_pairs
from predictor.scoring.stitching import stitch
from predictor.tracks.alignment import AlleleAlignment
from predictor.tracks.strand import (
    forward_contact_maps,
    forward_junctions,
    forward_tracks,
    opposite_sites,
    opposite_strand_index,
)
from tests.parity import scoring_case
from tests.parity.scoring_case import Case, score_interval, score_variant, table, variant

pytestmark = pytest.mark.scoring

FOLDER = Path(
    os.environ.get(
        "ALLELENS_SCORING_CASES", Path(__file__).resolve().parents[3] / "shared" / "parity"
    )
)
FILES = sorted(FOLDER.glob("scoring_case_*.npz"))
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


def assert_equal_numbers(actual, expected, **about):
    """Within the tolerance of the cases, with the same pattern of NaN."""
    np.testing.assert_allclose(actual, expected, **TOLERANCE, equal_nan=True, **about)


def assert_same_table(actual: pd.DataFrame, expected: pd.DataFrame):
    """Names, order and missing values exactly; numbers within the tolerance."""
    assert list(actual.columns) == list(expected.columns)
    assert len(actual) == len(expected)
    for column in expected.columns:
        left, right = actual[column].tolist(), expected[column].tolist()
        if column in ("raw_score", "quantile_score"):
            assert_equal_numbers(np.array(left, float), np.array(right, float), err_msg=column)
        else:
            assert [_plain(v) for v in left] == [_plain(v) for v in right], column


def _plain(value):
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    return str(value) if isinstance(value, genome.Interval | genome.Variant) else value


# Alignment, sequences, strands


def check_align(case: Case, device: bool):
    for number, item in enumerate(case.meta["items"]):
        interval = Interval.from_str(item["interval"])
        values = case.arrays[f"alt_{number}"]
        alignment = AlleleAlignment(interval, [variant(item["variant"])])
        turned = slice(None, None, -1 if interval.negative_strand else 1)
        found = alignment.tracks(values[turned])[turned]
        np.testing.assert_array_equal(found, case.arrays[f"aligned_{number}"])


def check_variant_sequences(case: Case, device: bool):
    with _reference(case.meta["chromosomes"]) as reference:
        for item in case.meta["items"]:
            interval = Interval.from_str(item["interval"])
            found = allele_sequences(interval, [variant(item["variant"])], reference)
            assert found == (item["reference_sequence"], item["alternate_sequence"])


def check_indel_stitch(case: Case, device: bool):
    with _reference(case.meta["chromosomes"]) as reference:
        for number, item in enumerate(case.meta["items"]):
            interval = Interval.from_str(item["interval"])
            found = stitch(interval, variant(item["variant"]), reference)
            if item["stitched"] is None:
                assert found is None
                continue
            assert found.allele == item["stitched"]
            assert (found.left, found.right) == (item["left_sequence"], item["right_sequence"])
            assert (found.left_shift, found.right_shift) == (
                item["left_shift"],
                item["right_shift"],
            )
            assert (found.start, found.seam) == (item["indel_start_index"], item["stitch_index"])
            for name, join in {
                "1bp": found.bases,
                "bin4": lambda left, right, found=found: found.bins(left, right, 4),
                "pair8": lambda left, right, found=found: found.pairs(left, right, 8),
            }.items():
                left, right = (case.arrays[f"{side}_{name}_{number}"] for side in ("left", "right"))
                np.testing.assert_array_equal(
                    join(left, right), case.arrays[f"out_{name}_{number}"], err_msg=name
                )


def check_revcomp(case: Case, device: bool):
    for name in ("RNA_SEQ", "DNASE", "CHIP_TF", "SPLICE_SITES"):
        strands = case.meta[f"{name}_strands"]
        # The released DNASE tracks are offset by a base between the strands.
        shifts = [int(name == "DNASE")] * len(strands)
        np.testing.assert_array_equal(
            opposite_strand_index(strands), case.arrays[f"{name}_reindex"]
        )
        np.testing.assert_array_equal(
            forward_tracks(case.arrays[f"{name}_in"], strands, shifts=shifts),
            case.arrays[f"{name}_out"],
            err_msg=name,
        )
    np.testing.assert_array_equal(
        forward_contact_maps(case.arrays["CONTACT_MAPS_in"]), case.arrays["CONTACT_MAPS_out"]
    )
    counts, positions = forward_junctions(
        case.arrays["SPLICE_JUNCTIONS_in"],
        case.arrays["SPLICE_JUNCTIONS_positions_in"],
        length=case.meta["sequence_length"],
    )
    np.testing.assert_array_equal(counts, case.arrays["SPLICE_JUNCTIONS_out"])
    np.testing.assert_array_equal(positions, case.arrays["SPLICE_JUNCTIONS_positions_out"])


# Splice sites


def _marked_sites(case: Case, starts: str, ends: str, interval: Interval) -> np.ndarray:
    """Sites of the junction tables; each table knows one end of an intron only."""
    left, right = (
        {
            (row.Chromosome, getattr(row, column), row.Strand)
            for row in case.frame(name).itertuples()
        }
        for name, column in ((starts, "Start"), (ends, "End"))
    )
    introns = [
        (position, -1_000_000, strand)
        for chromosome, position, strand in left
        if chromosome == interval.chromosome
    ] + [
        (-1_000_000, position, strand)
        for chromosome, position, strand in right
        if chromosome == interval.chromosome
    ]
    return splice_site_mask(interval, introns)


def check_annotated_sites(case: Case, device: bool):
    for number, item in enumerate(case.meta["items"]):
        interval = Interval.from_str(item["interval"])
        found = _marked_sites(case, "starts", "ends", interval)
        if interval.negative_strand:
            found = opposite_sites(found)
        np.testing.assert_array_equal(found, case.arrays[f"sites_{number}"])


def _padded(positions, length: int) -> np.ndarray:
    return np.pad(positions, ((0, 0), (0, length - positions.shape[1])), constant_values=-1)


def _selected(likely, k: int, threshold: float) -> np.ndarray:
    return np.asarray(select_sites(jnp.asarray(likely)[None], k, threshold)[0])


def check_splice_positions(case: Case, device: bool):
    for number, item in enumerate(case.meta["items"]):
        if item["ambiguous"]:
            continue
        likely = case.arrays["ref"]
        if item["use_alt"]:
            likely = np.maximum(likely, case.arrays["alt"])
        if item["use_annotated"]:
            likely = np.maximum(likely, case.arrays["annotated"])
        found = _selected(likely, item["k"], item["threshold"])
        expected = case.arrays[f"positions_{number}"]
        np.testing.assert_array_equal(_padded(found, expected.shape[1]), expected)


def check_pipeline_positions(case: Case, device: bool):
    annotation = case.annotation
    for number, item in enumerate(case.meta["items"]):
        interval, changed = Interval.from_str(item["interval"]), variant(item["variant"])
        aligned = AlleleAlignment(interval, [changed]).forward
        both = np.stack([case.arrays[f"{allele}_sites_{number}"] for allele in ("ref", "alt")])
        annotated = _marked_sites(case, "junction_starts", "junction_ends", interval)
        everywhere = np.ones(interval.width, bool)
        in_genes = annotation.gene_mask(interval, [changed])
        nearby = variant_site(interval, changed, annotation).genes
        for call, mask in {
            "predict": everywhere if in_genes is None else in_genes,
            "score": scored_genes.body_mask(nearby, interval, changed),
        }.items():
            # A row of the width stands for no insertion, so that there is at least one.
            insertions = np.concatenate([aligned.insertions, [[interval.width] * 3]])
            known = (aligned.source, insertions, mask, annotated)
            likely = candidate_sites(both[:1], both[1:], *map(jnp.asarray, known))[0]
            found = _selected(likely, case.meta["k"], case.meta["threshold"])
            expected = case.arrays[f"{call}_variant_positions_{number}"]
            np.testing.assert_array_equal(found, expected, err_msg=call)


# Variant scorers


def check_center(case: Case, device: bool):
    output, resolution = OutputType[case.meta["output_type"]], case.meta["resolution"]
    site = VariantSite(interval=case.interval, variant=case.variant, genes=None)
    for index, width in enumerate(case.meta["widths"]):
        mask = center_mask(site.interval, site.variant, width=width, resolution=resolution)
        np.testing.assert_array_equal(mask, case.arrays["expected_masks"][index])
    scorers = [
        variant_scorers.CenterMaskScorer(output, width, variant_scorers.AggregationType[name])
        for width in case.meta["widths"]
        for name in case.meta["aggregations"]
    ]
    results = score_variant(
        device,
        scorers,
        site,
        {output: case.arrays["ref"]},
        {output: case.arrays["alt"]},
        {output: case.tracks()},
    )
    expected = case.arrays["expected"].reshape(len(scorers), -1)
    for scorer, result, scores in zip(scorers, results, expected, strict=True):
        assert result.uns["variant_scorer"] == scorer
        assert_equal_numbers(result.X, scores[None], err_msg=str(scorer))


def check_contact(case: Case, device: bool):
    scorers = [variant_scorers.ContactMapScorer()]
    kind = OutputType.CONTACT_MAPS
    alleles = [{kind: case.arrays[allele]} for allele in ("ref", "alt")]

    def score(text: str) -> np.ndarray:
        site = VariantSite(interval=case.interval, variant=variant(text), genes=None)
        return score_variant(device, scorers, site, *alleles, {kind: case.tracks()})[0].X

    for text, expected in zip(case.meta["variants"], case.arrays["expected"], strict=True):
        assert_equal_numbers(score(text), expected[None], err_msg=text)
    with pytest.raises(errors.VariantOutsideIntervalError):
        score(case.meta["outside_variant"])


def check_gene(case: Case, device: bool):
    scorers = {
        "lfc": variant_scorers.GeneMaskLFCScorer(OutputType.RNA_SEQ),
        "active": variant_scorers.GeneMaskActiveScorer(OutputType.RNA_SEQ),
    }
    site = variant_site(case.interval, case.variant, case.annotation)
    masks = scored_genes.exon_masks(
        scored_genes.genes_starting_inside(site.genes, site.interval), site.interval
    )
    np.testing.assert_array_equal(masks.T, case.arrays["gene_mask"])
    arguments = (
        device,
        list(scorers.values()),
        site,
        {OutputType.RNA_SEQ: case.arrays["ref"]},
        {OutputType.RNA_SEQ: case.arrays["alt"]},
        {OutputType.RNA_SEQ: case.tracks()},
    )
    results = score_variant(*arguments)
    for name, result in zip(scorers, results, strict=True):
        _check_result(case, result, name)
    for name, result in zip(
        scorers, score_variant(*arguments, merge_stranded_gene_tracks=True), strict=True
    ):
        _check_result(case, result, f"{name}_merged")
    for match in (True, False):
        expected = case.meta[f"tidy_match_{match}"]
        found = tidy_scores([results], match_gene_strand=match)
        if expected == "KeyError":
            # Upstream fails where no result holds a score.
            assert found.empty
        else:
            assert_same_table(found, table(expected))


def _check_result(case: Case, result: AnnData, name: str):
    assert_equal_numbers(result.X, case.arrays[f"{name}_X"], err_msg=name)
    assert_same_table(result.obs, case.frame(f"{name}_obs"))
    assert_same_table(result.var, case.frame(f"{name}_var"))


def check_splicing(case: Case, device: bool):
    kinds = {"sites": OutputType.SPLICE_SITES, "usage": OutputType.SPLICE_SITE_USAGE}
    site = variant_site(case.interval, case.variant, case.annotation)
    bodies = np.zeros((site.interval.width, case.arrays["gene_mask"].shape[1]), bool)
    overlapping = scored_genes.genes_overlapping(site.genes, site.variant)
    for column, (start, end) in enumerate(scored_genes.body_spans(overlapping, site.interval)):
        bodies[start:end, column] = True
    np.testing.assert_array_equal(bodies, case.arrays["gene_mask"])
    for name, kind in kinds.items():
        widths = [None] + [
            width
            for width in (101, 1_001, 10_001)
            if case.meta.get(f"{name}_width_{width}_equals_none")
        ]
        results = score_variant(
            device,
            [variant_scorers.GeneMaskSplicingScorer(kind, width) for width in widths],
            site,
            {kind: case.arrays[f"{name}_ref"]},
            {kind: case.arrays[f"{name}_alt"]},
            {kind: case.tracks(f"{name}_track_metadata")},
        )
        for result in results:
            _check_result(case, result, name)


def check_junction(case: Case, device: bool):
    kind = OutputType.SPLICE_JUNCTIONS
    site = variant_site(case.interval, case.variant, case.annotation)
    positions, tracks = case.arrays["positions"], case.tracks()
    if "unstacked_values" in case.arrays:
        _check_listing(case, positions, site.interval)
    (result,) = score_variant(
        device,
        [variant_scorers.SpliceJunctionScorer()],
        site,
        {kind: JunctionCounts(case.arrays["ref"], positions)},
        {kind: JunctionCounts(case.arrays["alt"], positions)},
        {kind: tracks},
    )
    key = ["gene_id", "junction_Start", "junction_End"]
    expected = case.frame("obs")
    if len(expected):
        columns = sorted(expected.columns)
        order, official = (
            frame.reset_index().sort_values(key).index for frame in (result.obs, expected)
        )
        assert_same_table(result.obs[columns].iloc[order], expected[columns].iloc[official])
        # The numbers are rounded to float16; on the host a logarithm may round to the neighbour.
        looser = {} if device else {"rtol": 1e-3}
        np.testing.assert_allclose(
            result.X[order], case.arrays["X"][official], **(TOLERANCE | looser)
        )
    assert result.X.shape == case.arrays["X"].shape
    columns = sorted(case.meta["var"]["columns"])
    assert sorted(result.var.columns) == columns
    assert_same_table(result.var[columns], case.frame("var")[columns])


def _check_listing(case: Case, positions: np.ndarray, interval: Interval):
    tissues = case.arrays["ref"].shape[2] // 2
    listed = {name: [] for name in ("values", "starts", "ends", "strands")}
    for negative in (False, True):
        pairs = junction_pairs(positions, interval.start, negative=negative)
        strand = slice(tissues, None) if negative else slice(tissues)
        listed["values"].append(case.arrays["ref"][..., strand].reshape(-1, tissues)[pairs.valid])
        listed["starts"].append(pairs.start[pairs.valid])
        listed["ends"].append(pairs.end[pairs.valid])
        listed["strands"].append(np.full(pairs.valid.sum(), "-" if negative else "+"))
    for name, found in listed.items():
        np.testing.assert_array_equal(np.concatenate(found), case.arrays[f"unstacked_{name}"])


def check_pas(case: Case, device: bool):
    site = variant_site(
        case.interval, case.variant, case.annotation, scoring_case.TableOrder(case.frame("pas"))
    )
    (result,) = score_variant(
        device,
        [variant_scorers.PolyadenylationScorer()],
        site,
        {OutputType.RNA_SEQ: case.arrays["ref"]},
        {OutputType.RNA_SEQ: case.arrays["alt"]},
        {OutputType.RNA_SEQ: case.tracks()},
    )
    assert_equal_numbers(result.X, case.arrays["X"])
    assert_same_table(result.obs, case.frame("obs"))
    assert_same_table(result.var, case.frame("var"))


# Interval scorers


def check_interval_gene(case: Case, device: bool):
    kind = OutputType[case.meta["output_type"]]
    site = interval_site(case.interval, case.annotation)
    scorers = [
        interval_scorers.GeneMaskScorer(
            kind,
            setting["width"],
            interval_scorers.IntervalAggregationType[setting["aggregation"]],
        )
        for setting in case.meta["settings"]
    ]
    predictions, tracks = {kind: case.arrays["predictions"]}, {kind: case.tracks()}
    for number, own in enumerate(prepare(scorers, site)):
        masks = own.arrays["masks"][: len(own.rows)]
        np.testing.assert_array_equal(masks.T, case.arrays[f"s{number}_mask"])
    for number, result in enumerate(score_interval(device, scorers, site, predictions, tracks)):
        _check_result(case, result, f"s{number}")


# What comes after: tables, quantiles, mutagenesis


def check_tidy(case: Case, device: bool):
    uns = {"interval": case.interval, "variant": case.variant}
    var = case.frame("var")
    gene = AnnData(
        X=case.arrays["X"],
        obs=case.frame("obs").rename(index=str),
        var=var.set_axis(var.index.map(str)),
        uns={**uns, "variant_scorer": variant_scorers.GeneMaskLFCScorer(OutputType.RNA_SEQ)},
        layers={"quantiles": case.arrays["quantiles"]},
    )
    center_var = case.frame("center_var")
    center_scorer = variant_scorers.CenterMaskScorer(
        OutputType.ATAC, 501, variant_scorers.AggregationType.DIFF_LOG2_SUM
    )
    center = AnnData(
        X=case.arrays["center_X"],
        obs=pd.DataFrame(index=["0"]),
        var=center_var.set_axis(center_var.index.map(str)),
        uns={**uns, "variant_scorer": center_scorer},
    )
    for match in (True, False):
        for extended in (True, False):
            found = tidy_scores(
                [[gene, center]], match_gene_strand=match, include_extended_metadata=extended
            )
            assert_same_table(found, case.frame(f"tidy_match_{match}_extended_{extended}"))
    together = merged(gene)
    np.testing.assert_array_equal(together.X, case.arrays["merged_X"])
    np.testing.assert_array_equal(together.layers["quantiles"], case.arrays["merged_quantiles"])
    assert_same_table(together.var, case.frame("merged_var"))
    apart = unmerge_stranded_gene_tracks(together, track_metadata=gene.var)
    np.testing.assert_array_equal(apart.X, case.arrays["unmerged_X"])
    assert_same_table(tidy_scores([[together]]), case.frame("tidy_merged"))
    assert_same_table(tidy_scores([gene, center]), case.frame("tidy_flat"))


def check_quantiles(case: Case, device: bool):
    for scorer in case.meta["scorers"]:
        own = {
            name.removeprefix(f"{scorer['name']}_"): array
            for name, array in case.arrays.items()
            if name.startswith(f"{scorer['name']}_")
        }
        arguments = (own["raw"], own["table"], own["probabilities"])
        lower = quantile_scores(*arguments)
        assert_equal_numbers(lower, own["expected_no_tie_break"])
        drawn = own["tie_break_seed_123"]
        middle = quantile_scores(*arguments, ties="mean")
        known = ~np.isnan(drawn)
        assert (lower[known] <= drawn[known] + 1e-6).all()
        assert (lower[known] <= middle[known] + 1e-6).all()


def check_ism(case: Case, device: bool):
    interval, meta, scores = case.interval, case.meta, case.arrays["scores"]
    variants = [variant(text) for text in meta["variants"]]
    assert [str(v) for v in ism.ism_variants(interval, meta["sequence"])] == meta["variants"]
    for skip, name in ((False, "variants_with_n"), (True, "variants_with_n_skipped")):
        found = ism.ism_variants(interval, meta["sequence_with_n"], skip_n=skip)
        assert [str(v) for v in found] == meta[name]
    order, partial = case.arrays["order"], case.arrays["partial"]
    shuffled = scores[order], [variants[index] for index in order]
    for multiply in (True, False):
        found = ism.ism_matrix(*shuffled, interval, multiply_by_sequence=multiply)
        assert_equal_numbers(found, case.arrays[f"matrix_multiply_{multiply}"])
    assert_equal_numbers(ism.ism_matrix(*shuffled), case.arrays["matrix_inferred_interval"])
    some = scores[partial], [variants[index] for index in partial]
    found = ism.ism_matrix(*some, interval, require_fully_filled=False)
    assert_equal_numbers(found, case.arrays["matrix_partial"])
    with pytest.raises(ValueError, match="same length"):
        ism.ism_matrix(scores[1:], variants, interval)
    with pytest.raises(ValueError, match="same length"):
        ism.ism_variants(interval, meta["sequence"][1:])


# Of the SDK, which we use as it is


VARIANT_PROPERTIES = {
    *("start", "end", "is_snv", "is_insertion", "is_deletion", "is_indel"),
    *("is_frameshift", "is_structural"),
}


def check_genome(case: Case, device: bool):
    for item in case.meta["interval_ops"]:
        _check_interval_operations(item)
    for pair in case.meta["pairs"]:
        left, right = Interval.from_str(pair["a"]), Interval.from_str(pair["b"])
        assert left.overlaps(right) == pair["overlaps"]
        assert left.contains(right) == pair["contains"]
        assert _text(left.intersect(right)) == pair["intersect"]
    for item in case.meta["variant_ops"]:
        found = variant(item["variant"])
        for name in item.keys() & VARIANT_PROPERTIES:
            assert getattr(found, name) == item[name], (item["variant"], name)
        assert found.as_truncated_str(10) == item["truncated"]
        for name, parts in item.items():
            if name.startswith("split_"):
                halves = found.split(int(name.removeprefix("split_")))
                assert [_text(half) for half in halves] == parts
    merge = case.meta["merge_overlapping"]
    found = genome.merge_overlapping_intervals([Interval.from_str(t) for t in merge["input"]])
    assert [str(interval) for interval in found] == merge["output"]
    with _reference(case.meta["normalize_sequence"]) as reference:
        for item in case.meta["normalize"]:
            assert str(normalize_variant(variant(item["variant"]), reference)) == item["standard"]


# Operation name → its result, from the interval, its numbers, and whether the strand counts.
INTERVAL_OPERATIONS = {
    "interval": lambda i, n, strand: str(i),
    "str": lambda i, n, strand: str(i),
    "width": lambda i, n, strand: i.width,
    "center": lambda i, n, strand: i.center(),
    "center_unstranded": lambda i, n, strand: i.center(use_strand=False),
    "resize": lambda i, n, strand: str(i.resize(*n)),
    "shift": lambda i, n, strand: str(i.shift(*n, use_strand=strand)),
    "pad": lambda i, n, strand: str(i.pad(*n, use_strand=strand)),
    "boundary_shift": lambda i, n, strand: str(i.boundary_shift(*n, use_strand=strand)),
    "truncate": lambda i, n, strand: str(i.truncate(*n)),
    "within_reference": lambda i, n, strand: i.within_reference(*n),
}


def _check_interval_operations(item: dict):
    for name, expected in item.items():
        words = name.removesuffix("_nostrand").split("_")
        numbers = [int(word) for word in words if word.lstrip("-").isdigit()]
        operation = "_".join(words[: len(words) - len(numbers)])
        found = INTERVAL_OPERATIONS[operation](
            Interval.from_str(item["interval"]), numbers, not name.endswith("_nostrand")
        )
        assert found == expected, (item["interval"], name)


def _text(value) -> str | None:
    return None if value is None else str(value)


def check_track_data(case: Case, device: bool):
    data = TrackData(
        values=case.arrays["values"],
        metadata=case.frame("track_metadata"),
        resolution=case.meta["resolution"],
        interval=case.interval,
    )
    stranded = TrackData(
        values=data.values,
        metadata=data.metadata,
        resolution=data.resolution,
        interval=Interval(data.interval.chromosome, data.interval.start, data.interval.end, "+"),
    )
    widened = Interval.from_str(case.meta["slice_interval"]["interval"])
    inside = Interval(widened.chromosome, widened.start + 1, widened.end - 2)
    smaller = Interval.from_str(case.meta["resize_smaller"]["interval"]).width
    larger = len(case.arrays["resize_larger"]) * case.meta["resize_larger"]["resolution"]
    operations = {
        "downsample16_sum": lambda: data.downsample(16, BinAggregation.SUM),
        "downsample16_max": lambda: data.downsample(16, BinAggregation.MAX),
        "upsample1_sum": lambda: data.upsample(1, BinAggregation.SUM),
        "upsample2_max": lambda: data.upsample(2, BinAggregation.MAX),
        "resize_smaller": lambda: data.resize(smaller),
        "resize_larger": lambda: data.resize(larger),
        "slice_8_40": lambda: data.slice_by_positions(8, 40),
        "slice_interval": lambda: data.slice_by_interval(inside, match_resolution=True),
        "revcomp": stranded.reverse_complement,
        "nonnegative": data.filter_to_nonnegative_strand,
        "minus_self": lambda: data - data,
    }
    for name in case.arrays.keys() - {"values"}:
        found, about = operations[name](), case.meta[name]
        assert_equal_numbers(found.values, case.arrays[name], err_msg=name)
        assert _text(found.interval) == about["interval"]
        assert found.resolution == about["resolution"]
        assert found.metadata["strand"].tolist() == about["strands"]
        assert found.metadata["name"].tolist() == about["names"]


def check_tensor(case: Case, device: bool):
    for number, item in enumerate(case.meta["items"]):
        message = tensor_pb2.Tensor.FromString(case.arrays[f"tensor_{number}"].tobytes())
        chunks = [
            tensor_pb2.TensorChunk.FromString(case.arrays[f"tensor_{number}_chunk_{k}"].tobytes())
            for k in range(item["chunks"])
        ]
        decoded = tensor_utils.upcast_floating(tensor_utils.unpack_proto(message, iter(chunks)))
        assert str(decoded.dtype) == item["decoded_dtype"]
        np.testing.assert_array_equal(decoded, case.arrays[f"decoded_{number}"])


@contextlib.contextmanager
def _reference(chromosomes: dict[str, str]):
    """The chromosomes of a case as a genome, for as long as it is read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "genome.fa"
        lines = [f">{name}\n{sequence}\n" for name, sequence in chromosomes.items()]
        path.write_text("".join(lines))
        yield Reference(path)


# By kind.
CHECKS = {
    "align": check_align,
    "annotated_sites": check_annotated_sites,
    "center": check_center,
    "contact": check_contact,
    "gene": check_gene,
    "genome": check_genome,
    "indel_stitch": check_indel_stitch,
    "interval_gene": check_interval_gene,
    "ism": check_ism,
    "junction": check_junction,
    "pas": check_pas,
    "pipeline_positions": check_pipeline_positions,
    "quantiles": check_quantiles,
    "revcomp": check_revcomp,
    "splice_positions": check_splice_positions,
    "splicing": check_splicing,
    "tensor": check_tensor,
    "tidy": check_tidy,
    "track_data": check_track_data,
    "variant_sequences": check_variant_sequences,
}
# These compute scores, which must also be right when compiled for the device.
ON_DEVICE = {"center", "contact", "gene", "splicing", "junction", "pas", "interval_gene"}
RUNS = [
    pytest.param(path, device, id=f"{path.stem}-{'device' if device else 'host'}")
    for path in FILES
    for device in (False, True)
    if not device or Case.read(path).kind in ON_DEVICE
]


@pytest.mark.skipif(not FILES, reason=f"no scoring cases in {FOLDER.name}")
@pytest.mark.parametrize(("path", "device"), RUNS)
@pytest.mark.filterwarnings("ignore:There are more than 256 splice sites")
def test_equals_the_official_numbers(path: Path, device: bool):
    case = Case.read(path)
    CHECKS[case.kind](case, device)

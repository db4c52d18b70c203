"""What travels, with a model whose answers are known."""

import numpy as np
import pandas as pd
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models import interval_scorers, variant_scorers
from alphagenome.models.dna_output import OutputType
from alphagenome.protos.v1 import dna_model_service_pb2 as messages
from alphagenome.protos.v1.dna_model_service_pb2_grpc import DnaModelServiceStub

from predictor.serving import tensors
from tests.predictor.serving.framing_model import GENE_SCORES, QUANTILES, TISSUES, TRACKS

INTERVAL = Interval("chr1", 1_000, 1_000 + 131_072)
VARIANT = Variant("chr1", 60_000, "A", "C")
GENE = variant_scorers.GeneMaskLFCScorer(requested_output=OutputType.RNA_SEQ)
NO_GENE = variant_scorers.GeneMaskActiveScorer(requested_output=OutputType.RNA_SEQ)
CENTER = variant_scorers.RECOMMENDED_VARIANT_SCORERS["ATAC"]
JUNCTION = variant_scorers.SpliceJunctionScorer()


@pytest.fixture(scope="module")
def client(framing):
    return framing.client()


def test_every_header_is_followed_at_once_by_the_chunks_that_it_announces(framing):
    request = messages.PredictVariantRequest(
        interval=INTERVAL.to_proto(),
        variant=VARIANT.to_proto(),
        organism=9606,
        requested_outputs=[kind.to_proto() for kind in (OutputType.DNASE, OutputType.ATAC)],
    )
    found = list(DnaModelServiceStub(framing.channel()).PredictVariant(iter([request])))
    headers, awaited = [], 0
    for message in found:
        assert message.ByteSize() < 4_000_000
        kind = message.WhichOneof("payload")
        if awaited:
            assert kind == "tensor_chunk"
            awaited -= 1
            continue
        output = getattr(message, kind)
        headers.append((kind, output.output_type))
        awaited = output.track_data.values.chunk_count
        assert awaited == -(-131_072 * 3 * 2 // tensors.CHUNK_BYTES)
    assert awaited == 0
    dnase, atac = OutputType.DNASE.to_proto(), OutputType.ATAC.to_proto()
    assert headers == [
        (f"{allele}_output", kind)
        for kind in (dnase, atac)
        for allele in ("reference", "alternate")
    ]


def test_a_client_without_channel_options_gets_everything(framing):
    import grpc
    from alphagenome.models.dna_client import DnaClient

    plain = DnaClient(channel=grpc.insecure_channel(framing.address))
    found = plain.predict_interval(
        INTERVAL, requested_outputs=[OutputType.DNASE], ontology_terms=None
    )
    assert found.dnase.values.shape == (131_072, 3)


def test_both_alleles_carry_values_tracks_and_interval(client):
    found = client.predict_variant(
        INTERVAL,
        VARIANT,
        requested_outputs=[OutputType.DNASE, OutputType.SPLICE_JUNCTIONS],
        ontology_terms=None,
    )
    for output, level in ((found.reference, 1.5), (found.alternate, 2.5)):
        assert output.dnase.interval == INTERVAL
        assert (output.dnase.values == level).all()
        assert output.dnase.values.dtype == np.float32
        pd.testing.assert_frame_equal(
            output.dnase.metadata[["name", "strand"]], TRACKS[["name", "strand"]]
        )
        assert [str(junction) for junction in output.splice_junctions.junctions] == [
            "chr1:5-9:-",
            "chr1:6-9:+",
        ]
        assert list(output.splice_junctions.metadata["name"]) == list(TISSUES["name"])
    assert found.reference.atac is None


def test_no_requested_output_is_an_empty_answer(client):
    found = client.predict_interval(INTERVAL, requested_outputs=[], ontology_terms=None)
    assert all(found.get(kind) is None for kind in OutputType)


def test_the_metadata_of_all_output_types_arrive(client):
    found = client.output_metadata()
    assert list(found.dnase["strand"]) == ["+", "-", "."]
    assert list(found.dnase["ontology_curie"].fillna("")) == ["UBERON:0000955"] * 2 + [""]
    assert list(found.splice_junctions["name"]) == ["brain", "liver"]
    assert list(found.procap.columns) == ["name", "strand"]
    assert len(found.procap) == 0
    assert found.atac is None


def test_scores_come_in_the_order_of_the_scorers_with_genes_and_quantiles(client):
    gene, none, center, junction = client.score_variant(
        INTERVAL,
        VARIANT,
        [GENE, NO_GENE, CENTER, JUNCTION],
        merge_stranded_gene_tracks=False,
    )
    np.testing.assert_array_equal(gene.X, GENE_SCORES)
    np.testing.assert_array_equal(gene.layers["quantiles"], QUANTILES)
    assert list(gene.obs["gene_id"]) == ["G1", "G2"]
    assert list(gene.obs["strand"]) == ["+", "-"]
    assert gene.obs["gene_name"].isna().tolist() == [False, True]
    assert "num_exons" not in gene.obs
    assert none.X.shape == (0, 3)
    np.testing.assert_array_equal(center.X, [[1, 2, 3]])
    assert not center.layers
    assert list(junction.obs["junction_Start"]) == [10, 20]
    assert list(junction.obs["junction_End"]) == [100, 200]
    assert list(junction.var["strand"]) == [".", "."]
    assert gene.uns["variant"] == VARIANT


def test_merged_scores_give_each_gene_the_tracks_of_its_strand(client):
    gene, center = client.score_variant(INTERVAL, VARIANT, [GENE, CENTER])
    np.testing.assert_array_equal(gene.X, [[1.5, 2.5], [-3.5, 4.5]])
    np.testing.assert_array_equal(gene.layers["quantiles"], [[0.25, 0.5], [-0.75, 0.875]])
    assert list(gene.var["strand"]) == [".", "."]
    assert center.X.shape == (1, 3)
    tidy = variant_scorers.tidy_scores([gene, center])
    assert len(tidy) == 4 + 3


def test_interval_scores_arrive_with_their_genes(client):
    scorer = interval_scorers.GeneMaskScorer(
        requested_output=OutputType.RNA_SEQ,
        width=None,
        aggregation_type=interval_scorers.IntervalAggregationType.MEAN,
    )
    (found,) = client.score_interval(INTERVAL, [scorer], merge_stranded_gene_tracks=False)
    np.testing.assert_array_equal(found.X, GENE_SCORES)
    assert list(found.obs["gene_id"]) == ["G1", "G2"]


def test_substitutions_come_with_every_scorer_and_their_reference_base(client):
    found = client.score_ism_variants(
        INTERVAL, Interval("chr1", 2_000, 2_012), [GENE, CENTER], progress_bar=False
    )
    assert len(found) == 3 * 12
    assert {len(by_scorer) for by_scorer in found} == {2}
    assert {str(by_scorer[0].uns["variant"]) for by_scorer in found} == {
        f"chr1:{position}:A>{base}" for position in range(2_001, 2_013) for base in "CGT"
    }


@pytest.mark.parametrize("shape", [(), (0, 3), (5,), (700_001, 3)])
@pytest.mark.parametrize("dtype", ["bfloat16", np.float32, np.int32, bool])
def test_arrays_of_every_shape_and_type_arrive_as_they_were(shape, dtype):
    import ml_dtypes
    from alphagenome import tensor_utils

    dtype = ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype
    values = np.random.default_rng(1).integers(0, 2, shape).astype(dtype)
    found = tensor_utils.unpack_proto(tensors.described(values), tensors.chunks(values))
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)

"""Results as messages: a header, at once followed by the chunks that it announces.

Source: spec/sdk_grpc.md 5.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from alphagenome.data.genome import Interval, Strand, Variant
from alphagenome.data.junction_data import JunctionData
from alphagenome.data.track_data import TrackData
from alphagenome.models import junction_data_utils, track_data_utils
from alphagenome.models.dna_output import OutputMetadata, OutputType
from alphagenome.protos.v1 import dna_model_pb2, dna_model_service_pb2
from anndata import AnnData

from predictor.serving import tensors, terms
from predictor.tracks.output_types import OUTPUTS

# Column of a result's rows → field of the message.
_GENE_COLUMNS = {"gene_id": "gene_id", "gene_name": "name", "gene_type": "type"}
_JUNCTION_COLUMNS = {"junction_Start": "junction_start", "junction_End": "junction_end"}
_QUANTILES = "quantiles"


def prediction(
    response: Any, field: str, kind: OutputType, data: TrackData | JunctionData
) -> Iterator[Any]:
    """The messages of one output type of one allele.

    Args:
      response: class of the messages.
      field: of the header: output, reference_output or alternate_output.
      kind: the output type.
      data: with its interval, which the client does not add by itself.

    Yields:
      The header of `data`, then its chunks. The list of junctions is in the header, which the
      protocol cannot cut.
    """
    place = data.interval.to_proto() if data.interval is not None else None
    if isinstance(data, JunctionData):
        values = tensors.as_tracks(data.values)
        payload = {
            "junction_data": dna_model_pb2.JunctionData(
                values=tensors.described(values),
                metadata=junction_metadata(data.metadata),
                junctions=[junction.to_proto() for junction in data.junctions],
                interval=place,
            )
        }
    else:
        values = tensors.as_tracks(data.values)
        payload = {
            "track_data": dna_model_pb2.TrackData(
                values=tensors.described(values),
                metadata=track_metadata(data.metadata),
                resolution=data.resolution,
                interval=place,
            )
        }
    yield response(**{field: dna_model_pb2.Output(output_type=kind.to_proto(), **payload)})
    yield from _chunks(response, values)


def variant_scores(response: Any, scores: AnnData, variant: Variant) -> Iterator[Any]:
    """The messages of one scorer's scores of one variant."""
    values = _layers(scores)
    header = dna_model_pb2.VariantData(
        values=tensors.described(values),
        metadata=dna_model_pb2.VariantMetadata(
            variant=variant.to_proto(),
            track_metadata=track_metadata(scores.var),
            gene_metadata=gene_metadata(scores.obs),
        ),
    )
    yield response(output=dna_model_pb2.ScoreVariantOutput(variant_data=header))
    yield from _chunks(response, values)


def interval_scores(response: Any, scores: AnnData, interval: Interval) -> Iterator[Any]:
    """The messages of one scorer's scores of an interval."""
    values = _layers(scores)
    header = dna_model_pb2.IntervalData(
        values=tensors.described(values),
        metadata=dna_model_pb2.IntervalMetadata(
            interval=interval.to_proto(),
            track_metadata=track_metadata(scores.var),
            gene_metadata=gene_metadata(scores.obs),
        ),
    )
    yield response(output=dna_model_pb2.ScoreIntervalOutput(interval_data=header))
    yield from _chunks(response, values)


def output_metadata(metadata: OutputMetadata) -> Iterator[Any]:
    """One message for each output type that has tracks."""
    for kind, about in OUTPUTS.items():
        table = metadata.get(kind)
        if table is None:
            continue
        payload: dict[str, Any]
        if about.kind == "junctions":
            found = dna_model_pb2.JunctionsMetadata(metadata=junction_metadata(table))
            payload = {"junctions": found}
        else:
            payload = {"tracks": dna_model_pb2.TracksMetadata(metadata=track_metadata(table))}
        one = dna_model_pb2.OutputMetadata(output_type=kind.to_proto(), **payload)
        yield dna_model_service_pb2.MetadataResponse(output_metadata=[one])


def track_metadata(table: pd.DataFrame) -> Any:
    """Rows of a metadata table; a track without a strand is unstranded, never unspecified."""
    table = terms.to_wire(table)
    if "strand" not in table:
        table["strand"] = "."
    table["strand"] = [strand or "." for strand in table["strand"]]
    return track_data_utils.metadata_to_proto(table).metadata


def junction_metadata(table: pd.DataFrame) -> Any:
    """Rows of the metadata table of junctions, which has no strands."""
    return junction_data_utils.metadata_to_proto(terms.to_wire(table)).metadata


def gene_metadata(rows: pd.DataFrame) -> list[Any]:
    """One message for each gene or junction; none for a scorer whose one row is no gene.

    Columns that the messages have no place for (coordinates of genes and the like) are left out.
    """
    if "gene_id" not in rows:
        return []
    found = []
    for row in rows.to_dict("records"):
        fields: dict[str, Any] = {
            field: str(row[column])
            for column, field in _GENE_COLUMNS.items()
            if pd.notna(row.get(column))
        }
        fields |= {
            field: int(row[column])
            for column, field in _JUNCTION_COLUMNS.items()
            if pd.notna(row.get(column))
        }
        strand = row.get("strand")
        if pd.notna(strand):
            fields["strand"] = Strand.from_str(strand).to_proto()
        found.append(dna_model_pb2.GeneScorerMetadata(**fields))
    return found


def _layers(scores: AnnData) -> np.ndarray:
    """Float32 [1 or 2, rows, tracks]: raw scores, and quantiles where there are any."""
    layers = [np.asarray(scores.X)]
    if _QUANTILES in scores.layers:
        layers.append(np.asarray(scores.layers[_QUANTILES]))
    return np.stack(layers).astype(np.float32)


def _chunks(response: Any, values: np.ndarray) -> Iterator[Any]:
    for chunk in tensors.chunks(values):
        yield response(tensor_chunk=chunk)

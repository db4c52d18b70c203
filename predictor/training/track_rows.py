"""Rows of `tracks.json`: the simulator's track tables with the measured non-zero means."""

import json
from typing import Any

from alphagenome.models.dna_output import OutputType

from predictor.simulator import track_table
from predictor.training.data import HEADS, ORGANISMS, Scaling


def track_rows(scaling: Scaling) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """{organism: {output type: rows in head order}}, padding included, fit for JSON.

    A row has the columns of its table that are set, and "nonzero_mean" where its head has one:
    multiply by it (and by the resolution) to come from model space to the simulator's units. A
    junction row is one tissue, both strands; counts need no scaling.
    """
    heads_of = {output_type: head for head, output_type in HEADS.items()}
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for index, organism in enumerate(ORGANISMS):
        tables = found[organism.name] = {}
        for output_type, table in track_table.tracks(organism).items():
            # Leaves missing values out and turns numpy scalars into plain ones.
            rows = [
                {key: value for key, value in row.items() if value is not None}
                for row in json.loads(table.to_json(orient="records"))
            ]
            means = scaling.means.get(heads_of[OutputType(output_type)])
            if means is not None:
                for row, mean in zip(rows, means[index], strict=False):
                    if row["name"].lower() != "padding":
                        row["nonzero_mean"] = float(mean)
            tables[output_type.name] = rows
    return found

"""Files as the release ships them, written by the tests: a small checkpoint, track metadata."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import orbax.checkpoint as ocp
from alphagenome.models.dna_model import Organism

from predictor.model import functional
from predictor.model.config import ModelConfig, TracksPerHead
from predictor.tracks.release_metadata import FILE_NAMES
from predictor.weights.haiku_names import array_names

SMALL = dataclasses.replace(
    ModelConfig.demo(),
    channels=4,
    channels_step=2,
    tower_layers=2,
    query_heads=2,
    key_channels=4,
    value_channels=4,
    pair_channels=4,
    pair_heads=2,
    pair_head_channels=4,
    junction_channels=4,
    junction_sites=4,
    tracks=TracksPerHead(
        atac=3,
        dnase=2,
        procap=2,
        cage=4,
        rna_seq=5,
        chip_tf=2,
        chip_histone=2,
        contact_maps=1,
        splice_sites_classification=5,
        splice_sites_usage=6,
        splice_sites_junction=3,
    ),
)
"""A network whose heads have as many outputs as `HUMAN` and `MOUSE` have rows."""

PADDING = 'metadata { name: "Padding" strand: STRAND_UNSTRANDED }'
_LUNG = (
    "ontology_term { ontology_type: ONTOLOGY_TYPE_UBERON id: 2048 } "
    'biosample { type: BIOSAMPLE_TYPE_TISSUE name: "lung" stage: "adult" }'
)
_T_CELL = (
    "ontology_term { ontology_type: ONTOLOGY_TYPE_CL id: 84 } "
    'biosample { type: BIOSAMPLE_TYPE_PRIMARY_CELL name: "T-cell" }'
)


def track(name: str, strand: str, rest: str = "") -> str:
    return f'metadata {{ name: "{name}" strand: STRAND_{strand} {rest} }}'


def table(kind: str, *rows: str, payload: str = "tracks") -> str:
    lines = "\n".join(f"    {row}" for row in rows)
    return (
        f"output_metadata {{\n  output_type: OUTPUT_TYPE_{kind}\n"
        f"  {payload} {{\n{lines}\n  }}\n}}\n"
    )


def pair(name: str, rest: str) -> list[str]:
    return [track(name, "POSITIVE", rest), track(name, "NEGATIVE", rest)]


def _sites() -> str:
    return table(
        "SPLICE_SITES",
        *(track("donor", "POSITIVE"), track("acceptor", "POSITIVE")),
        *(track("donor", "NEGATIVE"), track("acceptor", "NEGATIVE")),
        PADDING,
    )


def _junction(name: str, rest: str) -> str:
    return f'metadata {{ name: "{name}" {rest} }}'


HUMAN = "".join(
    (
        table(
            "ATAC",
            track("ATAC lung", "UNSTRANDED", f'{_LUNG} assay: "ATAC-seq" nonzero_mean: 0.75'),
            track(
                "ATAC T-cell",
                "UNSTRANDED",
                f'{_T_CELL} data_source: "encode" endedness: ENDEDNESS_PAIRED '
                "genetically_modified: false nonzero_mean: 1.5",
            ),
            PADDING,
        ),
        table(
            "DNASE",
            track("DNase lung", "UNSTRANDED", f"{_LUNG} nonzero_mean: 0.5"),
            track("DNase T-cell", "UNSTRANDED", f"{_T_CELL} nonzero_mean: 2.0"),
        ),
        table("PROCAP", *pair("PRO-cap T-cell", f"{_T_CELL} nonzero_mean: 13.5")),
        table(
            "CAGE",
            *pair("CAGE lung", f"{_LUNG} nonzero_mean: 250"),
            *pair("CAGE T-cell", f"{_T_CELL} nonzero_mean: 270"),
        ),
        table(
            "RNA_SEQ",
            *pair(
                "RNA lung",
                f'{_LUNG} gtex_tissue: "Lung" endedness: ENDEDNESS_SINGLE nonzero_mean: 0.25',
            ),
            track("RNA T-cell", "UNSTRANDED", f'{_T_CELL} gtex_tissue: "" nonzero_mean: 0.5'),
            PADDING,
            PADDING,
        ),
        table(
            "CHIP_TF",
            track(
                "CTCF T-cell",
                "UNSTRANDED",
                f'{_T_CELL} transcription_factor_code: "CTCF" nonzero_mean: 1',
            ),
            PADDING,
        ),
        table(
            "CHIP_HISTONE",
            track(
                "H3K27ac lung",
                "UNSTRANDED",
                f'{_LUNG} histone_mark_code: "H3K27ac" nonzero_mean: 1',
            ),
            PADDING,
        ),
        table("CONTACT_MAPS", track("Hi-C", "UNSTRANDED", 'data_source: "4dnucleome"')),
        _sites(),
        table(
            "SPLICE_SITE_USAGE",
            *(track(f"usage {i}", "POSITIVE", _LUNG) for i in range(3)),
            *(track(f"usage {i}", "NEGATIVE", _LUNG) for i in range(3)),
        ),
        table(
            "SPLICE_JUNCTIONS",
            *(_junction(f"tissue {i}", f'{_LUNG} gtex_tissue: "Lung"') for i in range(3)),
            payload="junctions",
        ),
    )
)

# As in the release: no PRO-cap at all, and the padding of the usage in the middle and at the end.
MOUSE = "".join(
    (
        table("ATAC", track("ATAC lung", "UNSTRANDED", f"{_LUNG} nonzero_mean: 3"), *[PADDING] * 2),
        table("DNASE", track("DNase lung", "UNSTRANDED", f"{_LUNG} nonzero_mean: 4"), PADDING),
        table("PROCAP", PADDING, PADDING),
        table("CAGE", *pair("CAGE lung", f"{_LUNG} nonzero_mean: 9"), PADDING, PADDING),
        table("RNA_SEQ", *pair("RNA lung", f"{_LUNG} nonzero_mean: 0.5"), *[PADDING] * 3),
        table("CHIP_TF", track("CTCF", "UNSTRANDED", f"{_LUNG} nonzero_mean: 1"), PADDING),
        table("CHIP_HISTONE", track("H3K4me3", "UNSTRANDED", f"{_LUNG} nonzero_mean: 1"), PADDING),
        table("CONTACT_MAPS", track("Hi-C", "UNSTRANDED", _LUNG)),
        _sites(),
        table(
            "SPLICE_SITE_USAGE",
            track("usage 0", "POSITIVE", _LUNG),
            *[PADDING] * 2,
            track("usage 0", "NEGATIVE", _LUNG),
            *[PADDING] * 2,
        ),
        table(
            "SPLICE_JUNCTIONS",
            _junction("tissue 0", _LUNG),
            *[_junction("Padding", "")] * 2,
            payload="junctions",
        ),
    )
)

TEXTS = {Organism.HOMO_SAPIENS: HUMAN, Organism.MUS_MUSCULUS: MOUSE}


def write_metadata(folder: Path, texts: dict[Organism, str] | None = None) -> dict[Organism, Path]:
    """Both files under the release's names."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {organism: folder / FILE_NAMES[organism] for organism in Organism}
    for organism, path in found.items():
        path.write_text((texts or TEXTS)[organism])
    return found


def official_trees(config: ModelConfig, seed: int = 0):
    """(params, state) as the release holds them, with random values: {module: {leaf: array}}."""
    rng = np.random.default_rng(seed)
    trees = ({}, {})
    for name in array_names(config):
        shape = functional.abstract(config)[name.is_state]
        for key in name.ours:
            shape = shape[key]
        module, _, leaf = name.official.rpartition("/")
        values = rng.standard_normal(name.official_shape(shape.shape)).astype(np.float32)
        # The state holds mean squares.
        trees[name.is_state].setdefault(module, {})[leaf] = (
            values**2 + np.float32(0.5) if name.is_state else values
        )
    return trees


def write_checkpoint(folder: Path, trees) -> Path:
    """One Orbax "standard" checkpoint, as the release saves it."""
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(folder.absolute(), trees)
        checkpointer.wait_until_finished()
    return folder


def trimmed_metadata_text(rows: list[dict], kind: str) -> str:
    """Rows of the golden cases' `trimmed_metadata.json` as a table of the release."""
    strands = {"+": "POSITIVE", "-": "NEGATIVE", ".": "UNSTRANDED"}
    lines = []
    for row in rows:
        rest = ""
        if "ontology_curie" in row:
            prefix, number = row["ontology_curie"].split(":")
            rest = f"ontology_term {{ ontology_type: ONTOLOGY_TYPE_{prefix} id: {int(number)} }}"
        if row.get("nonzero_mean") is not None:
            rest += f" nonzero_mean: {row['nonzero_mean']}"
        name = json.dumps(row["name"])
        strand = f"strand: STRAND_{strands[row['strand']]}" if kind != "SPLICE_JUNCTIONS" else ""
        lines.append(f"metadata {{ name: {name} {strand} {rest} }}")
    return table(kind, *lines, payload="junctions" if kind == "SPLICE_JUNCTIONS" else "tracks")

"""Reads about engines, their tracks, and the examples. Small files only; JAX is never loaded."""

from collections import Counter
from typing import Any

from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor import errors
from predictor.engines import registry
from predictor.engines.registry import EngineDescription
from predictor.tracks.catalogue import Catalogue, catalogue
from predictor.tracks.output_types import organism_name, parse_organism
from webapp.genomes.assemblies import assembly_title
from webapp.jobs.chunk_plan import track_ids
from webapp.jobs.memory import engine_memory
from webapp.tracks.labels import text_of, track_label
from webapp.tracks.output_types import OUTPUT_TYPES


def engines() -> list[dict[str, Any]]:
    """All engines, installed or not, in the order in which a page lists them."""
    return [_engine(description) for description in registry.list_engines()]


def engine(name: str) -> dict[str, Any]:
    """One engine with the card of its weights; without weights the card is None.

    Raises:
      UnknownEngineError: lists the names that exist.
    """
    description = registry.describe_engine(name)
    try:
        card = registry.engine_card(name)
    except (errors.WeightsMissingError, OSError, ValueError):
        card = None
    return {**_engine(description), "card": card}


def engine_report(name: str) -> dict[str, Any]:
    """What was measured of an engine, whether it fits the weights, and what measures it anew.

    Raises:
      UnknownEngineError: lists the names that exist.
    """
    description = registry.describe_engine(name)
    try:
        report = registry.engine_report(name)
    except (errors.WeightsMissingError, OSError, ValueError):
        report = None
    digest = None if report is None else report.get("weights_digest")
    return {
        "report": report,
        "current": digest is not None and digest == description.weights_digest,
        "command": registry.report_command(name),
    }


def _engine(description: EngineDescription) -> dict[str, Any]:
    fixed = description.engine
    memory = engine_memory(fixed)
    present = {kind.name for kinds in description.output_types.values() for kind in kinds}
    return {
        "name": fixed.name,
        "title": fixed.title,
        "description": fixed.description,
        "installed": description.installed,
        "problem": description.problem,
        "install_command": description.install_command,
        "invented": fixed.invented,
        "organisms": [
            {
                "organism": organism_name(organism),
                "assembly": assembly,
                "title": assembly_title(assembly),
                "output_types": _ordered(
                    {kind.name for kind in description.output_types.get(organism, ())}
                ),
            }
            for organism, assembly in fixed.assemblies.items()
        ],
        "windows": list(fixed.windows),
        "default_window": memory.window,
        "memory": {
            "free": memory.free,
            "windows": [vars(need) for need in memory.needs],
            "note": memory.note,
        },
        "weights_digest": description.weights_digest,
        "output_types": _ordered(present),
    }


def _ordered(names: set[str]) -> list[str]:
    return [name for name in OUTPUT_TYPES if name in names]


def tracks(*, engine_name: str, organism: str) -> dict[str, Any]:
    """Everything an engine can show for an organism: output types, cell types, tracks.

    Raises:
      UnknownEngineError: lists the names that exist.
      WeightsMissingError: the engine is not installed.
      UnsupportedOrganismError: no such organism, or the engine has no tracks for it.
    """
    registry.find_engine(engine_name)
    table = catalogue(engine_name)
    kind = parse_organism(organism)
    rows = [row for name in _present(table, kind) for row in _tracks(table, kind, name)]
    by_type = Counter(row["output_type"] for row in rows)
    by_biosample = Counter((row["ontology_curie"], row["output_type"]) for row in rows)
    return {
        "output_types": [
            vars(OUTPUT_TYPES[name]) | {"tracks": number} for name, number in by_type.items()
        ],
        "biosamples": [
            {
                "ontology_curie": curie,
                "name": name,
                "counts": {
                    output_type: by_biosample[curie, output_type]
                    for output_type in by_type
                    if by_biosample[curie, output_type]
                },
            }
            for curie, name in table.biosamples(kind).items()
        ],
        "tracks": rows,
    }


def _present(table: Catalogue, organism: Organism) -> list[str]:
    return _ordered({kind.name for kind in table.output_types(organism)})


def _tracks(table: Catalogue, organism: Organism, name: str) -> list[dict[str, Any]]:
    output_type = OutputType[name]
    ids = track_ids(table, organism, output_type, None)
    rows = table.metadata(organism, output_type).to_dict("records")
    if OUTPUT_TYPES[name].kind == "junctions":
        rows = [{**row, "strand": strand} for strand in "+-" for row in rows]
    return [
        {
            "id": track,
            "output_type": name,
            "index": index,
            "name": text_of(row, "name"),
            "label": track_label(name, row),
            "strand": text_of(row, "strand") or ".",
            "ontology_curie": text_of(row, "ontology_curie"),
            "biosample_name": text_of(row, "biosample_name"),
            "assay_title": text_of(row, "Assay title"),
            "histone_mark": text_of(row, "histone_mark"),
            "transcription_factor": text_of(row, "transcription_factor"),
        }
        for index, (track, row) in enumerate(zip(ids, rows, strict=True))
    ]

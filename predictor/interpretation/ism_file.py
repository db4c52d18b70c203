"""In-silico mutagenesis of a stretch, as an `.npz` file.

Arrays, for REF and, with variants, for ALT: `reference/DNASE` float32 [bases, 4, tracks], the score
of putting A, C, G or T there, 0 at the base that is there; and `reference/DNASE/logo` [bases,
tracks], the base that is there minus the mean of the three others. Scorers of genes have one of
each per gene: `reference/RNA_SEQ/GENE_ID` and `reference/RNA_SEQ/GENE_ID/logo`.
`reference/sequence` is the text of the mutated bases, `reference/positions` int64 [bases] their
0-based positions in the genome, -1 for inserted ones. As JSON texts: `metadata/DNASE` (one object a
track), `genes/RNA_SEQ` (one object a gene) and `about`.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from alphagenome.models.variant_scorers import VariantScorerTypes

from predictor.engines import registry
from predictor.engines.prediction_file import save_arrays
from predictor.engines.request import check_places, check_window
from predictor.genome.interval import parse_interval
from predictor.genome.variant import check_variant, parse_variant
from predictor.interpretation.ism import IsmMatrix, IsmRun
from predictor.progress import Progress
from predictor.scoring.checks import (
    check_interval_site,
    check_ism_interval,
    check_variant_scorers,
)
from predictor.scoring.naming import parse_variant_scorers
from predictor.scoring.scorers import RECOMMENDED_VARIANT_SCORERS
from predictor.tracks.output_types import parse_organism


def mutate(
    *,
    engine: str,
    interval: str,
    stretch: str,
    variants: Sequence[str],
    scorers: str | None,
    organism: str,
    out: Path,
) -> int:
    """Mutates a stretch of REF and, where variants are given, of ALT, and writes the matrices.

    Args:
      engine: its name.
      interval: text of the window, 0-based half-open.
      stretch: text of what to mutate, likewise, within the window.
      variants: texts, 1-based; all on the ALT haplotype.
      scorers: names or settings between commas; None for the recommended ones.
      organism: human or mouse.
      out: the file; appears only when complete.

    Returns:
      How many substitutions were scored.

    Raises:
      AllelensError: any of the kinds of input error, each with its sentence.
    """
    found = registry.installed_engine(engine)
    chosen = parse_organism(organism)
    wanted = parse_variant_scorers(scorers) if scorers is not None else []
    check_variant_scorers(wanted, chosen)
    reference = registry.open_reference(found, chosen)
    window = parse_interval(interval, reference.names)
    mutated = parse_interval(stretch, reference.names)
    check_window(window.width, found.windows, engine=engine)
    check_ism_interval(window, mutated)
    check_interval_site(window, reference)
    background = [
        check_variant(parse_variant(text, reference.names), reference) for text in variants
    ]
    check_places(window, background)
    # Only now, when nothing can be wrong with the request any more: it takes seconds.
    model = registry.open_network(engine, "matrices of in-silico mutagenesis")
    runs = {"reference": IsmRun(model, window, mutated, wanted, organism=chosen)}
    if background:
        runs["alternate"] = IsmRun(
            model, window, mutated, wanted, variants=background, organism=chosen
        )
    total = sum(run.substitutions for run in runs.values())
    about = {
        "engine": engine,
        "weights_digest": model.weights_digest,
        "organism": organism,
        "interval": str(window),
        "ism_interval": str(mutated),
        "variants": [str(variant) for variant in background],
        "scorers": {_key(scorer): str(scorer) for scorer in runs["reference"].scorers},
        "columns": "ACGT",
    }
    arrays = {"about": np.array(json.dumps(about))}
    with Progress(total, "substitutions") as progress:
        for sentence in runs["reference"].warnings:
            progress.say(sentence)
        for allele, run in runs.items():
            parts = []
            for part in run.parts():
                parts.append(part)
                progress.advance(run.substitutions_in(part))
            arrays |= dict(_arrays(allele, run, run.matrices(parts)))
    save_arrays(out, arrays)
    return total


def _arrays(
    allele: str, run: IsmRun, matrices: Sequence[IsmMatrix]
) -> Iterator[tuple[str, np.ndarray]]:
    yield f"{allele}/sequence", np.array(run.sequence)
    yield f"{allele}/positions", run.positions.astype(np.int64)
    for matrix in matrices:
        key = _key(matrix.scorer)
        yield f"metadata/{key}", np.array(matrix.tracks.to_json(orient="records"))
        names = [f"{allele}/{key}"]
        if "gene_id" in matrix.genes:
            yield f"genes/{key}", np.array(matrix.genes.to_json(orient="records"))
            names = [f"{allele}/{key}/{gene}" for gene in matrix.genes["gene_id"]]
        logo = matrix.logo
        for row, name in enumerate(names):
            yield name, matrix.values[:, :, row]
            yield f"{name}/logo", logo[:, row]


def _key(scorer: VariantScorerTypes) -> str:
    """The name of a recommended scorer, the settings of any other."""
    names = {str(known): name for name, known in RECOMMENDED_VARIANT_SCORERS.items()}
    return names.get(str(scorer), str(scorer))

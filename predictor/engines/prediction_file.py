"""One prediction, or one truth of the simulator, as an `.npz` file.

Arrays: `reference/RNA_SEQ` and `alternate/RNA_SEQ` [bins, tracks], `.../CONTACT_MAPS` [bins, bins,
tracks], `.../SPLICE_JUNCTIONS/start`, `end`, `strand` [junctions] and `values` [junctions, tracks]
(introns, 0-based half-open), and as JSON texts `metadata/RNA_SEQ` (one object a track) and `about`
(engine, weights, interval, variants, whether ALT is aligned to REF).
"""

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from alphagenome.data.junction_data import JunctionData
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import Output, VariantOutput

from predictor import errors
from predictor.engines import registry
from predictor.genome.interval import parse_interval
from predictor.genome.variant import check_variant, parse_variant
from predictor.tracks.catalogue import catalogue
from predictor.tracks.output_types import OUTPUTS, parse_organism, parse_output_types


def predict(
    *,
    engine: str,
    interval: str | None,
    variants: Sequence[str],
    sequence: Path | None,
    organism: str,
    outputs: Sequence[str] | None,
    terms: Sequence[str] | None,
    align: bool,
    out: Path,
) -> None:
    """Predicts once and writes the result.

    Args:
      engine: its name.
      interval: text, 0-based half-open.
      variants: texts, 1-based; all on one haplotype.
      sequence: FASTA file with one sequence.
      organism: human or mouse.
      outputs: names of output types; None for all that the organism has.
      terms: CURIEs; None for all.
      align: put ALT into REF coordinates.
      out: the file; appears only when complete.

    Raises:
      AllelensError: any of the kinds of input error, each with its sentence.
    """
    chosen = parse_organism(organism)
    tracks = catalogue(engine) if registry.describe_engine(engine).installed else None
    kinds = parse_output_types(outputs) if outputs is not None else None
    if tracks is not None:
        tracks.check_request(chosen, kinds or [], terms)
        kinds = kinds or tracks.output_types(chosen)
    if sequence is not None and variants:
        raise errors.AllelensError(
            "A sequence file and a variant cannot be combined; put the variant into the sequence."
        )
    if interval is None and sequence is None:
        raise errors.InvalidIntervalError("Give an --interval, or a --sequence.")
    # Only now: it takes seconds.
    model = registry.open_engine(engine)
    about: dict[str, Any] = {
        "engine": engine,
        "weights_digest": model.weights_digest,
        "organism": organism,
        "interval": interval,
    }
    request = {"organism": chosen, "requested_outputs": kinds, "ontology_terms": terms}
    if sequence is not None:
        place = None if interval is None else parse_interval(interval)
        found = model.predict_sequence(read_sequence(sequence), interval=place, **request)
        write(out, found, about | {"sequence": sequence.name})
        return
    reference = _reference(engine, chosen)
    place = parse_interval(str(interval), reference.names)
    if not variants:
        write(out, model.predict_interval(place, **request), about)
        return
    parsed = [check_variant(parse_variant(text, reference.names), reference) for text in variants]
    pair = model.predict_alleles(place, parsed, align=align, **request)
    write(out, pair, about | {"variants": [str(v) for v in parsed], "aligned": align})


def simulate(*, interval: str | None, sequence: Path | None, organism: str, out: Path) -> None:
    """Writes the true tracks of a window of the demo world.

    Args:
      interval: text, 0-based half-open; of the demo genome, or where `sequence` lies.
      sequence: FASTA file with one sequence.
      organism: human or mouse, of the demo world.
      out: the file.

    Raises:
      AllelensError: any of the kinds of input error, each with its sentence.
    """
    from predictor.simulator import readouts

    chosen = parse_organism(organism)
    place = None if interval is None else parse_interval(interval)
    if sequence is not None:
        bases = read_sequence(sequence)
    elif place is not None:
        bases = _reference("demo", chosen).sequence(place)
    else:
        raise errors.InvalidIntervalError("Give an --interval, or a --sequence.")
    if place is not None and place.negative_strand:
        raise errors.InvalidIntervalError("The truth is that of the forward strand; leave out :-.")
    found = readouts.simulate(bases, chosen, interval=place)
    write(out, found, {"simulator": True, "organism": organism, "interval": interval})


def read_sequence(path: Path) -> str:
    """The one sequence of a FASTA file, upper-case; a file without header is read as it stands.

    Raises:
      InvalidSequenceError: there is none, or more than one.
    """
    lines = path.read_text().splitlines()
    if sum(line.startswith(">") for line in lines) > 1:
        raise errors.InvalidSequenceError(
            f"{path.name} holds several sequences; give a file with one."
        )
    bases = "".join(line.strip() for line in lines if not line.startswith(">")).upper()
    if not bases:
        raise errors.InvalidSequenceError(f"{path.name} holds no sequence.")
    return bases


def write(out: Path, found: Output | VariantOutput, about: dict[str, Any]) -> None:
    """Writes a prediction under a temporary name and renames it."""
    alleles = (
        {"reference": found.reference, "alternate": found.alternate}
        if isinstance(found, VariantOutput)
        else {"reference": found}
    )
    arrays = {"about": np.array(json.dumps(about))}
    for allele, output in alleles.items():
        for kind in OUTPUTS:
            data = output.get(kind)
            if data is None:
                continue
            arrays[f"metadata/{kind.name}"] = np.array(data.metadata.to_json(orient="records"))
            if isinstance(data, JunctionData):
                arrays |= _junction_arrays(f"{allele}/{kind.name}", data)
            else:
                arrays[f"{allele}/{kind.name}"] = data.values
    out.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        Path(name).chmod(0o644)
        Path(name).replace(out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _junction_arrays(prefix: str, data: JunctionData) -> dict[str, np.ndarray]:
    return {
        f"{prefix}/start": np.array([j.start for j in data.junctions], np.int64),
        f"{prefix}/end": np.array([j.end for j in data.junctions], np.int64),
        f"{prefix}/strand": np.array([j.strand for j in data.junctions], "U1"),
        f"{prefix}/values": data.values,
    }


def _reference(engine: str, organism: Organism) -> Any:
    references = registry.open_references(registry.find_engine(engine))
    if organism not in references:
        found = registry.find_engine(engine)
        raise errors.GenomeMissingError(
            f"The genome {found.assemblies[organism]} is not installed. "
            f"To install it, run: {found.genome_command}"
        )
    return references[organism]

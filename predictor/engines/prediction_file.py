"""One prediction, or one truth of the simulator, as an `.npz` file.

Arrays: `reference/RNA_SEQ` and `alternate/RNA_SEQ` [bins, tracks], `.../CONTACT_MAPS` [bins, bins,
tracks], `.../SPLICE_JUNCTIONS/start`, `end`, `strand` [junctions] and `values` [junctions, tracks]
(introns, 0-based half-open), and as JSON texts `metadata/RNA_SEQ` (one object a track) and `about`
(engine, weights, interval, variants, whether ALT is aligned to REF).
"""

import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from alphagenome.data.genome import Interval, Variant
from alphagenome.data.junction_data import JunctionData
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import Output, OutputType, VariantOutput

from predictor import errors
from predictor.engines import registry
from predictor.engines.request import check_places, check_sequence, check_window
from predictor.genome.interval import parse_interval
from predictor.genome.variant import check_variant, parse_variant
from predictor.progress import Progress
from predictor.scoring.checks import check_interval_site
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
    found = registry.installed_engine(engine)
    chosen = parse_organism(organism)
    tracks = catalogue(engine)
    kinds = tracks.output_types(chosen) if outputs is None else parse_output_types(outputs)
    tracks.check_request(chosen, kinds if outputs is not None else (), terms)
    place, bases, alleles = _what(found, chosen, interval, variants, sequence)
    width = place.width if place is not None else len(bases)
    check_window(width, found.windows, engine=engine)
    sentences: list[str] = []
    if sequence is not None:
        check_sequence(bases, place)
    elif place is not None:
        sentences = check_interval_site(place, registry.open_reference(found, chosen))
    # Only now, when nothing can be wrong with the request any more: it takes seconds.
    model = registry.open_engine(engine)
    request = {"organism": chosen, "requested_outputs": kinds, "ontology_terms": terms}
    about: dict[str, Any] = {
        "engine": engine,
        "weights_digest": model.weights_digest,
        "organism": organism,
        "interval": None if place is None else str(place),
    }
    if sequence is not None:
        about["sequence"] = sequence.name
        parts = ((*part, None) for part in model.iter_sequence(bases, interval=place, **request))
    else:
        parts = model.iter_alleles(place, alleles, align=align, **request)
    if alleles:
        about |= {"variants": [str(variant) for variant in alleles], "aligned": align}
    with Progress(len(kinds), "output types") as progress:
        for sentence in sentences:
            progress.say(sentence)
        write(out, _collected(parts, progress, both=bool(alleles)), about)


def _collected(
    parts: Iterable[tuple[OutputType, Any, Any]], progress: Progress, *, both: bool
) -> Output | VariantOutput:
    reference, alternate = {}, {}
    for kind, ref, alt in parts:
        reference[kind.name.lower()], alternate[kind.name.lower()] = ref, alt
        progress.advance()
    found = Output(**reference)
    return VariantOutput(reference=found, alternate=Output(**alternate)) if both else found


def _what(
    engine: registry.Engine,
    organism: Organism,
    interval: str | None,
    variants: Sequence[str],
    sequence: Path | None,
) -> tuple[Interval | None, str, list[Variant]]:
    """The interval, the bases of the sequence file, and the variants, all checked."""
    if sequence is not None:
        if variants:
            raise errors.InvalidVariantError(
                "A sequence file and a variant cannot be combined; put the variant into the file."
            )
        return None if interval is None else parse_interval(interval), read_sequence(sequence), []
    if interval is None:
        raise errors.InvalidIntervalError("Give an --interval, or a --sequence.")
    reference = registry.open_reference(engine, organism)
    place = parse_interval(interval, reference.names)
    parsed = [check_variant(parse_variant(text, reference.names), reference) for text in variants]
    check_places(place, parsed)
    return place, "", parsed


def simulate(
    *,
    interval: str | None,
    variants: Sequence[str] = (),
    sequence: Path | None,
    organism: str,
    align: bool = True,
    out: Path,
) -> None:
    """Writes the true tracks of a window of the demo world.

    Args:
      interval: text, 0-based half-open; of the demo genome, or where `sequence` lies.
      variants: texts, 1-based; all on one haplotype.
      sequence: FASTA file with one sequence.
      organism: human or mouse, of the demo world.
      align: put ALT into REF coordinates.
      out: the file.

    Raises:
      AllelensError: any of the kinds of input error, each with its sentence.
    """
    from predictor.simulator import allele_tracks, readouts

    chosen = parse_organism(organism)
    demo = registry.find_engine("demo")
    place, bases, alleles = _what(demo, chosen, interval, variants, sequence)
    if place is not None and place.negative_strand:
        raise errors.InvalidIntervalError("The truth is that of the forward strand; leave out :-.")
    about: dict[str, Any] = {"simulator": True, "organism": organism, "interval": interval}
    if not alleles:
        if place is not None and sequence is None:
            bases = registry.open_reference(demo, chosen).sequence(place)
        write(out, readouts.simulate(bases, chosen, interval=place), about)
        return
    found = allele_tracks.true_output(
        place,
        alleles,
        organism=chosen,
        reference=registry.open_reference(demo, chosen),
        align=align,
    )
    about |= {"variants": [str(variant) for variant in alleles], "aligned": align}
    write(out, found, about)


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
    """Writes a prediction."""
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
    save_arrays(out, arrays)


def save_arrays(out: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes an `.npz` file, which appears only when complete."""
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

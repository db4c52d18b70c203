"""Held-out variants as files: VCF, TSV or Parquet, with the sequences that they lie on.

Every window is a contig of its own, and the contigs are written beside the table as FASTA: with
both files anybody can predict REF and ALT and compare the score with the truth.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from predictor.errors import AllelensError
from predictor.simulator import grammar
from predictor.simulator.held_out import HeldOutVariant, held_out_variants, strata_named
from predictor.simulator.variant_scores import SCORERS
from predictor.simulator.vcf_file import Info, write_vcf
from predictor.tracks.output_types import parse_organism

_LINE = 60
_INFO = {
    "STRATUM": Info("stratum", "String", "Kind of variant"),
    "OUTPUT": Info("output_type", "String", "Modality that is scored"),
    "TRACK": Info("track", "String", "Name of the track that is scored"),
    "STRAND": Info("strand", "String", "Strand of that track"),
    "SCORER": Info("scorer", "String", "How the change becomes a number"),
    "SPANS": Info("spans", "String", "Where it looks - 0-based half-open - bins for contact maps"),
    "CAUSE": Info("cause", "String", "What the variant does"),
    "TRUTH": Info("truth", "Float", "Score of the simulator's own tracks"),
}


class TableFormatError(AllelensError):
    """The name of a file says none of the formats that can be written."""

    code = "table_format"


def simulate(*, seed: int, stratum: str, count: int, organism: str, out: Path) -> list[Path]:
    """Draws fresh variants and writes them.

    Args:
      seed: not negative.
      stratum: a name of `STRATA`, or "all".
      count: variants of each stratum.
      organism: human or mouse, of the demo world.
      out: the table; its ending decides the format.

    Returns:
      The files written.

    Raises:
      AllelensError: any of the kinds of input error, each with its sentence.
    """
    _check_format(out)
    chosen = parse_organism(organism)
    drawn = [
        entry
        for each in strata_named(stratum)
        for entry in held_out_variants(seed, each.name, count=count, organism=chosen)
    ]
    return write_variants(out, drawn)


def _check_format(path: Path) -> None:
    if path.suffix not in FORMATS:
        raise TableFormatError(
            f"{path.name} ends in none of {', '.join(FORMATS)}; choose one of these formats.",
            field="out",
        )


def write_variants(path: Path, variants: Sequence[HeldOutVariant]) -> list[Path]:
    """Writes the variants with their truth, and the contigs they lie on as FASTA beside it.

    Args:
      path: the ending decides the format: .vcf, .tsv or .parquet.
      variants: of any strata.

    Returns:
      The table and the FASTA file.

    Raises:
      TableFormatError: another ending.
    """
    _check_format(path)
    contigs = {entry.variant.chromosome: entry.window for entry in variants}
    lengths = {name: len(codes) for name, codes in contigs.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    FORMATS[path.suffix](path, table(variants), lengths)
    fasta = path.with_suffix(".fa")
    with fasta.open("w", encoding="ascii", newline="\n") as file:
        for name, codes in contigs.items():
            letters = grammar.decode(codes)
            file.write(f">{name}\n")
            file.writelines(
                f"{letters[start : start + _LINE]}\n" for start in range(0, len(letters), _LINE)
            )
    return [path, fasta]


def table(variants: Sequence[HeldOutVariant]) -> pd.DataFrame:
    """One row a variant; positions are 1-based, spans 0-based half-open."""
    return pd.DataFrame([_row(entry) for entry in variants])


def _row(entry: HeldOutVariant) -> dict[str, str | int | float]:
    variant, probe = entry.variant, entry.probe
    return {
        "name": entry.name,
        "stratum": entry.stratum,
        "organism": f"demo {'human' if entry.organism.name == 'HOMO_SAPIENS' else 'mouse'}-like",
        "chromosome": variant.chromosome,
        "position": variant.position,
        "reference": variant.reference_bases,
        "alternate": variant.alternate_bases,
        "output_type": entry.output_type.name,
        "track": entry.track_name,
        "track_row": probe.track,
        "strand": entry.track.strand,
        "scorer": probe.scorer,
        "score_is": SCORERS[probe.scorer].sentence,
        "spans": "|".join(f"{start}-{end}" for start, end in probe.spans) or ".",
        "cause": entry.cause,
        "truth": round(entry.truth, 6) + 0.0,
        "true_size": round(entry.true_size, 6) + 0.0,
    }


def _write_vcf(path: Path, rows: pd.DataFrame, lengths: dict[str, int]) -> None:
    records = [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]
    write_vcf(path, lengths, _INFO, records)


def _write_tsv(path: Path, rows: pd.DataFrame, _: dict[str, int]) -> None:
    rows.to_csv(path, sep="\t", index=False, lineterminator="\n")


def _write_parquet(path: Path, rows: pd.DataFrame, _: dict[str, int]) -> None:
    rows.to_parquet(path, index=False)


FORMATS: dict[str, Callable[[Path, pd.DataFrame, dict[str, int]], None]] = {
    ".vcf": _write_vcf,
    ".tsv": _write_tsv,
    ".parquet": _write_parquet,
}

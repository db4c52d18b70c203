"""Several variants on one ALT sequence, scored together and one by one into a long table.

Columns: those of `HaplotypeScores.table`; its rows of the effect `interaction` say by how much the
variants together differ from the sum of each alone.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from alphagenome.data.genome import Interval, Variant

from predictor.engines import registry
from predictor.engines.request import check_haplotype, check_places, check_window
from predictor.engines.table_file import writer
from predictor.genome.sequences import ordered_variants
from predictor.genome.variant import check_variant, parse_variant
from predictor.progress import Progress
from predictor.scoring.checks import check_interval_site, check_variant_scorers
from predictor.scoring.naming import parse_variant_scorers
from predictor.tracks.output_types import parse_organism

_TEXT = pa.string()
SCHEMA = pa.schema(
    [
        *((name, _TEXT) for name in ("variants", "scored_interval", "effect", "variant", "at")),
        *((name, _TEXT) for name in ("gene_id", "gene_name", "gene_strand")),
        *((name, pa.int64()) for name in ("junction_Start", "junction_End")),
        *((name, _TEXT) for name in ("output_type", "variant_scorer", "track_name")),
        ("track_strand", _TEXT),
        ("score", pa.float32()),
    ]
)


def score(
    *,
    engine: str,
    variants: Sequence[str],
    scorers: str | None,
    organism: str,
    window: int | None,
    out: Path,
) -> int:
    """Scores variants on one haplotype, in a window with them in its middle.

    Args:
      engine: its name.
      variants: texts, 1-based; two at least, and none may overlap another.
      scorers: names or settings between commas; None for the recommended ones.
      organism: human or mouse.
      window: bp; the engine's usual one where not given.
      out: the table; .parquet, .csv or .tsv.

    Returns:
      How many variants there are.

    Raises:
      AllelensError: any of the kinds of input error, each with its sentence.
    """
    write = writer(out, SCHEMA)
    found = registry.installed_engine(engine)
    chosen = parse_organism(organism)
    wanted = parse_variant_scorers(scorers) if scorers is not None else []
    check_variant_scorers(wanted, chosen)
    width = found.default_window if window is None else window
    check_window(width, found.windows, engine=engine)
    reference = registry.open_reference(found, chosen)
    parsed = [check_variant(parse_variant(text, reference.names), reference) for text in variants]
    check_haplotype(parsed)
    interval = _around(ordered_variants(parsed), width)
    sentences = check_interval_site(interval, reference)
    check_places(interval, parsed)
    # Only now, when nothing can be wrong with the request any more: it takes seconds.
    model = registry.open_network(engine, "scores of haplotypes")
    with Progress(1 + len(parsed), "ALT sequences") as progress:
        for sentence in sentences:
            progress.say(sentence)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # They are these sentences.
            scores = model.score_haplotype(
                interval, parsed, wanted, organism=chosen, done=progress.advance
            )
    table = scores.table()
    write([pa.Table.from_pandas(table, schema=SCHEMA, preserve_index=False)])
    return len(parsed)


def _around(variants: Sequence[Variant], width: int) -> Interval:
    """The window whose middle is that of the variants, from the first to the last."""
    span = variants[0].reference_interval
    span.end = max(span.end, *(v.end for v in variants if v.chromosome == variants[0].chromosome))
    interval: Interval = span.resize(width).as_unstranded()
    return interval

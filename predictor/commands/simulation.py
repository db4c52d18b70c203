"""`simulate`: files, tracks and variants of the demo world."""

import argparse
from pathlib import Path

from predictor.commands.options import INTERVAL_HELP, NO_ALIGN_HELP, VARIANT_HELP, Commands
from predictor.home import genome_folder


def add(commands: Commands) -> None:
    """`simulate`: files, tracks and variants of the demo world."""
    simulate = commands.add_parser("simulate", help="the demo world")
    kinds = simulate.add_subparsers(required=True, metavar="WHAT")
    command = kinds.add_parser("genome", help="write the files of both demo assemblies")
    command.add_argument(
        "--out", type=Path, metavar="DIR", help="where not given, where the engine finds them"
    )
    command.set_defaults(run=_simulate_genome)
    command = kinds.add_parser(
        "lists", help="credible sets, eQTLs, enhancer-gene pairs, tracks of an unseen cell type"
    )
    command.add_argument("--out", type=Path, metavar="DIR", help="where the assemblies are")
    command.set_defaults(run=_simulate_lists)
    command = kinds.add_parser("motifs", help="the motifs of the demo world, in MEME format")
    command.add_argument("--out", required=True, type=Path, metavar="FILE.meme")
    command.set_defaults(run=_simulate_motifs)
    command = kinds.add_parser("tracks", help="the true tracks of a window, written as .npz")
    command.add_argument("--interval", help=INTERVAL_HELP)
    command.add_argument(
        "--variant", nargs="+", action="extend", default=[], help=VARIANT_HELP, metavar="VARIANT"
    )
    command.add_argument("--sequence", type=Path, metavar="FILE.fa")
    command.add_argument("--organism", default="human", help="human (the default) or mouse")
    command.add_argument("--no-align", action="store_true", help=NO_ALIGN_HELP)
    command.add_argument("--out", required=True, type=Path, metavar="FILE.npz")
    command.set_defaults(run=_simulate_tracks)
    command = kinds.add_parser(
        "variants", help="fresh held-out variants with their truth, and the sequences they lie on"
    )
    command.add_argument("--seed", required=True, type=int, metavar="N", help="use a new one")
    command.add_argument("--stratum", required=True, metavar="NAME", help="a stratum, or all")
    command.add_argument("--count", type=int, default=60, metavar="N", help="of each stratum")
    command.add_argument("--organism", default="human", help="human (the default) or mouse")
    command.add_argument("--out", required=True, type=Path, metavar="FILE.vcf|.tsv|.parquet")
    command.set_defaults(run=_simulate_variants)
    command = kinds.add_parser(
        "common-variants", help="variants anywhere in an assembly, to rank scores against"
    )
    command.add_argument("--seed", required=True, type=int, metavar="N")
    command.add_argument("--count", type=int, default=1_500, metavar="N")
    command.add_argument("--organism", default="human", help="human (the default) or mouse")
    command.add_argument("--out", required=True, type=Path, metavar="FILE.vcf")
    command.set_defaults(run=_simulate_common_variants)


def _simulate_genome(parsed: argparse.Namespace) -> None:
    from predictor.simulator import genome

    out = parsed.out or genome_folder("demoH1").parent
    genome.write_assembly(out)
    print(f"Wrote the demo assemblies to {out}.")


def _simulate_lists(parsed: argparse.Namespace) -> None:
    from predictor.simulator import demo_lists

    written = demo_lists.write_lists(parsed.out or genome_folder("demoH1").parent)
    print(f"Wrote the lists of the demo genome to {written[0].parent}.")


def _simulate_motifs(parsed: argparse.Namespace) -> None:
    from predictor.simulator import motif_library

    motif_library.write_library(parsed.out)
    print(f"Wrote the motifs of the demo world to {parsed.out}.")


def _simulate_tracks(parsed: argparse.Namespace) -> None:
    from predictor.engines import prediction_file

    prediction_file.simulate(
        interval=parsed.interval,
        variants=parsed.variant,
        sequence=parsed.sequence,
        organism=parsed.organism,
        align=not parsed.no_align,
        out=parsed.out,
    )
    print(f"Wrote {parsed.out}.")


def _simulate_variants(parsed: argparse.Namespace) -> None:
    from predictor.simulator import variant_table

    written = variant_table.simulate(
        seed=parsed.seed,
        stratum=parsed.stratum,
        count=parsed.count,
        organism=parsed.organism,
        out=parsed.out,
    )
    print(f"Wrote {' and '.join(map(str, written))}.")


def _simulate_common_variants(parsed: argparse.Namespace) -> None:
    from predictor.simulator import common_variants

    common_variants.write_common_variants(
        seed=parsed.seed, count=parsed.count, organism=parsed.organism, out=parsed.out
    )
    print(f"Wrote {parsed.out}.")

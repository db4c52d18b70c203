"""`list` and `predict`."""

import argparse
from pathlib import Path

from predictor.commands.options import INTERVAL_HELP, NO_ALIGN_HELP, VARIANT_HELP, Commands, split


def add(commands: Commands) -> None:
    """`list` and `predict`."""
    command = commands.add_parser("list", help="engines, weights and assemblies installed")
    command.set_defaults(run=_list)

    command = commands.add_parser("predict", help="one prediction, written as .npz")
    command.add_argument("--engine", required=True, metavar="NAME", help="as shown by `list`")
    command.add_argument("--interval", help=INTERVAL_HELP)
    command.add_argument(
        "--variant", nargs="+", action="extend", default=[], help=VARIANT_HELP, metavar="VARIANT"
    )
    command.add_argument(
        "--sequence",
        type=Path,
        metavar="FILE.fa",
        help="predict this sequence instead of the genome's; --interval then only says where it is",
    )
    command.add_argument("--organism", default="human", help="human (the default) or mouse")
    command.add_argument(
        "--outputs", metavar="RNA_SEQ,DNASE,...", help="output types; all where not given"
    )
    command.add_argument(
        "--ontology", metavar="CURIE,...", help="only tracks of these cell types; all if not given"
    )
    command.add_argument("--no-align", action="store_true", help=NO_ALIGN_HELP)
    command.add_argument("--out", required=True, type=Path, metavar="FILE.npz")
    command.set_defaults(run=_predict)


def _list(_: argparse.Namespace) -> None:
    from predictor.engines import inventory

    print(inventory.table())


def _predict(parsed: argparse.Namespace) -> None:
    from predictor.engines import prediction_file

    prediction_file.predict(
        engine=parsed.engine,
        interval=parsed.interval,
        variants=parsed.variant,
        sequence=parsed.sequence,
        organism=parsed.organism,
        outputs=split(parsed.outputs),
        terms=split(parsed.ontology),
        align=not parsed.no_align,
        out=parsed.out,
    )
    print(f"Wrote {parsed.out}.")

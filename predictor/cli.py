"""The command line: parse, call one function, print.

Errors are one sentence on stderr and exit status 2; where something else goes wrong, status 1.
"""

import argparse
import json
import logging
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from predictor import errors
from predictor.home import genome_folder, home

_INTERVAL_HELP = (
    "chr:start-end, 0-based and half-open as in the SDK's text form (chr1:0-16384 are the first "
    "16,384 bases); add :- for the reverse strand"
)
_VARIANT_HELP = (
    "chr:position:REF>ALT, with a 1-based position as in a VCF; several lie on one ALT haplotype"
)


class _Parser(argparse.ArgumentParser):
    """Argument errors are sentences like all others."""

    def error(self, message: str) -> NoReturn:
        raise errors.AllelensError(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns:
      Exit status: 0, 2 for input that cannot be used, 1 for anything unforeseen.
    """
    try:
        parsed = _parser().parse_args(arguments)
        parsed.run(parsed)
    except errors.AllelensError as error:
        print(error.message, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"A file cannot be read or written: {error}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except Exception as error:
        if os.environ.get("ALLELENS_DEBUG"):
            raise
        print(
            f"This should not happen ({type(error).__name__}: {error}); "
            "set ALLELENS_DEBUG=1 to see where.",
            file=sys.stderr,
        )
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m predictor", description="Predictions of DNA sequences.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("list", help="engines, weights and assemblies installed")
    command.set_defaults(run=_list)

    command = commands.add_parser("predict", help="one prediction, written as .npz")
    command.add_argument("--engine", required=True, metavar="NAME", help="as shown by `list`")
    command.add_argument("--interval", help=_INTERVAL_HELP)
    command.add_argument(
        "--variant", nargs="+", action="extend", default=[], help=_VARIANT_HELP, metavar="VARIANT"
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
    command.add_argument(
        "--no-align",
        action="store_true",
        help="leave the tracks of ALT in ALT coordinates, instead of aligning them to REF",
    )
    command.add_argument("--out", required=True, type=Path, metavar="FILE.npz")
    command.set_defaults(run=_predict)

    _add_simulate(commands)
    _add_train(commands)

    command = commands.add_parser("evaluate", help="measure weights against the simulator")
    command.add_argument("--engine", default="demo", metavar="NAME")
    command.add_argument("--recipe", default="demo", metavar="NAME", help="of the held-out windows")
    command.add_argument("--out", type=Path, metavar="FILE.json", help="printed if not given")
    command.set_defaults(run=_evaluate)
    return parser


def _add_simulate(commands: "argparse._SubParsersAction[_Parser]") -> None:
    simulate = commands.add_parser("simulate", help="the demo world")
    kinds = simulate.add_subparsers(required=True, metavar="WHAT")
    command = kinds.add_parser("genome", help="write the files of both demo assemblies")
    command.add_argument(
        "--out", type=Path, metavar="DIR", help="where not given, where the engine finds them"
    )
    command.set_defaults(run=_simulate_genome)
    command = kinds.add_parser("tracks", help="the true tracks of a window, written as .npz")
    command.add_argument("--interval", help=_INTERVAL_HELP)
    command.add_argument("--sequence", type=Path, metavar="FILE.fa")
    command.add_argument("--organism", default="human", help="human (the default) or mouse")
    command.add_argument("--out", required=True, type=Path, metavar="FILE.npz")
    command.set_defaults(run=_simulate_tracks)


def _add_train(commands: "argparse._SubParsersAction[_Parser]") -> None:
    train = commands.add_parser("train", help="train a network")
    kinds = train.add_subparsers(required=True, metavar="HOW")
    command = kinds.add_parser("pretrain", help="from scratch, on the simulator")
    command.add_argument("--recipe", required=True, metavar="NAME")
    command.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the run (default: var/training/RECIPE)",
    )
    command.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    command.add_argument(
        "--install",
        metavar="ENGINE",
        help="put the finished weights where this engine finds them",
    )
    command.set_defaults(run=_pretrain)


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
        outputs=_split(parsed.outputs),
        terms=_split(parsed.ontology),
        align=not parsed.no_align,
        out=parsed.out,
    )
    print(f"Wrote {parsed.out}.")


def _split(text: str | None) -> list[str] | None:
    return None if text is None else [part for part in text.replace(",", " ").split() if part]


def _simulate_genome(parsed: argparse.Namespace) -> None:
    from predictor.simulator import genome

    out = parsed.out or genome_folder("demoH1").parent
    genome.write_assembly(out)
    print(f"Wrote the demo assemblies to {out}.")


def _simulate_tracks(parsed: argparse.Namespace) -> None:
    from predictor.engines import prediction_file

    prediction_file.simulate(
        interval=parsed.interval,
        sequence=parsed.sequence,
        organism=parsed.organism,
        out=parsed.out,
    )
    print(f"Wrote {parsed.out}.")


def _pretrain(parsed: argparse.Namespace) -> None:
    from predictor.training import pretrain, recipes

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    recipe = recipes.named(parsed.recipe)
    out = parsed.out or home() / "training" / recipe.name
    weights = pretrain.run(recipe, out, resume=parsed.resume)
    print(f"Wrote the weights to {weights}.")
    if parsed.install:
        installed = home() / "weights" / parsed.install
        shutil.rmtree(installed, ignore_errors=True)
        shutil.copytree(weights, installed)
        print(f"The engine {parsed.install} now uses them ({installed}).")


def _evaluate(parsed: argparse.Namespace) -> None:
    from predictor.engines import evaluation

    report = json.dumps(evaluation.report(parsed.engine, parsed.recipe), indent=2)
    if parsed.out is None:
        print(report)
    else:
        parsed.out.write_text(report + "\n")
        print(f"Wrote {parsed.out}.")

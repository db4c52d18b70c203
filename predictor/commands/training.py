"""`train` and `evaluate`."""

import argparse
import json
import logging
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from predictor import errors
from predictor.commands.options import Commands
from predictor.home import home


def add(commands: Commands) -> None:
    """`train` and `evaluate`."""
    _add_train(commands)
    _add_evaluate(commands)


def _add_train(commands: Commands) -> None:
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
    command.add_argument(
        "--from",
        dest="start",
        type=Path,
        metavar="DIR",
        help="finished weights that the recipe goes on from, where it does",
    )
    command.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    command.add_argument(
        "--install",
        metavar="ENGINE",
        help="put the finished weights where this engine finds them",
    )
    command.set_defaults(run=_pretrain)


def _add_evaluate(commands: Commands) -> None:
    command = commands.add_parser(
        "evaluate",
        help="judge an engine of the demo genome by the simulator's truth",
        description="With --strata, fresh held-out variants alone. Without, the whole report: a "
        "JSON file and the same as HTML beside it; where no file is named, report.json and "
        "report.html beside the engine's weights, where the app finds them.",
    )
    command.add_argument("--engine", default="demo", metavar="NAME", help="as shown by `list`")
    command.add_argument("--strata", metavar="NAME,...", help="kinds of variants, or all")
    command.add_argument(
        "--seed", type=int, metavar="N", help="of the variants; with --strata use a new one"
    )
    command.add_argument(
        "--count", type=int, default=60, metavar="N", help="variants of each stratum"
    )
    command.add_argument(
        "--out", type=Path, metavar="FILE.json", help="strata are printed if not given"
    )
    command.set_defaults(run=_evaluate)


def _pretrain(parsed: argparse.Namespace) -> None:
    from predictor.training import pretrain, recipes

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    recipe = recipes.named(parsed.recipe)
    out = parsed.out or home() / "training" / recipe.name
    weights = pretrain.run(recipe, out, resume=parsed.resume, start=parsed.start)
    print(f"Wrote the weights to {weights}.")
    if parsed.install:
        installed = home() / "weights" / parsed.install
        shutil.rmtree(installed, ignore_errors=True)
        shutil.copytree(weights, installed)
        print(f"The engine {parsed.install} now uses them ({installed}).")


def _evaluate(parsed: argparse.Namespace) -> None:
    if parsed.strata is None:
        _report(parsed)
        return
    from predictor.evaluation import strata
    from predictor.evaluation.demo_engine import DemoEngine

    if parsed.seed is None:
        raise errors.AllelensError("--strata needs --seed N; take one that nobody has used.")
    names = [name.strip() for name in parsed.strata.split(",") if name.strip()]
    strata.check(names, seed=parsed.seed, count=parsed.count)
    rows = strata.evaluate_strata(
        DemoEngine.open(parsed.engine), names, seed=parsed.seed, count=parsed.count, say=_say
    )
    _write_json({"strata": rows}, parsed.out)


def _report(parsed: argparse.Namespace) -> None:
    from predictor.engines.registry import report_path
    from predictor.evaluation import page, report, seeds
    from predictor.simulator.held_out import check_draw

    seed = seeds.REPORT if parsed.seed is None else parsed.seed
    check_draw(seed=seed, count=parsed.count)
    out = parsed.out or report_path(parsed.engine)
    found = report.make_report(parsed.engine, seed=seed, count=parsed.count, say=_say)
    _write_json(found, out)
    out.with_suffix(".html").write_text(page.html_page(found), encoding="utf-8")
    print(f"Wrote {out.with_suffix('.html')}.")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _write_json(found: Mapping[str, Any], out: Path | None) -> None:
    text = json.dumps(found, indent=2, allow_nan=False)
    if out is None:
        print(text)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text + "\n", encoding="utf-8")
    print(f"Wrote {out}.")

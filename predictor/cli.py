"""The command line: parse, call one function, print.

Errors are one sentence on stderr and exit status 2; where something else goes wrong, status 1.
"""

import argparse
import json
import logging
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from predictor import errors
from predictor.home import genome_folder, home
from predictor.serving import options as serving_options

if TYPE_CHECKING:
    from predictor.weights.install import Installed

_INTERVAL_HELP = (
    "chr:start-end, 0-based and half-open as in the SDK's text form (chr1:0-16384 are the first "
    "16,384 bases); add :- for the reverse strand"
)
_NO_ALIGN_HELP = "leave the tracks of ALT in ALT coordinates, instead of aligning them to REF"
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
    command.add_argument("--no-align", action="store_true", help=_NO_ALIGN_HELP)
    command.add_argument("--out", required=True, type=Path, metavar="FILE.npz")
    command.set_defaults(run=_predict)

    _add_score(commands)
    _add_ism(commands)
    _add_weights(commands)
    _add_install_genome(commands)
    _add_connect_hosted(commands)
    _add_serve(commands)
    _add_simulate(commands)
    _add_train(commands)

    _add_calibrate(commands)
    _add_evaluate(commands)
    return parser


def _add_score(commands: "argparse._SubParsersAction[_Parser]") -> None:
    command = commands.add_parser(
        "score",
        help="score the variants of a file",
        description="One row per variant, scorer, track and gene. Variants that cannot be scored "
        "are listed with the reason beside the table; a broken run goes on where it stopped when "
        "the same command is given again.",
    )
    command.add_argument("--engine", required=True, metavar="NAME", help="as shown by `list`")
    command.add_argument(
        "--vcf", required=True, type=Path, metavar="FILE", help="also .gz, or one variant a line"
    )
    command.add_argument(
        "--scorers",
        metavar="RNA_SEQ,ATAC,...",
        help="names, or settings as the SDK prints them; the recommended ones where not given",
    )
    command.add_argument("--organism", default="human", help="human (the default) or mouse")
    command.add_argument(
        "--window",
        type=int,
        metavar="BP",
        help="length of the window around each variant; the engine's usual one if not given",
    )
    command.add_argument("--out", required=True, type=Path, metavar="FILE.parquet|.csv|.tsv")
    command.set_defaults(run=_score)


def _add_ism(commands: "argparse._SubParsersAction[_Parser]") -> None:
    command = commands.add_parser(
        "ism",
        help="in-silico mutagenesis: every base of a stretch replaced by the three others",
        description="Written as .npz: for each scorer a matrix of bases x 4 (A, C, G, T) x tracks, "
        "and the logo, the base that is there minus the mean of the others. With variants, on REF "
        "and on ALT.",
    )
    command.add_argument("--engine", required=True, metavar="NAME", help="as shown by `list`")
    command.add_argument("--interval", required=True, help=_INTERVAL_HELP)
    command.add_argument(
        "--ism", required=True, metavar="chr:start-end", help="the stretch to mutate, likewise"
    )
    command.add_argument(
        "--variant", nargs="+", action="extend", default=[], help=_VARIANT_HELP, metavar="VARIANT"
    )
    command.add_argument(
        "--scorer",
        "--scorers",
        dest="scorers",
        metavar="RNA_SEQ,DNASE,...",
        help="names, or settings as the SDK prints them; the recommended ones where not given",
    )
    command.add_argument("--organism", default="human", help="human (the default) or mouse")
    command.add_argument("--out", required=True, type=Path, metavar="FILE.npz")
    command.set_defaults(run=_ism)


def _add_weights(commands: "argparse._SubParsersAction[_Parser]") -> None:
    engine_help = "alphagenome, or fold-0 ... fold-3"
    metadata_help = (
        "track metadata of the release, one file for human and one for mouse, as "
        "[human=|mouse=]FILE; where not given, those of the official package are looked for"
    )
    licence_help = "who has read and accepts the terms of the weights; kept in their card"
    command = commands.add_parser("import-weights", help="install a checkpoint of the release")
    command.add_argument("engine", metavar="NAME", help=engine_help)
    command.add_argument("path", type=Path, metavar="PATH", help="folder of the checkpoint")
    command.add_argument(
        "--metadata", nargs="+", action="extend", default=[], metavar="FILE", help=metadata_help
    )
    command.add_argument("--accept-licence", metavar='"NAME OF PERSON"', help=licence_help)
    command.set_defaults(run=_import_weights)

    command = commands.add_parser("install-weights", help="download and install released weights")
    command.add_argument("engine", metavar="NAME", help=engine_help)
    command.add_argument(
        "--from", dest="source", required=True, metavar="SOURCE", help="huggingface or kaggle"
    )
    command.add_argument(
        "--version", metavar="VERSION", help="all-folds, fold-0 ... fold-3: that of the engine"
    )
    command.add_argument(
        "--metadata", nargs="+", action="extend", default=[], metavar="FILE", help=metadata_help
    )
    command.add_argument("--accept-licence", metavar='"NAME OF PERSON"', help=licence_help)
    command.set_defaults(run=_install_weights)


def _add_connect_hosted(commands: "argparse._SubParsersAction[_Parser]") -> None:
    command = commands.add_parser(
        "connect-hosted",
        help="use the official service, with a key of one's own",
        description="Tries the key in ALPHAGENOME_API_KEY, records who accepts the terms of the "
        "service, and keeps its list of tracks. ALPHAGENOME_ADDRESS names another address.",
    )
    command.add_argument(
        "--accept-terms",
        metavar='"NAME OF PERSON"',
        help="who has read and accepts the terms of the service; kept with the date",
    )
    command.set_defaults(run=_connect_hosted)


def _add_install_genome(commands: "argparse._SubParsersAction[_Parser]") -> None:
    command = commands.add_parser(
        "install-genome",
        help="fetch sequence, genes, splice sites and polyadenylation sites of hg38 or mm10",
        description="What is there already is verified and left alone; a broken installation goes "
        "on where it stopped when the same command is given again.",
    )
    command.add_argument("assembly", metavar="hg38|mm10")
    command.add_argument(
        "--from",
        dest="mirror",
        metavar="PATH|URL",
        help="a mirror of the published folders, or one FASTA or annotation file",
    )
    command.add_argument(
        "--fasta", metavar="PATH|URL", help="this sequence instead (.fa, .fa.gz, bgzip)"
    )
    command.add_argument(
        "--annotation", metavar="PATH|URL", help="these genes instead (GTF or GFF3, also .gz)"
    )
    command.add_argument(
        "--only",
        metavar="PIECE,...",
        help="some of sequence, genes, splice-sites, polyadenylation; all where not given, or "
        "those whose files are given",
    )
    command.add_argument(
        "--sha256",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE=HEX",
        help="the SHA-256 that a file must have; otherwise the one seen first is recorded",
    )
    command.set_defaults(run=_install_genome)


def _add_serve(commands: "argparse._SubParsersAction[_Parser]") -> None:
    command = commands.add_parser(
        "serve",
        help="answer the official SDK over gRPC",
        description="Serves until it is told to stop; plain text on this machine, TLS beyond it.",
    )
    serving_options.add_options(command)
    serving_options.add_keys_option(command)
    command.set_defaults(run=_serve)


def _add_simulate(commands: "argparse._SubParsersAction[_Parser]") -> None:
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
    command.add_argument("--interval", help=_INTERVAL_HELP)
    command.add_argument(
        "--variant", nargs="+", action="extend", default=[], help=_VARIANT_HELP, metavar="VARIANT"
    )
    command.add_argument("--sequence", type=Path, metavar="FILE.fa")
    command.add_argument("--organism", default="human", help="human (the default) or mouse")
    command.add_argument("--no-align", action="store_true", help=_NO_ALIGN_HELP)
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


def _add_calibrate(commands: "argparse._SubParsersAction[_Parser]") -> None:
    command = commands.add_parser(
        "calibrate",
        help="score common variants, so that scores of others have quantiles and noise floors",
        description="An interrupted run goes on where it stopped when the same command is given "
        "again.",
    )
    command.add_argument("--engine", required=True, metavar="NAME")
    given = command.add_mutually_exclusive_group(required=True)
    given.add_argument("--vcf", type=Path, metavar="FILE.vcf", help="hundreds of common variants")
    given.add_argument(
        "--official", type=Path, metavar="FILE.pb", help="the table that the release comes with"
    )
    command.add_argument("--organism", default="human", help="human (the default) or mouse")
    command.add_argument("--window", type=int, metavar="BP", help="the engine's own if not given")
    command.add_argument(
        "--shifted", type=int, default=200, metavar="N", help="variants that give the noise floor"
    )
    command.add_argument("--label", default="", metavar="TEXT", help="what the variants are")
    command.add_argument("--out", type=Path, metavar="FILE.parquet", help="beside the weights")
    command.set_defaults(run=_calibrate)


def _add_evaluate(commands: "argparse._SubParsersAction[_Parser]") -> None:
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


def _score(parsed: argparse.Namespace) -> None:
    from predictor.engines import score_file

    found = score_file.score(
        engine=parsed.engine,
        vcf=parsed.vcf,
        scorers=parsed.scorers,
        organism=parsed.organism,
        window=parsed.window,
        out=parsed.out,
    )
    print(f"Scored {found.scored:,} of {found.variants:,} variants; wrote {parsed.out}.")
    if found.problems is not None:
        print(f"Why the others could not be scored is in {found.problems}.")


def _connect_hosted(parsed: argparse.Namespace) -> None:
    from predictor.engines import hosted_connection

    print(f"{hosted_connection.TERMS}.")
    person = parsed.accept_terms
    if person is None and sys.stdin.isatty():
        person = input("If you have read and accept them, type your full name (or nothing): ")
    card = hosted_connection.connect(person=person)
    print(f"Connected the hosted service at {card['address']}; {person} accepted its terms.")


def _ism(parsed: argparse.Namespace) -> None:
    from predictor.interpretation import ism_file

    count = ism_file.mutate(
        engine=parsed.engine,
        interval=parsed.interval,
        stretch=parsed.ism,
        variants=parsed.variant,
        scorers=parsed.scorers,
        organism=parsed.organism,
        out=parsed.out,
    )
    print(f"Scored {count:,} substitutions; wrote {parsed.out}.")


def _install_genome(parsed: argparse.Namespace) -> None:
    from predictor.genome import installation
    from predictor.genome.install_plan import Request, read_checksums
    from predictor.genome.install_report import ConsoleReport
    from predictor.genome.reference_files import BASE_ADDRESS

    installation.install(
        Request(
            assembly=parsed.assembly,
            mirror=parsed.mirror or BASE_ADDRESS,
            fasta=parsed.fasta or "",
            annotation=parsed.annotation or "",
            only=_split(parsed.only) or [],
            sha256=read_checksums(parsed.sha256),
        ),
        ConsoleReport(sys.stdout),
    )


def _split(text: str | None) -> list[str] | None:
    return None if text is None else [part for part in text.replace(",", " ").split() if part]


def _import_weights(parsed: argparse.Namespace) -> None:
    from predictor.weights import install, release

    print(f"{release.LICENCE}.")
    found = install.import_weights(
        parsed.engine, parsed.path, metadata=parsed.metadata, person=parsed.accept_licence
    )
    _tell_installed(found)


def _install_weights(parsed: argparse.Namespace) -> None:
    from predictor.weights import install, release

    plan = install.plan(
        parsed.engine, parsed.source, version=parsed.version, metadata=parsed.metadata
    )
    print(f"{release.LICENCE}.")
    person = parsed.accept_licence
    if person is None and sys.stdin.isatty():
        person = input("If you have read and accept them, type your full name (or nothing): ")
    _tell_installed(install.install(plan, person))


def _tell_installed(found: "Installed") -> None:
    from predictor.engines.registry import find_engine

    print(
        f"Installed {found.engine} ({found.version}) in {found.folder}: "
        f"{found.parameters:,} parameters, {found.size / 1e9:,.2f} GB, digest {found.digest[:12]}."
    )
    print(f"Next, if its genome is not there yet: {find_engine(found.engine).genome_command}")


def _serve(parsed: argparse.Namespace) -> None:
    from predictor.serving import command, server

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")

    def report(line: str) -> None:
        print(line, flush=True)

    server.serve(command.service_of(parsed, command.key_authoriser(parsed), report))


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


def _calibrate(parsed: argparse.Namespace) -> None:
    from predictor.engines import background

    if parsed.official is not None:
        written = background.install_official_table(parsed.official, parsed.engine)
    else:
        written = background.calibrate_engine(
            engine=parsed.engine,
            vcf=parsed.vcf,
            organism=parsed.organism,
            window=parsed.window,
            shifted=parsed.shifted,
            label=parsed.label,
            out=parsed.out,
            report=print,
        )
    print(f"Wrote {written}.")


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

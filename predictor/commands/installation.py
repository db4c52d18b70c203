"""What an engine needs: weights, genomes, the hosted service."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from predictor.commands.options import Commands, split

if TYPE_CHECKING:
    from predictor.weights.install import Installed


def add(commands: Commands) -> None:
    """What an engine needs: weights, genomes, the hosted service."""
    _add_weights(commands)
    _add_install_genome(commands)
    _add_connect_hosted(commands)


def _add_weights(commands: Commands) -> None:
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


def _add_install_genome(commands: Commands) -> None:
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


def _add_connect_hosted(commands: Commands) -> None:
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
            only=split(parsed.only) or [],
            sha256=read_checksums(parsed.sha256),
        ),
        ConsoleReport(sys.stdout),
    )


def _connect_hosted(parsed: argparse.Namespace) -> None:
    from predictor.engines import hosted_connection

    print(f"{hosted_connection.TERMS}.")
    person = parsed.accept_terms
    if person is None and sys.stdin.isatty():
        person = input("If you have read and accept them, type your full name (or nothing): ")
    card = hosted_connection.connect(person=person)
    print(f"Connected the hosted service at {card['address']}; {person} accepted its terms.")

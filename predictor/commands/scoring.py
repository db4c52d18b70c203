"""`score`, `ism` and `calibrate`."""

import argparse
from pathlib import Path

from predictor import errors
from predictor.commands.options import INTERVAL_HELP, VARIANT_HELP, Commands


def add(commands: Commands) -> None:
    """`score`, `ism` and `calibrate`."""
    _add_score(commands)
    _add_ism(commands)
    _add_calibrate(commands)


def _add_score(commands: Commands) -> None:
    command = commands.add_parser(
        "score",
        help="score the variants of a file",
        description="One row per variant, scorer, track and gene. Variants that cannot be scored "
        "are listed with the reason beside the table; a broken run goes on where it stopped when "
        "the same command is given again. With --haplotype, the variants lie together on one ALT: "
        "the table then has their combined score, that of each alone, and the interaction, "
        "combined minus the sum of each alone (the network has not been evaluated on haplotypes).",
    )
    command.add_argument("--engine", required=True, metavar="NAME", help="as shown by `list`")
    given = command.add_mutually_exclusive_group(required=True)
    given.add_argument(
        "--vcf", type=Path, metavar="FILE", help="also .gz, or one variant a line; each by itself"
    )
    given.add_argument(
        "--haplotype",
        nargs="+",
        action="extend",
        metavar="VARIANT",
        help="two or more, as chr:position:REF>ALT, that lie on one ALT",
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
    command.add_argument(
        "--stitch",
        action="store_true",
        help="predict the longer allele of an insertion or deletion twice, so that the bins to its "
        "right hold the same bases in REF and ALT, as the official code does since 0.3.0; scores "
        "then have no quantiles",
    )
    command.add_argument(
        "--align-all",
        action="store_true",
        help="align ALT to REF for center masks too, which officially compare an insertion or "
        "deletion as it is; scores then have no quantiles. Always so with --haplotype",
    )
    command.add_argument("--out", required=True, type=Path, metavar="FILE.parquet|.csv|.tsv")
    command.set_defaults(run=_score)


def _add_ism(commands: Commands) -> None:
    command = commands.add_parser(
        "ism",
        help="in-silico mutagenesis: every base of a stretch replaced by the three others",
        description="Written as .npz: for each scorer a matrix of bases x 4 (A, C, G, T) x tracks, "
        "and the logo, the base that is there minus the mean of the others. With variants, on REF "
        "and on ALT.",
    )
    command.add_argument("--engine", required=True, metavar="NAME", help="as shown by `list`")
    command.add_argument("--interval", required=True, help=INTERVAL_HELP)
    command.add_argument(
        "--ism", required=True, metavar="chr:start-end", help="the stretch to mutate, likewise"
    )
    command.add_argument(
        "--variant", nargs="+", action="extend", default=[], help=VARIANT_HELP, metavar="VARIANT"
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


def _add_calibrate(commands: Commands) -> None:
    command = commands.add_parser(
        "calibrate",
        help="score common variants, so that scores of others have quantiles and noise floors",
        description="Also measures what the app shows of each track, so that its changes have "
        "ranks and noise floors too. An interrupted run goes on where it stopped when the same "
        "command is given again.",
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


def _score(parsed: argparse.Namespace) -> None:
    if parsed.haplotype is not None:
        _score_haplotype(parsed)
        return
    from predictor.engines import score_file

    found = score_file.score(
        engine=parsed.engine,
        vcf=parsed.vcf,
        scorers=parsed.scorers,
        organism=parsed.organism,
        window=parsed.window,
        stitch=parsed.stitch,
        align_all=parsed.align_all,
        out=parsed.out,
    )
    print(f"Scored {found.scored:,} of {found.variants:,} variants; wrote {parsed.out}.")
    if found.problems is not None:
        print(f"Why the others could not be scored is in {found.problems}.")


def _score_haplotype(parsed: argparse.Namespace) -> None:
    from predictor.engines import haplotype_file

    if parsed.stitch:
        raise errors.InvalidScoringRequestError(
            "--stitch is for variants that are scored one by one; leave it out, or give them by "
            "--vcf."
        )
    count = haplotype_file.score(
        engine=parsed.engine,
        variants=parsed.haplotype,
        scorers=parsed.scorers,
        organism=parsed.organism,
        window=parsed.window,
        out=parsed.out,
    )
    print(f"Scored {count:,} variants together and each alone; wrote {parsed.out}.")


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

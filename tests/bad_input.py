"""The one list of input that cannot be used, which is put to every door: HTTP, gRPC, command line.

Each row of spec/scoring.md 1.9 and of its list of what the SDK does not check is a `Row` here. A
row says how each door is asked, or why it cannot be: a text in the place of requests is that
reason. Whatever the door, the sentence names what was found and what was expected.

Everything is about the demo genome, whose demo1 has a T at position 108,000, and the engine
`demo`, whose windows are 4,096, 16,384 or 32,768 bp.
"""

from dataclasses import dataclass
from typing import Any

from alphagenome.models import interval_scorers, variant_scorers
from alphagenome.models.dna_output import OutputType
from alphagenome.protos.v1 import dna_model_pb2

NO_SEQUENCES = "jobs are about places of a genome; no request carries a sequence"
NO_SCORERS = "jobs predict; no request names a scorer"
NO_ISM = "jobs predict; no request mutates a stretch"
NO_INTERVAL_SCORES = "no command scores intervals"
ONE_EACH = "a request carries one interval, for all of its variants"

START, END = 100_000, 116_384
_FIRST, _LAST = START + 1, END
FAR, ELSEWHERE = "demo1:5:G>T", "demo2:5:C>T"
GOOD, GOOD_TOO = "demo1:108000:T>G", "demo1:108050:G>GACC"
PREDICT = ("predict", "--interval", f"demo1:{START}-{END}", "--outputs", "DNASE")
ISM = (
    *("ism", "--interval", f"demo1:{START}-{END}"),
    *("--ism", "demo1:108000-108004", "--scorer", "ATAC"),
)
SCORE = ("score", "--vcf", "good.txt", "--scorers", "ATAC", "--window", "16384")
HAPLOTYPE = ("score", "--haplotype", GOOD, GOOD_TOO, "--scorers", "ATAC", "--window", "16384")
MOUSE_WINDOW = ("--organism", "mouse", "--interval", "demoM:10000-26384")


def place(chromosome="demo1", start=START, end=END, strand=3):
    """An interval on the wire."""
    return dna_model_pb2.Interval(chromosome=chromosome, start=start, end=end, strand=strand)


def window(chromosome="demo1", start=START, end=END):
    """An interval in JSON."""
    return {"chromosome": chromosome, "start": start, "end": end}


def variant(position=108_000, reference="T", alternate="G", chromosome="demo1"):
    """A variant on the wire."""
    return dna_model_pb2.Variant(
        chromosome=chromosome,
        position=position,
        reference_bases=reference,
        alternate_bases=alternate,
    )


def center(**settings):
    """A center mask scorer on the wire, with any settings."""
    return dna_model_pb2.VariantScorer(center_mask=dna_model_pb2.CenterMaskScorer(**settings))


def gene_mask(**settings):
    """An interval scorer on the wire, with any settings."""
    return dna_model_pb2.IntervalScorer(gene_mask=dna_model_pb2.GeneMaskIntervalScorer(**settings))


ATAC = variant_scorers.RECOMMENDED_VARIANT_SCORERS["ATAC"].to_proto()
POLYADENYLATION = variant_scorers.PolyadenylationScorer().to_proto()
WIDE = interval_scorers.RECOMMENDED_INTERVAL_SCORERS["RNA_SEQ"].to_proto()
_KINDS = (OutputType.ATAC, OutputType.DNASE, OutputType.CAGE, OutputType.RNA_SEQ)
_MANY = [
    variant_scorers.CenterMaskScorer(
        requested_output=kind, width=width, aggregation_type=variant_scorers.AggregationType.L2_DIFF
    )
    for kind in _KINDS
    for width in (None, 501, 2_001, 10_001, 100_001, 200_001)
][:21]
MANY = [scorer.to_proto() for scorer in _MANY]
MANY_BY_NAME = ", ".join(map(str, _MANY))
MANY_OF_INTERVALS = [
    interval_scorers.GeneMaskScorer(
        requested_output=kind, width=width, aggregation_type=aggregation
    ).to_proto()
    for kind in _KINDS
    for width in (None, 501, 2_001)
    for aggregation in interval_scorers.IntervalAggregationType
][:21]

# Rows: what the official scorer is, in the words of the command line.
CONTACTS_AROUND = (
    "CenterMaskScorer(requested_output=CONTACT_MAPS, width=501, aggregation_type=DIFF_SUM)"
)
ODD_WIDTH = "CenterMaskScorer(requested_output=ATAC, width=7, aggregation_type=DIFF_SUM)"
ODD_SUM = "CenterMaskScorer(requested_output=ATAC, width=501, aggregation_type=MEDIAN)"


@dataclass(frozen=True, kw_only=True)
class Row:
    """Input that cannot be used.

    Attributes:
      found: what the sentence says was found (a regular expression).
      expected: what it says was expected.
      http: bodies for POST /api/jobs/, beside engine, organism and output types.
      grpc: methods and the fields of their requests, beside those of `DEFAULTS`.
      command: arguments, beside --engine and --out; all of a command that is refused as a whole.
      lines: of a file that `score` reads; each is told by its number, and the others are scored.
      files: name → text, for `command`.
    """

    found: str
    expected: str
    http: tuple[dict[str, Any], ...] | str
    grpc: tuple[tuple[str, dict[str, Any]], ...] | str
    command: tuple[tuple[str, ...], ...] | str
    lines: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


DEFAULTS: dict[str, Any] = {
    "organism": 9606,
    "sequence": "ACGT" * 4_096,
    "interval": place(),
    "variant": variant(),
    "requested_outputs": [OutputType.DNASE.to_proto()],
    "variant_scorers": [ATAC],
    "interval_scorers": [WIDE],
    "ism_interval": place(start=108_000, end=108_004),
}
_LONG = 100_000 + 2**20

ROWS: dict[str, Row] = {
    # Rows of 1.9
    "wrong width": Row(
        found="5,000 bp",
        expected=r"4,096(, 16,384)? or",
        http=(
            {"interval": window(end=START + 5_000)},
            {"variants": [GOOD], "window": 5_000},
        ),
        grpc=(
            ("PredictInterval", {"interval": place(end=START + 5_000)}),
            ("PredictVariant", {"interval": place(start=106_000, end=111_000)}),
            ("ScoreVariant", {"interval": place(start=106_000, end=111_000)}),
            ("ScoreIsmVariant", {"interval": place(start=106_000, end=111_000)}),
        ),
        command=(
            (*PREDICT, "--interval", "demo1:100000-105000"),
            (*ISM, "--interval", "demo1:106000-111000"),
            (*SCORE, "--window", "5000"),
            (*HAPLOTYPE, "--window", "5000"),
        ),
    ),
    "wrong length of a sequence": Row(
        found=r"\b4 bp",
        expected=r"4,096(, 16,384)? or",
        http=NO_SEQUENCES,
        grpc=(("PredictSequence", {"sequence": "ACGT"}),),
        command=(("predict", "--sequence", "short.fa"),),
        files=(("short.fa", ">short\nACGT\n"),),
    ),
    "letters of a sequence": Row(
        found="'U'",
        expected="A, C, G, T and N",
        http=NO_SEQUENCES,
        grpc=(("PredictSequence", {"sequence": "ACGU" * 4_096}),),
        command=(("predict", "--sequence", "rna.fa"),),
        files=(("rna.fa", ">rna\n" + "ACGU" * 4_096),),
    ),
    "lower case in a sequence": Row(
        found="'a'",
        expected="capital letters A, C, G, T and N",
        http=NO_SEQUENCES,
        grpc=(("PredictSequence", {"sequence": "acgt" * 4_096}),),
        command="FASTA files mark repeats by lower case, which is read as capitals",
    ),
    "scorer twice": Row(
        found="is there more than once",
        expected="ask for each scorer once",
        http=NO_SCORERS,
        grpc=(
            ("ScoreVariant", {"variant_scorers": [ATAC, ATAC]}),
            ("ScoreIsmVariant", {"variant_scorers": [ATAC, ATAC]}),
        ),
        command=(
            (*SCORE, "--scorers", "ATAC,ATAC"),
            (*HAPLOTYPE, "--scorers", "ATAC,ATAC"),
            (*ISM, "--scorer", "ATAC,ATAC"),
        ),
    ),
    "interval scorer twice": Row(
        found="is there more than once",
        expected="ask for each scorer once",
        http=NO_SCORERS,
        grpc=(("ScoreInterval", {"interval": place(end=_LONG), "interval_scorers": [WIDE, WIDE]}),),
        command=NO_INTERVAL_SCORES,
    ),
    "more than 20 scorers": Row(
        found="21 variant scorers",
        expected="at most 20",
        http=NO_SCORERS,
        grpc=(
            ("ScoreVariant", {"variant_scorers": MANY}),
            ("ScoreIsmVariant", {"variant_scorers": MANY}),
        ),
        command=(
            (*SCORE, "--scorers", MANY_BY_NAME),
            (*HAPLOTYPE, "--scorers", MANY_BY_NAME),
            (*ISM, "--scorer", MANY_BY_NAME),
        ),
    ),
    "more than 20 interval scorers": Row(
        found="21 interval scorers",
        expected="at most 20",
        http=NO_SCORERS,
        grpc=(("ScoreInterval", {"interval_scorers": MANY_OF_INTERVALS}),),
        command=NO_INTERVAL_SCORES,
    ),
    "polyadenylation of mouse": Row(
        found=r"PolyadenylationScorer\(\) is not for mouse",
        expected="only for human",
        http=NO_SCORERS,
        grpc=(
            (
                "ScoreVariant",
                {
                    "organism": 10_090,
                    "interval": place("demoM", 10_000, 26_384),
                    "variant_scorers": [POLYADENYLATION],
                },
            ),
            (
                "ScoreIsmVariant",
                {
                    "organism": 10_090,
                    "interval": place("demoM", 10_000, 26_384),
                    "ism_interval": place("demoM", 12_000, 12_004),
                    "variant_scorers": [POLYADENYLATION],
                },
            ),
        ),
        command=(
            (*SCORE, "--organism", "mouse", "--scorers", "POLYADENYLATION"),
            (*HAPLOTYPE, "--organism", "mouse", "--scorers", "POLYADENYLATION"),
            (*ISM, *MOUSE_WINDOW, "--ism", "demoM:12000-12004", "--scorer", "POLYADENYLATION"),
        ),
    ),
    "output type of a scorer": Row(
        found="CONTACT_MAPS",
        expected="ATAC.*DNASE",
        http=NO_SCORERS,
        grpc=(
            (
                "ScoreVariant",
                {"variant_scorers": [center(requested_output=11, aggregation_type=1)]},
            ),
        ),
        command=((*SCORE, "--scorers", CONTACTS_AROUND), (*ISM, "--scorer", CONTACTS_AROUND)),
    ),
    "width of a scorer": Row(
        found=r"width:? 7",
        expected="501.*2001",
        http=NO_SCORERS,
        grpc=(
            (
                "ScoreVariant",
                {"variant_scorers": [center(requested_output=1, aggregation_type=1, width=7)]},
            ),
            (
                "ScoreInterval",
                {"interval_scorers": [gene_mask(requested_output=1, aggregation_type=1, width=7)]},
            ),
        ),
        command=((*SCORE, "--scorers", ODD_WIDTH), (*ISM, "--scorer", ODD_WIDTH)),
    ),
    "aggregation of a scorer": Row(
        found="aggregation number 77|aggregation_type MEDIAN",
        expected="DIFF_MEAN.*DIFF_SUM",
        http=NO_SCORERS,
        grpc=(
            (
                "ScoreVariant",
                {"variant_scorers": [center(requested_output=1, aggregation_type=77)]},
            ),
        ),
        command=((*SCORE, "--scorers", ODD_SUM), (*ISM, "--scorer", ODD_SUM)),
    ),
    "interval scorer wider than the interval": Row(
        found="width=200001.*wider",
        expected="16,384 bp",
        http=NO_SCORERS,
        grpc=(("ScoreInterval", {"interval_scorers": [WIDE]}),),
        command=NO_INTERVAL_SCORES,
    ),
    "numbers of intervals and variants differ": Row(
        found="",
        expected="",
        http=ONE_EACH,
        grpc=ONE_EACH,
        command="each variant of a file gets a window of its own, made by the command",
    ),
    "ISM on the reverse strand": Row(
        found="108,001-108,004, is on the strand -",
        expected=r"on \+ or without a strand",
        http=NO_ISM,
        grpc=(("ScoreIsmVariant", {"ism_interval": place(start=108_000, end=108_004, strand=2)}),),
        command=((*ISM, "--ism", "demo1:108000-108004:-"),),
    ),
    # What the SDK does not check
    "chromosome": Row(
        found='no chromosome "chr99"',
        expected="it has demo1, demo2",
        http=(
            {"interval": window("chr99")},
            {"variants": ["chr99:108000:T>G"]},
        ),
        grpc=(
            ("PredictInterval", {"interval": place("chr99")}),
            (
                "PredictVariant",
                {"interval": place("chr99"), "variant": variant(chromosome="chr99")},
            ),
            ("ScoreVariant", {"interval": place("chr99")}),
            ("ScoreIsmVariant", {"interval": place("chr99"), "ism_interval": place("chr99")}),
        ),
        command=(
            (*PREDICT, "--interval", "chr99:0-16384"),
            (*PREDICT, "--variant", "chr99:108000:T>G"),
            (*ISM, "--interval", "chr99:0-16384", "--ism", "chr99:0-4"),
            (*HAPLOTYPE, "--haplotype", "chr99:108000:T>G"),
        ),
        lines=("chr99\t108000\t.\tT\tG",),
    ),
    "variant outside the interval": Row(
        found="demo1:5:.*(does not start inside|lies outside)",
        expected=f"demo1:{_FIRST:,}-{_LAST:,}",
        http=({"variants": [FAR], "interval": window()},),
        grpc=(
            ("PredictVariant", {"variant": variant(5, "G")}),
            ("ScoreVariant", {"variant": variant(5, "G")}),
            ("ScoreIsmVariant", {"interval_variant": variant(5, "G")}),
        ),
        command=(
            (*PREDICT, "--variant", FAR),
            (*ISM, "--variant", FAR),
        ),
    ),
    "variant on another chromosome": Row(
        found="demo2:5:.*(does not start inside|lies outside)",
        expected=f"demo1:{_FIRST:,}-{_LAST:,}",
        http=({"variants": [ELSEWHERE], "interval": window()},),
        grpc=(
            ("PredictVariant", {"variant": variant(5, "C", chromosome="demo2")}),
            ("ScoreVariant", {"variant": variant(5, "C", chromosome="demo2")}),
        ),
        command=(
            (*PREDICT, "--variant", ELSEWHERE),
            (*ISM, "--variant", ELSEWHERE),
        ),
    ),
    "variant beyond the chromosome": Row(
        found="demo1:999999999:T>G",
        expected="demo1, which has [0-9,]+ bp",
        http=({"variants": ["demo1:999999999:T>G"]},),
        grpc="it lies outside any interval of the chromosome, which is told first",
        command=(
            (*PREDICT, "--variant", "demo1:999999999:T>G"),
            (*ISM, "--variant", "demo1:999999999:T>G"),
            (*HAPLOTYPE, "--haplotype", "demo1:999999999:T>G"),
        ),
        lines=("demo1\t999999999\t.\tT\tG",),
    ),
    "REF that is not the genome's": Row(
        found="demoH1 has T at this position",
        expected="not A",
        http=({"variants": ["demo1:108000:A>G"]},),
        grpc=(
            ("PredictVariant", {"variant": variant(reference="A")}),
            ("ScoreVariant", {"variant": variant(reference="A")}),
            ("ScoreIsmVariant", {"interval_variant": variant(reference="A")}),
        ),
        command=(
            (*PREDICT, "--variant", "demo1:108000:A>G"),
            (*ISM, "--variant", "demo1:108000:A>G"),
            (*HAPLOTYPE, "--haplotype", "demo1:108000:A>G"),
        ),
        lines=("demo1\t108000\trs1\tA\tG", "demo1:108000:A>G"),
    ),
    "letters of an allele": Row(
        found=r"'<', '>'|hold R",
        expected="A, C, G, T and N",
        http=({"variants": ["demo1:108000:T>R"]},),
        grpc=(
            ("PredictVariant", {"variant": variant(alternate="<>")}),
            ("ScoreVariant", {"variant": variant(alternate="<>")}),
        ),
        command=(
            (*PREDICT, "--variant", "demo1:108000:T>R"),
            (*ISM, "--variant", "demo1:108000:T>R"),
            (*HAPLOTYPE, "--haplotype", "demo1:108000:T>R"),
        ),
        lines=("demo1\t108000\t.\tT\tR",),
    ),
    "position 0": Row(
        found=r"found 0|demo1:0:T>G",
        expected="start at 1|at least 1",
        http=({"variants": ["demo1:0:T>G"]},),
        grpc=(
            ("PredictVariant", {"variant": variant(0)}),
            ("ScoreVariant", {"variant": variant(0)}),
        ),
        command=(
            (*PREDICT, "--variant", "demo1:0:T>G"),
            (*ISM, "--variant", "demo1:0:T>G"),
            (*HAPLOTYPE, "--haplotype", "demo1:0:T>G"),
        ),
        lines=("demo1\t0\t.\tT\tG",),
    ),
    "interval beyond the chromosome": Row(
        found="demo1:1,000,000,001-1,000,016,384 lies outside",
        expected="demo1, which has [0-9,]+ bp",
        http=({"interval": window(start=10**9, end=10**9 + 16_384)},),
        grpc=(
            ("PredictInterval", {"interval": place(start=10**9, end=10**9 + 16_384)}),
            (
                "ScoreIsmVariant",
                {
                    "interval": place(start=10**9, end=10**9 + 16_384),
                    "ism_interval": place(start=10**9, end=10**9 + 4),
                },
            ),
        ),
        command=(
            (*PREDICT, "--interval", "demo1:1000000000-1000016384"),
            (
                *(*ISM, "--interval", "demo1:1000000000-1000016384"),
                *("--ism", "demo1:1000000000-1000000004"),
            ),
        ),
    ),
    "ISM not wholly inside the interval": Row(
        found="116,381-116,390, does not lie wholly inside",
        expected=f"demo1:{_FIRST:,}-{_LAST:,}",
        http=NO_ISM,
        grpc=(("ScoreIsmVariant", {"ism_interval": place(start=116_380, end=116_390)}),),
        command=((*ISM, "--ism", "demo1:116380-116390"),),
    ),
    "overlapping variants of a haplotype": Row(
        found="demo1:108000:T>G and demo1:108000:T>TACC change the same bases",
        expected="one by one",
        http=({"variants": [GOOD, "demo1:108000:T>TACC"], "combine": True},),
        grpc="the protocol has one variant in a call",
        command=(
            (*PREDICT, "--variant", GOOD, "demo1:108000:T>TACC"),
            (*ISM, "--variant", GOOD, "demo1:108000:T>TACC"),
            ("score", "--haplotype", GOOD, "demo1:108000:T>TACC", "--scorers", "ATAC"),
        ),
    ),
}

# What is done all the same, with a sentence: an interval that reaches over an end.
OVER_THE_END = (
    "demo1:-999-15,384 reaches beyond demo1, which has 393,216 bp in demoH1; the bases outside "
    "are read as N."
)

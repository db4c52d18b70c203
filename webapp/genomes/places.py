"""What a person may type into the search box: a gene, a place, or a variant.

Places are 1-based and inclusive as typed, `demo1:10,000-42,768`; everything that comes out is
0-based half-open.
"""

import re
from dataclasses import dataclass, field

from alphagenome.data.genome import Interval, Variant

from predictor import errors
from predictor.genome.gene_annotation import Annotation, Gene
from predictor.genome.reference import Reference
from predictor.genome.variant import check_variant, parse_variant, shorten

# What is shown around a single position, and around a variant.
_AROUND_POSITION = 1_000
_AROUND_VARIANT = 16_384
_NEAR_GENE = 100_000

_DASH = r"(?:-|–|—|\.\.)"
_PLACE = re.compile(
    rf"(?P<chromosome>[^\s:]+)(?:\s*:\s*|\s+)(?P<start>\d[\d,]*)"
    rf"(?:\s*{_DASH}\s*(?P<end>\d[\d,]*)|\s+(?P<end_word>\d[\d,]*))?"
)
_VARIANT_LIKE = re.compile(r">|[:_\s-]\s*(?:g\.)?\d[\d,]*\s*\S|^rs\d+$|:[cgnmp]\.", re.IGNORECASE)


class NothingFoundError(errors.AllelensError):
    """Neither a gene nor a place nor a variant."""

    code = "nothing_found"


@dataclass(frozen=True)
class Problem:
    """Why a text cannot be shown.

    Attributes:
      code: kind of the error.
      message: one sentence.
      swap: the variant with REF and ALT exchanged, where that one agrees with the genome.
    """

    code: str
    message: str
    swap: str | None = None

    @classmethod
    def of(cls, error: errors.AllelensError) -> "Problem":
        """The problem that an error tells of."""
        swap = error.swap if isinstance(error, errors.ReferenceMismatchError) else None
        return cls(error.code, error.message, swap)


@dataclass(frozen=True)
class Found:
    """One answer to a search.

    Attributes:
      kind: `gene`, `interval`, `variant` or `problem`.
      label: what to show in a list.
      sentence: what it is, in words.
      interval: what to look at.
      variant: where it is one.
      problem: where it is one.
    """

    kind: str
    label: str
    sentence: str
    interval: Interval | None = None
    variant: Variant | None = None
    problem: Problem | None = field(default=None)


def search(text: str, *, reference: Reference, annotation: Annotation, limit: int) -> list[Found]:
    """What a text may mean, the most exact first; at most `limit` answers.

    A text that means nothing gives one answer of kind `problem`; an empty text gives none.
    """
    text = text.strip()
    if not text:
        return []
    genes = [_found_gene(gene) for gene in annotation.search(text, limit=limit)]
    try:
        place = _read_place(text, reference)
        if place is not None:
            return [place, *genes][:limit]
    except errors.AllelensError as error:
        if not genes:
            return [_found_problem(text, error)]
    if genes:
        return genes
    try:
        variant = check_variant(parse_variant(text, reference.names), reference)
    except errors.AllelensError as error:
        return [
            _found_problem(text, error if _VARIANT_LIKE.search(text) else _nothing(text, reference))
        ]
    return [_found_variant(variant, reference, annotation)]


def parse_place(text: str, reference: Reference) -> Interval | None:
    """The interval that a text names, 0-based half-open; None if it is no place at all.

    `demo1` is the whole chromosome, `demo1:10,000` some bases around that one, and
    `demo1:10,000-42,768` both ends and what is between. What reaches over the end of the
    chromosome is cut.

    Raises:
      UnknownChromosomeError: a place on a chromosome that the assembly lacks.
      InvalidIntervalError: a number cannot be read, or the end is before the start.
      PositionOutsideChromosomeError: wholly beyond the chromosome.
    """
    if (chromosome := reference.names.find(text)) is not None:
        return Interval(chromosome, 0, reference.chromosome_sizes[chromosome])
    match = _PLACE.fullmatch(text)
    if match is None:
        return None
    chromosome = reference.names.resolve(match["chromosome"])
    size = reference.chromosome_sizes[chromosome]
    first = _number(match["start"], text)
    typed_end = match["end"] or match["end_word"]
    last = first if typed_end is None else _number(typed_end, text)
    if last < first:
        raise errors.InvalidIntervalError(
            f"{chromosome}:{first:,}-{last:,} ends before it begins; exchange the two numbers."
        )
    if first > size:
        raise errors.PositionOutsideChromosomeError(
            f"{chromosome} of {reference.assembly} has {size:,} bp; position {first:,} lies "
            "beyond its end."
        )
    if typed_end is None:
        return _around(chromosome, first - 1, first, _AROUND_POSITION, size)
    return Interval(chromosome, first - 1, min(last, size))


def describe_variant(variant: Variant, annotation: Annotation) -> str:
    """A variant in words: `insertion of 12 bp, 2.5 kb upstream of D-TAL1 (−)`."""
    return f"{_change(variant)}, {_where(variant, annotation)}"


def _read_place(text: str, reference: Reference) -> Found | None:
    interval = parse_place(text, reference)
    if interval is None:
        return None
    label = place_text(interval)
    sentence = f"{interval.width:,} bp"
    if interval.width == reference.chromosome_sizes[interval.chromosome]:
        sentence = f"all of {interval.chromosome}, {interval.width:,} bp"
    return Found("interval", label, sentence, interval)


def place_text(interval: Interval) -> str:
    """1-based inclusive with thousands commas, as on the screen."""
    return f"{interval.chromosome}:{interval.start + 1:,}-{interval.end:,}"


def _found_gene(gene: Gene) -> Found:
    kind = gene.gene_type.replace("_", "-") or "gene"
    strand = "−" if gene.strand == "-" else gene.strand
    sentence = f"{kind} gene, {place_text(gene.interval)} ({strand})"
    return Found("gene", gene.name, sentence, gene.interval)


def _found_variant(variant: Variant, reference: Reference, annotation: Annotation) -> Found:
    size = reference.chromosome_sizes[variant.chromosome]
    interval = _around(variant.chromosome, variant.start, variant.end, _AROUND_VARIANT, size)
    return Found(
        "variant",
        f"{variant.chromosome}:{variant.position:,} "
        f"{shorten(variant.reference_bases, 24)}>{shorten(variant.alternate_bases, 24)}",
        describe_variant(variant, annotation),
        interval,
        variant,
    )


def _found_problem(text: str, error: errors.AllelensError) -> Found:
    problem = Problem.of(error)
    return Found("problem", shorten(text), problem.message, problem=problem)


def _nothing(text: str, reference: Reference) -> NothingFoundError:
    return NothingFoundError(
        f'{reference.assembly} has no gene, chromosome or place "{shorten(text)}"; type a gene '
        f"name, a place such as {_example_place(reference)}, or a variant."
    )


def _number(text: str, whole: str) -> int:
    if not re.fullmatch(r"\d+|\d{1,3}(?:,\d{3})+", text):
        raise errors.InvalidIntervalError(
            f'"{shorten(whole)}": {text} is not a position; write digits, with a comma before '
            "every third one or with none."
        )
    number = int(text.replace(",", ""))
    if number < 1:
        raise errors.InvalidIntervalError(
            f'"{shorten(whole)}": positions start at 1, the first base of a chromosome.'
        )
    return number


def _around(chromosome: str, start: int, end: int, width: int, size: int) -> Interval:
    first = max(0, min((start + end) // 2 - width // 2, size - width))
    return Interval(chromosome, first, min(size, first + width))


def _example_place(reference: Reference) -> str:
    return f"{next(iter(reference.chromosome_sizes))}:10,000-42,768"


def _change(variant: Variant) -> str:
    ref, alt = variant.reference_bases, variant.alternate_bases
    if len(ref) == len(alt):
        return "single-base change" if len(ref) == 1 else f"change of {len(ref):,} bases"
    kind, length = "insertion", len(alt) - len(ref)
    if length < 0:
        kind, length = "deletion", -length
    return f"{kind} of {length:,} bp"


def _where(variant: Variant, annotation: Annotation) -> str:
    inside = annotation.overlapping(variant)
    if inside:
        return f"in {_part_of(variant, inside[0])} of {_name(inside[0])}"
    start, end = variant.start - _NEAR_GENE, variant.end + _NEAR_GENE
    near = annotation.genes(variant.chromosome, max(0, start), end)
    if not near:
        return "far from any gene"
    gene = min(near, key=lambda gene: _distance(variant, gene))
    before = variant.end <= gene.start
    direction = "upstream" if before == (gene.strand != "-") else "downstream"
    return f"{_length(_distance(variant, gene))} {direction} of {_name(gene)}"


def _part_of(variant: Variant, gene: Gene) -> str:
    exons = [exon for transcript in gene.transcripts for exon in transcript.exons]
    in_exon = any(start < variant.end and variant.start < end for start, end in exons)
    return "an exon" if in_exon else "an intron"


def _distance(variant: Variant, gene: Gene) -> int:
    return int(max(gene.start - variant.end, variant.start - gene.end, 0))


def _name(gene: Gene) -> str:
    return f"{gene.name} ({'−' if gene.strand == '-' else gene.strand})"


def _length(bases: int) -> str:
    return f"{bases / 1_000:.1f} kb" if bases >= 1_000 else f"{bases} bp"

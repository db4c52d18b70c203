"""Variants as people write them, and what must hold before one is predicted.

Variants are the SDK's `Variant`: 1-based position, REF and ALT in upper-case ACGTN.
"""

import re
from collections.abc import Iterator

from alphagenome.data.genome import Variant

from predictor import errors
from predictor.genome.chromosome_names import ChromosomeNames
from predictor.genome.reference import Reference

EXAMPLE = "chr1:12345:A>C"
_BASES = frozenset("ACGTN")
_MOST_BASES_SHOWN = 24
_LEFT_SHIFT_READ = 256
_AROUND = " \t\r\n\"',;"

_SEPARATOR = r"(?:\s*[:_\-]\s*|\s+)"
_POSITION = r"(?P<position>\d{1,3}(?:,\d{3})+|\d+)"
_ARROW = r"\s*(?:>|/)\s*"
_SPELLING = re.compile(
    rf"(?P<chromosome>[A-Za-z0-9][\w.*]*?){_SEPARATOR}(?:g\.)?{_POSITION}"
    rf"(?:{_SEPARATOR})?"
    rf"(?:(?P<ref>[A-Za-z]+|-|\.)?{_ARROW}(?P<alt>[A-Za-z]+|-|\.)"
    rf"|(?<![\d,])(?P<ref_plain>[A-Za-z]+|-){_SEPARATOR}(?P<alt_plain>[A-Za-z]+|-))"
    r"(?P<build>_b3\d|_hg\d\d)?"
    r"(?![\w>/<*])",
)
_VCF_LINE = re.compile(
    rf"(?P<chromosome>\S+)\s+{_POSITION}\s+(?P<id>\S+)\s+(?P<ref>[A-Za-z]+)\s+"
    r"(?P<alt>[A-Za-z]+(?:,[A-Za-z]+)*)(?:\s.*)?"
)
# Up to the next space, semicolon, or comma that is not a thousands comma.
_WORD = re.compile(r"(?:[^\s,;]|,(?=\d{3}))+")
_LOOSE = re.compile(r"(?P<chromosome>[^\s:]+)[:\s_-]+(?:g\.)?(?P<position>[\d,]+)(?P<rest>.*)")
_RSID = re.compile(r"rs\d+", re.IGNORECASE)
_HGVS = re.compile(r"[\w.()]+:(?P<kind>[cgnmrp])\.", re.IGNORECASE)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-") | {"→": ">", "\u00a0": " ", "\u202f": " "})


def parse_variant(text: str, names: ChromosomeNames | None = None) -> Variant:
    """Reads one variant in any of its usual spellings.

    `chr1:12345:A>C`, `chr1:12,345 A>C`, `chr1:12345A>C`, `1-12345-A-C`, `1_12345_A_C_b38`,
    `1:12345:A:C`, `1 12345 A C`, `chr1:12345 A/C`, `NC_000001.11:g.12345A>C`, or the first
    columns of a VCF line. Positions are 1-based. `-` stands for no bases. The bases are not
    compared with the genome here: see `check_variant`.

    Args:
      text: one variant; spaces around it do not matter.
      names: chromosome names of the assembly; where given, the variant carries the assembly's
        own name of the chromosome.

    Raises:
      InvalidVariantError: the text cannot be read as a variant.
      InvalidAlleleError: an allele is missing, symbolic, or has other letters than ACGTN.
      UnknownChromosomeError: the assembly has no such chromosome.
    """
    cleaned = _clean(text)
    match = _SPELLING.fullmatch(cleaned) or _VCF_LINE.fullmatch(cleaned)
    if match is None:
        raise _explain(cleaned, names)
    return _from_match(match, names)


def parse_variants(text: str, names: ChromosomeNames | None = None) -> list[Variant]:
    """Reads several variants from one text, in any mixture of spellings.

    They are separated by new lines, semicolons, commas or spaces; empty lines and lines that
    begin with `#` are skipped.

    Raises:
      The errors of `parse_variant`, for the first text that cannot be read.
    """
    return [parse_variant(piece, names) for piece in split_variants(text)]


def split_variants(text: str) -> list[str]:
    """Cuts a text into the texts of its variants; what cannot be read is kept as a piece."""
    lines = [_clean(line) for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [piece for line in lines if line for piece in _split_line(line)]


def _split_line(line: str) -> list[str]:
    pieces, readable, position = [], 0, 0
    while position < len(line):
        match = _SPELLING.match(line, position)
        readable += match is not None
        match = match or _WORD.match(line, position)
        end = match.end() if match else position + 1
        pieces.append(line[position:end])
        position = end + len(line[end:]) - len(line[end:].lstrip(_AROUND))
    if readable < len(pieces) and (readable == 0 or _VCF_LINE.fullmatch(line)):
        return [line]
    return pieces


def _clean(text: str) -> str:
    return text.translate(_DASHES).strip().strip(_AROUND)


def _from_match(match: re.Match[str], names: ChromosomeNames | None) -> Variant:
    groups = match.groupdict()
    text = match.group(0).strip()
    if (build := groups.get("build")) not in (None, "_b38"):
        raise errors.InvalidVariantError(
            f'"{text}" says with {build} that it is on another assembly; lift it over first.'
        )
    reference = groups.get("ref") or groups.get("ref_plain") or ""
    alternate = groups.get("alt") or groups.get("alt_plain") or ""
    if not reference:
        raise errors.InvalidAlleleError(
            f'"{text}" has no reference bases before the arrow; write for example {EXAMPLE}.'
        )
    position = int(match["position"].replace(",", ""))
    if position < 1:
        raise errors.InvalidVariantError(
            f'"{text}": positions start at 1 (the first base of a chromosome), found {position}.'
        )
    chromosome = match["chromosome"]
    return Variant(
        chromosome=chromosome if names is None else names.resolve(chromosome),
        position=position,
        reference_bases=_bases(reference, "reference", text),
        alternate_bases=_bases(alternate, "alternate", text),
    )


def _bases(letters: str, which: str, text: str) -> str:
    if letters in ("-", "."):
        return ""
    bases = letters.upper()
    if "," in bases:
        raise errors.InvalidAlleleError(
            f'"{text}" has several alternate alleles; write one variant for each of them.'
        )
    if other := sorted(set(bases) - _BASES):
        raise errors.InvalidAlleleError(
            f'The {which} bases of "{shorten(text)}" hold {", ".join(other)}; '
            "only the letters A, C, G, T and N are understood."
        )
    return bases


def _explain(text: str, names: ChromosomeNames | None) -> errors.AllelensError:
    """The most helpful sentence about a text that is no variant."""
    shown = shorten(text)
    if not text:
        return errors.InvalidVariantError(f"No variant was given; write for example {EXAMPLE}.")
    if _RSID.fullmatch(text):
        return errors.InvalidVariantError(
            f"{text} is an rsID, and no table of rsIDs is installed; "
            f"write the variant with its position and bases, for example {EXAMPLE}."
        )
    if _HGVS.match(text):
        return errors.InvalidVariantError(
            f'"{shown}" is in HGVS notation, of which only genomic substitutions such as '
            f"chr1:g.12345A>C are understood; write chromosome:position:REF>ALT."
        )
    if (loose := _LOOSE.fullmatch(text)) is None:
        return errors.InvalidVariantError(
            f'"{shown}" is not a variant; write chromosome:position:REF>ALT, '
            f"for example {EXAMPLE} (positions start at 1)."
        )
    if names is not None and names.find(loose["chromosome"]) is None:
        try:
            names.resolve(loose["chromosome"])
        except errors.UnknownChromosomeError as error:
            return error
    if re.fullmatch(_POSITION, loose["position"]) is None:
        return errors.InvalidVariantError(
            f'The position of "{shown}" cannot be read: found {loose["position"]}, expected '
            "digits, with commas before every third one or none."
        )
    rest = loose["rest"].strip(" :_-")
    if "<" in rest or "*" in rest or "[" in rest or "]" in rest:
        return errors.InvalidAlleleError(
            f'"{shown}" has a symbolic allele; only alleles spelt out in A, C, G, T and N can be '
            "predicted."
        )
    if rest.count(">") == 1 and not rest.endswith(">"):
        return errors.InvalidAlleleError(
            f'The bases of "{shown}" cannot be read; only the letters A, C, G, T and N are '
            f"understood, for example {EXAMPLE}."
        )
    if rest.count(">") > 1 or "," in rest:
        return errors.InvalidVariantError(
            f'"{shown}" has more than one alternate allele; write one variant for each of them.'
        )
    return errors.InvalidAlleleError(
        f'"{shown}" lacks its reference or its alternate bases; write a deletion with the base '
        "before it, for example chr1:12344:GA>G."
    )


def shorten(text: str, length: int = 60) -> str:
    """The text, cut in the middle where it is longer than `length` letters."""
    if len(text) <= length:
        return text
    return f"{text[: length // 2]}…{text[-(length // 2) :]}"


def check_variant(variant: Variant, reference: Reference) -> Variant:
    """Checks a variant against the genome before anything is computed.

    Returns:
      The variant under the assembly's name of its chromosome. Where an allele is empty, both
      begin with the base before it (after it, at position 1), as in a VCF.

    Raises:
      UnknownChromosomeError: the assembly has no such chromosome.
      PositionOutsideChromosomeError: the variant reaches beyond the chromosome.
      ReferenceMismatchError: REF is not what the assembly has there; offers the swap of REF and
        ALT where that agrees.
      SameAllelesError: REF and ALT are equal.
    """
    chromosome = reference.names.resolve(variant.chromosome)
    size = reference.chromosome_sizes[chromosome]
    if variant.position > size or variant.end > size:
        raise errors.PositionOutsideChromosomeError(
            f"{_describe(variant)} reaches beyond {chromosome}, "
            f"which has {size:,} bp in {reference.assembly}."
        )
    placed = Variant(chromosome, variant.position, variant.reference_bases, variant.alternate_bases)
    check_reference_bases(placed, reference)
    if placed.reference_bases == placed.alternate_bases:
        raise errors.SameAllelesError(
            f"{_describe(placed)}: REF and ALT are the same bases, so nothing would change."
        )
    return anchored(placed, reference)


def check_reference_bases(variant: Variant, reference: Reference) -> None:
    """Compares REF with the genome.

    Args:
      variant: on a chromosome of the assembly.
      reference: the genome.

    Raises:
      ReferenceMismatchError: offers the swap of REF and ALT where that agrees.
    """
    stated = variant.reference_bases
    found = _read(reference, variant, len(stated))
    if found == stated:
        return
    swapped = Variant(
        variant.chromosome, variant.position, variant.alternate_bases, variant.reference_bases
    )
    swap_agrees = bool(swapped.reference_bases) and (
        _read(reference, swapped, len(swapped.reference_bases)) == swapped.reference_bases
    )
    advice = (
        f"REF and ALT may be exchanged: did you mean {_describe(swapped)}?"
        if swap_agrees
        else f"Is it on {reference.assembly}, and is its position 1-based?"
    )
    raise errors.ReferenceMismatchError(
        f"{_describe(variant)}: {reference.assembly} has {shorten(found, _MOST_BASES_SHOWN)} "
        f"at this position, not {shorten(stated, _MOST_BASES_SHOWN)}. {advice}",
        expected=stated,
        found=found,
        swap=str(swapped) if swap_agrees else None,
    )


def _read(reference: Reference, variant: Variant, length: int) -> str:
    if length == 0:
        return ""
    interval = variant.reference_interval
    interval.end = interval.start + length
    return reference.sequence(interval)


def anchored(variant: Variant, reference: Reference) -> Variant:
    """Gives both alleles the neighbouring base where one of them is empty, as in a VCF.

    Args:
      variant: on a chromosome of the assembly.
      reference: the genome.

    Returns:
      The variant with the base before it, or with the one after it at position 1.
    """
    if variant.reference_bases and variant.alternate_bases:
        return variant
    if variant.start > 0:
        return _extend_left(variant, _base(reference, variant.chromosome, variant.start - 1))
    after = _base(reference, variant.chromosome, variant.end)
    return Variant(
        variant.chromosome,
        variant.position,
        variant.reference_bases + after,
        variant.alternate_bases + after,
    )


def normalize_variant(variant: Variant, reference: Reference) -> Variant:
    """The shortest, left-most form of a variant (trimmed, then shifted left).

    The ordinary algorithm for two alleles: bases that both alleles share at the right end are
    cut off, and an allele that becomes empty takes in the base on its left, until nothing
    changes; then shared bases at the left end are cut off, down to one base each. SNVs and
    equal alleles stay as they are. Does not check REF.

    Source: Tan et al. 2015, Bioinformatics 31:2202; spec/scoring.md 1.2.
    """
    if variant.is_snv or variant.reference_bases == variant.alternate_bases:
        return variant
    chromosome = reference.names.resolve(variant.chromosome)
    bases_on_the_left = _walk_left(reference, chromosome, variant.start)
    ref, alt = variant.reference_bases, variant.alternate_bases
    start = variant.start
    while True:
        if ref and alt and ref[-1] == alt[-1]:
            ref, alt = ref[:-1], alt[:-1]
        elif (not ref or not alt) and start > 0:
            base = next(bases_on_the_left)
            ref, alt, start = base + ref, base + alt, start - 1
        else:
            break
    if not ref or not alt:
        return anchored(Variant(chromosome, start + 1, ref, alt), reference)
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        ref, alt, start = ref[1:], alt[1:], start + 1
    return Variant(chromosome, start + 1, ref, alt)


def _extend_left(variant: Variant, base: str) -> Variant:
    return Variant(
        variant.chromosome,
        variant.position - 1,
        base + variant.reference_bases,
        base + variant.alternate_bases,
    )


def _base(reference: Reference, chromosome: str, position: int) -> str:
    return _read(reference, Variant(chromosome, position + 1, "", ""), 1)


def _walk_left(reference: Reference, chromosome: str, position: int) -> Iterator[str]:
    """The bases left of a 0-based position, from right to left, read in larger pieces."""
    while position > 0:
        first = max(position - _LEFT_SHIFT_READ, 0)
        piece = _read(reference, Variant(chromosome, first + 1, "", ""), position - first)
        yield from reversed(piece)
        position = first


def _describe(variant: Variant) -> str:
    return str(variant.as_truncated_str(_MOST_BASES_SHOWN))

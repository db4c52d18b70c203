"""Messages of a request as types of the SDK.

Everything is checked again, since old SDKs and other clients check less (spec/sdk_grpc.md 7).
"""

from collections.abc import Iterable
from typing import Any

from alphagenome.data.genome import Interval, Variant
from alphagenome.models import interval_scorers, variant_scorers
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from alphagenome.protos.v1 import dna_model_pb2

from predictor import errors
from predictor.genome.variant import shorten
from predictor.tracks.output_types import OUTPUTS

_BASES = frozenset("ACGTN")
_STRANDS = {
    # An unspecified strand is what a client sends that knows none.
    dna_model_pb2.STRAND_UNSPECIFIED: ".",
    dna_model_pb2.STRAND_UNSTRANDED: ".",
    dna_model_pb2.STRAND_POSITIVE: "+",
    dna_model_pb2.STRAND_NEGATIVE: "-",
}
_OUTPUTS = {member.to_proto(): member for member in OutputType}
_ORGANISMS = {member.to_proto(): member for member in Organism}
_ALLELES = 2
_ALTERNATIVES = 3

# Field of `VariantScorer` → class of the SDK, in the order of its settings.
_VARIANT_SCORERS: dict[str, type[Any]] = {
    "center_mask": variant_scorers.CenterMaskScorer,
    "contact_map": variant_scorers.ContactMapScorer,
    "gene_mask": variant_scorers.GeneMaskLFCScorer,
    "gene_mask_active": variant_scorers.GeneMaskActiveScorer,
    "gene_mask_splicing": variant_scorers.GeneMaskSplicingScorer,
    "splice_junction": variant_scorers.SpliceJunctionScorer,
    "pa_qtl": variant_scorers.PolyadenylationScorer,
}
_INTERVAL_SCORERS: dict[str, type[Any]] = {"gene_mask": interval_scorers.GeneMaskScorer}


def organism(number: int) -> Organism:
    """The organism of an NCBI taxonomy number.

    Raises:
      UnsupportedOrganismError: names those that exist.
    """
    if number not in _ORGANISMS:
        known = " or ".join(f"{known} ({member.name})" for known, member in _ORGANISMS.items())
        raise errors.UnsupportedOrganismError(
            f"The organism has the number {number}; expected {known}."
        )
    return _ORGANISMS[number]


def interval(message: Any) -> Interval:
    """An interval, 0-based half-open; its start may be negative.

    Raises:
      InvalidIntervalError: it ends before it starts, or has no chromosome or no such strand.
    """
    place = f"{message.chromosome}:{message.start}-{message.end}"
    if not message.chromosome:
        raise errors.InvalidIntervalError(
            f'The interval "{place}" has no chromosome; give one, such as chr1.'
        )
    if message.strand not in _STRANDS:
        raise errors.InvalidIntervalError(
            f"The interval {place} has the strand number {message.strand}; expected 1 for +, 2 "
            "for - or 3 for none."
        )
    if message.end < message.start:
        raise errors.InvalidIntervalError(
            f"The interval {place} ends before it starts; give the smaller position first."
        )
    return Interval(message.chromosome, message.start, message.end, _STRANDS[message.strand])


def variant(message: Any) -> Variant:
    """A variant; its position is 1-based, one of its alleles may be empty.

    Raises:
      InvalidVariantError: the position is below 1, or there is no chromosome.
      InvalidAlleleError: an allele holds other letters than ACGTN in capitals.
    """
    reference, alternate = message.reference_bases, message.alternate_bases
    text = f"{message.chromosome}:{message.position}:{shorten(reference)}>{shorten(alternate)}"
    if not message.chromosome or message.position < 1:
        raise errors.InvalidVariantError(
            f'The variant "{text}" needs a chromosome and a position of at least 1; positions '
            "are 1-based, as in a VCF."
        )
    if other := sorted((set(reference) | set(alternate)) - _BASES):
        raise errors.InvalidAlleleError(
            f"The variant {text} holds {', '.join(map(repr, other[:5]))}; only the capital "
            "letters A, C, G, T and N are understood."
        )
    return Variant(message.chromosome, message.position, reference, alternate)


def output_types(numbers: Iterable[int]) -> tuple[OutputType, ...]:
    """Output types in the order given, without repetitions.

    Raises:
      UnknownOutputTypeError: a number is none of them.
    """
    found = []
    for number in numbers:
        if number not in _OUTPUTS:
            raise errors.UnknownOutputTypeError(
                f"There is no output type with the number {number}; expected one of "
                f"{', '.join(f'{kind.to_proto()} ({kind.name})' for kind in OUTPUTS)}."
            )
        found.append(_OUTPUTS[number])
    return tuple(dict.fromkeys(found))


def scorers_of_variants(messages: Iterable[Any]) -> list[Any]:
    """Variant scorers in the order given, repetitions included.

    Raises:
      InvalidScorerError: one is unknown or has settings that do not exist; or there is none.
    """
    return _scorers("variant", messages, _VARIANT_SCORERS, variant_scorers.AggregationType)


def scorers_of_intervals(messages: Iterable[Any]) -> list[Any]:
    """Interval scorers; as `scorers_of_variants`."""
    return _scorers(
        "interval", messages, _INTERVAL_SCORERS, interval_scorers.IntervalAggregationType
    )


def windows(request: Any) -> int:
    """How many windows the network must read to answer a request: what quotas are counted in."""
    name = request.DESCRIPTOR.name
    if name == "ScoreIsmVariantRequest":
        stretch = max(request.ism_interval.end - request.ism_interval.start, 0)
        return 1 + _ALTERNATIVES * int(stretch)
    if name in {"PredictVariantRequest", "ScoreVariantRequest"}:
        return _ALLELES
    return 0 if name == "MetadataRequest" else 1


def _scorers(
    what: str, messages: Iterable[Any], classes: dict[str, type[Any]], aggregations: type[Any]
) -> list[Any]:
    found = [_scorer(what, message, classes, aggregations) for message in messages]
    if not found:
        raise errors.InvalidScorerError(
            f"The request names no {what} scorer; name at least one, the SDK has a list of "
            "recommended ones."
        )
    return found


def _scorer(what: str, message: Any, classes: dict[str, type[Any]], aggregations: type[Any]) -> Any:
    kind = message.WhichOneof("scorer")
    if kind is None:
        raise errors.InvalidScorerError(
            f"The request holds an unknown {what} scorer; known ones are {', '.join(classes)}."
        )
    settings = getattr(message, kind)
    found: dict[str, Any] = {}
    for name in settings.DESCRIPTOR.fields_by_name:
        value = getattr(settings, name)
        if name == "requested_output":
            found[name] = output_types([value])[0]
        elif name == "aggregation_type":
            found[name] = _aggregation(kind, value, aggregations)
        else:
            found[name] = value if settings.HasField(name) else None
    try:
        return classes[kind](**found)
    except ValueError as error:
        raise errors.InvalidScorerError(_sentence(str(error), classes[kind].__name__)) from error


def _aggregation(kind: str, number: int, aggregations: type[Any]) -> Any:
    by_number = {member.to_proto(): member for member in aggregations}
    if number not in by_number:
        raise errors.InvalidScorerError(
            f"The scorer {kind} has the aggregation number {number}; expected one of "
            f"{', '.join(f'{known} ({member.name})' for known, member in by_number.items())}."
        )
    return by_number[number]


def _sentence(text: str, scorer: str) -> str:
    """The SDK's two half sentences ("Unsupported width: 7. Supported widths: ...") as one."""
    return f"{scorer}: {text.rstrip('.').replace('. Supported', '; supported')}."

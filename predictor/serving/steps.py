"""Any engine, asked so that bad input is refused by the call and work is done as it is taken.

Our own engines are made so. Of others, whose calls answer in one piece, only the piece is put off:
what they refuse by themselves is refused when the first result is taken.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import DnaModel, Organism
from alphagenome.models.dna_output import OutputType
from anndata import AnnData

Alleles: TypeAlias = tuple[OutputType, Any, Any]
"""An output type, REF, ALT; None for an allele that was not predicted."""


@runtime_checkable
class AllelesByType(Protocol):
    """An engine that gives one output type after the other, and so holds less at once."""

    def iter_alleles(
        self,
        interval: Interval,
        variants: list[Variant],
        *,
        organism: Organism,
        requested_outputs: Iterable[OutputType],
        ontology_terms: Iterable[str] | None,
        align: bool,
        strict: bool,
    ) -> Iterator[Alleles]:
        """See `LocalModel`."""


@runtime_checkable
class SequencesByType(Protocol):
    """The same for sequences."""

    def iter_sequence(
        self,
        sequence: str,
        *,
        organism: Organism,
        requested_outputs: Iterable[OutputType],
        ontology_terms: Iterable[str] | None,
    ) -> Iterator[tuple[OutputType, Any]]:
        """See `LocalModel`."""


@runtime_checkable
class ScoresOneByOne(Protocol):
    """An engine that gives the scores of one variant after the other; see `ScoringModel`."""

    def iter_variant_scores(
        self,
        intervals: Sequence[Interval],
        variants: Sequence[Variant],
        variant_scorers: Sequence[Any],
        *,
        organism: Organism,
    ) -> Iterator[list[AnnData]]:
        """One list for each variant."""

    def iter_interval_scores(
        self, intervals: Sequence[Interval], interval_scorers: Sequence[Any], *, organism: Organism
    ) -> Iterator[list[AnnData]]:
        """One list for each interval."""

    def iter_ism_scores(
        self,
        interval: Interval,
        ism_interval: Interval,
        variant_scorers: Sequence[Any],
        *,
        interval_variant: Variant | None,
        organism: Organism,
    ) -> Iterator[list[AnnData]]:
        """One list for each substitution, in the order of the genome."""


def sequence(
    model: DnaModel, bases: str, *, kinds: tuple[OutputType, ...], **asked: Any
) -> Iterator[Alleles]:
    """The prediction of a sequence; nothing where no output type is asked for.

    `asked` are organism and ontology terms.
    """
    if not kinds:
        return iter(())
    if isinstance(model, SequencesByType):
        parts = model.iter_sequence(bases, requested_outputs=kinds, **asked)
        return ((kind, data, None) for kind, data in parts)
    return _whole_sequence(model, bases, kinds, asked)


def alleles(
    model: DnaModel,
    interval: Interval,
    variants: list[Variant],
    *,
    kinds: tuple[OutputType, ...],
    **asked: Any,
) -> Iterator[Alleles]:
    """The prediction of an interval, and of a variant in it if there is one; as `sequence`."""
    if not kinds:
        return iter(())
    if isinstance(model, AllelesByType):
        return model.iter_alleles(
            interval, variants, requested_outputs=kinds, align=False, strict=False, **asked
        )
    return _whole_alleles(model, interval, variants, kinds, asked)


def variant_scores(
    model: DnaModel,
    interval: Interval,
    variant: Variant,
    scorers: Sequence[Any],
    *,
    organism: Organism,
) -> Iterator[list[AnnData]]:
    """The scores of one variant."""
    if isinstance(model, ScoresOneByOne):
        return model.iter_variant_scores([interval], [variant], scorers, organism=organism)
    return _later(model.score_variant, interval, variant, scorers, organism=organism)


def interval_scores(
    model: DnaModel, interval: Interval, scorers: Sequence[Any], *, organism: Organism
) -> Iterator[list[AnnData]]:
    """The scores of one interval."""
    if isinstance(model, ScoresOneByOne):
        return model.iter_interval_scores([interval], scorers, organism=organism)
    return _later(model.score_interval, interval, scorers, organism=organism)


def ism_scores(
    model: DnaModel,
    interval: Interval,
    stretch: Interval,
    scorers: Sequence[Any],
    **asked: Any,
) -> Iterator[list[AnnData]]:
    """The scores of every substitution; `asked` are organism and interval_variant.

    An engine that answers in one piece is asked base by base, so that who stops taking the
    results stops the work.
    """
    if isinstance(model, ScoresOneByOne):
        return model.iter_ism_scores(interval, stretch, scorers, **asked)
    return _base_by_base(model, interval, stretch, scorers, asked)


def _whole_sequence(
    model: DnaModel, bases: str, kinds: tuple[OutputType, ...], asked: dict[str, Any]
) -> Iterator[Alleles]:
    found = model.predict_sequence(bases, requested_outputs=kinds, **asked)
    for kind in kinds:
        yield kind, found.get(kind), None


def _whole_alleles(
    model: DnaModel,
    interval: Interval,
    variants: list[Variant],
    kinds: tuple[OutputType, ...],
    asked: dict[str, Any],
) -> Iterator[Alleles]:
    if variants:
        found = model.predict_variant(interval, variants[0], requested_outputs=kinds, **asked)
        for kind in kinds:
            yield kind, found.reference.get(kind), found.alternate.get(kind)
        return
    output = model.predict_interval(interval, requested_outputs=kinds, **asked)
    for kind in kinds:
        yield kind, output.get(kind), None


def _later(score: Any, *arguments: Any, **named: Any) -> Iterator[list[AnnData]]:
    yield score(*arguments, **named)


def _base_by_base(
    model: DnaModel,
    interval: Interval,
    stretch: Interval,
    scorers: Sequence[Any],
    asked: dict[str, Any],
) -> Iterator[list[AnnData]]:
    for position in range(stretch.start, stretch.end):
        base = Interval(stretch.chromosome, position, position + 1)
        yield from model.score_ism_variants(interval, base, scorers, **asked)

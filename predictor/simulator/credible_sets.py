"""Credible sets of an invented trait: in each, one of eight linked variants is the cause.

A cause breaks or makes an enhancer site and changes T of its target gene. The trait follows
expression, upwards in some loci and downwards in others, so that a model has to find the sign
of the risk and cannot guess it.

Source: specification of the demo genome, section 7 ("Credible sets").
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence

from alphagenome.data.genome import Variant

from predictor.simulator import elements, grammar
from predictor.simulator.chromosome import Chromosome
from predictor.simulator.expression_effect import Locus, loci
from predictor.simulator.proposals import Change, distal_changes, inside, substitution
from predictor.simulator.random_words import RandomWords

LOCI = 40
VARIANTS = 8
SLOPE = 0.8
STANDARD_ERROR = 0.05
SMALLEST_CAUSE = 0.2
LARGEST_BYSTANDER = 0.02
_LINKED_WITHIN = 8_000
_CORRELATION = (0.75, 0.99)


@dataclasses.dataclass(frozen=True, kw_only=True)
class CredibleVariant:
    """One variant of a credible set.

    Attributes:
      variant: 1-based on the assembly.
      correlation: with the causal variant, in the people of the invented study.
      beta: measured effect of ALT on the trait.
      pip: posterior probability of being the cause, from the betas of the set.
      true_ln_expression: ln T of ALT over REF of the target gene in the cell type.
      is_causal: whether it is the cause.
    """

    variant: Variant
    correlation: float
    beta: float
    pip: float
    true_ln_expression: float
    is_causal: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class CredibleSet:
    """Linked variants of one locus.

    Attributes:
      name: identifier.
      locus: target gene and the window of the truth.
      cell_type: in which the causal variant acts.
      trait_follows: +1 where more expression means more of the trait, -1 where less does.
      variants: in order of position.
      cause: what the causal variant does, in words.
    """

    name: str
    locus: Locus
    cell_type: grammar.CellType
    trait_follows: int
    variants: tuple[CredibleVariant, ...]
    cause: str

    @property
    def causal(self) -> CredibleVariant:
        """The cause."""
        return next(each for each in self.variants if each.is_causal)

    @property
    def risk_is_reference(self) -> bool:
        """True if the causal variant's REF allele goes with more of the trait."""
        return self.trait_follows * self.causal.true_ln_expression < 0


def credible_sets(
    made: Sequence[Chromosome], random: RandomWords, count: int = LOCI
) -> list[CredibleSet]:
    """Draws credible sets at genes of the chromosomes, each at another gene.

    Expression rises in every second locus, and in every second pair of loci the trait follows
    it downwards, so that the risk allele is REF in half of them.
    """
    found: list[CredibleSet] = []
    for locus in loci(made, random):
        number = len(found)
        rises, follows = number % 2 == 0, 1 if number // 2 % 2 == 0 else -1
        cause = _cause(locus, 1 if rises else -1, random)
        if cause is None:
            continue
        found.append(_set(f"demo-cs-{number + 1:02d}", locus, cause, follows, random))
        if len(found) == count:
            break
    return found


@dataclasses.dataclass(frozen=True)
class _Cause:
    change: Change
    sentence: str
    cell_type: grammar.CellType
    effect: float


def _cause(locus: Locus, sign: int, random: RandomWords) -> _Cause | None:
    """A site broken or made 1-5 kb from the start site, with an effect of that sign."""
    tried = [
        (change, sentence, cell)
        for cell in locus.window.world.rules.cell_types
        for change, sentence in distal_changes(locus.window, locus.read, cell, random)
    ]
    for index in elements.random_order(len(tried), random):
        change, sentence, cell = tried[index]
        effect = locus.ln_expression(locus.variant(change, ""))[cell.key]
        if sign * effect > SMALLEST_CAUSE:
            return _Cause(change, sentence, cell, effect)
    return None


def _set(name: str, locus: Locus, cause: _Cause, follows: int, random: RandomWords) -> CredibleSet:
    changes = [(cause.change, cause.effect)]
    changes += _bystanders(locus, cause, random)
    correlations = [1.0] + [
        _CORRELATION[0] + (_CORRELATION[1] - _CORRELATION[0]) * random.uniform()
        for _ in changes[1:]
    ]
    measured = follows * SLOPE * cause.effect + STANDARD_ERROR * random.bell()
    # A linked variant measures the cause's effect, and its error, as far as it goes with it.
    betas = [
        measured * correlation + STANDARD_ERROR * math.sqrt(1 - correlation**2) * random.bell()
        for correlation in correlations
    ]
    entries = [
        CredibleVariant(
            variant=locus.variant(change, ""),
            correlation=correlation,
            beta=beta,
            pip=pip,
            true_ln_expression=effect,
            is_causal=change is cause.change,
        )
        for (change, effect), correlation, beta, pip in zip(
            changes, correlations, betas, _inclusion_probabilities(betas), strict=True
        )
    ]
    entries.sort(key=lambda entry: entry.variant.position)
    return CredibleSet(
        name=name,
        locus=locus,
        cell_type=cause.cell_type,
        trait_follows=follows,
        variants=tuple(entries),
        cause=cause.sentence,
    )


def _bystanders(locus: Locus, cause: _Cause, random: RandomWords) -> Iterator[tuple[Change, float]]:
    """SNVs near the cause that leave the target gene alone in every cell type."""
    places = {cause.change.start}
    while len(places) < VARIANTS:
        place = cause.change.start + random.integer(-_LINKED_WITHIN, _LINKED_WITHIN)
        if place in places or not inside(locus.window, place):
            continue
        change = substitution(locus.window, place, "ACGT", random)
        effects = locus.ln_expression(locus.variant(change, ""))
        if max(map(abs, effects.values())) < LARGEST_BYSTANDER:
            places.add(place)
            yield change, effects[cause.cell_type.key]


def _inclusion_probabilities(betas: Sequence[float]) -> list[float]:
    """Each variant's share of the evidence exp(z^2 / 2), if exactly one is the cause."""
    evidence = [(beta / STANDARD_ERROR) ** 2 / 2 for beta in betas]
    weights = [math.exp(each - max(evidence)) for each in evidence]
    return [weight / sum(weights) for weight in weights]

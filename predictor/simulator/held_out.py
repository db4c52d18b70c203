"""Fresh variants that no network has seen, with their truth, for the eleven strata of section 9.

A stratum is a rule for variants, a score and the smallest truth that counts. Variants are drawn
in windows made anew from a seed; truth is the score of the simulator's tracks of the ALT window
against those of the REF window, the same function that a prediction is put through.

Axes: S positions.
Source: specification of the demo genome, section 9.
"""

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from jaxtyping import UInt8

from predictor.errors import AllelensError
from predictor.simulator import elements, genome, proposals, readouts
from predictor.simulator.proposals import Proposal, Rule
from predictor.simulator.random_words import RandomWords
from predictor.simulator.track_table import OUTPUT_TYPE, TRACKS, Track, tracks
from predictor.simulator.truth import alternate_window
from predictor.simulator.variant_scores import Probe, score, size
from predictor.simulator.window_reading import WindowReading

WINDOW = 32_768
WINDOWS = 50
COUNT = 60
NO_EFFECT = "no effect"
LARGEST_SILENT = 0.02

# No training, scaling or evaluation stream of a seed has this number (`training.data`).
_STREAM = 4
_WINDOW_STREAM, _DRAW_STREAM = 1, 2
# Each place of a window is tried this often, with other bases.
_ROUNDS = 4


class UnknownStratumError(AllelensError):
    """There is no stratum of that name."""

    code = "unknown_stratum"


class TooFewVariantsError(AllelensError):
    """The windows of a seed hold fewer variants of a stratum than asked for."""

    code = "too_few_variants"


class SeedError(AllelensError):
    """A seed is negative."""

    code = "seed"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stratum:
    """One kind of variant, and what a network has to reach on it.

    Attributes:
      name: as in the specification.
      rule: where such variants can be, and how they are scored.
      minimal_truth: smallest size of the truth; in the units of the score.
      sign: share of right signs to reach; None where the truth has none.
      pearson: correlation to reach; None likewise.
    """

    name: str
    rule: Rule
    minimal_truth: float
    sign: float | None
    pearson: float | None

    def accepts(self, true_size: float) -> bool:
        """True if a variant of this truth belongs to the stratum."""
        if self.name == NO_EFFECT:
            return true_size < LARGEST_SILENT
        return true_size >= self.minimal_truth


def _stratum(
    name: str, rule: Rule, minimal_truth: float, sign: float | None, pearson: float | None
) -> Stratum:
    return Stratum(name=name, rule=rule, minimal_truth=minimal_truth, sign=sign, pearson=pearson)


STRATA: dict[str, Stratum] = {
    stratum.name: stratum
    for stratum in (
        _stratum("site broken", proposals.site_broken, 0.3, 0.95, 0.8),
        _stratum("site made", proposals.site_made, 0.3, 0.9, 0.75),
        _stratum("indel", proposals.indel, 0.3, 0.9, 0.75),
        _stratum("TF binding", proposals.tf_binding, 0.3, 0.95, 0.8),
        _stratum("promoter", proposals.promoter, 0.3, 0.9, 0.7),
        _stratum("distal expression", proposals.distal, 0.2, 0.8, 0.5),
        _stratum("splice site", proposals.splice_site, 0.3, 0.95, 0.8),
        _stratum("exonic/intronic enhancer", proposals.splicing_enhancer, 0.2, 0.85, 0.6),
        _stratum("polyA", proposals.polya, 0.5, 0.8, 0.5),
        _stratum("CTCF", proposals.insulator, 0.1, 0.85, 0.6),
        _stratum(NO_EFFECT, proposals.no_effect, 0.0, None, None),
    )
}


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class HeldOutVariant:
    """A variant in its window, with its truth.

    Attributes:
      name: unique within a draw.
      stratum: key of `STRATA`.
      organism: whose rules apply.
      window: bases of REF, a contig of its own; beyond its ends stand N.
      variant: 1-based on the contig.
      probe: which track is scored, where and how.
      cause: what the variant does, in words.
      truth: signed score of the simulator's tracks.
      true_size: what the stratum's minimal truth was compared with; |truth| but for CTCF.
    """

    name: str
    stratum: str
    organism: Organism
    window: UInt8[np.ndarray, " S"]
    variant: Variant
    probe: Probe
    cause: str
    truth: float
    true_size: float

    @property
    def interval(self) -> Interval:
        """The whole window."""
        return Interval(self.variant.chromosome, 0, len(self.window))

    @property
    def alternate_window(self) -> UInt8[np.ndarray, " S"]:
        """Bases of ALT: cut at the right end after an insertion, filled with N after a deletion."""
        return alternate_window(self.window, self.interval, (self.variant,))

    @property
    def track(self) -> Track:
        """Cell type, strand and target of the track."""
        return TRACKS[self.organism][self.probe.head][self.probe.track]

    @property
    def output_type(self) -> OutputType:
        """Modality of the track."""
        return OUTPUT_TYPE[self.probe.head]

    @property
    def track_name(self) -> str:
        """Name of the track in the metadata."""
        return str(tracks(self.organism)[self.output_type]["name"][self.probe.track])

    def score(self, reference: Mapping[str, Any], alternate: Mapping[str, Any]) -> float:
        """The score of a prediction of both windows.

        Args:
          reference: arrays by head as of `readouts.simulate_arrays`, for `window`.
          alternate: the same for `alternate_window`, in its own coordinates.
        """
        return score(reference, alternate, self.probe)


def stratum_named(name: str) -> Stratum:
    """A stratum by its name; capitals do not matter, and _ or - may stand for a space.

    Raises:
      UnknownStratumError: lists the strata.
    """
    known = {_plain(stratum.name): stratum for stratum in STRATA.values()}
    if _plain(name) not in known:
        raise UnknownStratumError(
            f"There is no stratum {name!r}; use all, or one of: {', '.join(STRATA)}.",
            field="stratum",
        )
    return known[_plain(name)]


def strata_named(name: str) -> list[Stratum]:
    """The stratum of a name; every one for "all".

    Raises:
      UnknownStratumError: lists the strata.
    """
    return list(STRATA.values()) if _plain(name) == "all" else [stratum_named(name)]


def check_draw(*, seed: int, count: int) -> None:
    """Refuses numbers that no draw can be made with.

    Raises:
      SeedError: the seed is negative.
      TooFewVariantsError: less than one variant is asked for.
    """
    if seed < 0:
        raise SeedError(f"The seed is {seed}; use 0 or a larger number.", field="seed")
    if count < 1:
        raise TooFewVariantsError(f"{count} variants were asked for; ask for 1 or more.")


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ").replace("-", " ")


def held_out_variants(
    seed: int,
    stratum: str,
    *,
    count: int = COUNT,
    organism: Organism = Organism.HOMO_SAPIENS,
    kind: genome.WindowKind = "genome",
    windows: int = WINDOWS,
) -> list[HeldOutVariant]:
    """Draws variants of one stratum; the same for the same arguments on every machine.

    Args:
      seed: not negative. Take one that occurs nowhere else.
      stratum: a name of `STRATA`.
      count: how many.
      organism: human-like or mouse-like.
      kind: "genome", or "soup" for windows in which no two features are correlated.
      windows: how many windows of 32,768 bp are made.

    Raises:
      UnknownStratumError: no such stratum.
      SeedError: the seed is negative.
      TooFewVariantsError: the windows hold fewer.
    """
    chosen = stratum_named(stratum)
    check_draw(seed=seed, count=count)
    number = list(STRATA).index(chosen.name)
    organisms = list(Organism)
    made = _windows(seed, organism, kind, windows)
    random = RandomWords((seed, _STREAM, _DRAW_STREAM, organisms.index(organism), number))
    found: list[HeldOutVariant] = []
    for entry in _draw(chosen, made, random):
        found.append(dataclasses.replace(entry, name=f"{_slug(chosen.name)}-{len(found) + 1}"))
        if len(found) == count:
            return found
    raise TooFewVariantsError(
        f"The {windows} windows of seed {seed} hold {len(found)} variants of the stratum "
        f"{chosen.name!r}, not {count}; ask for fewer, for more windows, or take another seed.",
        field="count",
    )


def _slug(name: str) -> str:
    return name.casefold().replace(" ", "-").replace("/", "-")


@functools.lru_cache(maxsize=1)
def _windows(
    seed: int, organism: Organism, kind: genome.WindowKind, count: int
) -> tuple[WindowReading, ...]:
    """The windows of a seed; kept, because the strata share them."""
    place = (seed, _STREAM, _WINDOW_STREAM, list(Organism).index(organism))
    kinds = list(genome.WINDOW_KINDS).index(kind)
    return tuple(
        WindowReading.of(
            f"heldout{seed}_{index + 1}",
            genome.generate_window((*place, kinds, index), WINDOW, organism, kind),
            organism,
        )
        for index in range(count)
    )


def _draw(
    stratum: Stratum, windows: tuple[WindowReading, ...], random: RandomWords
) -> Iterator[HeldOutVariant]:
    """Variants of a stratum from all windows in random order, each once."""
    known: set[tuple[str, str, Probe]] = set()
    truths = _Truths()
    for _ in range(_ROUNDS):
        tried = [(window, entry) for window in windows for entry in stratum.rule(window, random)]
        for index in elements.random_order(len(tried), random):
            window, proposal = tried[index]
            entry = truths.judged(stratum, window, proposal)
            key = (str(entry.variant), entry.variant.alternate_bases, entry.probe)
            if stratum.accepts(entry.true_size) and key not in known:
                known.add(key)
                yield entry


class _Truths:
    """The simulator's arrays of the windows, kept for the heads that were asked for."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], np.ndarray] = {}

    def judged(self, stratum: Stratum, window: WindowReading, proposal: Proposal) -> HeldOutVariant:
        """The variant of a proposal with its truth."""
        variant = Variant(window.name, proposal.start + 1, proposal.reference, proposal.alternate)
        before = window.codes
        after = alternate_window(before, Interval(window.name, 0, len(before)), (variant,))
        head = proposal.probe.head
        sides = {head: self._original(window, head)}, {head: _array(after, window.organism, head)}
        if proposal.turned:
            before, sides = after, sides[::-1]
            variant = _turned(variant)
        return HeldOutVariant(
            name="",
            stratum=stratum.name,
            organism=window.organism,
            window=before,
            variant=variant,
            probe=proposal.probe,
            cause=proposal.cause,
            truth=score(*sides, proposal.probe),
            true_size=size(*sides, proposal.probe),
        )

    def _original(self, window: WindowReading, head: str) -> np.ndarray:
        key = (window.name, head)
        if key not in self._known:
            self._known[key] = readouts.world_arrays(window.world, window.organism)[head]
        return self._known[key]


def _turned(variant: Variant) -> Variant:
    """The change back, on a contig of its own: its window is not that of the other variants."""
    name = f"{variant.chromosome}_{variant.position}{variant.alternate_bases}"
    return Variant(name, variant.position, variant.alternate_bases, variant.reference_bases)


def _array(codes: UInt8[np.ndarray, " S"], organism: Organism, head: str) -> np.ndarray:
    values: np.ndarray = readouts.simulate_arrays(codes, organism)[head]
    return values

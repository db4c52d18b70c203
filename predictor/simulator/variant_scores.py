"""One signed number for what a variant does to one track: the scores that truth is given in.

A score is a function of the REF track, the ALT track and a `Probe`, so the simulator's tracks
and a network's prediction of the same two windows go through the same function. NumPy only:
processes that must not load JAX use it.

Axes: S positions or bins, T tracks, B bins of a contact map.
Source: specification of the demo genome, section 9; of scoring, sections 6.1 to 6.3.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from alphagenome.data.track_data import TrackData
from alphagenome.models.dna_output import Output
from jaxtyping import Float

from predictor.simulator.track_table import OUTPUT_TYPE, RESOLUTION

SITE_WIDTH = 501
"""Width in bp of the stretch around a variant whose signal is summed."""

HISTONE_WIDTH = 2001
"""The same for histone marks, which spread further."""

Span = tuple[int, int]
Values = Float[np.ndarray, "..."]

# Added to both sums, so that a ratio of two near-zero signals is no effect.
_SUM_PSEUDOCOUNT = 1.0
# Added to both means over exons; the value of the official gene score.
_GENE_PSEUDOCOUNT = 0.001
# Behind a gene the truth is exactly 0 and a network's prediction is not: less than what the
# introns of an ordinary gene have counts as nothing.
_DOWNSTREAM_PSEUDOCOUNT = 0.05


@dataclasses.dataclass(frozen=True, kw_only=True)
class Probe:
    """Which track is scored, where and how.

    Attributes:
      head: name of the head in `track_table`.
      track: row of the head.
      scorer: name of a row of `SCORERS`.
      position: 0-based place of the variant's first base in the window.
      spans: what the scorer looks at, 0-based half-open in the window: exons, splice sites, the
        stretch behind a polyA site; for contact maps the two bins of a pixel.
    """

    head: str
    track: int
    scorer: str
    position: int
    spans: tuple[Span, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scorer:
    """How a change becomes a number.

    Attributes:
      sentence: what it is, for people.
      score: signed; positive where ALT has more.
      size: not negative; what a minimal truth is compared with.
    """

    sentence: str
    score: Callable[[Values, Values, Probe], float]
    size: Callable[[Values, Values, Probe], float]


def score(reference: Mapping[str, Any], alternate: Mapping[str, Any], probe: Probe) -> float:
    """The score of a variant.

    Args:
      reference: REF arrays by head, the track axis last, in the simulator's units and order.
      alternate: ALT arrays, in ALT's own coordinates.
      probe: which track, where and how.
    """
    return SCORERS[probe.scorer].score(*_tracks(reference, alternate, probe), probe)


def size(reference: Mapping[str, Any], alternate: Mapping[str, Any], probe: Probe) -> float:
    """How large an effect is; arguments as of `score`."""
    return SCORERS[probe.scorer].size(*_tracks(reference, alternate, probe), probe)


def _tracks(
    reference: Mapping[str, Any], alternate: Mapping[str, Any], probe: Probe
) -> tuple[Values, Values]:
    ref, alt = (np.asarray(side[probe.head][..., probe.track]) for side in (reference, alternate))
    return ref, alt


def by_head(output: Output) -> dict[str, np.ndarray]:
    """Arrays by head of a prediction in the SDK's types, junctions left out.

    Padding rows come last in every head, so a row keeps its number where they are missing.
    """
    found = {head: output.get(kind) for head, kind in OUTPUT_TYPE.items()}
    return {head: data.values for head, data in found.items() if isinstance(data, TrackData)}


def site_effect(
    reference: Float[np.ndarray, "S T"],
    alternate: Float[np.ndarray, "S T"],
    position: int,
    *,
    width: int = SITE_WIDTH,
    resolution: int = 1,
) -> Float[np.ndarray, " T"]:
    """log2 ratio of the signal (plus 1) summed over `width` bp around a position, per track.

    The bins are those of the official center mask: at 1 bp 501 bp are 250 to either side, at
    128 bp they are the four bins from two before the position's bin on.
    """
    bins = -(-width // resolution)
    first = position // resolution - bins // 2
    window = slice(max(0, first), max(0, first + bins))
    ref, alt = (x[window].sum(axis=0, dtype=np.float64) for x in (reference, alternate))
    return np.asarray(np.log2((alt + _SUM_PSEUDOCOUNT) / (ref + _SUM_PSEUDOCOUNT)))


def _center_log2(reference: Values, alternate: Values, probe: Probe) -> float:
    values = site_effect(
        reference[:, None],
        alternate[:, None],
        probe.position,
        resolution=RESOLUTION[probe.head],
    )
    return float(values[0])


def _center_ln(reference: Values, alternate: Values, probe: Probe) -> float:
    return math.log(2) * _center_log2(reference, alternate, probe)


def _gene_ln(reference: Values, alternate: Values, probe: Probe) -> float:
    return _ln_of_means(reference, alternate, probe.spans, _GENE_PSEUDOCOUNT)


def _downstream_ln(reference: Values, alternate: Values, probe: Probe) -> float:
    return _ln_of_means(reference, alternate, probe.spans, _DOWNSTREAM_PSEUDOCOUNT)


def _ln_of_means(
    reference: Values, alternate: Values, spans: tuple[Span, ...], pseudocount: float
) -> float:
    ref, alt = (_over(side, spans).mean(dtype=np.float64) for side in (reference, alternate))
    return float(np.log((alt + pseudocount) / (ref + pseudocount)))


def _usage_change(reference: Values, alternate: Values, probe: Probe) -> float:
    change = _over(alternate, probe.spans) - _over(reference, probe.spans)
    return float(change.mean(dtype=np.float64))


def _over(values: Values, spans: tuple[Span, ...]) -> Values:
    return np.concatenate([values[start:end] for start, end in spans])


def _pixel_change(reference: Values, alternate: Values, probe: Probe) -> float:
    (row, _), (column, _) = probe.spans
    return float(alternate[row, column]) - float(reference[row, column])


def _contact_size(reference: Values, alternate: Values, probe: Probe) -> float:
    """The smaller of the official contact score and the pixel's change."""
    row = probe.position // RESOLUTION[probe.head]
    contact = np.abs(alternate[row] - reference[row]).mean(dtype=np.float64)
    return min(float(contact), abs(_pixel_change(reference, alternate, probe)))


def _signed(sentence: str, function: Callable[[Values, Values, Probe], float]) -> Scorer:
    return Scorer(sentence=sentence, score=function, size=lambda *given: abs(function(*given)))


SCORERS: dict[str, Scorer] = {
    "center_log2": _signed("log2 ratio of the signal within 501 bp of the variant", _center_log2),
    "center_ln": _signed("ln ratio of the signal within 501 bp of the variant", _center_ln),
    "gene_ln": _signed("ln ratio of the mean signal over the gene's exons", _gene_ln),
    "downstream_ln": _signed(
        "ln ratio of the mean signal over 200 bp behind the cleavage site", _downstream_ln
    ),
    "usage_change": _signed("mean change of usage at the named splice sites", _usage_change),
    "pixel_change": Scorer(
        sentence=(
            "change of one pixel, the loop of the CTCF site or else the contact across it; its "
            "size is at most the mean absolute change of the variant's row"
        ),
        score=_pixel_change,
        size=_contact_size,
    ),
}

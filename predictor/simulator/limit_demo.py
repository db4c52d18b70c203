"""A limit to show: a variant in a window in which its gene does not fit has no gene score.

Source: specification of the demo genome, section 7 ("Limit demo").
"""

import dataclasses

from alphagenome.data.genome import Interval, Variant

from predictor.simulator import showcase
from predictor.simulator.showcase_loci import SORT1_START

WINDOW = 4096


@dataclasses.dataclass(frozen=True, kw_only=True)
class LimitDemo:
    """The variant of D-SORT1 in too small a window.

    Attributes:
      variant: on `demoS`.
      small: the window around the variant in which the gene's start does not fit.
      large: the window in which it does.
      gene: its name.
      cell_type: key of the one in which the variant acts.
      start_site: 0-based place of the gene's start site.
      reason: why there is no gene score in the small window, for people.
    """

    variant: Variant
    small: Interval
    large: Interval
    gene: str
    cell_type: str
    start_site: int
    reason: str


def limit_demo() -> LimitDemo:
    """The limit demo."""
    slot = showcase.find("d-sort1")
    variant = slot.variants[0].variant
    small = Interval(variant.chromosome, variant.start - WINDOW // 2, variant.start + WINDOW // 2)
    start_site = slot.interval.start + SORT1_START
    gene, distance = slot.genes[0], abs(start_site - variant.start)
    return LimitDemo(
        variant=variant,
        small=small,
        large=slot.interval,
        gene=gene,
        cell_type=slot.cell_types[0],
        start_site=start_site,
        reason=(
            f"{gene} starts {distance:,} bp from the variant, and a window of {WINDOW:,} bp "
            f"reaches {WINDOW // 2:,} bp: the gene is not in it, so it has no gene score. "
            f"Choose a window of {slot.interval.width:,} bp."
        ),
    )

"""Contact map scorer: how much the contacts of the variant's bin change.

Axes: S bins, T tracks.

Source: spec/scoring.md 6.2.
"""

from typing import Any

import numpy as np
from alphagenome.models.variant_scorers import ContactMapScorer
from jaxtyping import Float

from predictor.scoring.arrays import namespace, wide
from predictor.scoring.scorer import Arrays, Prepared, VariantScoring, single_row
from predictor.scoring.site import VariantSite
from predictor.tracks.alignment import check_inside
from predictor.tracks.output_types import OUTPUTS


class ContactMap(VariantScoring):
    """Mean absolute change of the contacts between the variant's bin and all others; one row.

    All of the given interval counts, so a shorter one gives another number. Meant for SNVs: for
    insertions and deletions the maps are compared without alignment, as in the official code.
    """

    around_variant = True

    def prepare(self, scorer: ContactMapScorer, site: VariantSite) -> Prepared:
        """The bin of the variant.

        Raises:
          VariantOutsideIntervalError: the variant does not start inside the interval.
        """
        check_inside(site.variant, site.interval)
        resolution = OUTPUTS[scorer.requested_output].resolution
        found = (site.variant.start - site.interval.start) // resolution
        return Prepared(arrays={"bin": np.array(found, np.int32)}, rows=single_row())

    def scores(
        self,
        scorer: ContactMapScorer,
        reference: Float[Any, "S S T"],
        alternate: Float[Any, "S S T"],
        arrays: Arrays,
    ) -> Float[Any, "1 T"]:
        """Scores [1, T] in the unit of the contact maps."""
        xp = namespace(reference)
        ref, alt = (
            wide(xp.take(allele, arrays["bin"], axis=1)) for allele in (reference, alternate)
        )
        return abs(alt - ref).mean(axis=0)[None]

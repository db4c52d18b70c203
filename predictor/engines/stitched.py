"""An allele of two predictions, joined at an insertion or deletion.

Source: spec/scoring.md 4.2.
"""

from predictor.engines.alleles import Allele
from predictor.engines.reading import Reading, read
from predictor.engines.stages import Stages
from predictor.engines.stretches import whole
from predictor.model.alphagenome import Trunk
from predictor.model.config import PAIR_WIDTH, TOKEN_WIDTH
from predictor.scoring.stitching import Stitch


def stitched_allele(stages: Stages, left: Allele, right: Allele, stitch: Stitch) -> Allele:
    """Joins the embeddings of two sequences; whatever is read of it are heads on these.

    Args:
      stages: of the network.
      left: of `stitch.left`.
      right: of `stitch.right`.
      stitch: where and how they are joined.
    """
    reading = Reading(kind=None, stretches=whole(left.trunk.tokens.shape[1]))
    near, far = (read(stages, side, [reading])[reading.key][0] for side in (left, right))
    one, other = left.trunk, right.trunk
    return Allele(
        codes=left.codes,
        organisms=left.organisms,
        tokens=left.tokens,
        trunk=Trunk(
            tokens=one.tokens,
            bp_128=stitch.bins(one.bp_128[0], other.bp_128[0], TOKEN_WIDTH)[None],
            pair=stitch.pairs(one.pair[0], other.pair[0], PAIR_WIDTH)[None],
        ),
        skips=None,
        bp_1=stitch.bases(near, far)[None],
    )

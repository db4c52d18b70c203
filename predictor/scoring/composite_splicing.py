"""Composite splicing score: one number for how much a variant disturbs splicing.

Source: the splicing tutorial of the official documentation; spec/capabilities.md C8.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from alphagenome.models.dna_output import OutputType
from anndata import AnnData

from predictor import errors

# Changes of junctions are logarithms, larger than those of probabilities and usages.
WEIGHTS: Mapping[OutputType, float] = {
    OutputType.SPLICE_SITES: 1.0,
    OutputType.SPLICE_SITE_USAGE: 1.0,
    OutputType.SPLICE_JUNCTIONS: 0.2,
}


def composite_splicing_score(results: Iterable[AnnData], *, gene_id: str | None = None) -> float:
    """The largest change of splice sites + of their usage + of junctions / 5.

    Args:
      results: of one variant; those of the three recommended splicing scorers are used.
      gene_id: only this gene, for example ENSG00000100342.21; all genes where not given.

    Returns:
      At least 0. A part without any score, because no gene overlaps the variant, counts 0.

    Raises:
      InvalidScoringRequestError: one of the three parts was not scored.
    """
    parts = {
        result.uns["variant_scorer"].requested_output: result
        for result in results
        if result.uns["variant_scorer"].requested_output in WEIGHTS
    }
    if missing := [kind.name for kind in WEIGHTS if kind not in parts]:
        raise errors.InvalidScoringRequestError(
            f"The composite splicing score needs scores of {', '.join(missing)} too; "
            "add their scorers to the request."
        )
    return sum(weight * _largest(parts[kind], gene_id) for kind, weight in WEIGHTS.items())


def _largest(result: AnnData, gene_id: str | None) -> float:
    rows = slice(None) if gene_id is None else (result.obs["gene_id"] == gene_id).to_numpy()
    found = np.asarray(result.X)[rows]
    return float(np.nanmax(found)) if np.isfinite(found).any() else 0.0

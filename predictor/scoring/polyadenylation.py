"""Polyadenylation scorer: does a gene end earlier or later.

Axes: G genes, N sites of a gene, O offsets in a window, S positions, T tracks.

Source: spec/scoring.md 6.6.
"""

from typing import Any

import numpy as np
from alphagenome.data.genome import Interval
from alphagenome.models.variant_scorers import PolyadenylationScorer
from jaxtyping import Bool, Float, Int

from predictor import errors
from predictor.genome.gene import Gene
from predictor.scoring.arrays import namespace, wide
from predictor.scoring.genes import gene_rows, genes_overlapping
from predictor.scoring.scorer import Arrays, Prepared, VariantScoring, bases_of_spans, filled_rows
from predictor.scoring.site import SitesOfGenes, VariantSite

# Coverage is measured over this many bp upstream of a site, in reading direction.
WINDOW = 400
MOST_GENES = 22
MOST_SITES = 136
_LEAST_SHARE_INSIDE = 0.8


class Polyadenylation(VariantScoring):
    """Largest change of the ratio of proximal to distal coverage, over all splits of the sites.

    Sites are split in the order in which they are given. Those of an installed genome come 5' to
    3', as spec/scoring.md 6.6 recommends; the official code takes them in the order of its table.
    Genes with one site, or with less than 80 % of their sites in the interval, have no row.
    Strands of gene and track are not compared.
    """

    aligned = True
    needs_genes = True
    needs_polyadenylation_sites = True

    def prepare(self, scorer: PolyadenylationScorer, site: VariantSite) -> Prepared:
        """First base of the window of each site, `first` [G, N], and which are `present`.

        Raises:
          ScoringLimitError: more than 22 genes, or more than 136 sites of one gene.
        """
        genes = genes_overlapping(site.genes or (), site.variant)
        if len(genes) > MOST_GENES:
            raise errors.ScoringLimitError(
                f"{len(genes)} genes overlap {site.variant.as_truncated_str(24)}; "
                f"the polyadenylation scorer takes at most {MOST_GENES}."
            )
        found = [
            (gene, sites)
            for gene in genes
            if len(sites := _sites_to_score(gene, site.polyadenylation_sites, site.interval)) > 1
        ]
        rows = gene_rows([gene for gene, _ in found], site.interval)
        rows["num_pas"] = np.array([len(sites) for _, sites in found], int)
        # The official distance: a 0-based start against a 1-based position.
        rows["min_pas_var_distance"] = np.array(
            [np.abs(sites[:, 0] - site.variant.position).min() for _, sites in found], int
        )
        most = max((len(sites) for _, sites in found), default=1)
        first = np.zeros((len(found), most), np.int32)
        present = np.zeros((len(found), most), bool)
        for row, (gene, sites) in enumerate(found):
            upstream = WINDOW - 1 if gene.strand == "+" else 0
            first[row, : len(sites)] = sites[:, 0] - site.interval.start - upstream
            present[row, : len(sites)] = True
        arrays = {"first": first, "present": present}
        return Prepared(
            arrays={name: filled_rows(filled_rows(a.T).T) for name, a in arrays.items()}, rows=rows
        )

    def reads(
        self, scorer: PolyadenylationScorer, prepared: Prepared, width: int
    ) -> Bool[np.ndarray, " S"]:
        """The windows upstream of the sites."""
        first = prepared.arrays["first"][prepared.arrays["present"]]
        return bases_of_spans(np.stack([first, first + WINDOW], axis=1), width)

    def scores(
        self,
        scorer: PolyadenylationScorer,
        reference: Float[Any, "S T"],
        alternate: Float[Any, "S T"],
        arrays: Arrays,
    ) -> Float[Any, "G T"]:
        """Absolute log2 ratios, at least 0."""
        xp = namespace(reference)
        present = arrays["present"]
        places = arrays["first"][..., None] + np.arange(WINDOW)
        inside = present[..., None] & (places >= 0) & (places < reference.shape[0])
        places = xp.where(inside, places, 0)

        def coverage(allele: Any) -> Any:
            return xp.where(inside[..., None], wide(xp.take(allele, places, axis=0)), 0).sum(axis=2)

        with np.errstate(divide="ignore", invalid="ignore"):
            fold = _finite(coverage(alternate) / coverage(reference))
            return _largest_split(xp.where(present[..., None], fold, 0), present)


def _largest_split(fold: Float[Any, "G N T"], present: Any) -> Float[Any, "G T"]:
    """Over k: |log2| of the mean fold of sites 1 … k over that of k+1 … n."""
    xp = namespace(fold)
    sites = present.sum(axis=1)[:, None, None]
    proximal_sites = xp.arange(1, fold.shape[1] + 1)[None, :, None]
    proximal = xp.cumsum(fold, axis=1)
    # Summed from the far end, because subtracting from the total would lose digits.
    from_here = xp.flip(xp.cumsum(xp.flip(fold, axis=1), axis=1), axis=1)
    distal = xp.concatenate([from_here[:, 1:], xp.zeros_like(fold[:, :1])], axis=1)
    ratio = (sites - proximal_sites) / proximal_sites * (proximal / distal)
    split = abs(xp.log2(ratio))
    return _finite(xp.where(proximal_sites < sites, split, 0)).max(axis=1)


def _finite(values: Any) -> Any:
    xp = namespace(values)
    return xp.where(xp.isfinite(values), values, 0)


def _sites_to_score(
    gene: Gene, table: SitesOfGenes | None, interval: Interval
) -> Int[np.ndarray, "N 2"]:
    """The sites inside the interval; none where too many lie outside."""
    none = np.zeros((0, 2), int)
    sites = none if table is None else table.of_gene(gene.id, gene.strand)
    starts_inside = sites[:, 0] >= interval.start
    ends_inside = sites[:, 1] < interval.end
    if not len(sites) or min(starts_inside.mean(), ends_inside.mean()) < _LEAST_SHARE_INSIDE:
        return none
    kept: np.ndarray = sites[starts_inside & ends_inside]
    if len(kept) > MOST_SITES:
        raise errors.ScoringLimitError(
            f"The gene {gene.name} has {len(kept)} polyadenylation sites in the interval; "
            f"the polyadenylation scorer takes at most {MOST_SITES}."
        )
    return kept

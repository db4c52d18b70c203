"""Junctions of both alleles in one list.

Axes: A alleles, J junctions, T tissues.
"""

import numpy as np
from alphagenome.data.junction_data import JunctionData
from jaxtyping import Float32, Int64

FORWARD, REVERSE = 1, -1


def joined_junctions(
    reference: JunctionData, alternate: JunctionData | None
) -> tuple[Int64[np.ndarray, "J 3"], Float32[np.ndarray, "A J T"]]:
    """The junctions that either allele lists, sorted by place.

    Returns:
      start, end (0-based half-open, the intron) and strand (1 or -1) of each junction; the counts
      by allele, junction and tissue, 0 where an allele does not list the junction.
    """
    alleles = [allele for allele in (reference, alternate) if allele is not None]
    listed = [_places(allele) for allele in alleles]
    places, where = np.unique(np.concatenate(listed), axis=0, return_inverse=True)
    counts = np.zeros((len(alleles), len(places), reference.values.shape[1]), np.float32)
    first = 0
    for index, (allele, own) in enumerate(zip(alleles, listed, strict=True)):
        counts[index, where.reshape(-1)[first : first + len(own)]] = allele.values
        first += len(own)
    return places, counts


def _places(data: JunctionData) -> Int64[np.ndarray, "J 3"]:
    return np.array(
        [(j.start, j.end, FORWARD if j.strand == "+" else REVERSE) for j in data.junctions],
        np.int64,
    ).reshape(-1, 3)

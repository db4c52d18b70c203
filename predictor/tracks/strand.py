"""From predictions on the reverse complement back to forward genome order.

Source: spec/scoring.md 3, spec/model.md 13.4.
"""

from collections.abc import Sequence

import numpy as np

# Rows donor +, acceptor +, donor -, acceptor - seen from the other strand.
_SITE_ROWS = np.array([2, 3, 0, 1])


def opposite_strand_index(strands: Sequence[str]) -> np.ndarray:
    """For each track the one that takes its place on the other strand.

    The n-th '+' track changes places with the n-th '-' track; '.' stays.

    Args:
      strands: '+', '-' or '.' of each track, padding included.

    Raises:
      ValueError: there are not as many '+' as '-' tracks.
    """
    found = np.asarray(strands)
    index = np.arange(len(found))
    positive, negative = np.flatnonzero(found == "+"), np.flatnonzero(found == "-")
    if len(positive) != len(negative):
        raise ValueError(f"{len(positive)} tracks on + and {len(negative)} on - cannot be paired.")
    index[positive], index[negative] = negative, positive
    return index


def forward_tracks(
    values: np.ndarray, strands: Sequence[str], *, shifts: Sequence[int] | None = None
) -> np.ndarray:
    """Turns the tracks of a reverse complement into forward order with true strands.

    Args:
      values: [bins, tracks].
      strands: of the tracks.
      shifts: bins by which each track moves right afterwards, entering zeros. The released
        DNASE tracks need 1, because the base coordinates of their two strands are offset by
        one; tracks that mirror exactly need 0, the default.
    """
    return forward_bins(values[:, opposite_strand_index(strands)], shifts=shifts)


def forward_bins(values: np.ndarray, *, shifts: Sequence[int] | None = None) -> np.ndarray:
    """The part of `forward_tracks` that is left once the tracks have changed places."""
    turned = values[::-1].copy() if any(shifts or ()) else values[::-1]
    for shift in sorted(set(shifts or ()) - {0}):
        columns = np.flatnonzero(np.asarray(shifts) == shift)
        moved = np.zeros_like(turned[:, columns])
        moved[shift:] = turned[:-shift, columns]
        turned[:, columns] = moved
    return turned


def forward_contact_maps(values: np.ndarray) -> np.ndarray:
    """Turns contact maps [bins, bins, tracks] of a reverse complement into forward order."""
    return values[::-1, ::-1]


def opposite_sites(sites: np.ndarray) -> np.ndarray:
    """Splice site classes [positions, >= 4] seen from the other strand (its own inverse).

    Positions are mirrored and + and - classes change places; a fifth class stays.
    """
    order = [*_SITE_ROWS, *range(len(_SITE_ROWS), sites.shape[1])]
    return sites[::-1, order]


def forward_junctions(
    counts: np.ndarray, positions: np.ndarray, *, length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Turns junction counts of a reverse complement into true strands.

    Args:
      counts: [donors, acceptors, 2 * tissues], + half first.
      positions: int [4, sites], rows donor +, acceptor +, donor -, acceptor -; -1 is empty.
      length: of the sequence, in bp.

    Returns:
      Counts and positions; a row of positions that ascended now descends.
    """
    positive, negative = np.split(counts, 2, axis=-1)
    mirrored = np.where(positions >= 0, length - 1 - positions, -1)
    return np.concatenate([negative, positive], axis=-1), mirrored[_SITE_ROWS]

"""CONTACT_MAPS: boundaries, loops and the company that active regions keep.

Axes: B bins of 2,048 bp, H bins of 128 bp.
Source: specification of the demo genome, section 6.
"""

import numpy as np
from jaxtyping import Float64

from predictor.simulator.hidden import Hidden
from predictor.simulator.occupancy import OrientedSites

_BIN = 2048
_LOOP_DISTANCES = (4_000, 40_000)
_LOOP_DEVIATION = 0.7
# Without a floor a window that holds no active region would scale its noise up to 1.
_ACTIVE_FLOOR = 0.5


def contact_map(
    hidden: Hidden, acetylation: Float64[np.ndarray, " H"], length: int
) -> Float64[np.ndarray, "B B"]:
    """C = -0.6 min(3, |I_i - I_j|) + 1.8 exp(-d^2 / (2 x 0.7^2)) + 0.4 h_i h_j, in [-2, 2].

    I_i is the insulation at the middle of bin i. d is the distance, in bins, of the middle
    of pixel (i, j) to a loop; a loop appears on both sides of the diagonal. h is H3K27ac of
    the bin over its 99th percentile in the window (at least 0.5).
    """
    bins = length // _BIN
    middles = np.arange(bins) * _BIN + _BIN // 2
    level = (hidden.insulation[middles - 1] + hidden.insulation[middles]) / 2
    result = -0.6 * np.minimum(3, np.abs(level[:, None] - level[None, :]))

    x = np.arange(bins) + 0.5
    for forward, reverse in loops(hidden.insulators):
        u, v = ((center + 0.5) / _BIN for center in (forward, reverse))
        squared = (x[:, None] - u) ** 2 + (x[None, :] - v) ** 2
        pixel = 1.8 * np.exp(-squared / (2 * _LOOP_DEVIATION**2))
        result += pixel + pixel.T

    active = acetylation.reshape(bins, -1).mean(axis=1)
    h = active / max(_ACTIVE_FLOOR, float(np.percentile(active, 99)))
    result += 0.4 * h[:, None] * h[None, :]
    clipped: Float64[np.ndarray, "B B"] = np.clip(result, -2, 2)
    return clipped


def loops(sites: OrientedSites) -> list[tuple[float, float]]:
    """Pairs of a forward site u and a reverse site v, 4-40 kb apart.

    v is the nearest reverse site right of u and u the nearest forward site left of v; read
    from the other strand the same pairs result.
    """
    found = []
    forward, reverse = sites.forward_centers, sites.reverse_centers
    for u in forward:
        right = reverse[reverse > u]
        if not len(right):
            continue
        v = right[0]
        nearest = _LOOP_DISTANCES[0] <= v - u <= _LOOP_DISTANCES[1]
        if nearest and forward[forward < v][-1] == u:
            found.append((float(u), float(v)))
    return found

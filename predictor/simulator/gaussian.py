"""Gaussians of the specification: G_s with peak 1 and Gn_s with unit area, cut at 4 s.

Axes: S positions, N spikes, B bins, K entries of a kernel.
"""

import functools

import numpy as np
from jaxtyping import Float, Float64

from predictor.simulator.occupancy import Spikes

_CUT = 4


@functools.cache
def kernel(deviation: float, *, unit_area: bool = False) -> Float64[np.ndarray, " K"]:
    """The 2 * 4 s + 1 values of a Gaussian around its peak (read-only)."""
    reach = int(_CUT * deviation)
    values = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    if unit_area:
        values /= values.sum()
    values.flags.writeable = False
    return values


def add_spikes(
    track: Float[np.ndarray, " S"], spikes: Spikes, deviation: float, *, unit_area: bool = False
) -> None:
    """Adds a Gaussian around each spike to `track`; what leaves the window is lost.

    Cheaper than a convolution because sites are few. Most come in pairs (the two middle
    bases of a site of even length, with the same value), which are added in one go.
    """
    if not len(spikes.positions):
        return
    single = kernel(deviation, unit_area=unit_area)
    double = np.append(single, 0.0) + np.append(0.0, single)
    reach = len(single) // 2
    padded = np.zeros(len(track) + len(double))
    scaled: dict[tuple[bool, float], Float64[np.ndarray, " K"]] = {}
    for position, value, paired in _pairs(spikes):
        shape = scaled.get((paired, value))
        if shape is None:
            shape = scaled[paired, value] = value * (double if paired else single)
        padded[position : position + len(shape)] += shape
    track += padded[reach : reach + len(track)]


def _pairs(spikes: Spikes) -> list[tuple[int, float, bool]]:
    """Position and value of each spike, neighbours of equal value joined in pairs."""
    positions, values = spikes.positions.tolist(), spikes.values.tolist()
    found, index = [], 0
    while index < len(positions):
        following = index + 1
        paired = (
            following < len(positions)
            and positions[following] == positions[index] + 1
            and values[following] == values[index]
        )
        found.append((positions[index], values[index], paired))
        index += 1 + paired
    return found


@functools.cache
def _kernel_of_bins(deviation: float, width: int) -> Float64[np.ndarray, "W K"]:
    """Bin means of a Gaussian, for each offset W of its peak within the middle bin."""
    shape = kernel(deviation)
    reach = len(shape) // 2
    side = -(-reach // width)
    padded = np.zeros((width, (2 * side + 1) * width))
    for offset in range(width):
        first = side * width + offset - reach
        padded[offset, first : first + len(shape)] = shape
    means: Float64[np.ndarray, "W K"] = padded.reshape(width, 2 * side + 1, width).mean(axis=2)
    return means


def bin_means_of_spikes(
    spikes: Spikes, deviation: float, *, bins: int, width: int
) -> Float64[np.ndarray, " B"]:
    """Means over bins of `width` bp of the sum of Gaussians G_s around the spikes."""
    table = _kernel_of_bins(deviation, width)
    side = table.shape[1] // 2
    values = spikes.values[:, None] * table[spikes.positions % width]
    target = (spikes.positions // width)[:, None] + np.arange(2 * side + 1)
    total = np.bincount(target.ravel(), values.ravel(), minlength=bins + 2 * side)
    # Without spikes bincount gives integers.
    return total[side : side + bins].astype(np.float64)


def smooth(track: Float64[np.ndarray, " N"], deviation: float) -> Float64[np.ndarray, " N"]:
    """Gn_s * track, zero outside.

    Args:
      track: values per base, or means over blocks.
      deviation: in steps of the track.
    """
    shape = kernel(deviation, unit_area=True)
    reach = len(shape) // 2
    return np.convolve(track, shape)[reach : reach + len(track)]

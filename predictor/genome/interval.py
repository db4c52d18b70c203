"""Intervals as people write them."""

import re

from alphagenome.data.genome import Interval

from predictor import errors
from predictor.genome.chromosome_names import ChromosomeNames
from predictor.genome.variant import shorten

_NUMBER = r"-?\d{1,3}(?:,\d{3})+|-?\d+"
_INTERVAL = re.compile(
    rf"(?P<chromosome>[^\s:]+)\s*:\s*(?P<start>{_NUMBER})\s*(?:-|–|\.\.)\s*(?P<end>{_NUMBER})"
    r"(?::(?P<strand>[+.\-]))?"
)


def parse_interval(
    text: str, names: ChromosomeNames | None = None, *, one_based: bool = False
) -> Interval:
    """Reads `chr1:1,000-2,000`, with or without thousands commas and a last `:+`, `:-` or `:.`.

    Args:
      text: one interval.
      names: chromosome names of the assembly; where given, the interval carries the assembly's
        own name of the chromosome.
      one_based: both ends are 1-based and inclusive, as on the screen; otherwise 0-based
        half-open, as in the SDK's text form. `chr1:1-10` on the screen is `chr1:0-10` here.

    Raises:
      InvalidIntervalError: the text cannot be read, or the end lies before the start.
      UnknownChromosomeError: the assembly has no such chromosome.
    """
    match = _INTERVAL.fullmatch(text.strip())
    if match is None:
        raise errors.InvalidIntervalError(
            f'"{shorten(text)}" is not an interval; write chromosome:start-end, '
            "for example chr1:10000-26384."
        )
    start = int(match["start"].replace(",", "")) - one_based
    end = int(match["end"].replace(",", ""))
    if end <= start:
        raise errors.InvalidIntervalError(
            f'"{shorten(text)}" ends before it begins; write chromosome:start-end.'
        )
    chromosome = match["chromosome"]
    return Interval(
        chromosome if names is None else names.resolve(chromosome),
        start,
        end,
        match["strand"] or ".",
    )

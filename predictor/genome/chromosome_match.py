"""Do the chromosomes of an annotation belong to those of a FASTA file?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from predictor import errors
from predictor.genome.chromosome_names import ChromosomeNames

_MOST_SHOWN = 5
# Some annotations name patches and unplaced sequences that a FASTA lacks; never most of them.
_LARGEST_ABSENT_SHARE = 0.5


@dataclass(frozen=True)
class ChromosomeMatch:
    """Which chromosome of a FASTA file each name of an annotation means.

    Attributes:
      names: from the annotation's name to that of the FASTA file.
      absent: names that the FASTA file does not have, in the order of the annotation.
    """

    names: Mapping[str, str]
    absent: tuple[str, ...]

    def sentence(self) -> str:
        """What is lacking, for people; empty if nothing is."""
        if not self.absent:
            return ""
        return (
            f"{len(self.absent):,} of {len(self.names) + len(self.absent):,} chromosomes are not "
            f"in the FASTA: {_some(self.absent)}"
        )


def match_chromosomes(names: Iterable[str], fasta: ChromosomeNames) -> ChromosomeMatch:
    """Finds each chromosome of an annotation in a FASTA file: 1 for chr1, chr1 for NC_000001.11."""
    names = list(dict.fromkeys(names))
    # A FASTA file may have the rarer names, and the annotation those that are an alias of them.
    annotation = ChromosomeNames(dict.fromkeys(names, 0), fasta.assembly)
    reverse = {annotation.find(name): name for name in fasta.sizes}
    found = {name: fasta.find(name) or reverse.get(name) for name in names}
    return ChromosomeMatch(
        names={name: there for name, there in found.items() if there is not None},
        absent=tuple(name for name, there in found.items() if there is None),
    )


def check_match(match: ChromosomeMatch, what: str, fasta: ChromosomeNames) -> None:
    """Refuses an annotation of which most chromosomes are absent.

    Args:
      match: of the annotation.
      what: names it for people.
      fasta: the chromosomes of the FASTA file.

    Raises:
      AssemblyMismatchError: more than half of its chromosomes are absent.
    """
    if len(match.absent) > _LARGEST_ABSENT_SHARE * (len(match.names) + len(match.absent)):
        raise errors.AssemblyMismatchError(
            f"{what} does not fit the sequence of {fasta.assembly}: {match.sentence()}, which has "
            f"{_some(list(fasta.sizes))}; take an annotation of the same assembly."
        )


def check_ends(ends: Mapping[str, int], what: str, fasta: ChromosomeNames) -> None:
    """Refuses an annotation that goes on where a chromosome has ended.

    Args:
      ends: one past the last annotated base of each chromosome, by the FASTA's names.
      what: names it for people.
      fasta: the chromosomes of the FASTA file.

    Raises:
      AssemblyMismatchError: names the first such chromosome.
    """
    for name, end in ends.items():
        if end > fasta.sizes[name]:
            raise errors.AssemblyMismatchError(
                f"{what} does not fit the sequence of {fasta.assembly}: it reaches to position "
                f"{end:,} of {name}, which has {fasta.sizes[name]:,} bp; take an annotation of the "
                "same assembly."
            )


def _some(names: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(names[:_MOST_SHOWN])
    rest = len(names) - _MOST_SHOWN
    return f"{shown} and {rest:,} more" if rest > 0 else shown

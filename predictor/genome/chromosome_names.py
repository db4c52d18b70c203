"""Chromosome names of one assembly, and the other names people give them."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from predictor import errors

_MITOCHONDRIAL = ("m", "mt")
_MOST_NAMES_SHOWN = 6


@dataclass(frozen=True)
class _RefSeq:
    """Accessions of an assembly: one number a chromosome, in order, each with its own version.

    Attributes:
      first: number of chromosome 1.
      versions: of the autosomes, X and Y.
      mitochondrion: its accession.
    """

    first: int
    versions: tuple[int, ...]
    mitochondrion: str


_GRCH38 = _RefSeq(
    first=1,
    versions=(
        *(11, 12, 12, 12, 10, 12, 14, 11, 12, 11, 10, 12),
        *(11, 9, 10, 10, 11, 10, 10, 11, 9, 11, 11, 10),
    ),
    mitochondrion="nc_012920.1",
)
_GRCM38 = _RefSeq(
    first=67,
    versions=(6, 7, *(6,) * 17, 7, 7),
    mitochondrion="nc_005089.1",
)
_REFSEQ = {"hg38": _GRCH38, "grch38": _GRCH38, "mm10": _GRCM38, "grcm38": _GRCM38}


class ChromosomeNames:
    """Finds a chromosome of an assembly under its usual spellings.

    `1`, `chr1` and `CHR1` are the same chromosome, and so are `MT`, `chrM` and `M`. Accessions
    such as `NC_000001.11` are known for GRCh38 and GRCm38.
    """

    def __init__(self, sizes: Mapping[str, int], assembly: str):
        """Takes the length of every chromosome in bp, in the order of the assembly."""
        self.sizes = dict(sizes)
        self.assembly = assembly
        self._by_key: dict[str, str] = {}
        for name in self.sizes:
            # An exact spelling always wins over an alias, thus the two passes.
            self._by_key[name.lower()] = name
        for name in self.sizes:
            for alias in _aliases(name):
                self._by_key.setdefault(alias, name)
        for start, refseq in _REFSEQ.items():
            if assembly.lower().startswith(start):
                self._add_refseq(refseq)

    def __contains__(self, name: str) -> bool:
        return self.find(name) is not None

    def find(self, name: str) -> str | None:
        """The assembly's own name of the chromosome, or None."""
        if name in self.sizes:
            return name
        return self._by_key.get(name.lower())

    def resolve(self, name: str) -> str:
        """The assembly's own name of the chromosome.

        Raises:
          UnknownChromosomeError: names some that exist, the most similar first.
        """
        found = self.find(name)
        if found is None:
            raise errors.UnknownChromosomeError(
                f'{self.assembly} has no chromosome "{name}"; it has {self._some(name)}.'
            )
        return found

    def _some(self, name: str) -> str:
        similar = difflib.get_close_matches(name, self.sizes, n=_MOST_NAMES_SHOWN, cutoff=0.5)
        names = list(dict.fromkeys([*similar, *self.sizes]))
        shown = ", ".join(names[:_MOST_NAMES_SHOWN])
        rest = len(names) - _MOST_NAMES_SHOWN
        return f"{shown} and {rest} more" if rest > 0 else shown

    def _add_refseq(self, refseq: _RefSeq) -> None:
        labels = [*map(str, range(1, len(refseq.versions) - 1)), "X", "Y"]
        for number, (label, version) in enumerate(
            zip(labels, refseq.versions, strict=True), start=refseq.first
        ):
            if (chromosome := self.find(label)) is not None:
                self._by_key[f"nc_{number:06d}.{version}"] = chromosome
        if (chromosome := self.find("MT")) is not None:
            self._by_key[refseq.mitochondrion] = chromosome


def _aliases(name: str) -> Iterable[str]:
    bare = name.lower().removeprefix("chr")
    yield bare
    yield f"chr{bare}"
    if bare in _MITOCHONDRIAL:
        for other in _MITOCHONDRIAL:
            yield other
            yield f"chr{other}"

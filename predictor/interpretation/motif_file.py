"""Motif libraries in the two text formats that are in use: MEME and JASPAR.

MEME (minimal format, version 4 and later):

    MEME version 4
    ALPHABET= ACGT
    Background letter frequencies
    A 0.25 C 0.25 G 0.25 T 0.25
    MOTIF MA0139.1 CTCF
    letter-probability matrix: alength= 4 w= 2 nsites= 20
    0.1 0.7 0.1 0.1
    0.0 0.0 1.0 0.0

JASPAR (counts, one line for each base; the letters and brackets may be missing):

    >MA0139.1 CTCF
    A [ 2 0 ]
    C [ 14 0 ]
    G [ 2 20 ]
    T [ 2 0 ]

Axes: W positions of a motif; four columns A, C, G, T.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from predictor.errors import AllelensError

BASES = "ACGT"
UNIFORM = (0.25, 0.25, 0.25, 0.25)
LONGEST = 64
"""Longer motifs are refused: no factor reads so many bases, a shifted column gives such files."""

SHIPPED = Path(__file__).with_name("demo_motifs.meme")
"""The motifs of the demo world, as `python -m predictor simulate motifs` makes them."""

_DEFAULT_SITES = 20.0  # as in the MEME suite, where a matrix does not state its number
_ROUNDING = 0.02  # rows of published files are rounded to few digits
_ATTRIBUTE = re.compile(r"(alength|w|nsites|E)\s*=\s*(\S+)")


class InvalidMotifFileError(AllelensError):
    """A motif library cannot be read; the sentence names the line."""

    code = "invalid_motif_file"


@dataclass(frozen=True, eq=False)
class Motif:
    """What a factor reads.

    Attributes:
      id: unique in its library, for example `MA0139.1`.
      name: for people, for example `CTCF`.
      probabilities: [W, 4], each row sums to 1.
      sites: number of sites that the probabilities were counted on.
    """

    id: str
    name: str
    probabilities: Float[np.ndarray, "W 4"]
    sites: float

    @property
    def consensus(self) -> str:
        """The most probable base of each position; N where none has more than a half."""
        best = self.probabilities.argmax(axis=1)
        clear = self.probabilities.max(axis=1) > 0.5
        return "".join(
            BASES[base] if c else "N" for base, c in zip(best.tolist(), clear.tolist(), strict=True)
        )


@dataclass(frozen=True)
class MotifLibrary:
    """Motifs in the order of their file.

    Attributes:
      name: of the file.
      motifs: at least one.
      background: probabilities of A, C, G, T outside of motifs.
    """

    name: str
    motifs: tuple[Motif, ...]
    background: tuple[float, float, float, float] = UNIFORM


def read_motifs(path: Path) -> MotifLibrary:
    """Reads a library in MEME or JASPAR text format; the content tells which it is.

    Raises:
      InvalidMotifFileError: names the file, the line, what stands there and what is expected.
      OSError: the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidMotifFileError(
            f"{path.name} is not a text file; give a motif library in MEME or JASPAR text format."
        ) from error
    return parse_motifs(text, name=path.name)


def parse_motifs(text: str, *, name: str = "motif library") -> MotifLibrary:
    """The same for the contents of a file; `name` stands in messages."""
    lines = _Lines(name, text)
    first = lines.peek()
    if first.startswith("MEME version"):
        library = _meme(lines)
    elif first.startswith(">"):
        library = MotifLibrary(name, tuple(_jaspar(lines)))
    elif not first:
        raise InvalidMotifFileError(f"{name} is empty; give a motif library in MEME or JASPAR.")
    else:
        raise lines.error(
            f'begins with "{first[:30]}", but a MEME file begins with "MEME version" and a JASPAR '
            'file with ">"'
        )
    if not library.motifs:
        raise InvalidMotifFileError(f"{name} holds no motif; each begins with a line MOTIF.")
    _check_ids(library)
    return library


class _Lines:
    """The lines that are not empty, one after the other, and where we are."""

    def __init__(self, name: str, text: str):
        self.name = name
        self._lines = [
            (number, line.strip())
            for number, line in enumerate(text.splitlines(), start=1)
            if line.strip() and not line.startswith("#")
        ]
        self._next = 0

    def peek(self) -> str:
        """The next line; empty at the end."""
        return self._lines[self._next][1] if self._next < len(self._lines) else ""

    def take(self) -> str:
        """Moves on."""
        line = self.peek()
        self._next += 1
        return line

    def error(self, what: str) -> InvalidMotifFileError:
        """About the next line."""
        last = self._lines[-1][0] if self._lines else 0
        place = self._lines[self._next][0] if self._next < len(self._lines) else last
        return InvalidMotifFileError(f"{self.name}, line {place}: it {what}.")


def _meme(lines: _Lines) -> MotifLibrary:
    background: tuple[float, float, float, float] = UNIFORM
    motifs: list[Motif] = []
    while line := lines.peek():
        if line.startswith("ALPHABET"):
            _check_alphabet(lines, line)
        if line.startswith("Background letter frequencies"):
            lines.take()
            background = _background(lines)
        elif line.startswith("MOTIF"):
            motifs.append(_meme_motif(lines))
        else:
            lines.take()
    return MotifLibrary(lines.name, tuple(motifs), background)


def _check_alphabet(lines: _Lines, line: str) -> None:
    found = line.partition("=")[2].strip() or line.partition(" ")[2].strip(' "')
    if found.upper() not in (BASES, "DNA", "DNA-LIKE", 'DNA" DNA-LIKE'):
        raise lines.error(f'has the alphabet "{found}", but only ACGT (DNA) can be read')


def _background(lines: _Lines) -> tuple[float, float, float, float]:
    """`A 0.3 C 0.2 G 0.2 T 0.3`, on one line or two."""
    words: list[str] = []
    while len(words) < 2 * len(BASES) and (line := lines.peek()) and line[0] in BASES:
        words += line.split()
        if len(words) < 2 * len(BASES):
            lines.take()
    if "".join(words[::2]) != BASES:
        raise lines.error("should give the background as A 0.25 C 0.25 G 0.25 T 0.25")
    values = _row(lines, words[1::2])
    lines.take()
    a, c, g, t = (values / values.sum()).tolist()
    if min(a, c, g, t) <= 0:
        raise lines.error("gives a base the background frequency 0, but each must be above it")
    return a, c, g, t


def _meme_motif(lines: _Lines) -> Motif:
    words = lines.peek().split()
    if len(words) < 2:
        raise lines.error("should name the motif, as in MOTIF MA0139.1 CTCF")
    lines.take()
    while not lines.peek().startswith("letter-probability matrix"):
        if not lines.peek() or lines.peek().startswith("MOTIF"):
            raise lines.error(f'should be the "letter-probability matrix" of {words[1]}')
        lines.take()
    about = dict(_ATTRIBUTE.findall(lines.peek()))
    width = _whole_number(lines, about.get("w"), "w")
    if about.get("alength", "4") != "4":
        raise lines.error(f"says alength= {about['alength']}, but DNA has 4 letters")
    sites = _number(lines, about["nsites"]) if "nsites" in about else _DEFAULT_SITES
    lines.take()
    rows = []
    while (found := lines.peek()) and (found[0].isdigit() or found[0] in ".-+"):
        rows.append(_probabilities(lines, found.split()))
        lines.take()
    if width is not None and len(rows) != width:
        raise lines.error(f"follows {len(rows)} rows of {words[1]}, but its matrix says w= {width}")
    _check_width(lines, words[1], len(rows))
    return Motif(words[1], " ".join(words[2:]) or words[1], np.stack(rows), max(sites, 1.0))


def _probabilities(lines: _Lines, words: Sequence[str]) -> Float[np.ndarray, " 4"]:
    row = _row(lines, words)
    if abs(row.sum() - 1) > _ROUNDING:
        raise lines.error(f"sums to {row.sum():.3g}, but the probabilities of a row sum to 1")
    probabilities: np.ndarray = row / row.sum()
    return probabilities


def _jaspar(lines: _Lines) -> Iterator[Motif]:
    while line := lines.peek():
        if not line.startswith(">"):
            raise lines.error('should begin with ">", the name of the next motif')
        words = line[1:].split()
        if not words:
            raise lines.error("should name the motif, as in >MA0139.1 CTCF")
        lines.take()
        counts = [_jaspar_row(lines, base, words[0]) for base in BASES]
        if len({len(row) for row in counts}) > 1:
            raise lines.error(
                f"follows the rows of {words[0]}, which have "
                f"{', '.join(str(len(row)) for row in counts)} positions; all four must have "
                "equally many"
            )
        _check_width(lines, words[0], len(counts[0]))
        table = np.array(counts).T
        sums = table.sum(axis=1, keepdims=True)
        if (sums <= 0).any():
            place = int(np.argmax(sums[:, 0] <= 0)) + 1
            raise lines.error(f"follows {words[0]}, whose position {place} has no counts")
        yield Motif(words[0], " ".join(words[1:]) or words[0], table / sums, float(sums.mean()))


def _jaspar_row(lines: _Lines, base: str, motif: str) -> list[float]:
    line = lines.peek()
    if not line or line.startswith(">"):
        raise lines.error(f"should give the counts of {base} of the motif {motif}")
    if line[0].isalpha():
        if line[0].upper() != base:
            raise lines.error(f"begins with {line[0]}, but the counts of {base} are expected here")
        line = line[1:]
    values = [_number(lines, word) for word in line.replace("[", " ").replace("]", " ").split()]
    if any(value < 0 for value in values):
        raise lines.error("holds a negative count")
    lines.take()
    return values


def _check_width(lines: _Lines, motif: str, width: int) -> None:
    if not 0 < width <= LONGEST:
        raise lines.error(
            f"follows {motif}, which has {width} positions; 1 to {LONGEST} can be read"
        )


def _check_ids(library: MotifLibrary) -> None:
    seen: set[str] = set()
    for motif in library.motifs:
        if motif.id in seen:
            raise InvalidMotifFileError(
                f"{library.name} has the motif {motif.id} twice; names must differ."
            )
        seen.add(motif.id)


def _row(lines: _Lines, words: Sequence[str]) -> Float[np.ndarray, " 4"]:
    if len(words) != len(BASES):
        raise lines.error(f"has {len(words)} numbers, but four are expected: A, C, G, T")
    row = np.array([_number(lines, word) for word in words])
    if (row < 0).any():
        raise lines.error("holds a negative number")
    return row


def _number(lines: _Lines, word: str) -> float:
    return _converted(lines, word, float, "number")


def _whole_number(lines: _Lines, word: str | None, what: str) -> int | None:
    return None if word is None else int(_converted(lines, word, int, f"whole number for {what}"))


def _converted(lines: _Lines, word: str, convert: Callable[[str], float], what: str) -> float:
    try:
        value = convert(word)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise lines.error(f'holds "{word}" where a {what} is expected')
    return value

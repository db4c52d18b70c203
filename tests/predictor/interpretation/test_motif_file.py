"""Motif libraries in MEME and JASPAR text format, and what is said about broken ones."""

import numpy as np
import pytest

from predictor.interpretation import motif_file
from predictor.interpretation.motif_file import InvalidMotifFileError, parse_motifs
from predictor.simulator import grammar, motif_library

MEME = """\
MEME version 5.5.7 (Release date: Wed Jun 19 2024)

ALPHABET= ACGT

strands: + -

Background letter frequencies (from uniform background):
A 0.30000 C 0.20000 G 0.20000 T 0.30000

MOTIF MA0001.1 First factor

letter-probability matrix: alength= 4 w= 2 nsites= 10 E= 1.2e-003
  0.100000  0.700000  0.100000  0.100000
  0.000000  0.000000  1.000000  0.000000

URL http://example.org/MA0001.1

MOTIF second
letter-probability matrix: alength= 4 w= 1
0.25 0.25 0.25 0.25
"""
JASPAR = """\
>MA0001.1\tFirst factor
A  [     1      0 ]
C  [     7      0 ]
G  [     1     10 ]
T  [     1      0 ]
>second
1
1
1
1
"""


def test_both_formats_hold_the_same_motifs():
    for text in (MEME, JASPAR):
        first, second = parse_motifs(text).motifs
        assert (first.id, first.name, first.sites) == ("MA0001.1", "First factor", 10)
        np.testing.assert_allclose(first.probabilities, [[0.1, 0.7, 0.1, 0.1], [0, 0, 1, 0]])
        assert (second.id, second.name) == ("second", "second")
        np.testing.assert_allclose(second.probabilities, [[0.25] * 4])


def test_the_background_is_read_where_the_file_states_it():
    np.testing.assert_allclose(parse_motifs(MEME).background, (0.3, 0.2, 0.2, 0.3))
    two_lines = MEME.replace("A 0.30000 C 0.20000 ", "A 0.30000 C 0.20000\n")
    np.testing.assert_allclose(parse_motifs(two_lines).background, (0.3, 0.2, 0.2, 0.3))
    assert parse_motifs(JASPAR).background == (0.25, 0.25, 0.25, 0.25)


@pytest.mark.parametrize(
    ("text", "old", "new", "sentence"),
    [
        (MEME, "0.700000", "0.x", 'line 13: it holds "0.x" where a number is expected'),
        (MEME, "0.700000", "0.900000", "line 13: it sums to 1.2, but"),
        (MEME, "0.700000  0.100000", "0.700000", "line 13: it has 3 numbers, but four"),
        (MEME, "w= 2", "w= 3", "its matrix says w= 3"),
        (MEME, "alength= 4", "alength= 20", "line 12: it says alength= 20, but DNA has 4"),
        (MEME, "ALPHABET= ACGT", "ALPHABET= ACDEFGHIKLMNPQRSTVWY", "line 3: it has the alphabet"),
        (MEME, "A 0.30000 C", "C 0.30000 A", "line 8: it should give the background"),
        (MEME, "second", "MA0001.1", "has the motif MA0001.1 twice"),
        (MEME, "0.25 0.25 0.25 0.25\n", "", "its matrix says w= 1"),
        (MEME, "MEME version", "MAME version", "line 1: it begins with"),
        (JASPAR, "C  [", "G  [", "line 3: it begins with G, but the counts of C"),
        (JASPAR, "     7      0 ]", "     7 ]", "which have 2, 1, 2, 2 positions"),
        (JASPAR, "     7 ", "    -7 ", "line 3: it holds a negative count"),
        (JASPAR, "    10 ]", "     0 ]", "whose position 2 has no counts"),
        (JASPAR, "1\n1\n1\n1\n", "1\n1\n1\n", "should give the counts of T of the motif second"),
        (JASPAR, ">second", "second", "line 6: it should begin with"),
        (JASPAR, ">second", "> ", "line 6: it should name the motif"),
    ],
)
def test_a_broken_line_is_named_in_one_sentence(text, old, new, sentence):
    assert old in text
    with pytest.raises(InvalidMotifFileError) as caught:
        parse_motifs(text.replace(old, new), name="my.meme")
    assert sentence in caught.value.message
    assert caught.value.message.startswith("my.meme")
    assert caught.value.message.endswith(".")


def test_a_file_without_motifs_is_refused(tmp_path):
    with pytest.raises(InvalidMotifFileError, match="is empty"):
        parse_motifs("\n\n")
    with pytest.raises(InvalidMotifFileError, match="holds no motif"):
        parse_motifs("MEME version 4\nALPHABET= ACGT\n")
    path = tmp_path / "binary.meme"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidMotifFileError, match=r"binary\.meme is not a text file"):
        motif_file.read_motifs(path)


def test_a_motif_of_more_positions_than_any_factor_reads_is_refused():
    rows = "0.25 0.25 0.25 0.25\n" * 65
    text = f"MEME version 4\nMOTIF wide\nletter-probability matrix: w= 65\n{rows}"
    with pytest.raises(InvalidMotifFileError, match="wide, which has 65 positions"):
        parse_motifs(text)


def test_the_shipped_library_is_what_the_command_makes():
    shipped = motif_file.SHIPPED.read_text(encoding="ascii")
    assert shipped == motif_library.library_text()


def test_the_shipped_library_holds_every_motif_of_the_grammar():
    library = motif_file.read_motifs(motif_file.SHIPPED)
    by_id = {motif.id: motif for motif in library.motifs}
    for name, consensus in grammar.MOTIFS.items():
        found = by_id[f"D-{name}"]
        assert found.name == f"{name} (demo)"
        assert len(found.probabilities) == len(consensus)
        for row, symbol in zip(found.probabilities, consensus, strict=True):
            best = row > row.max() - 1e-9
            assert {base for base, b in zip("ACGT", best, strict=True) if b} == set(
                grammar.IUPAC[symbol]
            )
    assert {"D-ESE", "D-ESS", "D-RBFOX", "D-GU-rich", "D-polyA", "D-donor", "D-acceptor"} < set(
        by_id
    )

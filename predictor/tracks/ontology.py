"""Ontology CURIEs such as `UBERON:0002048`, and `DEMO:0000001` of the demo world."""

import difflib
import re
from collections.abc import Iterable, Mapping

from alphagenome.data.ontology import OntologyTerm, OntologyType

from predictor import errors

# The SDK's prefixes, and that of the invented cell types of the demo genome.
PREFIXES = (*(member.name for member in OntologyType), "DEMO")
_CURIE = re.compile(r"(?P<prefix>[A-Za-z]+):(?P<number>\d+)")
_MOST_TERMS_SHOWN = 4


def parse_curie(term: OntologyTerm | str) -> str:
    """The CURIE with its prefix in capitals and at least 7 digits.

    Raises:
      UnknownOntologyTermError: not of the form PREFIX:number, or not one of `PREFIXES`.

    Source: spec/scoring.md 1.7.
    """
    if isinstance(term, OntologyTerm):
        return str(term.ontology_curie)
    match = _CURIE.fullmatch(term.strip())
    if match is None:
        raise errors.UnknownOntologyTermError(
            f'"{term}" is not an ontology CURIE; expected PREFIX:number, such as UBERON:0002048.'
        )
    prefix = match["prefix"].upper()
    if prefix not in PREFIXES:
        raise errors.UnknownOntologyTermError(
            f'"{term}" has the prefix {match["prefix"]}; known prefixes are {", ".join(PREFIXES)}.'
        )
    return f"{prefix}:{int(match['number']):07d}"


def parse_curies(terms: Iterable[OntologyTerm | str] | None) -> tuple[str, ...] | None:
    """Several terms, without repetitions, first order kept; None and nothing both mean all."""
    if terms is None:
        return None
    return tuple(dict.fromkeys(parse_curie(term) for term in terms)) or None


def check_known(curies: Iterable[str], names: Mapping[str, str], *, engine: str) -> None:
    """Refuses terms that no track of the engine has.

    Args:
      curies: as `parse_curies` gives them.
      names: every CURIE that occurs in the tracks, and the name of its biosample.
      engine: name of the engine, for the message.

    Raises:
      UnknownOntologyTermError: lists the terms most like the unknown one, with their names.
    """
    for curie in curies:
        if curie in names:
            continue
        near = difflib.get_close_matches(curie, names, n=_MOST_TERMS_SHOWN, cutoff=0.6)
        near = near or list(names)[:_MOST_TERMS_SHOWN]
        shown = ", ".join(f"{term} ({names[term]})" for term in near)
        raise errors.UnknownOntologyTermError(
            f"No track of the engine {engine} has the ontology term {curie}; "
            + (f"similar terms are {shown}." if shown else "it has no terms at all.")
        )

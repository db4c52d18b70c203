"""Ontology terms on the wire, which knows the five official ontologies only.

The invented cell types of the demo genome have the prefix DEMO. They travel as NTR ("new term
requested", the prefix for what no ontology has yet) with the same number, in both directions;
otherwise no client could ask for them.
"""

import re
from collections.abc import Collection, Iterable
from typing import Any

import pandas as pd
from alphagenome.data.ontology import OntologyType

from predictor import errors

_OFFICIAL = {member.value: member.name for member in OntologyType}
_NEW, _INVENTED = "NTR", "DEMO"
_INVENTED_TERM = re.compile(rf"\b{_INVENTED}(?=:\d{{7}}\b)")


def to_wire(table: pd.DataFrame) -> pd.DataFrame:
    """A metadata table whose terms the wire can carry; what is missing is None."""
    table = table.astype(object).where(table.notna(), None)
    if "ontology_curie" in table:
        table["ontology_curie"] = [_sendable(curie) for curie in table["ontology_curie"]]
    return table


def from_wire(terms: Iterable[Any], known: Collection[str]) -> tuple[str, ...] | None:
    """The terms of a request as CURIEs; None where there are none, which means all tracks.

    Args:
      terms: messages `OntologyTerm`.
      known: the CURIEs that the engine's tracks have.

    Raises:
      UnknownOntologyTermError: the type of a term is not one of the five.
    """
    found = []
    for term in terms:
        if term.ontology_type not in _OFFICIAL:
            raise errors.UnknownOntologyTermError(
                f"An ontology term has the type {term.ontology_type}, which does not exist; "
                f"expected one of {', '.join(_OFFICIAL.values())}."
            )
        prefix = _OFFICIAL[term.ontology_type]
        curie, invented = (f"{name}:{term.id:07d}" for name in (prefix, _INVENTED))
        is_invented = prefix == _NEW and curie not in known and invented in known
        found.append(invented if is_invented else curie)
    return tuple(dict.fromkeys(found)) or None


def as_spoken_on_wire(sentence: str) -> str:
    """A sentence for a client, with the terms as it must write them."""
    return _INVENTED_TERM.sub(_NEW, sentence)


def _sendable(curie: str | None) -> str | None:
    if not curie:
        return None
    prefix, _, number = curie.partition(":")
    if prefix == _INVENTED:
        return f"{_NEW}:{number}"
    return curie if prefix in _OFFICIAL.values() else None

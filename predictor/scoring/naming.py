"""Scorers by name, as they are written on a command line, in a request or in a result."""

import dataclasses
import enum
import re
from collections.abc import Iterable, Mapping
from typing import Any

from alphagenome.models import interval_scorers, variant_scorers
from alphagenome.models.interval_scorers import IntervalScorerTypes
from alphagenome.models.variant_scorers import VariantScorerTypes

from predictor import errors
from predictor.genome.variant import shorten

# Commas that no closing bracket follows without an opening one before it.
_BETWEEN = re.compile(r",(?![^()]*\))")
_CALL = re.compile(r"(?P<name>\w+)\s*\((?P<settings>.*)\)")


@dataclasses.dataclass(frozen=True)
class _Family:
    """Variant scorers, or interval scorers.

    Attributes:
      recommended: by key.
      offered: class → name of a setting → the values it may have.
    """

    recommended: Mapping[str, Any]
    offered: Mapping[type[Any], Mapping[str, Iterable[Any]]]


def parse_variant_scorer(text: str) -> VariantScorerTypes:
    """The variant scorer of a name.

    Args:
      text: a key of the recommended scorers, such as RNA_SEQ or ATAC_ACTIVE; or the settings, as
        the SDK prints them: `CenterMaskScorer(requested_output=ATAC, width=501,
        aggregation_type=DIFF_LOG2_SUM)`. The names of settings may be left out.

    Raises:
      InvalidScorerError: lists what would be understood in its place.
    """
    return _parse(text, _VARIANT)


def parse_variant_scorers(text: str) -> list[VariantScorerTypes]:
    """Variant scorers by name, separated by commas; those between brackets belong to settings.

    Raises:
      InvalidScorerError: as `parse_variant_scorer`.
    """
    pieces = (piece.strip() for piece in _BETWEEN.split(text))
    return [parse_variant_scorer(piece) for piece in pieces if piece]


def parse_interval_scorer(text: str) -> IntervalScorerTypes:
    """The interval scorer of a name; as `parse_variant_scorer`."""
    return _parse(text, _INTERVAL)


def _parse(text: str, family: _Family) -> Any:
    wanted = text.strip()
    if wanted.upper() in family.recommended:
        return family.recommended[wanted.upper()]
    match = _CALL.fullmatch(wanted)
    classes = {known.__name__: known for known in family.offered}
    if match is None or match["name"] not in classes:
        raise errors.InvalidScorerError(
            f'"{shorten(wanted)}" is not a scorer; choose from {", ".join(family.recommended)}, '
            f"or write the settings of {', '.join(classes)}."
        )
    chosen = classes[match["name"]]
    settings = _settings(match["settings"], [field.name for field in dataclasses.fields(chosen)])
    values = family.offered[chosen]
    if settings.keys() != values.keys():
        raise errors.InvalidScorerError(
            f'"{shorten(wanted)}" gives {_listed(settings)}; {chosen.__name__} '
            f"needs {_listed(values)}."
        )
    return chosen(
        **{name: _value(chosen, name, given, values[name]) for name, given in settings.items()}
    )


def _settings(text: str, names: list[str]) -> dict[str, str]:
    """Settings by name; those without one are taken in the order of the class."""
    given = [part.strip() for part in text.split(",") if part.strip()]
    numbered = [*names, *(f"setting {number + 1}" for number in range(len(names), len(given)))]
    found = {}
    for position, part in enumerate(given):
        name, equals, value = part.rpartition("=")
        found[name.strip() if equals else numbered[position]] = value.strip()
    return found


def _value(chosen: type[Any], name: str, given: str, offered: Iterable[Any]) -> Any:
    by_text = {_text(value): value for value in offered}
    if given not in by_text:
        raise errors.InvalidScorerError(
            f"{chosen.__name__} has no {name} {shorten(given)}; choose from {', '.join(by_text)}."
        )
    return by_text[given]


def _text(value: Any) -> str:
    return value.name if isinstance(value, enum.Enum) else str(value)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "no settings"


def _offered(
    scorers: Iterable[Any], base: str, settings: Mapping[str, Any]
) -> dict[type[Any], Any]:
    """What the SDK's tables allow, by class and setting. Every class is among `scorers`.

    Args:
      scorers: the recommended ones.
      base: the property by which the SDK's tables are keyed.
      settings: name of a setting → table of the SDK, or an enumeration.
    """
    return {
        type(scorer): {
            field.name: (
                found
                if isinstance(found := settings[field.name], enum.EnumMeta)
                else found[getattr(scorer, base)]
            )
            for field in dataclasses.fields(scorer)
        }
        for scorer in scorers
    }


_VARIANT = _Family(
    variant_scorers.RECOMMENDED_VARIANT_SCORERS,
    _offered(
        variant_scorers.RECOMMENDED_VARIANT_SCORERS.values(),
        "base_variant_scorer",
        {
            "requested_output": variant_scorers.SUPPORTED_OUTPUT_TYPES,
            "width": variant_scorers.SUPPORTED_WIDTHS,
            "aggregation_type": variant_scorers.AggregationType,
        },
    ),
)
_INTERVAL = _Family(
    interval_scorers.RECOMMENDED_INTERVAL_SCORERS,
    _offered(
        interval_scorers.RECOMMENDED_INTERVAL_SCORERS.values(),
        "base_interval_scorer",
        {
            "requested_output": interval_scorers.SUPPORTED_OUTPUT_TYPES,
            "width": interval_scorers.SUPPORTED_WIDTHS,
            "aggregation_type": interval_scorers.IntervalAggregationType,
        },
    ),
)

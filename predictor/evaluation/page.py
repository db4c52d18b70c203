"""The report as one HTML file that needs nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.frame { overflow-x: auto; }
th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid #8884; }
th { font-weight: 500; opacity: .7; }
td.number, th.number { text-align: right; }
.missed { color: #c2410c; font-weight: 600; }
"""

Cell = str | float | int | bool | None


def html_page(report: Mapping[str, Any]) -> str:
    """The whole report as a page; all text is escaped."""
    summary, evaluation = report["summary"], report["evaluation"]
    card = report["card"]
    parts = [
        f"<h1>About the engine {escape(report['engine'])}</h1>",
        f"<p>{escape(str(card.get('what', '')))} It meets {summary['passed']} of "
        f"{summary['asked']} targets.</p>",
        _list("Missed", summary["missed"]),
        "<h2>How it was made</h2>",
        _table(("", ""), [*card.items(), ("digest", report["weights_digest"])]),
        f"<p>Measured by <code>{escape(evaluation['command'])}</code> at commit "
        f"{escape(evaluation['commit'])}. {escape(evaluation['protocol'])}</p>",
    ]
    for organism in report["organisms"]:
        parts += [
            f"<h2>Along {escape(' and '.join(organism['chromosomes']))}</h2>",
            _table(
                ("readout", "measure", "n", "measured", "target", ""),
                [
                    (r["readout"], r["measure"], r["n"], r["measured"], r["target"], r["passed"])
                    for r in organism["rows"]
                ],
            ),
        ]
    parts += [
        "<h2>Variants that nobody had seen</h2>",
        _table(
            ("kind", "n", "sign right", "asked", "Pearson r", "asked", ""),
            [
                (
                    *(r["stratum"], r["n"], r["sign_accuracy"], r["threshold_sign"]),
                    *(r["pearson"], r["threshold_pearson"], r["passed"]),
                )
                for r in report["strata"]
            ],
        ),
        *(
            f"<p>Without effect: 95 % of the absolute scores are below {r['percentile_95']}; a "
            f"third of the median score of broken sites is {r['limit']}.</p>"
            for r in report["strata"]
            if "limit" in r
        ),
        "<h2>Show-case loci</h2>",
        "<p>log2 ratios (changes for splicing and contacts), truth beside prediction.</p>",
        _table(
            ("variant", "what", "where", "truth", "predicted", ""),
            [
                (
                    *(r["variant"], f"{r['output_type']} {r['target']}", r["where"] or "variant"),
                    *(_by_cell(r["truth"]), _by_cell(r["predicted"]), r["passed"]),
                )
                for r in report["showcase"]["rows"]
            ],
        ),
        f"<p>{escape(_background(report['showcase']['background']))}</p>",
        "<h2>Further properties</h2>",
        _table(
            ("property", "measure", "measured", "tolerance", ""),
            [
                (
                    *(r["property"], r["measure"], r["measured"]),
                    *(f"{r['relation']} {r['tolerance']}", r["passed"]),
                )
                for r in report["properties"]
            ],
        ),
        "<h2>What the demo does not pretend</h2>",
        _list("", [f"{limit['title']}. {limit['sentence']}" for limit in report["limits"]]),
    ]
    title = f"About the engine {escape(report['engine'])}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _by_cell(values: Mapping[str, float]) -> str:
    return " ".join(
        f"{key} {value:+.2f}" if key else f"{value:+.2f}" for key, value in values.items()
    )


def _background(found: Mapping[str, Any]) -> str:
    return (
        f"D-TAL1: {found['below']:.0%} of {len(found['background'])} random alleles of the same "
        f"lengths score below the smallest of {len(found['activating'])} activating insertions; "
        f"rank test p = {found['p']}: {_verdict(found['passed'])}."
    )


def _verdict(passed: bool | None) -> str:  # noqa: FBT001 - a cell of a table
    return "" if passed is None else "passed" if passed else "missed"


def _list(title: str, entries: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(entry)}</li>" for entry in entries)
    head = f"<h2>{escape(title)}</h2>" if title and items else ""
    return f"{head}<ul>{items}</ul>" if items else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f'<div class="frame"><table><tr>{cells}</tr>{body}</table></div>'


def _cell(value: Cell) -> str:
    if isinstance(value, bool):
        word = _verdict(value)
        return f'<td class="{word}">{word}</td>'
    if isinstance(value, float | int):
        return f'<td class="number">{value}</td>'
    return f"<td>{escape(str(value)) if value is not None else ''}</td>"

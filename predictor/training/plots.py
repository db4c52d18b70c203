"""The log of a run as curves: losses, and correlations with the simulator on held-out windows."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

Curves = dict[str, list[tuple[int, float]]]

PAGE = "log.html"
_PANELS = ("Losses (unweighted)", "Held out, human-like", "Held out, mouse-like")


def write(folder: Path) -> Path:
    """Draws `log.jsonl` of a run's folder; the page needs nothing from outside.

    Returns:
      The page, `log.html` beside it.
    """
    with (folder / "log.jsonl").open() as file:
        entries = [json.loads(line) for line in file]
    panels = [
        _curves((entry["step"], entry["losses"]) for entry in entries if "losses" in entry),
        *(
            _curves(
                (entry["step"], entry["evaluation"]["held_out"][organism])
                for entry in entries
                if "evaluation" in entry
            )
            for organism in ("human", "mouse")
        ),
    ]
    figure = make_subplots(rows=len(panels), cols=1, subplot_titles=_PANELS, vertical_spacing=0.07)
    for row, curves in enumerate(panels, 1):
        for name, points in curves.items():
            steps, values = zip(*points, strict=True)
            figure.add_trace(
                go.Scatter(x=steps, y=values, name=name, legend=f"legend{row}"), row=row, col=1
            )
        figure.update_layout({f"legend{row}": {"y": 1 - (row - 1) / len(panels), "yanchor": "top"}})
    figure.update_yaxes(type="log", row=1, col=1)
    figure.update_yaxes(title="Pearson r", row=2, col=1)
    figure.update_yaxes(title="Pearson r", row=3, col=1)
    figure.update_xaxes(title="step", row=len(panels), col=1)
    figure.update_layout(title=f"Training run {folder.name}", height=1800)
    page = folder / PAGE
    figure.write_html(page, include_plotlyjs=True)
    return page


def _curves(found: Iterable[tuple[int, Mapping[str, Any]]]) -> Curves:
    curves: Curves = {}
    for step, values in found:
        for name, value in values.items():
            curves.setdefault(name, []).append((step, value))
    return curves

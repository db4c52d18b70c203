"""What `python -m predictor list` prints."""

from collections.abc import Sequence
from pathlib import Path

from predictor.engines import fit, registry
from predictor.engines.window_needs import WindowNeed, longest_fitting, window_needs
from predictor.home import genome_folder
from predictor.tracks.output_types import organism_name
from predictor.weights.load import weights_folder


def table() -> str:
    """Engines, weights and assemblies with their sizes, and which windows fit this device."""
    device, memory = find_device()
    on_cpu = device == fit.CPU
    rows = [("engine", "installed", "weights", "device", "longest window", "assemblies")]
    needs: dict[str, list[str]] = {}
    problems = []
    for found in registry.list_engines():
        windows = window_needs(found.engine, memory, on_cpu=on_cpu)
        if windows:
            needs.setdefault("; ".join(map(_need, windows)), []).append(found.name)
        if not found.installed:
            problems.append(f"{found.name}: {found.problem} Install: {found.install_command}")
        if not found.engine.needs_weights:
            longest = f"{max(found.engine.windows):,} bp"
            installed = "yes" if found.installed else "no"
            rows.append((found.name, installed, "-", "service", longest, _assemblies(found.engine)))
            continue
        weights = "-"
        if found.installed:
            weights = f"{(found.weights_digest or '')[:12]} {_size(weights_folder(found.name))}"
        rows.append(
            (
                found.name,
                "yes" if found.installed else "no",
                weights,
                device,
                _longest(windows),
                _assemblies(found.engine),
            )
        )
    memory_title = f"Memory for REF and ALT with all tracks; {_gigabytes(memory)} are free:"
    told = [f"{', '.join(names)}: {text}" for text, names in needs.items()]
    return "\n".join([*_columns(rows), "", memory_title, *told, "", *problems])


def _longest(windows: Sequence[WindowNeed]) -> str:
    fitting = longest_fitting(windows)
    if fitting is None:
        return "none fits" if windows else "not known"
    return f"{fitting.window:,} bp"


def _need(need: WindowNeed) -> str:
    return f"{need.window:,} bp {_gigabytes(need.needed)}{'' if need.fits else ' (too much)'}"


def _gigabytes(number: int) -> str:
    return f"{number / 1e9:.1f} GB"


def _assemblies(engine: registry.Engine) -> str:
    texts = []
    for organism, assembly in engine.assemblies.items():
        there = registry.fasta_path(assembly).exists()
        size = _size(genome_folder(assembly)) if there else "not installed"
        texts.append(f"{assembly} ({organism_name(organism)}, {size})")
    return ", ".join(texts)


def find_device() -> tuple[str, int]:
    """The device that engines run on: its name, and the bytes of memory that are free there."""
    # Imported late: asking for the devices loads JAX.
    import jax

    from predictor.engines import dispatch  # noqa: F401

    device = jax.devices()[0]
    if device.platform == "cpu":
        return fit.CPU, fit.main_memory()
    statistics = device.memory_stats() or {}
    free = statistics.get("bytes_limit", 0) - statistics.get("bytes_in_use", 0)
    return f"{device.device_kind}", int(free)


def _size(folder: Path) -> str:
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{total / 1e6:,.1f} MB"


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]

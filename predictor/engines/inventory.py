"""What `python -m predictor list` prints."""

from collections.abc import Sequence
from pathlib import Path

from predictor.engines import fit, registry
from predictor.home import genome_folder
from predictor.model.config import ModelConfig
from predictor.tracks.output_types import organism_name
from predictor.weights.load import weights_folder


def table() -> str:
    """Engines, weights and assemblies with size, device and the longest window that fits."""
    device, memory = _device()
    rows = [("engine", "installed", "weights", "device", "longest window", "assemblies")]
    problems = []
    for found in registry.list_engines():
        if not found.installed:
            rows.append((found.name, "no", "-", "-", "-", _assemblies(found.engine)))
            problems.append(f"{found.name}: {found.problem} Install: {found.install_command}")
            continue
        if not found.engine.needs_weights:
            longest = f"{max(found.engine.windows):,} bp"
            rows.append((found.name, "yes", "-", "service", longest, _assemblies(found.engine)))
            continue
        folder = weights_folder(found.name)
        config = ModelConfig.from_json((folder / "config.json").read_text())
        fitting = fit.longest_window(config, found.engine.windows, memory)
        rows.append(
            (
                found.name,
                "yes",
                f"{(found.weights_digest or '')[:12]} {_size(folder)}",
                device,
                "none fits" if fitting is None else f"{fitting:,} bp",
                _assemblies(found.engine),
            )
        )
    return "\n".join([*_columns(rows), "", *problems])


def _assemblies(engine: registry.Engine) -> str:
    texts = []
    for organism, assembly in engine.assemblies.items():
        there = registry.fasta_path(assembly).exists()
        size = _size(genome_folder(assembly)) if there else "not installed"
        texts.append(f"{assembly} ({organism_name(organism)}, {size})")
    return ", ".join(texts)


def _device() -> tuple[str, int]:
    # Imported late: asking for the devices loads JAX.
    import jax

    device = jax.devices()[0]
    if device.platform == "cpu":
        return "CPU", fit.main_memory()
    limit = (device.memory_stats() or {}).get("bytes_limit", 0)
    return f"{device.device_kind}", int(limit)


def _size(folder: Path) -> str:
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{total / 1e6:,.1f} MB"


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]

"""The whole report on an engine of the demo genome, ready for JSON.

It is made by one command and read by the web process, which never loads JAX; `page.py` writes the
same as HTML.

Source: spec/demo_genome.md 9 and 10.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from alphagenome.models.dna_model import Organism

from predictor.commit import current_commit
from predictor.engines import registry
from predictor.evaluation import seeds
from predictor.evaluation.chromosomes import evaluate_chromosomes
from predictor.evaluation.demo_engine import DemoEngine
from predictor.evaluation.limits import LIMITS
from predictor.evaluation.properties import evaluate_properties
from predictor.evaluation.showcase import evaluate_showcase
from predictor.evaluation.strata import Say, evaluate_strata, silently
from predictor.simulator.held_out import COUNT

_CARD = (
    *("what", "command", "seed", "commit", "history", "parameters", "steps"),
    *("wall_seconds", "cpu_seconds"),
)


def make_report(
    name: str, *, seed: int = seeds.REPORT, count: int = COUNT, say: Say = silently
) -> dict[str, Any]:
    """Measures an engine in every way there is. Takes minutes.

    Args:
      name: of the engine.
      seed: of the held-out variants and the background alleles.
      count: held-out variants of each stratum.
      say: called with a line on every step.

    Returns:
      "engine", "weights_digest", "card" (how the weights were made), "evaluation" (how this
      report was), "summary", "organisms" (`chromosomes`), "strata", "showcase", "properties" and
      "limits".

    Raises:
      UnknownEngineError, EngineNotInstalledError, NotSupportedError: as `DemoEngine.open`.
    """
    engine = DemoEngine.open(name)
    card = registry.engine_card(name)
    organisms = [evaluate_chromosomes(engine, organism, say=say) for organism in Organism]
    strata = evaluate_strata(engine, ["all"], seed=seed, count=count, say=say)
    showcase = evaluate_showcase(engine, seed=seed, say=say)
    properties = evaluate_properties(engine, say=say)
    command = f"python -m predictor evaluate --engine {name} --seed {seed}"
    found = {
        "engine": name,
        "weights_digest": card["digest"],
        "card": {key: card[key] for key in _CARD if key in card},
        "evaluation": {
            "command": command if count == COUNT else f"{command} --count {count}",
            "commit": current_commit("model", "simulator", "evaluation", "engines"),
            "seed": seed,
            "settings_seed": seeds.SETTINGS,
            "tests_seed": seeds.TESTS,
            "protocol": seeds.PROTOCOL,
        },
        "organisms": organisms,
        "strata": strata,
        "showcase": showcase,
        "properties": properties,
        "limits": [{"title": title, "sentence": sentence} for title, sentence in LIMITS],
    }
    return {**found, "summary": summary(found)}


def summary(report: Mapping[str, Any]) -> dict[str, Any]:
    """How many of all targets are met, and the names of those that are not.

    Returns:
      "passed", "asked", and "missed" with a short name each.
    """
    verdicts = list(_verdicts(report))
    return {
        "passed": sum(passed for _, passed in verdicts),
        "asked": len(verdicts),
        "missed": [name for name, passed in verdicts if not passed],
    }


def _verdicts(report: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    for organism in report["organisms"]:
        for row in organism["rows"]:
            if row["target"] is not None:
                yield f"{row['readout']} on {' and '.join(organism['chromosomes'])}", row["passed"]
    for row in report["strata"]:
        yield f"held-out variants: {row['stratum']}", row["passed"]
    for row in report["showcase"]["rows"]:
        place = f" at {row['where']}" if row["where"] else ""
        target = f" {row['target']}" if row["target"] else ""
        yield f"{row['variant']}: {row['output_type']}{target}{place}", row["passed"]
    yield "d-neuro: ranks of the enhancers", report["showcase"]["enhancers"]["passed"]
    yield "d-tal1: background alleles", report["showcase"]["background"]["passed"]
    for row in report["properties"]:
        yield row["property"], row["passed"]

"""From names of engines to what is served."""

from collections.abc import Callable, Mapping, Sequence

from predictor.engines import registry
from predictor.serving.answers import Answers


def opener(names: Sequence[str], *, lenient: bool = False) -> Callable[[], Mapping[str, Answers]]:
    """Checks that engines can be opened, which is quick, and gives what opens them.

    Args:
      names: of the engines; the first answers requests without a model version.
      lenient: see `Answers`.

    Raises:
      UnknownEngineError: lists the names that exist.
      EngineNotInstalledError: says which command installs it.
    """
    engines = [registry.installed_engine(name) for name in dict.fromkeys(names)]

    def open_engines() -> Mapping[str, Answers]:
        return {
            engine.name: Answers(
                registry.open_engine(engine.name),
                references=registry.open_references(engine),
                lenient=lenient,
            )
            for engine in engines
        }

    return open_engines

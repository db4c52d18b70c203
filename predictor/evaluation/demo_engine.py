"""Any engine that offers the tracks of the demo world, as arrays in the simulator's order.

Axes: S positions.
"""

from collections.abc import Iterable

import numpy as np
from alphagenome.data.genome import Interval
from alphagenome.data.junction_data import JunctionData
from alphagenome.models.dna_model import DnaModel, Organism
from alphagenome.models.dna_output import Output
from jaxtyping import UInt8

from predictor.engines import registry
from predictor.errors import NotSupportedError
from predictor.simulator import grammar
from predictor.simulator.track_table import JUNCTION_HEAD, OUTPUT_TYPE, PADDING, tracks
from predictor.simulator.variant_scores import by_head

DEMO_ASSEMBLIES = {organism: rules.assembly for organism, rules in grammar.ORGANISMS.items()}


class DemoEngine:
    """An engine's predictions beside which the simulator's truth can be laid.

    Attributes:
      name: of the engine.
      model: the engine itself.
    """

    def __init__(self, name: str, model: DnaModel):
        """Takes an open engine.

        Raises:
          NotSupportedError: its tracks are not those of the demo world.
        """
        self.name = name
        self.model = model
        for organism in Organism:
            _check_tracks(name, model, organism)

    @classmethod
    def open(cls, name: str) -> "DemoEngine":
        """Opens an engine by its name.

        Raises:
          UnknownEngineError, EngineNotInstalledError: as `registry.open_engine`.
          NotSupportedError: it is about another genome, or has other tracks.
        """
        engine = registry.installed_engine(name)
        if dict(engine.assemblies) != DEMO_ASSEMBLIES:
            raise NotSupportedError(
                f"The engine {name} predicts {' and '.join(engine.assemblies.values())}, for which "
                "there is no known truth; choose one of the demo genome, such as demo."
            )
        return cls(name, registry.open_engine(name))

    def output(
        self,
        codes: UInt8[np.ndarray, " S"],
        organism: Organism,
        heads: Iterable[str],
        *,
        interval: Interval | None = None,
    ) -> Output:
        """The prediction of a window in the SDK's types.

        Args:
          codes: bases, 0 to 4.
          organism: human-like or mouse-like.
          heads: names of `track_table.OUTPUT_TYPE`.
          interval: where the bases lie; on "-" they are those of that strand.
        """
        return self.model.predict_sequence(
            grammar.decode(codes),
            organism=organism,
            requested_outputs=[OUTPUT_TYPE[head] for head in heads],
            ontology_terms=None,
            interval=interval,
        )

    def arrays(
        self, codes: UInt8[np.ndarray, " S"], organism: Organism, heads: Iterable[str]
    ) -> dict[str, np.ndarray]:
        """The prediction of a window by head, as `readouts.simulate_arrays` without padding."""
        return by_head(self.output(codes, organism, heads))

    def junctions(self, codes: UInt8[np.ndarray, " S"], organism: Organism) -> JunctionData:
        """The predicted junctions of a window, whose first base is number 0."""
        return self.output(codes, organism, [JUNCTION_HEAD]).splice_junctions


def _check_tracks(name: str, model: DnaModel, organism: Organism) -> None:
    metadata = model.output_metadata(organism)
    for kind in OUTPUT_TYPE.values():
        table = tracks(organism)[kind]
        wanted = list(table["name"][table["name"] != PADDING])
        offered = metadata.get(kind)
        found = [] if offered is None else list(offered["name"])
        if found != wanted:
            raise NotSupportedError(
                f"The engine {name} offers {_few(found)} as its {kind.name} tracks of "
                f"{grammar.ORGANISMS[organism].assembly}, but the simulator knows the truth of "
                f"{_few(wanted)}; evaluate an engine that was trained on all tracks of the demo "
                "world."
            )


def _few(names: list[str]) -> str:
    return (
        ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "") or "none"
    )

"""Engines whose quality is known: the simulator itself, and ones that are wrong on purpose."""

import numpy as np
import pytest
from alphagenome.data.track_data import TrackData
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import Output, OutputMetadata, OutputType

from predictor.evaluation.demo_engine import DemoEngine
from predictor.simulator import readouts
from predictor.simulator.track_table import PADDING, tracks


class Oracle:
    """Answers with the truth, each value changed by a function of it.

    Not a stand-in for an engine: where the answer is known to be right, every measure has to say
    so, and where it is known to be wrong, too.
    """

    def __init__(self, change=lambda values: values):
        self.change = change
        self.asked: list[str] = []

    def predict_sequence(
        self, sequence, *, organism, requested_outputs, ontology_terms, interval=None
    ):
        assert ontology_terms is None
        self.asked.append(sequence)
        wanted = {kind.name.lower() for kind in requested_outputs}
        true = readouts.simulate(sequence, organism, interval=interval)
        return Output(**{name: self._changed(getattr(true, name)) for name in wanted})

    def _changed(self, data):
        if not isinstance(data, TrackData):
            return data
        return TrackData(
            values=self.change(np.asarray(data.values)),
            metadata=data.metadata,
            resolution=data.resolution,
            interval=data.interval,
        )

    def output_metadata(self, organism=Organism.HOMO_SAPIENS):
        tables = {kind: table[table["name"] != PADDING] for kind, table in tracks(organism).items()}
        return OutputMetadata(**{kind.name.lower(): t for kind, t in tables.items()})


@pytest.fixture(scope="session")
def oracle():
    """Makes an engine that knows the truth, or a changed truth."""

    def make(change=lambda values: values) -> DemoEngine:
        return DemoEngine("oracle", Oracle(change))

    return make


@pytest.fixture(scope="session")
def all_kinds():
    return list(OutputType)

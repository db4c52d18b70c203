"""The demo world the assembly made once."""

import pytest
from alphagenome.models.dna_model import Organism

from predictor.simulator import assembly


@pytest.fixture(scope="session")
def chromosomes():
    """Chromosomes of both assemblies by name."""
    return {c.name: c for organism in Organism for c in assembly.chromosomes(organism)}

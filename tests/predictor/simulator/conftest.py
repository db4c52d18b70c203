"""The demo world with its shapes checked at run time, and the assembly made once."""

import jaxtyping
import pytest
from alphagenome.models.dna_model import Organism

# The modules of array arithmetic; the generator draws too many small things to check each.
CHECKED = [
    f"predictor.simulator.{module}"
    for module in (
        "chromatin_tracks", "contact", "expression_tracks", "gaussian", "hidden", "occupancy",
        "readouts", "splice_tracks", "splicing", "world",
    )
]  # fmt: skip
with jaxtyping.install_import_hook(CHECKED, "beartype.beartype"):
    from predictor.simulator import assembly, readouts  # noqa: F401


@pytest.fixture(scope="session")
def chromosomes():
    """Chromosomes of both assemblies by name."""
    return {c.name: c for organism in Organism for c in assembly.chromosomes(organism)}

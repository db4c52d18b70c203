"""A network of the real modules, small enough for seconds."""

import dataclasses

import jax
import numpy as np
import pytest

from predictor.model import functional
from predictor.model.config import ModelConfig, TracksPerHead


@pytest.fixture(scope="session")
def tiny():
    """Every part of the network; three layers, so that the pairs are updated twice."""
    return dataclasses.replace(
        ModelConfig.demo(),
        channels=8,
        channels_step=2,
        tower_layers=3,
        query_heads=2,
        key_channels=6,
        value_channels=4,
        pair_channels=8,
        pair_heads=2,
        pair_head_channels=4,
        tracks=TracksPerHead(
            atac=1,
            dnase=2,
            procap=2,
            cage=2,
            rna_seq=3,
            chip_tf=2,
            chip_histone=3,
            contact_maps=2,
            splice_sites_classification=5,
            splice_sites_usage=4,
            splice_sites_junction=2,
        ),
        junction_channels=6,
        junction_sites=5,
        norm_decay=0.75,
    )


@pytest.fixture(scope="session")
def weights(tiny):
    """Parameters and state; the moments differ from 1, so that forgetting them shows."""
    params, state = functional.init(tiny, jax.random.key(0))
    return params, jax.tree.map(lambda moment: 1.5 * np.asarray(moment), state)


@pytest.fixture(scope="session")
def one_hot():
    """Makes a batch of random sequences."""

    def make(examples, length, seed=0):
        bases = np.random.default_rng(seed).integers(0, 4, (examples, length))
        return np.eye(4, dtype=np.float32)[bases]

    return make

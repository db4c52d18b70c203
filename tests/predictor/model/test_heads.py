import jax.numpy as jnp
import numpy as np
import pytest
from alphagenome.models.dna_output import OutputType

from predictor.model.heads import (
    HEADS,
    UnknownHeadError,
    requested_heads,
    scale_targets,
    unscale,
)


def test_the_table_has_one_head_for_each_output_type():
    assert {head.output_type for head in HEADS.values()} == set(OutputType)
    assert len(HEADS) == len(OutputType)


def test_head_names_and_output_types_are_the_same_request():
    by_name = requested_heads(["rna_seq", "dnase", "rna_seq"])
    by_type = requested_heads([OutputType.RNA_SEQ, OutputType.DNASE])
    assert by_name == by_type == ("dnase", "rna_seq")


def test_an_unknown_head_is_named_with_those_that_exist():
    with pytest.raises(UnknownHeadError, match=r"'mnase'.*rna_seq"):
        requested_heads(["dnase", "mnase"])


@pytest.mark.parametrize("resolution", [1, 128])
@pytest.mark.parametrize("head", ["dnase", "rna_seq"])
def test_unscaling_inverts_scaling(head, resolution):
    means = np.array([0.1, 1.0, 40.0], np.float32)
    targets = np.geomspace(1e-3, 1e5, 60, dtype=np.float32).reshape(20, 3)
    scaled = scale_targets(head, jnp.asarray(targets), means, resolution)
    np.testing.assert_allclose(unscale(head, scaled, means, resolution), targets, rtol=1e-4)


def test_scaling_by_hand():
    mean = np.array([2.0], np.float32)
    # 2 * 128 per bin is the mean, so 512 is twice the mean, and 25,600 a hundred times.
    targets = jnp.array([[0.0], [512.0], [25_600.0]])
    np.testing.assert_allclose(
        scale_targets("atac", targets, mean, 128)[:, 0], [0, 2, 2 * np.sqrt(1000) - 10], rtol=1e-6
    )
    np.testing.assert_allclose(scale_targets("rna_seq", targets, mean, 128)[1, 0], 2**0.75)


def test_padding_tracks_without_a_mean_are_nan_in_data_units():
    data = unscale("dnase", jnp.ones((4, 2)), np.array([1.0, np.nan], np.float32), 1)
    assert np.isfinite(data[:, 0]).all()
    assert np.isnan(data[:, 1]).all()

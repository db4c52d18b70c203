import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from predictor.model import splicing
from predictor.model.initialization import initialize
from predictor.model.splicing import SITE_KINDS, JunctionHead, select_sites

LENGTH = 40


@pytest.fixture
def head(tiny):
    return initialize(lambda draw: JunctionHead(tiny, draw=draw), jax.random.key(0))


@pytest.fixture
def embeddings(tiny):
    return jax.random.normal(jax.random.key(1), (2, LENGTH, tiny.embedding_1bp_channels))


@pytest.fixture
def positions():
    rows = [[3, 9, -1], [5, 30, 39], [-1, -1, -1], [0, 7, -1]]
    return jnp.array([rows, rows[::-1]], jnp.int32)


def slow_select(probabilities, k, threshold):
    rows = []
    for kind in range(4):
        ranked = np.argsort(-probabilities[:, kind], kind="stable")[:k]
        kept = sorted(s for s in ranked if probabilities[s, kind] >= threshold)
        rows.append([*kept, *[-1] * (k - len(kept))])
    return rows


@pytest.mark.parametrize("threshold", [0.1, 0.6, 1.1])
def test_the_most_probable_sites_are_selected_in_ascending_order(threshold):
    probabilities = np.random.default_rng(0).random((2, LENGTH, 5)).astype(np.float32)
    selected = select_sites(jnp.asarray(probabilities), 6, threshold)
    expected = [slow_select(example, 6, threshold) for example in probabilities]
    np.testing.assert_array_equal(selected, expected)


def test_more_sites_than_base_pairs_are_filled_up():
    selected = select_sites(jnp.ones((1, 3, 5)), 5, 0.1)
    np.testing.assert_array_equal(selected[0], [[0, 1, 2, -1, -1]] * 4)


def test_the_class_none_is_never_selected():
    none = jnp.zeros((1, 8, 5)).at[:, :, 4].set(1)
    assert (select_sites(none, 2, 0.1) == -1).all()


def slow_rotate(x, position):
    frequencies = len(x) // 2
    y = np.zeros_like(x)
    for f in range(frequencies):
        angle = position / (f + (2**20 - frequencies + 1) ** (f / (frequencies - 1)))
        c, s = np.cos(angle), np.sin(angle)
        y[2 * f : 2 * f + 2] = [
            x[2 * f] * c - x[2 * f + 1] * s,
            x[2 * f + 1] * c + x[2 * f] * s,
        ]
    return y


def test_junction_counts_equal_their_slow_version(tiny, head, embeddings, positions):
    organism = jnp.array([1, 0], jnp.int32)
    actual = head(embeddings, organism, positions)["predictions"]

    tissues, sites = tiny.tracks.splice_sites_junction, positions.shape[-1]
    g = np.asarray(head.linear(embeddings, organism))
    expected = np.zeros((2, sites, sites, 2 * tissues))
    for b, d, a, track in np.ndindex(expected.shape):
        strand, tissue = divmod(track, tissues)
        vectors = []
        for kind, index in ((2 * strand, d), (2 * strand + 1, a)):
            position = int(positions[b, kind, index])
            if position < 0:
                break
            table = np.asarray(head.tables[SITE_KINDS[kind]][...])[organism[b]]
            factor, offset = table.reshape(2, tissues, -1)[:, tissue]
            vectors.append(slow_rotate(factor * g[b, position] + offset, position))
        else:
            expected[b, d, a, track] = np.log1p(np.exp(vectors[0] @ vectors[1]))
    np.testing.assert_allclose(actual, expected, rtol=1e-4)


def test_tissues_in_blocks_give_what_all_at_once_give(tiny, embeddings, positions, monkeypatch):
    tracks = dataclasses.replace(tiny.tracks, splice_sites_junction=3)
    config = dataclasses.replace(tiny, tracks=tracks)
    head = initialize(lambda draw: JunctionHead(config, draw=draw), jax.random.key(0))
    organism = jnp.array([1, 0], jnp.int32)
    together = head(embeddings, organism, positions)["predictions"]
    monkeypatch.setattr(splicing, "_TISSUES_AT_ONCE", 2)
    in_blocks = head(embeddings, organism, positions)["predictions"]
    np.testing.assert_allclose(in_blocks, together, rtol=1e-6)


def test_the_mask_marks_pairs_of_two_sites_on_one_strand(tiny, head, embeddings, positions):
    result = head(embeddings, jnp.zeros(2, jnp.int32), positions)
    mask = np.asarray(result["splice_junction_mask"])
    tissues = tiny.tracks.splice_sites_junction
    # First example: two donors and three acceptors on +, no donor on -.
    assert mask[0, :2, :3, :tissues].all()
    assert mask[0].sum() == 2 * 3 * tissues
    assert (np.asarray(result["predictions"])[~mask] == 0).all()
    assert (np.asarray(result["predictions"])[mask] > 0).all()


def test_sites_may_be_given_in_any_order(head, embeddings, positions):
    organism = jnp.zeros(2, jnp.int32)
    shuffled = positions[:, :, ::-1]
    ascending = head(embeddings, organism, positions)["predictions"]
    descending = head(embeddings, organism, shuffled)["predictions"]
    np.testing.assert_allclose(descending, ascending[:, ::-1, ::-1], rtol=1e-5)

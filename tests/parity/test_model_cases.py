"""The full-size network with synthetic weights gives the reference implementation's numbers.

Takes 4 to 6 GB of memory and a minute or more per case, so it runs only when asked for:
`pytest -m parity tests/parity`, and `-k` with a case name for one of them.
"""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from predictor.model import functional
from predictor.model.attention import TransformerTower
from predictor.model.config import ModelConfig, TracksPerHead
from predictor.model.heads import HEADS, unscale
from predictor.weights.haiku_names import array_names

pytestmark = pytest.mark.parity

CASES = ("a_2048", "b_4096", "c_16384", "d_16384", "e_65536")

TRIMMED = dataclasses.replace(
    ModelConfig.full(),
    rotary="exact",
    tracks=TracksPerHead(
        atac=5,
        dnase=4,
        procap=4,
        cage=6,
        rna_seq=6,
        chip_tf=5,
        chip_histone=5,
        contact_maps=3,
        splice_sites_classification=5,
        splice_sites_usage=6,
        splice_sites_junction=3,
    ),
)

# Accepted rms and largest error, relative to the expected rms (README of the cases, section 3).
TOLERANCE = (2e-5, 5e-4)
LOOSER = {"splice_sites_usage/predictions": (1e-4, 2e-3), "splice_sites_junction": (5e-5, 1e-3)}


@pytest.fixture(scope="module")
def weights(reference_weights):
    """Parameters and state with the synthetic values."""
    params, state = functional.abstract(TRIMMED)
    for name in array_names(TRIMMED):
        *parents, leaf = name.ours
        tree = state if name.is_state else params
        for parent in parents:
            tree = tree[parent]
        shape = tree[leaf].shape
        values = reference_weights.reference_array(name.official, name.official_shape(shape))
        tree[leaf] = jnp.asarray(values.reshape(shape))
    return params, state


@pytest.fixture(scope="module", params=CASES)
def case(request, golden_folder):
    with np.load(golden_folder / f"model_case_{request.param}.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def outputs(case, weights):
    """Predictions, and a block of every intermediate result."""

    @jax.jit
    def run(params, state, one_hot, organism_index):
        model = functional.bind(TRIMMED, params, state)
        with pytest.MonkeyPatch.context() as patch:
            recorded = record_calls(tapped_modules(model), patch)
            predictions = model(one_hot, organism_index, tuple(HEADS), with_128bp=True)
        return predictions, {name: tap_block(value) for name, value in recorded.items()}

    return jax.device_get(
        run(*weights, one_hot(case["sequence"]), jnp.asarray(case["organism_index"]))
    )


def one_hot(letters):
    table = np.zeros((256, 4), np.float32)
    for column, (upper, lower) in enumerate(zip(b"ACGT", b"acgt", strict=True)):
        table[[upper, lower], column] = 1
    return jnp.asarray(table[letters])


def tapped_modules(model):
    """The modules whose results the cases hold, under the cases' names."""
    taps = {
        "sequence_encoder/dna_embedder": model.encoder.dna_embedder,
        "sequence_encoder": model.encoder,
        "transformer_tower/input": model.organism_embedding,
        "transformer_tower/output": model.tower,
        "output_embedder": model.embedder_128bp,
        "output_embedder_1": model.embedder_1bp,
        "output_pair": model.embedder_pair,
    }
    for i, block in enumerate(model.encoder.down_blocks):
        taps[f"sequence_encoder/downres_block_{i}"] = block
    for i, block in enumerate(model.decoder.up_blocks):
        taps[f"sequence_decoder/up_res_block{numbered(i)}"] = block
    for i, layer in enumerate(model.tower.layers):
        taps[f"transformer_tower/attention_bias_block{numbered(i)}"] = layer.attention_bias
        taps[f"transformer_tower/mha_block{numbered(i)}"] = layer.attention
        taps[f"transformer_tower/mlp_block{numbered(i)}"] = layer.mlp
        if layer.pair_update is not None:
            update = f"transformer_tower/pair_update_block{numbered(i // 2)}"
            taps[update] = layer.pair_update
            taps[f"{update}/sequence_to_pair_block"] = layer.pair_update.sequence_to_pair
            taps[f"{update}/row_attention_block"] = layer.pair_update.row_attention
            taps[f"{update}/pair_mlp_block"] = layer.pair_update.mlp
    return taps


def numbered(index):
    return f"_{index}" if index else ""


def record_calls(modules, patch):
    """Keeps the result of every call of these modules."""
    names = {id(module): name for name, module in modules.items()}
    recorded = {}

    def recording(call):
        def wrapper(self, *args, **kwargs):
            result = call(self, *args, **kwargs)
            if id(self) in names:
                recorded[names[id(self)]] = result[0] if isinstance(result, tuple) else result
            if isinstance(self, TransformerTower):
                recorded["transformer_tower/pair_output"] = result[1]
            return result

        return wrapper

    for kind in {type(module) for module in modules.values()}:
        patch.setattr(kind, "__call__", recording(kind.__call__))
    return recorded


def tap_block(x):
    """The part of an intermediate result that the cases hold."""
    if x.ndim == 3:
        rows = np.unique(np.linspace(0, x.shape[1] - 1, 8).astype(int))
        return x[:, rows, :: x.shape[2] // 32][..., :32]
    if x.shape[1] == x.shape[2]:
        return x[:, :8, :8, ::4]
    return x[:, :, ::16, ::16][:, :, :8, :8]


def assert_near(name, actual, expected, errors):
    rms, largest = errors(actual, expected)
    accepted = next((a for key, a in LOOSER.items() if key in name), TOLERANCE)
    assert rms <= accepted[0], f"{name}: rms error {rms:.1e}"
    assert largest <= accepted[1], f"{name}: largest error {largest:.1e}"


def test_every_intermediate_result_is_the_references(case, outputs, errors):
    _, taps = outputs
    # In the order of the computation, so the first to fail is where to look.
    for name, tap in taps.items():
        assert_near(name, tap, case[f"f32/tap/{name}"], errors)
    expected = {key.removeprefix("f32/tap/") for key in case if key.startswith("f32/tap/")}
    assert set(taps) == expected


def test_every_embedding_is_the_references(case, outputs, errors):
    embeddings = outputs[0]["embeddings"]
    bp, tokens = case["pos_1bp"][::4], case["pos_128bp"][::4]
    blocks = {
        "embeddings_1bp": embeddings["embeddings_1bp"][:, bp, ::32],
        "embeddings_128bp": embeddings["embeddings_128bp"][:, tokens, ::64],
        "embeddings_pair": embeddings["embeddings_pair"][:, :8, :8],
    }
    for name, block in blocks.items():
        assert_near(name, block, case[f"f32/{name}"], errors)


def test_every_prediction_is_the_references(case, outputs, errors):
    predictions, _ = outputs
    positions = {"128bp": case["pos_128bp"]}
    compared = 0
    for head in HEADS:
        if head == "splice_sites_junction":
            continue
        for key, values in predictions[head].items():
            name = f"{head}/{key}"
            kept = values
            if head != "contact_maps":
                kept = values[:, positions.get(key.rpartition("_")[2], case["pos_1bp"])]
                sums = values.astype(np.float64).sum(axis=1)
                assert_near(f"sum/{name}", sums, case[f"f32/sum/{name}"], errors)
            assert_near(name, kept, case[f"f32/{name}"], errors)
            compared += 1
    assert compared == 5 * 2 + 2 + 1 + 2 * 2


def test_every_track_in_data_units_is_the_references(case, outputs, errors, golden_folder):
    metadata = json.loads((golden_folder / "trimmed_metadata.json").read_text())
    for head in (
        name for name, row in HEADS.items() if "chip" in name or len(row.resolutions) == 2
    ):
        means = np.stack(
            [
                nonzero_means(metadata["tracks"][metadata["organism_order"][i]][head])
                for i in case["organism_index"]
            ]
        )
        for key, scaled in outputs[0][head].items():
            resolution = key.rpartition("_")[2]
            positions = case["pos_128bp"] if resolution == "128bp" else case["pos_1bp"]
            bin_size = int(resolution.removesuffix("bp"))
            actual = unscale(head, scaled[:, positions], means[:, None], bin_size)
            name = f"{head}/predictions_{resolution}"
            assert_near(name, actual, case[f"f32/{name}"], errors)


def nonzero_means(rows):
    """NaN where a row has none; 1 where the whole table has none."""
    # The padding of a table with means says null; a table without means has no such column.
    means = [row.get("nonzero_mean") for row in rows]
    means = np.array([np.nan if mean is None else mean for mean in means])
    return np.where(np.isnan(means).all(), np.ones_like(means), means).astype(np.float32)


def test_the_same_splice_sites_are_selected(case, outputs):
    selected = outputs[0]["splice_sites_junction"]["splice_site_positions"]
    expected = case["f32/splice_sites_junction/splice_site_positions"]
    assert (expected >= 0).any()
    np.testing.assert_array_equal(selected, expected)


def test_junctions_at_the_references_sites_are_the_references(case, outputs, weights, errors):
    counts = functional.junctions(
        TRIMMED,
        weights[0],
        jnp.asarray(outputs[0]["embeddings"]["embeddings_1bp"]),
        jnp.asarray(case["organism_index"]),
        jnp.asarray(case["f32/splice_sites_junction/splice_site_positions"]),
    )
    block = counts["predictions"][:, :48, :48]
    name = "splice_sites_junction/predictions"
    assert_near(f"{name}_48x48", block, case[f"f32/{name}_48x48"], errors)
    sums = np.asarray(counts["predictions"], np.float64).sum(axis=(1, 2))
    assert_near(f"sum/{name}", sums, case[f"f32/sum/{name}"], errors)
    np.testing.assert_array_equal(
        counts["splice_junction_mask"].sum(axis=(1, 2)),
        case["f32/sum/splice_sites_junction/splice_junction_mask"],
    )

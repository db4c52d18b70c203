"""The full-size network with synthetic weights gives the reference implementation's numbers.

Every case of the folder is computed in three ways: in float32 with every intermediate result; with
weights prepared as for use, in windows; and in the release's bfloat16. Takes 4 to 8 GB of memory
and minutes per case, so only one short case is part of the default run: `pytest -m parity -s` runs
all, and `-k` with a case's name one of them.
"""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from predictor.model import functional
from predictor.model.config import PAIR_WIDTH, ModelConfig
from predictor.model.heads import HEADS, unscale
from predictor.model.preparation import prepare
from predictor.weights.haiku_names import array_names
from tests.parity import taps
from tests.parity.conftest import CASES
from tests.parity.golden_case import (
    JUNCTION,
    SITES,
    Case,
    case_paths,
    correlation,
    measure,
    tracks_per_head,
)

# Accepted rms and largest error, relative to the expected rms (README of the cases, section 3).
TOLERANCE = (2e-5, 5e-4)
LOOSER = {"splice_sites_usage/predictions": (1e-4, 2e-3), JUNCTION: (5e-5, 1e-3)}
# In bfloat16 only the rms error and the correlation; for outputs also the median over arrays.
BFLOAT16_TAP = 0.06
BFLOAT16_OUTPUT, BFLOAT16_MEDIAN = 0.12, 0.05
CORRELATION, JUNCTION_CORRELATION = 0.99, 0.95


@dataclass(frozen=True)
class Way:
    """A way to compute the network.

    Attributes:
      name: for the table of errors.
      precision: of the expected numbers, as the cases' keys begin.
      dtype: of the computation.
      prepared: weights are standardised and cast before, as for use.
      in_windows: encoder and decoder take a piece of the sequence at a time, which leaves no
        whole intermediate results to compare.
    """

    name: str
    precision: str
    dtype: Any
    prepared: bool = True
    in_windows: bool = False

    def config(self, trained: ModelConfig) -> ModelConfig:
        rotary = "exact" if self.precision == "f32" else "released"
        return dataclasses.replace(trained, rotary=rotary)


WAYS = (
    Way("float32", "f32", jnp.float32, prepared=False),
    Way("prepared float32", "f32", jnp.float32, in_windows=True),
    Way("bfloat16", "bf16", jnp.bfloat16),
)


@dataclass
class Run:
    """What a way gives for a case, beside what is expected."""

    way: Way
    case: Case
    config: ModelConfig
    params: dict[str, Any]
    predictions: dict[str, dict[str, np.ndarray]]
    taps: dict[str, np.ndarray]
    statistics: dict[str, np.ndarray]

    def expected(self, name: str) -> np.ndarray:
        return self.case.arrays[f"{self.way.precision}/{name}"]


def runs():
    """Way by way, so that the weights are made once for each."""
    for way in WAYS:
        for number, path in enumerate(case_paths(CASES)):
            case = path.stem.removeprefix("model_case_")
            marks = [pytest.mark.parity]
            if number == 0 and way is WAYS[0]:
                marks.append(pytest.mark.short)
            yield pytest.param((way, path), id=f"{way.name}-{case}".replace(" ", "-"), marks=marks)


@pytest.fixture(scope="module")
def network(reference_weights, golden_folder):
    """Makes the network of a way; only the latest is in memory."""
    shapes = json.loads((golden_folder / "param_shapes_trimmed.json").read_text())
    trained = dataclasses.replace(ModelConfig.full(), tracks=tracks_per_head(shapes["params"]))
    latest = {}

    def of(way):
        if way not in latest:
            latest.clear()
            config = way.config(trained)
            params, state = filled(config, reference_weights)
            latest[way] = (
                prepare(config, params, state, dtype=way.dtype)
                if way.prepared
                else (config, *jax.device_put((params, state)))
            )
        return latest[way]

    return of


def filled(config, reference_weights):
    """Parameters and state with the synthetic values, by the table of the official names."""
    params, state = functional.abstract(config)
    for name in array_names(config):
        *parents, leaf = name.ours
        tree = state if name.is_state else params
        for parent in parents:
            tree = tree[parent]
        shape = tree[leaf].shape
        values = reference_weights.reference_array(name.official, name.official_shape(shape))
        tree[leaf] = values.reshape(shape)
    return params, state


@pytest.fixture(scope="module", params=runs())
def run(request, network):
    way, path = request.param
    case = Case.read(path)
    config, params, state = network(way)
    length = case.arrays["sequence"].shape[1]
    wanted = set(case.below(f"{way.precision}/tap/"))
    order = []

    @jax.jit
    def compute(params, state, one_hot, organism_index):
        if way.in_windows:
            return functional.forward(
                config,
                params,
                state,
                one_hot,
                organism_index,
                tuple(HEADS),
                with_128bp=True,
                window=max(PAIR_WIDTH, length // 4),
                dtype=way.dtype,
            ), {}
        model = functional.bind(config, params, state)
        with pytest.MonkeyPatch.context() as patch:
            recorded = taps.record_calls(taps.tapped_modules(model, wanted), patch)
            predictions = model(
                one_hot.astype(way.dtype), organism_index, tuple(HEADS), with_128bp=True
            )
        order.extend(name for name in recorded if name in wanted)
        blocks = {
            name: (taps.block(name, value, length // PAIR_WIDTH), taps.statistics(value))
            for name, value in recorded.items()
            if name in wanted
        }
        return predictions, blocks

    predictions, recorded = jax.device_get(
        compute(params, state, case.one_hot(), case.arrays["organism_index"])
    )
    assert way.in_windows or set(recorded) == wanted
    blocks, statistics = ({name: recorded[name][i] for name in order} for i in (0, 1))
    return Run(way, case, config, params, predictions, blocks, statistics)


@pytest.fixture
def check(run, error_table):
    """Compares an array of the network with the case's of that name."""

    def compare(name, actual, *, key=None):
        key = key or name
        expected = run.expected(key)
        error = measure(actual, expected)
        stage = name.split("/")[0] if is_head(name) else taps.stage(name)
        error_table.add(run.way.name, stage, error)
        if run.way.precision == "f32":
            accepted = next((a for part, a in LOOSER.items() if part in key), TOLERANCE)
            assert error.rms <= accepted[0], f"{key}: rms error {error.rms:.1e}"
            assert error.largest <= accepted[1], f"{key}: largest error {error.largest:.1e}"
        else:
            accepted = BFLOAT16_OUTPUT if is_head(name) else BFLOAT16_TAP
            assert error.rms <= accepted, f"{key}: rms error {error.rms:.2g}"
            if is_head(name):
                assert correlation(actual, expected) >= CORRELATION, key
        return error

    return compare


def is_head(name):
    return name.split("/")[0] in HEADS


@pytest.mark.parametrize("what", ["block", "statistics"])
def test_every_intermediate_result_is_the_references(run, check, what):
    if run.way.in_windows:
        pytest.skip("windows leave no whole intermediate results")
    # In the order of the computation, so the first to fail is where to look.
    for name, tap in run.taps.items():
        if what == "block":
            check(name, tap, key=f"tap/{name}")
        else:
            near_statistics(run, name)


def near_statistics(run, name):
    """Of the whole intermediate result, so that every position and channel plays a part."""
    found, expected = run.statistics[name], run.expected(f"stat/{name}")
    mean, rms = (np.abs(found[:2] - expected[:2]) / expected[1]).tolist()
    accepted = TOLERANCE[0] if run.way.precision == "f32" else BFLOAT16_TAP
    assert rms <= accepted, f"{name}: rms off by {rms:.1e}"
    assert mean <= accepted, f"{name}: mean off by {mean:.1e}"
    assert found[4] == expected[4] == 0
    if run.way.precision == "f32":
        extremes = np.abs(found[2:4] - expected[2:4]) / expected[1]
        assert extremes.max() <= TOLERANCE[1], f"{name}: extremes off by {extremes.max():.1e}"


def test_every_embedding_is_the_references(run, check):
    embeddings = run.predictions["embeddings"]
    bp, tokens = run.case.arrays["pos_1bp"][::4], run.case.arrays["pos_128bp"][::4]
    check("embeddings_1bp", embeddings["embeddings_1bp"][:, bp, ::32])
    check("embeddings_128bp", embeddings["embeddings_128bp"][:, tokens, ::64])
    check("embeddings_pair", embeddings["embeddings_pair"][:, :8, :8])


def test_every_prediction_is_the_references(run, check):
    found = []
    for head in HEADS:
        if head == JUNCTION:
            continue
        for key, values in run.predictions[head].items():
            name = f"{head}/{key}"
            if head == "contact_maps":
                found.append(check(name, values))
                continue
            found.append(check(name, run.case.kept(key, values)))
            sums = values.astype(np.float64).sum(axis=1)
            check(name, sums, key=f"sum/{name}")
    assert len(found) == 5 * 2 + 2 + 1 + 2 * 2
    if run.way.precision == "bf16":
        assert np.median([error.rms for error in found]) <= BFLOAT16_MEDIAN


def test_every_track_in_data_units_is_the_references(run, check, golden_folder):
    metadata = json.loads((golden_folder / "trimmed_metadata.json").read_text())
    for head in (
        name for name, row in HEADS.items() if "chip" in name or len(row.resolutions) == 2
    ):
        means = np.stack(
            [
                nonzero_means(metadata["tracks"][metadata["organism_order"][i]][head])
                for i in run.case.arrays["organism_index"]
            ]
        )
        for key, scaled in run.predictions[head].items():
            resolution = key.rpartition("_")[2]
            bin_size = int(resolution.removesuffix("bp"))
            values = np.asarray(unscale(head, scaled, means[:, None], bin_size))
            name = f"{head}/predictions_{resolution}"
            check(name, run.case.kept(name, values))
            check(name, values.astype(np.float64).sum(axis=1), key=f"sum/{name}")


def nonzero_means(rows):
    """NaN where a row has none; 1 where the whole table has none."""
    # The padding of a table with means says null; a table without means has no such column.
    means = [row.get("nonzero_mean") for row in rows]
    means = np.array([np.nan if mean is None else mean for mean in means])
    return np.where(np.isnan(means).all(), np.ones_like(means), means).astype(np.float32)


def test_the_same_splice_sites_are_selected(run):
    if run.way.precision == "bf16":
        pytest.skip("bfloat16 moves the choice of sites")
    selected = run.predictions[JUNCTION]["splice_site_positions"]
    expected = run.expected(f"{JUNCTION}/splice_site_positions")
    most = expected.shape[-1]
    for found, wanted in zip(selected.reshape(-1, most), expected.reshape(-1, most), strict=True):
        # One site exchanged for another that is as probable is a matter of rounding.
        assert len(set(wanted[wanted >= 0]) - set(found)) <= 1
        assert abs(int((wanted >= 0).sum()) - int((found >= 0).sum())) <= 1


def test_junctions_at_the_references_sites_are_the_references(run, error_table):
    counts = functional.junctions(
        run.config,
        run.params,
        jnp.asarray(run.predictions["embeddings"]["embeddings_1bp"]),
        jnp.asarray(run.case.arrays["organism_index"]),
        jnp.asarray(run.expected(f"{JUNCTION}/splice_site_positions")),
    )
    block = np.asarray(counts["predictions"][:, :SITES, :SITES], np.float64)
    sums = np.asarray(counts["predictions"], np.float64).sum(axis=(1, 2))
    for key, found in (
        (f"{JUNCTION}/predictions_48x48", block),
        (f"sum/{JUNCTION}/predictions", sums),
    ):
        error = measure(found, run.expected(key))
        error_table.add(run.way.name, JUNCTION, error)
        if run.way.precision == "f32":
            assert error.rms <= LOOSER[JUNCTION][0], f"{key}: rms error {error.rms:.1e}"
            assert error.largest <= LOOSER[JUNCTION][1], f"{key}: largest {error.largest:.1e}"
        else:
            assert correlation(found, run.expected(key)) >= JUNCTION_CORRELATION, key
    np.testing.assert_array_equal(
        counts["splice_junction_mask"].sum(axis=(1, 2)),
        run.expected(f"sum/{JUNCTION}/splice_junction_mask"),
    )

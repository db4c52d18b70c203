"""Training steps of a tiny network: gradients, resume, running moments."""

import dataclasses
import signal
import subprocess
import sys
import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from predictor.engines.compilation_cache import use_compilation_cache
from predictor.model import functional, heads
from predictor.model.config import ModelConfig
from predictor.training import batch_losses, data, optimisation, plots, pretrain, recipes, step
from predictor.training.recipe import Optimiser, Stage
from predictor.training.run_folder import RunFolder, TrainingFolderError
from predictor.weights import checkpoint
from predictor.weights.load import weights_folder
from tests.quick_compile import QUICK_COMPILE

TINY = dataclasses.replace(
    ModelConfig.demo(),
    channels=8,
    channels_step=2,
    tower_layers=1,
    query_heads=2,
    key_channels=8,
    value_channels=8,
    pair_channels=8,
    pair_heads=2,
    pair_head_channels=8,
    junction_channels=8,
    dropout_rate=0.1,
)
RECIPE = dataclasses.replace(
    recipes.ci(),
    model=TINY,
    stages=(Stage(window=2048, batch=2, steps=6),),
    scaling_windows=4,
    scaling_window=4096,
    calibration_batches=2,
    checkpoint_every=3,
    log_every=2,
    evaluation_window=2048,
    evaluation_windows=2,
)


@pytest.fixture(scope="module")
def scaling():
    return data.measure_scaling(RECIPE)


@pytest.fixture(scope="module", autouse=True)
def step_of(installed):
    """Makes the step of a recipe, once: all runs here use it, another process finds it on disk."""
    use_compilation_cache(installed / "xla-cache")
    made = {}

    def make(recipe, scaling, *, compiler_options=QUICK_COMPILE):
        name = f"{recipe} {compiler_options}"
        if name not in made:
            options = {"compiler_options": compiler_options}
            made[name] = scaling, step.make_train_step(recipe, scaling, **options)
        known, found = made[name]
        jax.tree.map(np.testing.assert_array_equal, known, scaling)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrain, "make_train_step", make)
        yield make


@pytest.fixture(scope="module")
def train_step(step_of, scaling):
    return step_of(RECIPE, scaling)


@pytest.fixture(scope="module")
def rich_batch():
    """Windows that hold genes of both organisms, so that every head has something to learn."""
    windows = []
    index = 0
    while len(windows) < 2:
        organism = len(windows)
        window = data.held_out_window(3, index, 8192, mouse=float(organism))
        if window.counts.any() and window.targets["cage"].any():
            windows.append(window)
        index += 1
    return data.collate(windows)


def quick_run(recipe, out, **options):
    """The run of a recipe, its step compiled quickly."""
    return pretrain.run(recipe, out, compiler_options=QUICK_COMPILE, **options)


def run_steps(train_step, state, first, last):
    for index in range(first, last):
        state, metrics = train_step(state, data.batch_at(RECIPE, index))
    return state, metrics


def test_every_head_moves_the_trunk_and_itself_from_the_first_step(scaling, rich_batch):
    params, norms = functional.init(TINY, jax.random.key(0))
    names = sorted(expected_terms())

    @partial(jax.jit, compiler_options=QUICK_COMPILE)
    @jax.grad
    def gradient_of(params, chosen):
        _, (found, _) = step.loss_and_new_norms(
            TINY, params, norms, rich_batch, scaling, {}, jax.random.key(1)
        )
        assert sorted(found) == names
        return sum(chosen[i] * found[name] for i, name in enumerate(names))

    for name, chosen in zip(names, np.eye(len(names), dtype=np.float32), strict=True):
        gradient = gradient_of(params, chosen)
        head = HEAD_OF_TERM.get(name, name.split("/")[0])
        for part in (gradient["encoder"], gradient["tower"], gradient["heads"][head]):
            norm = max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(part))
            assert np.isfinite(norm), name
            assert norm > 0, name


HEAD_OF_TERM = {
    "genes": "rna_seq",
    "genes_ln": "rna_seq",
    "rna_seq_ln/1bp": "rna_seq",
    "rna_seq_ln/128bp": "rna_seq",
    "usage_at_sites": "splice_sites_usage",
    "junctions_ln": "splice_sites_junction",
}


def expected_terms():
    """Losses of spec/training.md 1.4: ten 1-bp and 128-bp, two ChIP, contacts, three splicing.

    And the gene-level term of the same place, and what the demo adds.
    """
    both = [f"{h}/{r}bp" for h in ("atac", "dnase", "procap", "cage", "rna_seq") for r in (1, 128)]
    splicing = [f"splice_sites_{kind}" for kind in ("classification", "usage", "junction")]
    return [*both, "chip_tf/128bp", "chip_histone/128bp", "contact_maps", *splicing, *HEAD_OF_TERM]


def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(train_step, tmp_path):
    whole, _ = run_steps(train_step, step.initial_state(RECIPE), 0, 6)

    half, _ = run_steps(train_step, step.initial_state(RECIPE), 0, 3)
    RunFolder(tmp_path / "run", RECIPE, resume=False).save(half, {"wall": 1.0, "cpu": 2.0})
    folder = RunFolder(tmp_path / "run", RECIPE, resume=True)
    restored, seconds = folder.restore()
    assert seconds == {"wall": 1.0, "cpu": 2.0}
    assert int(restored.step) == 3
    resumed, _ = run_steps(train_step, restored, 3, 6)

    found = jax.tree.leaves_with_path(resumed)
    expected = jax.tree.leaves_with_path(whole)
    assert [path for path, _ in found] == [path for path, _ in expected]
    for (path, left), (_, right) in zip(found, expected, strict=True):
        assert np.asarray(left).tobytes() == np.asarray(right).tobytes(), path


def test_the_loss_of_one_batch_falls(train_step):
    batch = data.batch_at(RECIPE, 0)
    state = step.initial_state(RECIPE)
    totals = []
    for _ in range(30):
        # The schedule and the dropout key go by the state's step; here only the batch stays.
        state, metrics = train_step(state._replace(step=jnp.int32(0)), batch)
        totals.append(float(metrics["total"]))
    assert np.mean(totals[-5:]) < np.mean(totals[:5])


def test_measured_moments_make_use_agree_with_training(scaling):
    """One window as the whole calibration: then both modes see the same second moments."""
    config = dataclasses.replace(TINY, dropout_rate=0.0)
    recipe = dataclasses.replace(RECIPE, model=config, calibration_batches=1)
    params, norms = functional.init(config, jax.random.key(0))
    moments = pretrain.measured_moments(recipe, params, norms)
    stage = Stage(window=recipe.evaluation_window, batch=2, steps=1)
    batch = data.batch_at(dataclasses.replace(recipe, stages=(stage,)), 0, data.CALIBRATION)
    one_hot = step.one_hot(jnp.asarray(batch.codes))
    arguments = (one_hot, jnp.asarray(batch.organism_index), ("dnase", "contact_maps"))

    @partial(jax.jit, compiler_options=QUICK_COMPILE)
    def both(params, moments, norms):
        trained, _ = functional.forward_train(
            config, params, norms, *arguments, key=jax.random.key(0)
        )
        return functional.forward(config, params, moments, *arguments), trained

    used, trained = both(params, moments, norms)
    np.testing.assert_allclose(
        used["dnase"]["scaled_predictions_1bp"],
        trained["dnase"]["scaled_predictions_1bp"],
        rtol=1e-3,
        atol=1e-4,
    )
    np.testing.assert_allclose(
        used["contact_maps"]["predictions"], trained["contact_maps"]["predictions"], atol=1e-3
    )


def test_the_learning_rate_warms_up_and_ends_at_its_floor():
    optimiser = recipes.ci().optimiser
    rate = optimisation.learning_rate(optimiser, 1000)
    assert float(rate(0)) == 0.0
    assert float(rate(optimiser.warmup)) == pytest.approx(optimiser.peak)
    assert float(rate(1000)) == pytest.approx(optimiser.peak * optimiser.floor)


def test_the_learning_rate_before_the_decay_does_not_depend_on_the_number_of_steps():
    optimiser = Optimiser(decay=0.25)
    short, long = (optimisation.learning_rate(optimiser, steps) for steps in (1000, 4000))
    assert [float(short(s)) for s in range(0, 751, 50)] == [
        float(long(s)) for s in range(0, 751, 50)
    ]
    assert float(short(760)) < float(long(760)) == float(long(750))


def test_a_stage_may_have_a_factor_or_a_rate_and_an_average_of_its_own():
    stages = (
        Stage(window=2048, batch=1, steps=400),
        Stage(window=2048, batch=1, steps=200, rate=1.5),
        Stage(window=2048, batch=1, steps=101, own_rate=(1e-3, 2e-4), ema=0.9),
    )
    optimiser = Optimiser(decay=0.25, horizon=600)
    recipe = dataclasses.replace(RECIPE, stages=stages, optimiser=optimiser)
    rate, plain = (
        optimisation.rate_by_stage(recipe),
        optimisation.learning_rate(optimiser, recipe.steps),
    )
    for count, expected in (
        (399, optimiser.peak),
        (400, 1.5 * optimiser.peak),
        (599, 1.5 * float(plain(599))),
        (600, 1e-3),
        (650, 6e-4),
        (700, 2e-4),
    ):
        assert float(rate(count)) == pytest.approx(expected), count
    averages = [float(optimisation.ema_by_stage(recipe, jnp.int32(at))) for at in (0, 599, 600)]
    assert averages == pytest.approx([optimiser.ema, optimiser.ema, 0.9])


def test_a_batch_worked_through_in_equal_parts_steps_as_one_part_does(step_of, scaling):
    """Batch statistics are those of a part, so the parts must be equal to compare."""
    recipe = dataclasses.replace(RECIPE, model=dataclasses.replace(TINY, dropout_rate=0.0))
    train_step = step_of(recipe, scaling)
    batch = data.batch_at(recipe, 0)
    twice = jax.tree.map(lambda leaf: np.concatenate([leaf, leaf]), batch)
    one, metrics = train_step(step.initial_state(recipe), batch)
    two, metrics_of_parts = train_step(step.initial_state(recipe), twice, parts=2)
    for (path, left), right in zip(
        jax.tree.leaves_with_path(one.params), jax.tree.leaves(two.params), strict=True
    ):
        np.testing.assert_allclose(left, right, atol=2e-5, err_msg=str(path))
    for name, value in metrics.items():
        np.testing.assert_allclose(value, metrics_of_parts[name], rtol=1e-3, err_msg=name)


def test_the_log_becomes_a_page_of_curves_that_asks_for_nothing_outside(tmp_path):
    folder = RunFolder(tmp_path / "run", RECIPE, resume=False)
    for at in (2, 4):
        folder.log({"step": at, "seconds_per_step": 0.1, "losses": {"dnase/1bp": 1.0 / at}})
    held_out = {"human": {"dnase/1bp": 0.5}, "mouse": {"cage/1bp": 0.25}}
    folder.log({"step": 4, "evaluation": {"held_out": held_out}})
    # Plotly writes a slash inside a script as its number.
    page = plots.write(folder.path).read_text().replace("\\u002f", "/")
    for name in ("dnase/1bp", "cage/1bp", "Losses (unweighted)", "Held out, mouse-like"):
        assert name in page
    assert "<script src=" not in page


def test_a_folder_with_a_run_is_neither_overwritten_nor_resumed_with_another_recipe(tmp_path):
    with pytest.raises(TrainingFolderError, match="no training run to resume"):
        RunFolder(tmp_path / "new", RECIPE, resume=True)
    RunFolder(tmp_path / "run", RECIPE, resume=False)
    with pytest.raises(TrainingFolderError, match="already holds a training run"):
        RunFolder(tmp_path / "run", RECIPE, resume=False)
    other = dataclasses.replace(RECIPE, seed=RECIPE.seed + 1)
    with pytest.raises(TrainingFolderError, match="another recipe"):
        RunFolder(tmp_path / "run", other, resume=True)


@pytest.fixture(scope="module")
def paired():
    """A recipe that goes on from other weights, on pairs and with the readouts."""
    return dataclasses.replace(
        RECIPE,
        stages=(Stage(window=2048, batch=2, steps=6, pairs=True),),
        after="ci",
        structure=True,
    )


def test_the_differences_of_a_pair_have_no_loss_where_they_are_right(scaling):
    batch = data.collate(
        data.draw_pair(data.random_at(5, 1), recipes.demo_effects().stages[0].mixture, 8192)
    )
    means = {head: scaling.means[head][batch.organism_index][:, None] for head in scaling.means}
    true = {}
    for head in data.TRACK_HEADS:
        target = jnp.asarray(batch.targets[head])
        binned = target.reshape(
            2, -1, 128 // (128 if head in data.BINNED_HEADS else 1), target.shape[-1]
        ).sum(axis=2)
        true[head] = {
            "scaled_predictions_128bp": heads.scale_targets(head, binned, means[head], 128)
        }
        if head not in data.BINNED_HEADS:
            true[head]["scaled_predictions_1bp"] = heads.scale_targets(head, target, means[head], 1)
    usage = np.clip(batch.targets["splice_sites_usage"], 1e-6, 1 - 1e-6)
    true["splice_sites_usage"] = {"logits": jnp.log(usage / (1 - usage))}
    true["contact_maps"] = {"predictions": jnp.asarray(batch.targets["contact_maps"])}
    right = batch_losses.pair_losses(true, batch, scaling)
    for name, value in right.items():
        assert float(value) < 1e-5, name
    # REF's predictions for both alleles: nothing changes, so every effect of the batch is missed.
    still = jax.tree.map(lambda leaf: jnp.stack([leaf[0], leaf[0]]), true)
    missed = batch_losses.pair_losses(still, batch, scaling)
    assert float(missed["dnase_effect/128bp"]) > 1e-3
    # The level of both alleles alike changes no ratio by more than the offset's share.
    assert set(missed) == set(right)


def test_a_recipe_starts_with_the_weights_of_another_and_silent_readouts(paired):
    params, norms = functional.init(TINY, jax.random.key(3))
    state = step.initial_state(paired, (params, norms))
    for name, leaf in checkpoint.flatten(step.network(state.params)):
        np.testing.assert_array_equal(leaf, dict(checkpoint.flatten(params))[name])
    readouts = checkpoint.flatten(state.params[batch_losses.STRUCTURE])
    assert not any(bool(np.any(leaf)) for _, leaf in readouts)


def test_weights_to_start_from_are_asked_for_where_and_only_where_a_recipe_goes_on(
    paired, tmp_path
):
    with pytest.raises(pretrain.StartingWeightsError, match="goes on from the weights of 'ci'"):
        pretrain.run(paired, tmp_path / "a")
    with pytest.raises(pretrain.StartingWeightsError, match="starts from scratch"):
        pretrain.run(RECIPE, tmp_path / "b", start=tmp_path)
    with pytest.raises(pretrain.StartingWeightsError, match="network of other sizes"):
        pretrain.run(paired, tmp_path / "c", start=weights_folder("demo"))


@pytest.mark.slow
def test_a_whole_run_leaves_weights_that_load_and_that_another_recipe_goes_on_from(
    paired, tmp_path
):
    folder = quick_run(RECIPE, tmp_path / "run")
    loaded = checkpoint.load(folder)
    assert loaded.card["steps"] == 6
    assert loaded.card["seed"] == RECIPE.seed
    assert loaded.card["command"] == "python -m predictor train pretrain --recipe ci"
    rows = loaded.tracks["MUS_MUSCULUS"]["DNASE"]
    assert [row["name"] == "Padding" for row in rows] == [False, False, True, True]
    assert rows[0]["nonzero_mean"] > 0
    assert "nonzero_mean" not in rows[2]
    # Resuming a finished run only measures and writes again.
    assert checkpoint.load(quick_run(RECIPE, tmp_path / "run", resume=True)).digest == loaded.digest

    further = checkpoint.load(quick_run(paired, tmp_path / "further", start=folder))
    assert further.card["after"] == loaded.digest
    assert further.card["steps"] == 12
    assert further.card["command"] == (
        "python -m predictor train pretrain --recipe ci && "
        "python -m predictor train pretrain --recipe ci --from var/training/ci/weights"
    )
    assert further.digest != loaded.digest
    state, _ = RunFolder(tmp_path / "further", paired, resume=True, start=loaded).restore()
    trained = checkpoint.flatten(state.params[batch_losses.STRUCTURE])
    assert all(bool(np.any(leaf)) for _, leaf in trained)
    assert further.params.keys() == loaded.params.keys()
    logged = (tmp_path / "further" / "log.jsonl").read_text()
    for term in ("structure/1bp", "structure/128bp", "genes_effect"):
        assert f'"{term}"' in logged


@pytest.mark.slow
def test_a_run_killed_with_sigkill_and_resumed_ends_with_the_weights_of_one_that_was_not(tmp_path):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.predictor.training.test_step import RECIPE, quick_run\n"
        "quick_run(RECIPE, Path(sys.argv[1]))\n"
    )
    killed = tmp_path / "killed"
    with subprocess.Popen([sys.executable, "-c", code, str(killed)]) as process:
        deadline = time.monotonic() + 400
        while not (killed / "checkpoints" / "step-000003").exists():
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not (killed / "weights").exists()
    resumed = checkpoint.load(quick_run(RECIPE, killed, resume=True))
    assert resumed.digest == checkpoint.load(quick_run(RECIPE, tmp_path / "whole")).digest


@pytest.mark.slow
def test_the_ci_recipe_learns_that_one_motif_opens_chromatin(tmp_path):
    card = checkpoint.load(pretrain.run(recipes.ci(), tmp_path / "ci")).card
    neuronal = card["measured"]["motif_insertions"]["ASCL"]
    assert neuronal["right_sign"] >= 0.9
    assert neuronal["mean_log2_predicted"] > 0.5

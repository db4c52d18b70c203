"""What the shipped demo weights know, asked on windows that no training run saw.

The world's own truth comes from the simulator; the thresholds are those that the demo's claims
rest on. A variant's window is 16,384 bp, centred on it.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import predictor.weights
from predictor.evaluation import seeds
from predictor.training import data, evaluate, recipes
from predictor.training.inference import Weights
from predictor.training.variant_effects import (
    CLEAR_EFFECT,
    motif_insertions,
    showcase_effects,
)
from predictor.weights import checkpoint

FOLDER = Path(predictor.weights.__file__).parent / "demo"
WINDOW = 16_384
SEED = seeds.TESTS


@pytest.fixture(scope="module")
def loaded():
    return checkpoint.load(FOLDER)


@pytest.fixture(scope="module")
def weights(loaded):
    means = {
        head: np.array(
            [
                [row.get("nonzero_mean", 1.0) for row in loaded.tracks[o.name][output_type.name]]
                for o in data.ORGANISMS
            ],
            np.float32,
        )
        for head, output_type in data.TRACK_HEADS.items()
    }
    scaling = data.Scaling(means=means, masks=data.track_masks())
    return Weights(loaded.config, loaded.params, loaded.state, scaling)


@pytest.fixture(scope="module")
def tal1(weights):
    return {effect.name: effect for effect in showcase_effects(weights, "d-tal1", length=WINDOW)}


def test_the_digest_of_the_card_is_that_of_the_arrays(loaded):
    assert loaded.card["digest"] == checkpoint.digest(loaded.params, loaded.state)


def test_the_card_says_where_the_weights_come_from(loaded):
    card = loaded.card
    assert card["command"] == (
        "python -m predictor train pretrain --recipe demo && python -m predictor train pretrain "
        "--recipe demo-effects --from var/training/demo/weights && python -m predictor train "
        "pretrain --recipe demo-balanced --from var/training/demo-effects/weights"
    )
    assert [len(commit) for commit in card["commit"].split(", ")] == [40, 40, 40]
    run = (recipes.demo(), recipes.demo_effects(), recipes.demo_balanced())
    every = [stage for recipe in run for stage in recipe.stages]
    assert card["stages"] == json.loads(json.dumps([dataclasses.asdict(s) for s in every]))
    assert card["steps"] == sum(stage.steps for stage in every)
    assert card["cpu_seconds"] > 0
    assert card["wall_seconds"] > 0
    assert len({*card["seeds"].values()}) == 3
    assert card["seed"] in card["seeds"].values()
    assert SEED in card["seeds"].values()
    assert card["measured"]["held_out"]["human"]["dnase/128bp"] > 0.8


def test_the_folder_is_at_most_8_megabytes_and_names_no_folder_of_a_machine():
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 8 * 2**20
    for path in files:
        assert not any(name in path.read_bytes() for name in (b"/tmp/", b"/root/", b"/home/"))


def test_saving_and_loading_keeps_every_bit(loaded, tmp_path):
    checkpoint.save(
        tmp_path / "again",
        config=loaded.config,
        params=loaded.params,
        state=loaded.state,
        tracks=loaded.tracks,
        card=loaded.card,
    )
    again = checkpoint.load(tmp_path / "again")
    assert again.digest == loaded.digest
    assert again.tracks == loaded.tracks
    assert again.config == loaded.config


@pytest.mark.parametrize("name", ["d-tal1-acg", "d-tal1-main"])
def test_the_d_tal1_insertion_opens_chromatin_in_t_cells_and_leaves_the_others_alone(tal1, name):
    effect = tal1[name]
    for predicted, true in (
        (effect.dnase, effect.true_dnase),
        (effect.h3k27ac, effect.true_h3k27ac),
    ):
        assert predicted["T"] > 0.5 * true["T"] > 0.5
        for cell_type in ("HEP", "NEU", "ERY"):
            assert abs(predicted[cell_type]) < predicted["T"] / 5, cell_type


def test_an_insertion_at_the_same_place_that_writes_no_site_does_little(tal1):
    idle, active = tal1["d-tal1-ac"], tal1["d-tal1-acg"]
    assert abs(idle.dnase["T"]) < active.dnase["T"] / 5
    assert abs(idle.h3k27ac["T"]) < active.h3k27ac["T"] / 5


@pytest.mark.parametrize(("motif", "cell_type"), [("MYB", "T"), ("GATA", "ERY"), ("CEBP", "HEP")])
def test_fresh_insertions_of_a_motif_open_chromatin_where_it_is_read(weights, motif, cell_type):
    effects = motif_insertions(weights, motif, cell_type, seed=SEED, number=12, length=WINDOW)
    clear = np.abs(effects.true) > CLEAR_EFFECT
    assert clear.sum() >= 8
    assert np.mean(effects.predicted[clear] * effects.true[clear] > 0) >= 0.9


def test_every_readout_of_fresh_windows_reaches_its_target(weights):
    """The targets of spec/demo_genome.md 9 that are correlations along the sequence."""
    windows = [data.held_out_window(SEED, index, WINDOW) for index in range(16)]
    found = evaluate.correlations(weights, windows)
    targets = {
        **dict.fromkeys(("dnase/128bp", "atac/128bp", "chip_tf/128bp"), 0.85),
        "contact_maps": 0.75,
        "splice_sites": 0.90,
        "junctions": 0.70,
    }
    missed = {name: found[name] for name, target in targets.items() if found[name] < target}
    assert not missed
    assert found["rna_seq/128bp"] > 0.6
    assert found["splice_sites_usage"] > 0.6

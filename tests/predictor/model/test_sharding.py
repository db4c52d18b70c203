"""The sharded pass against that of one device.

JAX counts the devices once, when it starts. So all passes run in one process of its own that is
told to take the CPU for eight: this file, as a program.
"""

import dataclasses
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from predictor.model import functional, sharding
from predictor.model.config import ModelConfig
from predictor.model.heads import HEADS, JUNCTION
from predictor.model.splicing import select_sites
from tests.quick_compile import QUICK_COMPILE

DEVICES = 8
HUMAN, MOUSE = 0, 1


@dataclasses.dataclass(frozen=True)
class Case:
    """One batch on one mesh."""

    devices: int
    groups: int
    length: int
    organisms: tuple[int, ...]

    @property
    def name(self):
        return f"{self.devices}x{self.groups}_{self.length}_{len(self.organisms)}"

    @property
    def pieces(self):
        return self.devices // self.groups


BOTH = (HUMAN, MOUSE)
SHORT, LONG = 16_384, 32_768
CASES = (
    Case(1, 1, SHORT, BOTH[1:]),
    Case(2, 1, SHORT, BOTH),
    Case(4, 1, SHORT, BOTH[1:]),
    Case(8, 1, SHORT, BOTH),
    Case(8, 2, LONG, BOTH),
)
FINEST = CASES[3]
LONGEST = CASES[4]

LEARNED_FROM = ("dnase", "contact_maps", JUNCTION)
POSITIONS = np.array([[[5, 4000], [90, 9000], [2040, 2050], [100, 16_000]]], np.int32)


@pytest.fixture(scope="module")
def outcome(tiny, tmp_path_factory):
    """What the other process found: arrays, and facts about its programs.

    Two layers, one with pairs of its own and one without, because every layer takes compile time.
    """
    config = dataclasses.replace(tiny, tower_layers=2)
    folder = tmp_path_factory.mktemp("sharding")
    start = (
        "import runpy, jaxtyping\n"
        "jaxtyping.install_import_hook('predictor.model', 'beartype.beartype')\n"
        f"runpy.run_path({__file__!r}, run_name='__main__')"
    )
    subprocess.run(
        [sys.executable, "-c", start, config.to_json(), str(folder)],
        env={
            **os.environ,
            "JAX_PLATFORMS": "cpu",
            "XLA_FLAGS": f"--xla_force_host_platform_device_count={DEVICES}",
        },
        cwd=Path(__file__).parents[3],
        check=True,
    )
    arrays = np.load(folder / "arrays.npz")
    return dict(arrays), json.loads((folder / "facts.json").read_text())


def assert_near(found, expected, name):
    """Up to the noise of float32; sites and masks exactly."""
    if expected.dtype != np.float32:
        np.testing.assert_array_equal(found, expected, err_msg=name)
        return
    # Usage is rounded to float16, so noise may move it by one step.
    step = 2**-11 if name.endswith("usage/predictions") else 0
    scale = np.sqrt(np.mean(expected**2))
    assert np.abs(found - expected).max() <= 1e-4 * scale + step, name


@pytest.mark.parametrize("head", [*HEADS, "embeddings"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_sharing_the_sequence_changes_no_number(outcome, case, head):
    arrays, _ = outcome
    of_case = {
        key: value for key, value in arrays.items() if key.startswith(f"{case.name}/{head}/")
    }
    assert of_case
    for key, found in of_case.items():
        expected = arrays[key.replace(case.name, f"alone_{case.length}")]
        assert_near(found, expected[list(case.organisms)], key)


@pytest.mark.parametrize("end", [np.s_[:, :768], np.s_[:, -768:]], ids=["left", "right"])
def test_the_ends_of_the_window_are_as_exact_as_its_middle(outcome, end):
    arrays, _ = outcome
    found = arrays[f"{FINEST.name}/embeddings/embeddings_1bp"]
    expected = arrays[f"alone_{SHORT}/embeddings/embeddings_1bp"]
    assert_near(found[end], expected[end], "embeddings_1bp")


def test_gradients_are_those_of_one_device(outcome):
    arrays, _ = outcome
    names = [key for key in arrays if key.startswith("gradient_alone/")]
    assert any(arrays[name].any() for name in names)
    for name in names:
        found = arrays[name.replace("alone", "sharded")]
        largest = np.abs(arrays[name]).max()
        np.testing.assert_allclose(found, arrays[name], atol=1e-3 * largest, err_msg=name)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_device_holds_its_own_piece_of_every_output(outcome, case):
    arrays, facts = outcome
    shards = facts[case.name]["shards"]
    assert shards
    for key, shard in shards.items():
        examples, positions, *others = arrays[f"{case.name}/{key}"].shape
        cut = 1 if key.startswith(JUNCTION) else case.pieces
        assert shard == [examples // case.groups, positions // cut, *others], key


def test_eight_devices_share_the_work_and_the_memory(outcome):
    _, facts = outcome
    alone, shared = facts[f"alone_{LONG}"], facts[LONGEST.name]
    # The least is an eighth. The halo adds to it, much to pieces as short as these.
    assert shared["operations"] < 0.2 * alone["operations"]
    assert shared["temporary_bytes"] < 0.25 * alone["temporary_bytes"]


def test_devices_exchange_much_less_than_an_activation(outcome):
    _, facts = outcome
    messages = facts[LONGEST.name]["messages"]
    assert {"all-gather", "all-to-all", "collective-permute"} <= set(messages)
    activation = LONG // LONGEST.pieces * facts["channels"]
    assert max(messages.values()) < activation


def test_one_device_exchanges_nothing(outcome):
    assert outcome[1][CASES[0].name]["messages"] == {}


@pytest.mark.parametrize("kind", ["ties", "rare", "none"])
def test_splice_sites_of_pieces_are_those_of_the_whole(outcome, kind):
    arrays, _ = outcome
    expected = arrays[f"sites_alone/{kind}"]
    np.testing.assert_array_equal(arrays[f"sites_in_pieces/{kind}"], expected)
    assert (expected >= 0).any() == (kind != "none")


@pytest.mark.parametrize(
    ("refused", "sentence"),
    [
        ("short", "A window of 8,192 bp cannot be shared by 8 devices"),
        ("uneven", "A window of 20,480 bp cannot be shared by 8 devices"),
        ("batch", "3 windows cannot be shared by 2 groups"),
        ("groups", "8 devices do not form 3 equal groups"),
    ],
)
def test_what_cannot_be_shared_is_refused_with_a_sentence(outcome, refused, sentence):
    assert outcome[1]["refusals"][refused].startswith(sentence)


# The other process


def compiled(function, *arguments):
    return jax.jit(function).lower(*arguments).compile(compiler_options=QUICK_COMPILE)


def facts_of(program):
    """Largest message of every kind in values; operations and memory of one device."""
    messages = {}
    pattern = r"= (.*?) (all-gather|all-reduce|all-to-all|collective-permute|reduce-scatter)\("
    for shapes, kind in re.findall(pattern, program.as_text()):
        sides = [map(int, shape.split(",")) for shape in re.findall(r"\[([\d,]+)\]", shapes)]
        messages[kind] = max(sum(map(math.prod, sides)), messages.get(kind, 0))
    return {
        "messages": messages,
        "operations": program.cost_analysis()["flops"],
        "temporary_bytes": program.memory_analysis().temp_size_in_bytes,
    }


def flat(tree):
    return {
        "/".join(key.key for key in path): leaf
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


class Work:
    """Runs the cases and keeps what they give."""

    def __init__(self, config):
        self.config = config
        params, state = functional.init(config, jax.random.key(0))
        self.weights = params, jax.tree.map(lambda moment: 1.5 * np.asarray(moment), state)
        bases = np.random.default_rng(0).integers(0, 4, (len(BOTH), LONG))
        self.one_hot = np.eye(4, dtype=np.float32)[bases]
        self.arrays = {}
        self.facts = {"channels": config.channels}

    def keep(self, name, program, outputs):
        outputs = flat(outputs)
        self.arrays |= {f"{name}/{key}": np.asarray(value) for key, value in outputs.items()}
        shards = {key: value.addressable_shards[0].data.shape for key, value in outputs.items()}
        self.facts[name] = {**facts_of(program), "shards": shards}

    def run_alone(self, length):
        def forward(params, state, one_hot, organisms):
            return functional.forward(self.config, params, state, one_hot, organisms, HEADS)

        arguments = (*self.weights, self.one_hot[:, :length], np.array(BOTH, np.int32))
        program = compiled(forward, *arguments)
        self.keep(f"alone_{length}", program, program(*arguments))

    def run_case(self, case):
        mesh = sharding.sequence_mesh(jax.devices()[: case.devices], data=case.groups)
        forward = sharding.sharded_forward(self.config, mesh, HEADS)
        organisms = np.array(case.organisms, np.int32)
        params, state = (sharding.replicate(mesh, tree) for tree in self.weights)
        arguments = (params, state, self.one_hot[organisms, : case.length], organisms)
        program = compiled(forward, *arguments)
        self.keep(case.name, program, program(*arguments))

    def run_gradients(self):
        mesh = sharding.sequence_mesh()
        sharded = sharding.sharded_forward(self.config, mesh, LEARNED_FROM)

        def alone(params, state, one_hot, organisms, positions):
            return functional.forward(
                self.config,
                params,
                state,
                one_hot,
                organisms,
                LEARNED_FROM,
                splice_site_positions=positions,
            )

        _, state = self.weights
        data = (self.one_hot[:1, :SHORT], np.array([MOUSE], np.int32), POSITIONS)
        for name, forward in (("alone", alone), ("sharded", sharded)):

            def loss(params, forward=forward):
                outputs = forward(params, state, *data)
                return sum(
                    jnp.mean(value**2)
                    for head in LEARNED_FROM
                    for value in outputs[head].values()
                    if value.dtype == jnp.float32
                )

            params = self.weights[0]
            gradients = compiled(jax.grad(loss), params)(params)
            found = flat(gradients).items()
            self.arrays |= {f"gradient_{name}/{path}": np.asarray(leaf) for path, leaf in found}

    def select_sites(self):
        """Probabilities in steps, so that most are equal; a few; and none above the threshold."""
        mesh = sharding.sequence_mesh(data=2)
        random = np.random.default_rng(1).random((2, 4096, 5)).astype(np.float32)
        ties = np.round(random, 1)
        probabilities = {"ties": ties, "rare": random * (random > 0.999), "none": 0.05 * ties}
        whole = jax.jit(lambda values: select_sites(values, 100, 0.1))
        in_pieces = jax.jit(lambda values: sharding.select_sites_in_pieces(mesh, values, 100, 0.1))
        for kind, values in probabilities.items():
            self.arrays[f"sites_alone/{kind}"] = np.asarray(whole(values))
            self.arrays[f"sites_in_pieces/{kind}"] = np.asarray(in_pieces(values))

    def be_refused(self):
        def pass_of(examples, length, groups):
            mesh = sharding.sequence_mesh(data=groups)
            forward = sharding.sharded_forward(self.config, mesh, ("dnase",))
            one_hot, organisms = np.zeros((examples, length, 4)), np.zeros(examples, np.int32)
            forward(*self.weights, one_hot, organisms)

        attempts = {
            "short": lambda: pass_of(1, 8192, 1),
            "uneven": lambda: pass_of(1, 20_480, 1),
            "batch": lambda: pass_of(3, SHORT, 2),
            "groups": lambda: sharding.sequence_mesh(data=3),
        }
        self.facts["refusals"] = {}
        for name, attempt in attempts.items():
            with pytest.raises(sharding.InvalidShardingError) as caught:
                attempt()
            self.facts["refusals"][name] = caught.value.message


def main(config, folder):
    work = Work(ModelConfig.from_json(config))
    work.be_refused()
    work.select_sites()
    for length in (SHORT, LONG):
        work.run_alone(length)
    for case in CASES:
        work.run_case(case)
    work.run_gradients()
    np.savez(folder / "arrays.npz", **work.arrays)
    (folder / "facts.json").write_text(json.dumps(work.facts))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

"""How much memory a window needs: the estimate against the compiler's plans."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import pytest
from alphagenome.models.dna_output import OutputType

from predictor.engines import fit, stages
from predictor.engines.registry import ENGINES
from predictor.engines.window_needs import longest_fitting, window_needs
from predictor.model import functional
from predictor.model.config import ModelConfig, TracksPerHead
from predictor.model.heads import Embeddings
from predictor.tracks.output_types import OUTPUTS

MIDDLE = dataclasses.replace(
    ModelConfig.full(),
    channels=128,
    channels_step=32,
    tower_layers=2,
    query_heads=4,
    key_channels=64,
    value_channels=96,
    pair_channels=64,
    pair_heads=8,
    pair_head_channels=32,
    junction_channels=128,
    junction_sites=128,
    tracks=TracksPerHead(
        atac=32,
        dnase=48,
        procap=16,
        cage=64,
        rna_seq=96,
        chip_tf=200,
        chip_histone=100,
        contact_maps=28,
        splice_sites_classification=5,
        splice_sites_usage=40,
        splice_sites_junction=20,
    ),
)
# With weights that were not trained every base is a site, so all sites are used.
NETWORKS = {"demo": ModelConfig.demo(), "middle": MIDDLE}


def size(tree):
    return sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))


def number_of_parameters(config):
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(functional.abstract(config)[0]))


def planned(config, window):
    """What the compiled stages hold at once, for all tracks of REF and ALT.

    The stages are compiled for shapes only: nothing is computed, and no memory is taken.
    """
    config = dataclasses.replace(config, kernels="standardized")
    abstract = jax.ShapeDtypeStruct
    weights = functional.abstract(config)
    organisms = abstract((1,), jnp.int32)

    def plan(function, *arguments):
        compiled = jax.jit(function).lower(*weights, *arguments).compile()
        answer = jax.eval_shape(function, *weights, *arguments)
        return compiled.memory_analysis().temp_size_in_bytes, answer

    encoding, encoded = plan(
        lambda *a: stages._encode(config, jnp.float32, *a), abstract((1, window), jnp.uint8)
    )
    towering, trunk = plan(lambda *a: functional.transform(config, *a), encoded.tokens, organisms)
    decoded, given = min(window, 32_768 + 1_536), min(window, 32_768)

    def cut(x):
        return abstract((1, x.shape[1] * decoded // window, x.shape[2]), x.dtype)

    inputs = jax.tree.map(cut, (trunk.tokens, trunk.bp_128, encoded.skips))
    decoding, bp_1 = plan(lambda *a: stages._decode(config, *a), *inputs, organisms)
    allele = size((encoded, trunk))
    stretch = size(bp_1) * (1 + given / decoded * (decoded < window))
    stretch += size(inputs) * (decoded < window)
    results, heads = size(bp_1) * window / decoded, [0]
    for kind, about in OUTPUTS.items():
        tracks = getattr(config.tracks, about.head)
        if kind is OutputType.SPLICE_JUNCTIONS:
            results += 4 * config.junction_sites**2 * 2 * tracks + 4 * 5 * window
            continue
        bins = window // about.resolution
        results += 4 * tracks * (bins**2 if about.kind == "contact_map" else bins)
    name, tracks = "rna_seq", config.tracks.rna_seq
    heading, values = plan(
        lambda p, s, *a: stages._head(config, name, p, s, Embeddings(bp_1=a[0]), a[1], None, a[2]),
        abstract((1, given, bp_1.shape[2]), bp_1.dtype),
        organisms,
        abstract((tracks,), jnp.float32),
    )
    heads.append(heading + size(values))
    sites = config.junction_sites
    counting, _ = plan(
        lambda p, s, *a: stages._counts(config, p, s, *a, None),
        abstract((1, 4, sites, bp_1.shape[2]), bp_1.dtype),
        organisms,
        abstract((1, 4, sites), jnp.int32),
    )
    working = max(encoding, towering, stretch + max(decoding, *heads), counting)
    return size(weights) + 2 * allele + 2 * results + working


@pytest.mark.slow
@pytest.mark.parametrize(("name", "window"), [("demo", 16_384), ("middle", 65_536)])
def test_the_estimate_is_within_20_percent_of_the_compiled_stages(name, window):
    config = NETWORKS[name]
    estimate = fit.need(config, window, parameters=number_of_parameters(config)).total
    assert estimate == pytest.approx(planned(config, window), rel=0.2)


def test_more_of_anything_needs_more_memory():
    def total(window=131_072, tracks=None, **more):
        return fit.need(
            ModelConfig.full(), window, parameters=450_452_613, tracks=tracks, **more
        ).total

    five = {OutputType.RNA_SEQ: 4, OutputType.DNASE: 1}
    windows = (16_384, 131_072, 524_288, 1_048_576)
    assert [total(window) for window in windows] == sorted(total(window) for window in windows)
    assert total(tracks={OutputType.CHIP_TF: 1}) < total(tracks=five) < total()
    assert total(alleles=1) < total()
    assert total(value_bytes=2) < total()


def test_the_longest_window_that_fits_is_told_also_before_weights_are_installed(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("ALLELENS_HOME", str(tmp_path))
    engine = ENGINES["alphagenome"]
    needs = window_needs(engine, 10**15)
    assert [need.window for need in needs] == list(engine.windows)
    assert longest_fitting(needs).window == 1_048_576
    just_enough = int(needs[1].needed * 1.2)
    assert longest_fitting(window_needs(engine, just_enough)).window == 131_072
    assert longest_fitting(window_needs(engine, 10**9)) is None
    assert window_needs(ENGINES["hosted"], 10**15) == []


def test_a_limit_of_memory_can_be_set(monkeypatch):
    monkeypatch.setenv(fit.MEMORY_VARIABLE, "1.5")
    assert fit.main_memory() == 1_500_000_000
    monkeypatch.delenv(fit.MEMORY_VARIABLE)
    assert 0 < fit.main_memory() < 10**15

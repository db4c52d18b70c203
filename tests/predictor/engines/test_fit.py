"""How much memory a window needs: the estimate against the compiler's plans."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import pytest
from alphagenome.models.dna_output import OutputType

from predictor.engines import fit, stages
from predictor.engines.registry import ENGINES
from predictor.engines.stretches import SIZES
from predictor.engines.window_needs import longest_fitting, window_needs
from predictor.model import functional
from predictor.model.config import TOKEN_WIDTH, ModelConfig, TracksPerHead
from predictor.model.heads import Embeddings
from predictor.model.narrow import MARGINS
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
NETWORKS = {"demo": ModelConfig.demo(), "middle": MIDDLE, "full": ModelConfig.full()}


def size(tree):
    return sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))


class Plans:
    """What the compiled stages hold at once, for all tracks of REF and ALT, without weights.

    The stages are compiled for shapes only: nothing is computed, and no memory is taken.
    """

    def __init__(self, config, window):
        self.config = dataclasses.replace(config, kernels="standardized")
        self.window = window
        self.organisms = jax.ShapeDtypeStruct((1,), jnp.int32)
        self.codes = jax.ShapeDtypeStruct((1, window), jnp.uint8)
        self.encoded = self.answer(self.encode(), self.codes)
        self.trunk = self.answer(self.transform, self.encoded.tokens, self.organisms)
        self.transforming = self.beside(self.transform, self.encoded.tokens, self.organisms)
        self.counting = self.beside(*self.counts())
        self.encoding = {}

    def encode(self, **options):
        return lambda p, s, *a: stages._encode(self.config, jnp.float32, p, s, *a, **options)

    def transform(self, *arguments):
        return functional.transform(self.config, *arguments)

    def answer(self, function, *arguments):
        return jax.eval_shape(function, *functional.abstract(self.config), *arguments)

    def beside(self, function, *arguments):
        """Bytes that a program takes beside its arguments and its answer."""
        weights = functional.abstract(self.config)
        compiled = jax.jit(function).lower(*weights, *arguments).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    def decoding(self, given):
        """A stretch of the decoder, and a head on what it gives."""
        trunk, skips = self.trunk, self.encoded.skips
        if given + 2 * MARGINS[0] < self.window // TOKEN_WIDTH:
            starts = jax.ShapeDtypeStruct((9,), jnp.int32)
            part = jax.eval_shape(
                lambda *a: stages._cut(*a[:3], None, a[3], given=given),
                *(trunk.tokens, trunk.bp_128, skips, starts),
            )
            inputs = (part, self.organisms, starts)
            decode, cut = functional.decode_part, size(part)
        else:
            inputs = (trunk.tokens, trunk.bp_128, skips, self.organisms)
            decode, cut = stages._decode, 0
        bp_1 = self.answer(lambda *a: decode(self.config, *a), *inputs)
        taken = cut + self.beside(lambda *a: decode(self.config, *a), *inputs)
        return size(bp_1) + max(taken, self.head("rna_seq", bp_1))

    def head(self, name, bp_1):
        def head(params, state, bp_1, organisms, means):
            embeddings = Embeddings(bp_1=bp_1)
            return stages._head(
                self.config, name, params, state, embeddings, organisms, None, means
            )

        means = jax.ShapeDtypeStruct((getattr(self.config.tracks, name),), jnp.float32)
        arguments = (bp_1, self.organisms, means)
        return self.beside(head, *arguments) + size(self.answer(head, *arguments))

    def counts(self):
        sites = self.config.junction_sites
        rows = (1, 4, sites, self.config.embedding_1bp_channels)
        return (
            lambda *a: stages._counts(self.config, *a, None),
            jax.ShapeDtypeStruct(rows, jnp.float32),
            self.organisms,
            jax.ShapeDtypeStruct((1, 4, sites), jnp.int32),
        )

    def results(self):
        """Of an allele, without the counts of junctions."""
        config, found = self.config, 0
        for kind, about in OUTPUTS.items():
            tracks = getattr(config.tracks, about.head)
            if kind is OutputType.SPLICE_JUNCTIONS:
                # The embeddings and classes that the sites are looked for in.
                found += self.window * (config.embedding_1bp_channels + 5)
                continue
            bins = self.window // about.resolution
            found += tracks * (bins**2 if about.kind == "contact_map" else bins)
        return 4 * found

    def total(self, given):
        at_once = fit.encoded_at_once(given * TOKEN_WIDTH)
        if at_once not in self.encoding:
            self.encoding[at_once] = self.beside(self.encode(at_once=at_once), self.codes)
        # There are no results yet of the allele that is encoded.
        first = max(self.encoding[at_once], self.transforming)
        results = self.results()
        # With weights that were not trained every base may be a site.
        junctions = 2 * size(self.answer(*self.counts())) + self.counting
        then = results + max(self.decoding(given), junctions)
        return 2 * size((self.encoded, self.trunk)) + results + max(first, then)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "window"), [("demo", 16_384), ("demo", 65_536), ("middle", 65_536), ("full", 131_072)]
)
def test_the_estimate_is_within_20_percent_of_the_compiled_stages(name, window):
    plans = Plans(NETWORKS[name], window)
    for given in SIZES:
        # What a kernel takes on a CPU is in no plan; `test_limited_process.py` has it.
        estimate = fit.need(
            NETWORKS[name], window, parameters=0, at_once=given * TOKEN_WIDTH, on_cpu=False
        ).total
        planned = plans.total(given)
        assert 0.97 * planned < estimate < 1.2 * planned, (given, estimate, planned)


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


def test_a_reference_window_may_take_a_quarter_of_the_free_memory():
    assert fit.largest_reference(40 * 10**9) == 10**10
    assert fit.largest_reference(10**9) == fit.REFERENCE_BYTES

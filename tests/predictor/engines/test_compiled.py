"""The network on the device: references that are kept, variants, chosen tracks, what is read."""

import numpy as np
import pytest
from alphagenome.models.dna_output import OutputType

from predictor.engines.alleles import ReferenceCache
from predictor.engines.junctions import JunctionContext
from predictor.model import functional
from predictor.model.splicing import select_sites
from predictor.tracks.alignment import DeviceAlignment
from predictor.tracks.output_types import OUTPUTS

LENGTH = 8_192
TOKENS = LENGTH // 128
KINDS = tuple(kind for kind in OUTPUTS if kind is not OutputType.SPLICE_JUNCTIONS)
DNASE, JUNCTIONS = OutputType.DNASE, OutputType.SPLICE_JUNCTIONS
CLOSE = {"rtol": 1e-4, "atol": 1e-5}
# Usage is rounded to float16, whose last digit may tip over.
CLOSE_USAGE = {"rtol": 2e-3, "atol": 1e-4}


@pytest.fixture(scope="module")
def network(model):
    network = model.network
    yield network
    network.references.clear()


@pytest.fixture(scope="module")
def means(network):
    return {
        kind: np.linspace(0.5, 2, getattr(network.config.tracks, about.head)).astype(np.float32)
        for kind, about in OUTPUTS.items()
        if about.kind == "signal" and not about.head.startswith("splice")
    }


@pytest.fixture(scope="module")
def codes():
    return np.random.default_rng(1).integers(0, 4, LENGTH).astype(np.uint8)


@pytest.fixture(scope="module")
def variants(codes):
    """Three substitutions, and a deletion."""
    found = np.repeat(codes[None], 4, axis=0)
    for row, at in enumerate((5, 4_000, 8_191)):
        found[row, at] = (found[row, at] + 1) % 4
    found[3, 4_000:-3] = codes[4_003:]
    return found


@pytest.fixture(scope="module")
def whole(network, codes, means):
    return network.reference(codes, 0, KINDS, means)


def equal(found, expected, kinds=KINDS, where=slice(None), **tolerance):
    for kind in kinds:
        ours, theirs = np.asarray(found[kind]), np.asarray(expected[kind])
        if OUTPUTS[kind].resolution == 1:
            ours, theirs = ours[:, where], theirs[:, where]
        close = tolerance
        if tolerance and kind is OutputType.SPLICE_SITE_USAGE:
            close = CLOSE_USAGE
        close = close or {"rtol": 0, "atol": 0}
        np.testing.assert_allclose(ours, theirs, err_msg=str(kind), **close)


def context(**changes):
    plain = {
        "alignment": DeviceAlignment(np.arange(LENGTH, dtype=np.int32), np.zeros((0, 3), int)),
        "gene_mask": np.ones(LENGTH, bool),
        "annotated": np.zeros((LENGTH, 5), bool),
    }
    return JunctionContext(**(plain | changes))


# References


def test_a_reference_that_is_kept_is_not_computed_again(network, codes, means, whole):
    again = network.reference(codes.copy(), 0, [DNASE], means)
    assert again.allele is whole.allele
    assert again.outputs[DNASE] is whole.outputs[DNASE]
    assert network.reference(codes, 1, [DNASE], means).allele is not whole.allele


def test_the_reference_gives_the_numbers_of_the_pure_function(
    network, codes, means, whole, quick_jit
):
    one_hot = np.eye(4, dtype=np.float32)[codes][None]
    heads = [OUTPUTS[kind].head for kind in KINDS]
    expected = quick_jit(functional.forward, static_argnums=(0, 5))(
        network.stages.config, *network.stages._weights, one_hot, np.array([0]), tuple(heads)
    )
    for kind, head in zip(KINDS, heads, strict=True):
        raw = expected[head].get("predictions")
        if raw is None:
            resolution = OUTPUTS[kind].resolution
            scaled = expected[head][f"scaled_predictions_{resolution}bp"]
            raw = functional_unscale(head, scaled, means[kind], resolution)
        equal(whole.outputs, {kind: raw}, [kind], **CLOSE)


def functional_unscale(head, scaled, mean, resolution):
    """Slow version: spec/model.md 7.1 by hand."""
    scaled = np.asarray(scaled, np.float64)
    values = np.where(scaled > 10, (scaled + 10) ** 2 / 40, scaled)
    return (values ** (4 / 3) if head == "rna_seq" else values) * mean * resolution


@pytest.mark.parametrize("budget", [0, 2_000_000, 7_000_000])
def test_a_small_budget_changes_what_is_kept_but_no_number(
    network, codes, variants, means, whole, monkeypatch, budget
):
    monkeypatch.setattr(network, "references", ReferenceCache(budget))
    other = network.reference(variants[0], 0, KINDS, means)
    window = network.reference(codes, 0, KINDS, means)
    assert network.references.nbytes <= budget
    equal(window.outputs, whole.outputs)
    found = network.alternates(window, variants[:1], KINDS, means)
    equal(found.outputs, other.outputs, **CLOSE)


def test_one_window_may_take_more_than_several_together(network, variants, means, monkeypatch):
    monkeypatch.setattr(network, "references", ReferenceCache(1_000, of_one=10**9))
    _, second = (network.reference(variant, 0, KINDS, means) for variant in variants[:2])
    assert network.references.nbytes > 1_000
    assert network.references.find(variants[0], 0) is None
    assert network.references.find(variants[1], 0) is second.allele
    assert second.allele.found


# Variants


def test_a_batch_gives_the_bytes_of_its_variants_one_by_one(network, variants, means, whole):
    together = network.alternates(whole, variants, KINDS, means)
    for row, variant in enumerate(variants):
        alone = network.alternates(whole, variant[None], KINDS, means)
        equal(alone.outputs, {kind: a[row : row + 1] for kind, a in together.outputs.items()})


def test_variants_are_predicted_as_sequences_of_their_own(network, variants, means, whole):
    found = network.alternates(whole, variants, KINDS, means)
    network.references.clear()
    for row, variant in enumerate(variants):
        expected = network.reference(variant, 0, KINDS, means)
        equal(
            {kind: a[row : row + 1] for kind, a in found.outputs.items()},
            expected.outputs,
            **CLOSE,
        )


def test_a_variant_that_changes_nothing_is_exactly_the_reference(network, codes, means, whole):
    reads = {DNASE: np.arange(TOKENS) % 40 == 3}
    window = network.reference(codes, 0, KINDS, means, reads=reads)
    found = network.alternates(window, codes[None], KINDS, means, reads=reads)
    equal(found.outputs, window.outputs)


# Reads and chosen tracks


@pytest.mark.parametrize("tokens", [[0], [31, 32], [63], [3, 40]])
def test_tokens_that_are_read_hold_the_numbers_of_the_whole_window(
    network, variants, means, whole, tokens
):
    read = np.isin(np.arange(TOKENS), tokens)
    reads = dict.fromkeys(KINDS, read)
    found = network.alternates(whole, variants[1:3], KINDS, means, reads=reads)
    expected = network.alternates(whole, variants[1:3], KINDS, means)
    equal(found.outputs, expected.outputs, where=np.repeat(read, 128), **CLOSE)


def test_who_else_reads_changes_nothing_but_rounding(network, codes, means):
    few, many = np.arange(TOKENS) == 20, np.arange(TOKENS) > 18
    cage = OutputType.CAGE
    alone = network.reference(codes, 0, [DNASE], means, reads={DNASE: few})
    network.references.clear()
    beside = network.reference(codes, 0, [cage, DNASE], means, reads={DNASE: few, cage: many})
    equal(alone.outputs, beside.outputs, [DNASE], where=np.repeat(few, 128), **CLOSE)


@pytest.fixture
def decoded(network, monkeypatch):
    """The stretches that are decoded, as they come."""
    found = []
    decode = network.stages.decode

    def listing(trunk, skips, organisms, stretch, patch=None):
        found.append(stretch)
        return decode(trunk, skips, organisms, stretch, patch)

    monkeypatch.setattr(network.stages, "decode", listing)
    return found


def test_stretches_that_several_read_are_decoded_once(network, codes, variants, means, decoded):
    cage = OutputType.CAGE
    reads = {DNASE: np.arange(TOKENS) == 20, cage: np.arange(TOKENS) // 8 == 2}
    reads[JUNCTIONS] = np.arange(TOKENS) == 22
    window = network.reference(codes, 0, [cage, DNASE], means, reads=reads)
    decoded.clear()
    kinds = [cage, DNASE, JUNCTIONS]
    network.alternates(window, variants[1:2], kinds, means, reads=reads, contexts=[context()])
    assert len(decoded) == len(set(decoded)) == 2


def test_junctions_are_read_off_what_is_decoded_for_the_other_outputs(
    network, codes, variants, means, decoded
):
    kinds = [DNASE, OutputType.SPLICE_SITES, JUNCTIONS]
    network.reference(codes, 0, kinds, means)
    of_reference = decoded.copy()
    assert len(of_reference) == len(set(of_reference))
    decoded.clear()
    network.references.clear()
    network.predict(np.stack([codes, variants[1]]), 0, kinds, means, context())
    assert decoded == 2 * of_reference


def test_chosen_tracks_are_a_slice_of_all(network, variants, means, whole):
    chosen = {
        kind: np.arange(getattr(network.config.tracks, OUTPUTS[kind].head))[::-2] for kind in KINDS
    } | {OutputType.PROCAP: np.zeros(0, int)}
    found = network.alternates(whole, variants[1:2], KINDS, means, chosen)
    expected = network.alternates(whole, variants[1:2], KINDS, means)
    sliced = {kind: a[..., chosen[kind]] for kind, a in expected.outputs.items()}
    assert {kind: a.shape for kind, a in found.outputs.items()} == {
        kind: a.shape for kind, a in sliced.items()
    }
    equal(found.outputs, sliced, **CLOSE)


# Junctions


@pytest.fixture
def pure(network, quick_jit):
    stages = network.stages
    forward = quick_jit(functional.forward, static_argnums=(0, 5))

    def pure(sequences, head, **options):
        one_hot = np.eye(4, dtype=np.float32)[sequences]
        organisms = np.zeros(len(sequences), np.int32)
        arguments = (stages.config, *stages._weights, one_hot, organisms, (head,))
        return forward(*arguments, **options)[head]

    return pure


def test_junctions_of_a_sequence_are_those_of_the_pure_function(network, codes, means, pure):
    found = network.reference(codes, 0, [JUNCTIONS], means).junctions
    expected = pure(codes[None], "splice_sites_junction")
    sites = found.positions.shape[-1]
    np.testing.assert_array_equal(found.positions, expected["splice_site_positions"][..., :sites])
    assert (np.asarray(expected["splice_site_positions"])[..., sites:] == -1).all()
    np.testing.assert_allclose(
        found.counts, expected["predictions"][:, :sites, :sites], rtol=1e-3, atol=1e-5
    )


def test_both_alleles_pair_the_sites_that_either_shows_within_the_gene(
    network, codes, variants, means, whole, pure
):
    genes = [np.zeros(LENGTH, bool) for _ in range(2)]
    genes[0][1_000:1_600] = True
    genes[1][3_900:4_200] = genes[1][8_100:] = True
    contexts = [context(gene_mask=mask) for mask in genes]
    found = network.alternates(whole, variants[1:3], [JUNCTIONS], means, contexts=contexts)
    config = network.config
    for row, mask in enumerate(genes):
        both = np.stack([codes, variants[1 + row]])
        likely = pure(both, "splice_sites_classification")["predictions"].max(axis=0)
        sites = select_sites(
            (likely * mask[:, None])[None], config.junction_sites, config.junction_threshold
        )
        expected = pure(
            both,
            "splice_sites_junction",
            splice_site_positions=np.repeat(sites, 2, axis=0),
        )
        junctions = found.junctions[row]
        kept = junctions.positions.shape[-1]
        np.testing.assert_array_equal(junctions.positions, np.repeat(sites[..., :kept], 2, axis=0))
        np.testing.assert_allclose(
            junctions.counts, expected["predictions"][:, :kept, :kept], rtol=1e-3, atol=1e-5
        )
        assert (np.asarray(sites) >= 0).any()


@pytest.fixture
def counted(network, monkeypatch):
    """The sites whose junctions are counted, as they come."""
    found = []
    counts = network.stages.junction_counts

    def listing(rows, organisms, positions, chosen):
        found.append(positions)
        return counts(rows, organisms, positions, chosen)

    monkeypatch.setattr(network.stages, "junction_counts", listing)
    return found


def test_junctions_of_reference_are_counted_again_only_where_sites_or_tissues_change(
    network, variants, means, whole, counted
):
    def found(variant, chosen=None, **changes):
        counted.clear()
        contexts = [context(**changes)]
        of = network.alternates(whole, variant[None], [JUNCTIONS], means, chosen, contexts=contexts)
        return of.junctions[0], len(counted)

    first, _ = found(variants[1])
    again, computed = found(variants[1])
    assert computed == 1
    np.testing.assert_array_equal(again.counts, first.counts)
    half = np.arange(LENGTH) < LENGTH // 2
    assert found(variants[1], gene_mask=half)[1] == 2
    fewer, computed = found(variants[1], {JUNCTIONS: np.array([1])}, gene_mask=half)
    assert computed == 2
    assert fewer.counts[0].shape[-1] == 2


def test_junctions_of_reference_that_were_read_off_other_stretches_are_not_taken(
    network, codes, variants, means, counted
):
    """Their last digits may differ, and nobody gets other bytes by what was asked before."""
    cage, here = OutputType.CAGE, np.arange(TOKENS) == 22
    larger = (np.arange(TOKENS) >= 20) & (np.arange(TOKENS) < 36)
    of_gene = context(gene_mask=np.repeat(here, 128))

    def found(read):
        counted.clear()
        reads = {JUNCTIONS: here, cage: read}
        window = network.reference(codes, 0, [cage], means, reads=reads)
        of = network.alternates(
            window, variants[1:2], [cage, JUNCTIONS], means, None, reads, [of_gene]
        )
        return of.junctions[0], len(counted)

    alone, _ = found(here)
    assert found(larger)[1] == 2
    after, computed = found(here)
    assert computed == 2
    np.testing.assert_array_equal(after.counts, alone.counts)


def test_chosen_tissues_are_a_slice_of_all(network, variants, means, whole):
    tissues = np.array([2, 0])
    options = {"contexts": [context()]}
    everything = network.alternates(whole, variants[1:2], [JUNCTIONS], means, **options)
    found = network.alternates(
        whole, variants[1:2], [JUNCTIONS], means, {JUNCTIONS: tissues}, **options
    )
    all_tissues = network.config.tracks.splice_sites_junction
    np.testing.assert_allclose(
        found.junctions[0].counts,
        np.stack(everything.junctions[0].counts)[..., [*tissues, *(all_tissues + tissues)]],
        rtol=1e-4,
    )


def test_junctions_of_variants_need_to_know_their_genes(network, variants, means, whole):
    with pytest.raises(ValueError, match="a context for each variant"):
        network.alternates(whole, variants[:1], [JUNCTIONS], means)

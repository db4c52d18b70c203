"""ALT of an edit that keeps the length is exactly what encoding all of it gives."""

import numpy as np
import pytest
from alphagenome.models.dna_output import OutputType

from predictor.engines.edits import edit
from predictor.engines.stretches import SIZES
from predictor.model.narrow import changed_lengths, read_lengths
from predictor.tracks.output_types import OUTPUTS

LENGTH = 8_192
TOKENS = LENGTH // 128
DNASE, CHIP = OutputType.DNASE, OutputType.CHIP_TF
CONTACTS = OutputType.CONTACT_MAPS
RANDOM = np.random.default_rng(7).integers(0, LENGTH, 6).tolist()
BORDERS = [4_095, 4_096, 4_096 + 127, 4_096 + 128]
ENDS = [0, 1, 127, 600, LENGTH - 641, LENGTH - 128, LENGTH - 1]


def changed(codes, first, bases=1):
    """Other bases from `first` on."""
    alternate = codes.copy()
    alternate[first : first + bases] = (alternate[first : first + bases] + 1) % 4
    return alternate


@pytest.fixture(scope="module")
def network(model):
    network = model.network
    yield network
    network.references.clear()


@pytest.fixture(scope="module")
def codes():
    return np.random.default_rng(3).integers(0, 4, LENGTH).astype(np.uint8)


@pytest.fixture(scope="module")
def means(network):
    tracks = network.config.tracks
    return {DNASE: np.ones(tracks.dnase, np.float32), CHIP: np.ones(tracks.chip_tf, np.float32)}


def close(found, expected):
    """Within float32: what differs is how the compiler orders the sums of another shape."""
    found, expected = np.asarray(found), np.asarray(expected)
    scale = np.sqrt(np.mean(np.square(expected)))
    assert np.abs(found - expected).max() < 1e-4 * scale


def encoded(network, reference, alternate):
    """Tokens and skips of ALT by way of its edit, the skips in their places among REF's."""
    window = network.reference(reference, 0, (), {}).allele
    found = network._alternate(window, alternate, SIZES[0])
    assert found.patch is not None
    skips = []
    patched = zip(found.skips, found.patch.skips, found.patch.firsts, strict=True)
    for skip, patch, first in patched:
        together = np.array(skip)
        together[:, first : first + patch.shape[1]] = patch
        skips.append(together)
    return found.tokens, skips


def assert_encoded_like_the_whole(network, reference, alternate):
    tokens, skips = encoded(network, reference, alternate)
    expected = network.stages.encode(alternate[None])
    close(tokens, expected.tokens)
    for ours, theirs in zip(skips, expected.skips, strict=True):
        close(ours, theirs)


@pytest.mark.parametrize("at", [*RANDOM, *BORDERS, *ENDS])
def test_a_substitution_reaches_only_what_is_encoded_again(network, codes, at):
    assert_encoded_like_the_whole(network, codes, changed(codes, at))


@pytest.mark.parametrize(("at", "bases"), [(1_000, 2), (3_000, 500), (5_000, 130), (0, 40)])
def test_so_do_edits_of_many_bases(network, codes, at, bases):
    assert_encoded_like_the_whole(network, codes, changed(codes, at, bases))


@pytest.mark.parametrize("at", [RANDOM[0], 4_096, LENGTH - 1])
def test_on_the_other_strand_too(network, codes, at):
    def other_strand(sequence):
        return 3 - sequence[::-1]

    assert_encoded_like_the_whole(network, other_strand(codes), other_strand(changed(codes, at)))


def test_the_edit_matters_beyond_its_own_token(network, codes):
    """Else the tests above would pass without a halo."""
    at = 4_096
    alternate = network.stages.encode(changed(codes, at)[None]).tokens
    difference = np.abs(np.asarray(alternate) - network.stages.encode(codes[None]).tokens)
    reached = np.flatnonzero(difference[0].max(axis=1) > 1e-5)
    assert len(reached) > 3
    found = edit(codes, changed(codes, at))
    first = found.places.changed[-1]
    assert first <= reached.min()
    assert reached.max() < first + changed_lengths(found.bases)[-1]


def test_only_the_surroundings_of_a_substitution_are_encoded(codes):
    found = edit(codes, changed(codes, 4_000))
    # Of 8,192 positions at 1 bp, and of 128 at 64 bp.
    assert read_lengths(found.bases)[0] == 38
    assert read_lengths(found.bases)[-1] == 28


@pytest.mark.parametrize("at", [RANDOM[1], 4_096, 0, LENGTH - 1])
def test_outputs_near_and_far_from_the_variant_are_those_of_the_full_pass(
    network, codes, means, at
):
    """Read around the variant, far away from it, and at both ends."""
    read = np.isin(np.arange(TOKENS), [0, at // 128, (at // 128 + 30) % TOKENS, TOKENS - 1])
    alternate = changed(codes, at)
    window = network.reference(codes, 0, [DNASE], means, reads={DNASE: read})
    kinds = [DNASE, CHIP, CONTACTS]
    found = network.alternates(window, alternate[None], kinds, means, reads={DNASE: read})
    expected = network.reference(alternate, 0, kinds, means)
    for kind in kinds:
        where = np.repeat(read, 128) if OUTPUTS[kind].resolution == 1 else slice(None)
        close(found.outputs[kind][:, where], expected.outputs[kind][:, where])


def test_all_single_base_changes_of_a_stretch_at_once(network, codes, means):
    """As in-silico mutagenesis asks for them; each also equals its own full pass."""
    places = range(4_090, 4_094)
    variants = np.stack([changed(codes, at) for at in places])
    read = np.isin(np.arange(TOKENS), [31, 32])
    window = network.reference(codes, 0, [DNASE], means, reads={DNASE: read})
    found = network.alternates(window, variants, [DNASE], means, reads={DNASE: read})
    where = np.repeat(read, 128)
    for row, variant in enumerate(variants):
        alone = network.alternates(window, variant[None], [DNASE], means, reads={DNASE: read})
        np.testing.assert_array_equal(found.outputs[DNASE][row], alone.outputs[DNASE][0])
        expected = network.reference(variant, 0, [DNASE], means)
        close(found.outputs[DNASE][row][where], expected.outputs[DNASE][0][where])
    assert np.abs(found.outputs[DNASE][0] - found.outputs[DNASE][1])[where].max() > 0


# The plan of an edit


def test_where_all_bases_move_all_is_encoded(codes):
    assert edit(codes, np.roll(codes, 1)) is None


def test_an_edit_that_spans_a_short_window_is_encoded_whole(codes):
    assert edit(codes[:2_048], changed(codes[:2_048], 5)) is not None
    assert edit(codes[:2_048], changed(codes[:2_048], 5, 1_900)) is None


@pytest.mark.parametrize("length", [4_096, 131_072, 1_048_576])
def test_an_edit_is_encoded_with_all_it_can_reach(length):
    reference = np.zeros(length, np.uint8)
    rng = np.random.default_rng(length)
    for first in [0, length - 1, *rng.integers(0, length, 50)]:
        last = min(int(first) + int(rng.integers(0, 600)), length - 1)
        alternate = reference.copy()
        alternate[[first, last]] = 1
        bases, places = edit(reference, alternate)
        assert_reached(places.changed, changed_lengths(bases), int(first), last, length)
        for start, read, changes, more in zip(
            places.read, read_lengths(bases), places.changed, changed_lengths(bases), strict=False
        ):
            assert 0 <= start <= changes
            assert changes + more <= start + read


def assert_reached(firsts, lengths, first, last, length):
    """By hand: nine bases to either side at 1 bp, four positions more at each coarser one."""
    first, last = first - 9, last + 9
    for level, (start, positions) in enumerate(zip(firsts, lengths, strict=True)):
        if level == 7:
            first, last = first // 2, last // 2
        elif level:
            first, last = max(first, 0) // 2 - 4, last // 2 + 4
        assert 0 <= start <= max(first, 0)
        assert min(last + 1, length >> level) <= start + positions <= length >> level

"""The eleven modalities: symmetry, formulas, determinism and the SDK's types."""

import hashlib

import numpy as np
import pytest
from alphagenome.data.genome import Interval
from alphagenome.data.junction_data import JunctionData
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor.simulator import contact, genome, grammar, readouts, track_table
from predictor.simulator.hidden import hidden_quantities
from predictor.simulator.occupancy import OrientedSites
from predictor.simulator.random_words import RandomWords
from predictor.simulator.world import read_world

HUMAN, MOUSE = Organism


def strand_swap(organism: Organism, head: str) -> np.ndarray:
    """Order of the tracks as seen from the other strand."""
    if head == track_table.JUNCTION_HEAD:
        tissues = track_table.width(head)
        return np.r_[tissues : 2 * tissues, :tissues]
    strands = track_table.tracks(organism)[track_table.OUTPUT_TYPE[head]]["strand"].to_numpy()
    order = np.arange(len(strands))
    plus, minus = np.flatnonzero(strands == "+"), np.flatnonzero(strands == "-")
    order[plus], order[minus] = minus, plus
    return order


@pytest.mark.parametrize("organism", Organism)
@pytest.mark.parametrize(
    ("kind", "length", "seed"),
    [("genome", 32768, 1), ("genome", 4096, 2), ("soup", 16384, 3), ("soup", 65536, 4),
     ("background", 2048, 5)],
)  # fmt: skip
def test_the_reverse_complement_has_the_mirrored_truth(organism, kind, length, seed):
    codes = genome.generate_window([seed, 99], length, organism, kind)
    forward = readouts.simulate_arrays(codes, organism)
    backward = readouts.simulate_arrays(grammar.reverse_complement(codes), organism)
    for head in track_table.OUTPUT_TYPE:
        if head == track_table.JUNCTION_HEAD:
            continue
        mirrored = backward[head][::-1, ::-1] if head == "contact_maps" else backward[head][::-1]
        np.testing.assert_allclose(
            mirrored[..., strand_swap(organism, head)], forward[head], atol=1e-5, rtol=1e-5,
            err_msg=head,
        )  # fmt: skip
    assert junction_table(backward["junctions"], organism, length) == pytest.approx(
        junction_table(forward["junctions"], organism, None), rel=1e-5
    )


def junction_table(arrays, organism, mirror):
    """Counts by strand, donor, acceptor and tissue; mirrored if a length is given."""
    tissues, table = track_table.width(track_table.JUNCTION_HEAD), {}
    for half, strand in enumerate("+-"):
        counts = arrays["counts"][..., half * tissues : (half + 1) * tissues]
        for d, a, tissue in np.argwhere(counts > 0):
            places = [int(arrays["positions"][2 * half + s, i]) for s, i in enumerate((d, a))]
            if mirror is not None:
                strand, places = "-+"["+-".index("+-"[half])], [mirror - 1 - p for p in places]
            table[strand, *places, int(tissue)] = float(counts[d, a, tissue])
    return table


@pytest.mark.parametrize("organism", Organism)
def test_padding_rows_are_empty_and_real_rows_are_not(organism):
    windows = [genome.generate_window([7, i], 32768, organism, "soup") for i in range(3)]
    arrays = [readouts.simulate_arrays(codes, organism) for codes in windows]
    masks = track_table.track_mask(organism)
    for head, mask in masks.items():
        if head == track_table.JUNCTION_HEAD:
            values = [a["junctions"]["counts"] for a in arrays]
        else:
            values = [a[head] for a in arrays]
        used = np.array([np.abs(v).reshape(-1, v.shape[-1]).max(axis=0) > 0 for v in values])
        if head == "splice_sites_classification":
            mask = np.ones(5, bool)
        np.testing.assert_array_equal(used.any(axis=0), mask, err_msg=head)


def test_there_are_66_human_and_32_mouse_tracks():
    for organism, expected in ((HUMAN, 66), (MOUSE, 32)):
        masks = track_table.track_mask(organism)
        assert sum(int(mask.sum()) for mask in masks.values()) == expected


@pytest.mark.parametrize("organism", Organism)
def test_tracks_rounded_to_1e_4_are_the_same_on_every_machine(organism):
    codes = genome.generate_window([2026, 11], 16384, organism, "genome")
    arrays = readouts.simulate_arrays(codes, organism)
    digest = hashlib.sha256(codes.tobytes())
    for head in sorted(arrays):
        values = arrays[head]["counts"] if head == "junctions" else arrays[head]
        rounded = np.round(values.astype(np.float64) * 1e4).astype("<i4")
        digest.update(np.ascontiguousarray(rounded).tobytes())
    assert digest.hexdigest() == readouts.TRACKS_SHA256[organism]


def test_dnase_and_rna_follow_their_formulas():
    codes = genome.generate_window([3, 3], 32768, HUMAN, "genome")
    world = read_world(codes, HUMAN)
    arrays = readouts.world_arrays(world, HUMAN)
    bumps = np.zeros(len(codes))
    x = np.arange(len(codes))
    spikes = [(world.hidden.occupancy["CTCF"], 1.2)]
    spikes += [(starts.spikes(), 1.5) for starts in world.hidden.starts]
    for track, factor in spikes:
        for position, value in zip(track.positions, track.values, strict=True):
            near = np.abs(x - position) <= 160
            bumps[near] += factor * value * np.exp(-0.5 * ((x[near] - position) / 40) ** 2)
    expected = 0.05 + 3 * world.hidden.accessibility.T + bumps[:, None]
    np.testing.assert_allclose(arrays["dnase"], expected, rtol=1e-5)

    neuron = sum(
        expressed.level[2] * placed(expressed, len(codes)) for expressed in world.transcripts
    )
    np.testing.assert_allclose(arrays["rna_seq"][:, 6], neuron, rtol=1e-4, atol=1e-6)


def placed(expressed, length: int) -> np.ndarray:
    """Coverage of a transcript in neurons on the plus-strand axis."""
    track = np.zeros(length)
    track[expressed.transcript.start : expressed.transcript.end] = expressed.transcript.coverage(1)
    return track if expressed.strand == "+" else track[::-1]


def test_cage_and_procap_sum_to_their_start_sites():
    codes = genome.generate_window([3, 4], 32768, HUMAN, "genome")
    world = read_world(codes, HUMAN)
    arrays = readouts.world_arrays(world, HUMAN)
    inner = [
        all((s.positions > 100) & (s.positions < len(codes) - 100)) for s in world.hidden.starts
    ]
    assert all(inner)
    expected = [50 * s.expression[[1, 2, 3]].sum(axis=1) for s in world.hidden.starts]
    np.testing.assert_allclose(arrays["cage"].sum(axis=0), np.concatenate(expected), rtol=1e-5)


def test_loops_join_nearest_convergent_sites_only():
    sites = OrientedSites(np.array([1000.5, 9000.5, 60000.5]), np.array([2000.5, 20000.5, 30000.5]))
    assert contact.loops(sites) == [(9000.5, 20000.5)]


def test_a_window_must_be_a_multiple_of_2048():
    with pytest.raises(readouts.WindowLengthError, match="3,000 bp"):
        readouts.simulate("A" * 3000, HUMAN)


def test_unknown_bases_are_silent():
    arrays = readouts.simulate_arrays(np.full(4096, 4, np.uint8), HUMAN)
    np.testing.assert_allclose(arrays["dnase"], 0.05)
    assert arrays["splice_sites_classification"][:, 4].all()
    assert not arrays["rna_seq"].any()


@pytest.mark.parametrize("organism", Organism)
def test_simulate_returns_the_types_of_the_sdk(organism):
    codes = genome.generate_window([12, 1], 32768, organism, "genome")
    interval = Interval("demo1", 4096, 4096 + 32768)
    output = readouts.simulate(grammar.decode(codes), organism, interval=interval)
    arrays = readouts.simulate_arrays(codes, organism)
    for head, output_type in track_table.OUTPUT_TYPE.items():
        data = output.get(output_type)
        mask = track_table.track_mask(organism)[head]
        assert (data.metadata["name"].str.lower() != "padding").all()
        if isinstance(data, JunctionData):
            table = junction_table(arrays["junctions"], organism, None)
            assert data.values.sum() == pytest.approx(sum(table.values()), rel=1e-5)
            letters = grammar.decode(codes)
            for junction in data.junctions:
                intron = letters[junction.start - 4096 : junction.end - 4096]
                plus = junction.strand == "+"
                assert intron.startswith("GT" if plus else "CT")
                assert intron.endswith("AG" if plus else "AC")
            continue
        assert data.interval == interval
        np.testing.assert_array_equal(data.values, arrays[head][..., mask])
    assert (output.procap.num_tracks == 0) == (organism == MOUSE)


def test_metadata_name_only_invented_things():
    for organism in Organism:
        for table in track_table.tracks(organism).values():
            names = table["name"][table["name"] != "Padding"]
            assert names.str.startswith("D-").all()
            if "biosample_name" in table:
                assert table["biosample_name"].dropna().str.contains("demo").all()
                assert table["ontology_curie"].dropna().str.startswith("DEMO:").all()


def test_plus_and_minus_track_of_one_experiment_share_their_name():
    for organism in Organism:
        for output_type, table in track_table.tracks(organism).items():
            if output_type == OutputType.SPLICE_JUNCTIONS:
                assert "strand" not in table
                continue
            plus, minus = (table["name"][table["strand"] == s].tolist() for s in "+-")
            assert plus == minus


def test_the_organism_matters():
    """CEBP opens less, HNF4 more, in the mouse-like organism."""
    letters = list("CATA" * 512)
    letters[1000:1009] = "CAAAGTCCA"
    codes = grammar.encode("".join(letters))
    human, mouse = (readouts.simulate_arrays(codes, o)["dnase"] for o in Organism)
    assert mouse[1004, 0] > human[1004, 1] + 0.5


def test_almost_all_random_substitutions_change_nothing():
    """About 95 % of random SNVs change no cell type's accessibility by 0.3 log2 or more."""
    random, quiet, total = RandomWords([4, 4]), 0, 0
    cells = grammar.ORGANISMS[HUMAN].cell_types
    for window in range(4):
        codes = genome.generate_window([4, 4, window], 16384, HUMAN, "genome")
        before = 0.05 + 3 * hidden_quantities(codes, cells).accessibility
        for _ in range(12):
            position = random.integer(300, 16384 - 301)
            changed = codes.copy()
            changed[position] = (changed[position] + random.integer(1, 3)) % 4
            near = slice(position - 250, position + 251)
            after = 0.05 + 3 * hidden_quantities(changed, cells).accessibility
            ratio = np.log2(after[:, near].sum(axis=1) / before[:, near].sum(axis=1))
            quiet += np.abs(ratio).max() < 0.3
            total += 1
    assert quiet / total >= 0.9

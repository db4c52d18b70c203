"""Elements of a gene: on a small network by definition, on the demo by what was planted."""

import itertools
import zlib
from collections import Counter

import numpy as np
import pytest
from alphagenome.data.genome import Interval
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor import errors
from predictor.genome.gene import Gene, Transcript
from predictor.interpretation.contribution import Contributor
from predictor.interpretation.enhancer_to_gene import (
    ElementEffect,
    Question,
    element_effects,
    gene_tracks,
    open_stretches,
    ranked,
    shuffled,
    start_sites,
)
from predictor.interpretation.haplotype import Haplotype
from predictor.interpretation.measurement import Measurement
from predictor.interpretation.target import gene_expression
from predictor.simulator import grammar, showcase_loci
from predictor.simulator.world import read_world

HUMAN = Organism.HOMO_SAPIENS
WINDOW = Interval("demo1", 800, 2_848)
HEPATOCYTE = "DEMO:0000002"


@pytest.fixture(scope="module")
def gene(model):
    return model.organism_data(HUMAN).annotation.find("D-ONE")


def test_open_stretches_are_peaks_joined_over_small_gaps():
    signal = np.full(4_000, 0.05)
    for start, end in ((500, 700), (760, 900), (2_000, 2_300), (3_985, 4_000)):
        signal[start:end] = 3.0
    (first, second), (third, fourth) = open_stretches(signal)
    # The average over 101 bp widens each stretch by up to 50 bp; the last one is too short.
    assert first == pytest.approx(500, abs=50)
    assert second == pytest.approx(900, abs=50)
    assert (third, fourth) == pytest.approx((2_000, 2_300), abs=50)


def test_shuffling_leaves_the_kept_bases_and_what_lies_outside():
    sequence = "".join(np.random.default_rng(4).choice(list("ACGT"), 3_000))
    kept = np.zeros(3_000, bool)
    kept[1_200:1_300] = True
    found = shuffled(sequence, (1_480, 1_520), kept, np.random.default_rng(0), width=1_000)
    assert found[:1_000] == sequence[:1_000]
    assert found[1_200:1_300] == sequence[1_200:1_300]
    assert found[2_000:] == sequence[2_000:]
    for start, end in ((1_000, 1_200), (1_300, 2_000)):
        assert found[start:end] != sequence[start:end]
        pairs = [Counter(itertools.pairwise(letters[start:end])) for letters in (found, sequence)]
        assert pairs[0] == pairs[1]
    at_the_end = shuffled(sequence, (2_900, 2_990), kept, np.random.default_rng(0), width=1_000)
    assert len(at_the_end) == 3_000
    assert at_the_end[:2_445] == sequence[:2_445]


def test_start_sites_are_the_first_bases_of_transcripts():
    def with_strand(strand: str) -> Gene:
        transcripts = (
            Transcript("a", 100, 400, ((100, 400),), ()),
            Transcript("b", 100, 500, ((100, 500),), ()),
        )
        return Gene("G", "G", "demo1", 100, 500, strand, "protein_coding", transcripts)

    assert start_sites(with_strand("+")) == [100]
    assert start_sites(with_strand("-")) == [399, 499]


def test_a_gene_is_read_from_tracks_of_its_own_strand(model, gene):
    table = model.catalogue.table(HUMAN, OutputType.RNA_SEQ)
    strands = np.array(table.strands)
    found = gene_tracks(table, gene, None)
    assert set(strands[found]) == {"+", "."}
    (own,) = gene_tracks(table, gene, HEPATOCYTE)
    assert strands[own] == "+"
    assert table.rows["ontology_curie"][own] == HEPATOCYTE


def test_the_effect_is_the_mean_change_of_the_log_of_expression(model, gene):
    element = Interval("demo1", 2_000, 2_060)
    question = Question(interval=WINDOW, gene=gene, curie=HEPATOCYTE, seed=6, shuffles=2, width=400)
    (effect,) = element_effects(model, question, [element])

    def expression(sequence: str) -> float:
        """Slow version: the SDK's prediction, and numpy."""
        found = model.predict_sequence(
            sequence, requested_outputs=[OutputType.RNA_SEQ], ontology_terms=[HEPATOCYTE]
        ).rna_seq
        track = found.values[:, list(found.metadata["strand"]).index("+")].astype(float)
        exons = [(200, 400), (700, 800), (1_600, 2_048)]
        return np.log(np.concatenate([track[start:end] for start, end in exons]).mean() + 0.001)

    sequence = model.organism_data(HUMAN).reference.sequence(WINDOW)
    kept = np.zeros(len(sequence), bool)
    for start, end in ((200, 400), (700, 800), (1_600, 2_048), (0, 451)):
        kept[start:end] = True
    random = np.random.default_rng([6, zlib.crc32(str(element).encode())])
    changes = [
        expression(shuffled(sequence, (1_200, 1_260), kept, random, width=400))
        - expression(sequence)
        for _ in range(2)
    ]
    assert effect.shuffling == pytest.approx(np.mean(changes), abs=2e-4)
    assert effect.deviation == pytest.approx(np.std(changes), abs=2e-4)
    assert effect.distance == 2_030 - 1_000
    haplotype = Haplotype.of(WINDOW, [], model.organism_data(HUMAN).reference)
    (track,) = gene_tracks(model.catalogue.table(HUMAN, OutputType.RNA_SEQ), gene, HEPATOCYTE)
    explained = Contributor(model)(haplotype, gene_expression(haplotype, gene, [track]))
    assert effect.contribution == pytest.approx(explained.logo[1_200:1_260].sum(), rel=1e-5)


def test_a_haplotype_measured_again_gives_the_reference_value(model, gene):
    haplotype = Haplotype.of(WINDOW, [], model.organism_data(HUMAN).reference)
    target = gene_expression(haplotype, gene, [0])
    found = Measurement(model, haplotype, target)
    assert found.values([haplotype.sequence]).tolist() == [found.reference]


def test_what_cannot_be_asked_is_refused_in_a_sentence(model, gene):
    question = Question(interval=WINDOW, gene=gene, curie=HEPATOCYTE)
    with pytest.raises(errors.InvalidScoringRequestError, match="does not lie wholly inside"):
        element_effects(model, question, [Interval("demo1", 2_800, 2_900)])
    elsewhere = Question(interval=Interval("demo1", 6_100, 8_148), gene=gene)
    with pytest.raises(errors.InvalidScoringRequestError, match="No transcript of D-ONE starts"):
        element_effects(model, elsewhere)
    silent = Question(interval=WINDOW, gene=gene, curie="DEMO:0000001", output_type=OutputType.CAGE)
    with pytest.raises(errors.OutputNotAvailableError, match="no CAGE on the strand"):
        element_effects(model, silent)


def test_the_strongest_element_comes_first():
    weak, strong = (
        ElementEffect(
            element=Interval("demo1", 0, 10),
            distance=0,
            contribution=contribution,
            shuffling=shuffling,
            deviation=0.0,
        )
        for contribution, shuffling in ((2.0, -0.1), (1.0, -0.5))
    )
    assert ranked([weak, strong]) == [strong, weak]
    assert ranked([weak, strong], by="contribution") == [weak, strong]


# The planted enhancers of D-NEURO2 at 1, 3 and 6 kb, with a CTCF site before the last.

SLOT = 7 * showcase_loci.SLOT
PLANTED = [
    Interval("demoS", SLOT + start, SLOT + start + len(showcase_loci.SPACER.join(sites)))
    for start in showcase_loci.RANKED_ENHANCERS
    for sites in [showcase_loci.HEPATIC_ELEMENT]
]
NEURO_WINDOW = Interval("demoS", SLOT + 8_192, SLOT + 24_576)


@pytest.fixture(scope="module")
def neuro(demo):
    return Question(
        interval=NEURO_WINDOW,
        gene=demo.organism_data(HUMAN).annotation.find("D-NEURO2"),
        curie=HEPATOCYTE,
    )


def test_in_the_simulator_the_planted_enhancers_rank_by_distance(demo, neuro):
    sequence = demo.organism_data(HUMAN).reference.sequence(NEURO_WINDOW)
    start = neuro.gene.end - 1 - NEURO_WINDOW.start
    kept = np.zeros(len(sequence), bool)
    kept[start - 250 : start + 251] = True
    row = [cell.key for cell in grammar.ORGANISMS[HUMAN].cell_types].index("HEP")

    def expression(letters: str) -> float:
        world = read_world(grammar.encode(letters), HUMAN)
        return float(np.log(world.hidden.expression_at("-", start)[row]))

    before = expression(sequence)
    changes = []
    for element in PLANTED:
        place = (element.start - NEURO_WINDOW.start, element.end - NEURO_WINDOW.start)
        changed = shuffled(sequence, place, kept, np.random.default_rng(1))
        changes.append(expression(changed) - before)
    assert changes[0] < -0.7
    assert changes[0] < 1.5 * changes[1] < 5 * changes[2] < 0


@pytest.mark.slow
def test_on_the_demo_the_planted_enhancers_rank_by_distance_and_the_nearest_before_all(demo, neuro):
    effects = list(element_effects(demo, neuro))
    planted = {
        number: next(e for e in effects if e.element.overlaps(element))
        for number, element in enumerate(PLANTED)
    }
    assert [planted[number].distance for number in range(3)] == pytest.approx(
        [-1_028, -3_028, -6_028], abs=30
    )
    # By contribution, and by shuffling, each raises the gene; by contribution in the order of their
    # distance, 1 and 3 kb before all other elements.
    contributions = [planted[number].contribution for number in range(3)]
    assert contributions == sorted(contributions, reverse=True)
    assert contributions[2] > 0
    assert ranked(effects, by="contribution")[:2] == [planted[0], planted[1]]
    assert all(effect.shuffling < 0 for effect in planted.values())
    assert ranked(effects)[0] == planted[0]
    assert planted[0].shuffling < 1.5 * min(planted[1].shuffling, planted[2].shuffling)
    # Not asked, because the weights shipped first miss it: to tell 6 kb (behind the CTCF site, a
    # true ln of -0.05) from the element of the next gene at 7 kb (-0.02), and, shuffled, from 3 kb
    # (-0.40 in truth; they gave -0.03 to both, and -0.16 of -0.80 to 1 kb).

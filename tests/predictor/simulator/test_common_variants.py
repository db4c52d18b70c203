import numpy as np
import pytest
from alphagenome.models.dna_model import Organism

from predictor.cli import main
from predictor.genome.variant import parse_variants
from predictor.simulator import assembly, grammar
from predictor.simulator.common_variants import common_variants
from predictor.simulator.random_words import RandomWords


@pytest.fixture(scope="module")
def chromosomes():
    return assembly.chromosomes(Organism.MUS_MUSCULUS)


def test_reference_bases_are_those_of_the_assembly_and_places_ascend(chromosomes):
    drawn = common_variants(chromosomes, RandomWords((11, 0)), 300)
    (codes,) = (chromosome.codes for chromosome in chromosomes)
    for variant in drawn:
        bases = grammar.decode(codes[variant.start : variant.end])
        assert bases == variant.reference_bases != variant.alternate_bases
    places = [variant.position for variant in drawn]
    assert places == sorted(set(places))


def test_nine_in_ten_are_snvs_and_two_thirds_of_them_transitions(chromosomes):
    drawn = common_variants(chromosomes, RandomWords((12, 0)), 2_000)
    snvs = [v for v in drawn if len(v.reference_bases) == len(v.alternate_bases) == 1]
    transitions = [v for v in snvs if v.reference_bases + v.alternate_bases in "AGA CTC"]
    assert len(snvs) / len(drawn) == pytest.approx(0.88, abs=0.03)
    assert len(transitions) / len(snvs) == pytest.approx(2 / 3, abs=0.05)
    grown = [len(v.alternate_bases) - len(v.reference_bases) for v in drawn]
    assert min(grown) == -12
    assert max(grown) == 12


def test_the_command_writes_the_same_vcf_for_the_same_seed(tmp_path, capsys):
    command = ["simulate", "common-variants", "--organism", "mouse", "--count", "20"]
    files = []
    for number, seed in enumerate((5, 5, 6)):
        files.append(tmp_path / f"{number}.vcf")
        assert main([*command, "--seed", str(seed), "--out", str(files[-1])]) == 0
    assert files[0].read_bytes() == files[1].read_bytes() != files[2].read_bytes()
    assert len(parse_variants(files[0].read_text())) == 20
    frequencies = [float(line.split("AF=")[1]) for line in files[0].read_text().splitlines()[-20:]]
    assert np.all((np.array(frequencies) > 0.01) & (np.array(frequencies) < 0.5))

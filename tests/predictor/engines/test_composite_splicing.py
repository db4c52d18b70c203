"""The composite splicing score of the demo engine, against its definition by hand.

Spec/scoring.md 6.4, 6.5 and spec/capabilities.md C8: the largest change of a splice site, plus the
largest change of a usage, plus a fifth of the largest change of a junction.
"""

import numpy as np
import pytest
from alphagenome.models import variant_scorers
from alphagenome.models.dna_output import OutputType

from predictor.engines.registry import open_engine
from predictor.genome.variant_file import read_records
from predictor.scoring.composite_splicing import composite_splicing_score

pytestmark = pytest.mark.slow

WINDOW = 16_384
NAMES = ("SPLICE_SITES", "SPLICE_SITE_USAGE", "SPLICE_JUNCTIONS")
SCORERS = [variant_scorers.RECOMMENDED_VARIANT_SCORERS[name] for name in NAMES]
SMALLEST = 1e-7


@pytest.fixture(scope="module")
def demo(installed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLELENS_HOME", str(installed))
        return open_engine("demo")


@pytest.fixture(scope="module", params=["d-splice-skip", "d-splice-del"])
def variant(request, installed):
    """Of the show-case: a broken donor, and a deletion that takes an acceptor."""
    records = read_records(installed / "genomes" / "demoH1" / "showcase.vcf")
    return next(record.variant for record in records if record.name == request.param)


def largest_change_of_tracks(found, interval, gene) -> float:
    """Of any base of the gene, in tracks of its strand; ALT lies on REF already."""
    reference, alternate = found
    tracks = reference.metadata["strand"].isin([gene.strand, "."]).to_numpy()
    inside = slice(max(gene.start - interval.start, 0), gene.end - interval.start)
    return float(abs(alternate.values - reference.values)[inside, tracks].max())


def largest_change_of_junctions(found, gene) -> float:
    """Of any junction strictly inside the gene, in any cell type, as a difference of logarithms."""
    reference, alternate = found
    assert list(map(str, reference.junctions)) == list(map(str, alternate.junctions))
    change = abs(np.log(alternate.values + SMALLEST) - np.log(reference.values + SMALLEST))
    inside = [
        place.strand == gene.strand and gene.start < place.start and place.end < gene.end
        for place in reference.junctions
    ]
    return float(change[inside].max())


def test_it_is_made_of_the_changes_of_what_the_engine_predicts(demo, variant):
    interval = variant.reference_interval.resize(WINDOW)
    score = composite_splicing_score(demo.score_variant(interval, variant, SCORERS))

    found = demo.predict_alleles(
        interval,
        [variant],
        requested_outputs=[OutputType[name] for name in NAMES],
        ontology_terms=None,
    )
    (gene,) = demo.organism_data(demo.catalogue.organisms[0]).annotation.overlapping(variant)
    both = [
        (found.reference.get(OutputType[name]), found.alternate.get(OutputType[name]))
        for name in NAMES
    ]
    sites, usage = (largest_change_of_tracks(alleles, interval, gene) for alleles in both[:2])
    junctions = largest_change_of_junctions(both[2], gene)
    # The scorer rounds the change of junctions to float16.
    assert score == pytest.approx(sites + usage + junctions / 5, rel=2e-3)
    assert min(sites, usage, junctions) > 0.2, "the variant is chosen because it breaks splicing"


def test_it_is_made_of_the_rows_of_the_official_long_table(demo, variant):
    interval = variant.reference_interval.resize(WINDOW)
    results = demo.score_variant(interval, variant, SCORERS)
    rows = variant_scorers.tidy_scores(results, match_gene_strand=True)
    largest = rows.groupby("output_type")["raw_score"].max()
    expected = largest["SPLICE_SITES"] + largest["SPLICE_SITE_USAGE"]
    expected += largest["SPLICE_JUNCTIONS"] / 5
    assert composite_splicing_score(results) == pytest.approx(expected, rel=1e-6)

"""In-silico mutagenesis against the scores of single variants, and against an edited genome."""

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.interpretation import ism as sdk
from alphagenome.models import variant_scorers
from alphagenome.models.dna_model import Organism

from predictor import errors
from predictor.engines.organism_data import OrganismData
from predictor.engines.variant_run import VariantRun
from predictor.genome.gene_annotation import load_annotation
from predictor.genome.polyadenylation import PolyadenylationSites, installed_sites
from predictor.genome.reference import Reference
from predictor.interpretation.ism import IsmRun

HUMAN = Organism.HOMO_SAPIENS
RECOMMENDED = variant_scorers.RECOMMENDED_VARIANT_SCORERS
SCORERS = [
    RECOMMENDED[name]
    for name in ("DNASE", "RNA_SEQ", "SPLICE_SITES", "CHIP_HISTONE", "POLYADENYLATION")
]
WINDOW = Interval("demo1", 1_000, 3_048)
# Around the end of the second exon of D-ONE, with an insertion before and a deletion behind.
STRETCH = Interval("demo1", 1_598, 1_602)


@pytest.fixture(scope="module")
def background(reference):
    first = reference.sequence(Interval("demo1", 1_600, 1_601))
    deleted = reference.sequence(Interval("demo1", 2_450, 2_455))
    early = reference.sequence(Interval("demo1", 1_300, 1_301))
    return [
        Variant("demo1", 1_301, early, early + "GATTACAGATTACA"),
        Variant("demo1", 1_601, first, first + "AC"),
        Variant("demo1", 2_451, deleted, deleted[0]),
    ]


@pytest.fixture(scope="module")
def ref(model):
    run = IsmRun(model, WINDOW, STRETCH, SCORERS)
    return run, run.matrices(run.parts(bases=3))


def test_on_ref_every_substitution_scores_as_the_variant_that_it_is(model, ref):
    run, matrices = ref
    assert run.sequence == model.organism_data(HUMAN).reference.sequence(STRETCH)
    np.testing.assert_array_equal(run.positions, np.arange(STRETCH.start, STRETCH.end))
    variants = sdk.ism_variants(STRETCH, run.sequence)
    assert run.substitutions == len(variants) == 12
    scored = model.score_variants(WINDOW, variants, SCORERS, progress_bar=False)
    for number, matrix in enumerate(matrices):
        assert matrix.scorer == SCORERS[number]
        for variant, results in zip(variants, scored, strict=True):
            place = variant.start - STRETCH.start
            found = matrix.values[place, "ACGT".index(variant.alternate_bases)]
            np.testing.assert_array_equal(found, results[number].X)
            assert matrix.tracks["name"].tolist() == results[number].var["name"].tolist()
        if "gene_id" in matrix.genes:
            assert matrix.genes["gene_id"].tolist() == ["DG1"]


def test_the_logo_is_that_of_the_sdk(ref):
    run, (dnase, *_) = ref
    variants = sdk.ism_variants(STRETCH, run.sequence)
    for track in range(len(dnase.tracks)):
        scores = [
            dnase.values[v.start - STRETCH.start, "ACGT".index(v.alternate_bases), 0, track]
            for v in variants
        ]
        whole = sdk.ism_matrix(scores, variants, STRETCH, multiply_by_sequence=False)
        np.testing.assert_allclose(dnase.relative()[:, :, 0, track], whole, rtol=1e-5, atol=1e-7)
        own = sdk.ism_matrix(scores, variants, STRETCH).sum(axis=1)
        np.testing.assert_allclose(dnase.logo[:, 0, track], own, rtol=1e-5, atol=1e-7)


def test_the_base_that_is_there_scores_0_and_opposite_strands_nothing(ref):
    run, (dnase, rna, *_) = ref
    for place, base in enumerate(run.sequence):
        assert (dnase.values[place, "ACGT".index(base)] == 0).all()
    minus = (rna.tracks["strand"] == "-").to_numpy()
    assert np.isnan(rna.values[..., minus]).all()
    assert not np.isnan(rna.values[..., ~minus]).any()
    assert np.isfinite(rna.logo[..., ~minus]).all()


@pytest.fixture(scope="module")
def edited(tmp_path_factory, reference, background, small_home):
    """The same genome with the background written into its bases, genes and sites."""
    folder = tmp_path_factory.mktemp("edited")
    whole = Interval("demo1", 0, reference.chromosome_sizes["demo1"])
    letters = reference.sequence(whole)
    for variant in reversed(background):
        letters = letters[: variant.start] + variant.alternate_bases + letters[variant.end :]
    (folder / "genome.fa").write_text(f">demo1\n{letters}\n")

    def moved(position: int) -> int:
        """1-based, counted by hand: 14 and 2 bases in, 4 out."""
        gained = 14 * (position > 1_301) + 2 * (position > 1_601)
        return position + gained - 4 * (position > 2_455)

    rows = []
    for line in (small_home / "genomes" / "demoH1" / "genes.gtf").read_text().splitlines():
        fields = line.split("\t")
        fields[3:5] = [str(moved(int(field))) for field in fields[3:5]]
        rows.append("\t".join(fields))
    (folder / "genes.gtf").write_text("\n".join(rows) + "\n")
    sites = installed_sites(small_home / "genomes" / "demoH1").copy()
    for column in ("Start", "End"):
        sites[column] = [moved(int(edge) + 1) - 1 for edge in sites[column]]
    return OrganismData(
        reference=Reference(folder / "genome.fa"),
        annotation=load_annotation(folder / "genes.gtf"),
        polyadenylation_sites=PolyadenylationSites(sites),
    )


def test_on_alt_every_substitution_scores_as_in_a_genome_that_has_the_background(
    model, background, edited
):
    run = IsmRun(model, WINDOW, STRETCH, SCORERS, variants=background)
    # The last base of the stretch was 1,601; two inserted ones stand behind it.
    np.testing.assert_array_equal(run.positions, [1_598, 1_599, 1_600, -1, -1, 1_601])
    matrices = run.matrices(run.parts())

    stretch = Interval("demo1", 1_598 + 14, 1_602 + 16)
    assert run.haplotype.sequence == edited.reference.sequence(WINDOW)
    assert run.sequence == edited.reference.sequence(stretch)
    variants = sdk.ism_variants(stretch, run.sequence)
    slow = VariantRun(
        model.network, model.catalogue, edited, organism=HUMAN, scorers=SCORERS, windows=(2_048,)
    )
    scored = slow.results([slow.check(WINDOW, variant) for variant in variants])
    for variant, results in zip(variants, scored, strict=True):
        for matrix, result in zip(matrices, results, strict=True):
            place = variant.start - stretch.start
            found = matrix.values[place, "ACGT".index(variant.alternate_bases)]
            np.testing.assert_array_equal(found, result.X, err_msg=str(matrix.scorer))


def test_of_a_genes_junctions_the_one_that_changes_most_counts(model):
    scorer = RECOMMENDED["SPLICE_JUNCTIONS"]
    stretch = Interval("demo1", 1_599, 1_600)
    run = IsmRun(model, WINDOW, stretch, [scorer])
    (matrix,) = run.matrices(run.parts())
    variants = sdk.ism_variants(stretch, run.sequence)
    for variant, (result,) in zip(
        variants, model.score_variants(WINDOW, variants, [scorer], progress_bar=False), strict=True
    ):
        found = matrix.values[0, "ACGT".index(variant.alternate_bases), 0]
        assert len(result.X) >= 1
        np.testing.assert_array_equal(found, result.X.max(axis=0))


def test_the_size_of_the_parts_does_not_matter_and_an_abandoned_run_predicts_no_more(
    model, monkeypatch
):
    run = IsmRun(model, WINDOW, STRETCH, SCORERS[:1])
    one, other = (run.matrices(run.parts(bases=n))[0].values for n in (1, 100))
    np.testing.assert_array_equal(one, other)

    predicted = []
    alternates = model.network.alternates

    def counted(window, codes, *arguments, **settings):
        predicted.append(len(codes))
        return alternates(window, codes, *arguments, **settings)

    monkeypatch.setattr(model.network, "alternates", counted)
    parts = run.parts(bases=2)
    first = next(parts)
    assert (first.first, run.substitutions_in(first)) == (0, 6)
    parts.close()
    assert sum(predicted) == 6
    (started,) = run.matrices([first])
    assert np.isfinite(started.values[:2]).all()
    assert np.isnan(started.values[2:]).all()


def test_unknown_bases_are_left_out(model):
    window = Interval("demo1", 8_000, 10_048)
    run = IsmRun(model, window, Interval("demo1", 8_998, 9_001), SCORERS[:1])
    assert run.sequence[2] == "N"
    assert run.substitutions == 6
    assert "read as N" in run.warnings[0]
    (matrix,) = run.matrices(run.parts())
    assert np.isfinite(matrix.values[:2]).all()
    assert np.isnan(matrix.values[2]).all()


@pytest.mark.parametrize(
    ("stretch", "sentence"),
    [
        (Interval("demo1", 1_598, 1_602, "-"), "is on the strand -"),
        (Interval("demo1", 700, 900), "does not lie wholly inside the predicted interval"),
        (Interval("demo2", 1_598, 1_602), "does not lie wholly inside"),
    ],
)
def test_a_stretch_that_cannot_be_mutated_is_refused(model, stretch, sentence):
    with pytest.raises(errors.InvalidScoringRequestError, match=sentence):
        IsmRun(model, WINDOW, stretch, SCORERS)


def test_too_long_a_stretch_a_deleted_one_and_bad_variants_are_refused(
    model, background, reference
):
    window = Interval("demo1", 800, 4_896)
    with pytest.raises(errors.InvalidScoringRequestError, match="at most 2,048 can be mutated"):
        IsmRun(model, window, Interval("demo1", 900, 2_949), SCORERS)
    with pytest.raises(errors.InvalidScoringRequestError, match="2,452-2,454 is deleted"):
        IsmRun(model, WINDOW, Interval("demo1", 2_451, 2_454), SCORERS, variants=background)
    letter = reference.sequence(Interval("demo1", 2_451, 2_452))
    inside = Variant("demo1", 2_452, letter, "ACGT".replace(letter, "")[0])
    with pytest.raises(errors.OverlappingVariantsError):
        IsmRun(model, WINDOW, STRETCH, SCORERS, variants=[*background, inside])
    with pytest.raises(errors.UnsupportedWindowError, match="nearest is 2,048"):
        IsmRun(model, Interval("demo1", 1_000, 3_000), STRETCH, SCORERS)

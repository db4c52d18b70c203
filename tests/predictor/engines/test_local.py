import itertools

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor import errors
from predictor.engines.compilation_cache import use_compilation_cache
from predictor.engines.local import LocalModel
from predictor.genome.reference import reverse_complement
from predictor.model import functional, heads
from predictor.model.splicing import select_sites
from predictor.tracks.alignment import AlleleAlignment

HUMAN, MOUSE = Organism.HOMO_SAPIENS, Organism.MUS_MUSCULUS
ALL = tuple(OutputType)
SIGNALS = tuple(set(ALL) - {OutputType.CONTACT_MAPS, OutputType.SPLICE_JUNCTIONS})
WINDOW = Interval("demo1", 1_000, 3_048)
T_CELL, NEURON = "DEMO:0000001", "DEMO:0000003"
# Two compiled functions round differently; usage is rounded to float16 on top of that.
CLOSE = {"rtol": 2e-3, "atol": 5e-4}


@pytest.fixture(scope="module")
def insertion(reference):
    base = reference.sequence(Interval("demo1", 2_000, 2_001))
    return Variant("demo1", 2_001, base, base + "ACGTACG")


@pytest.fixture(scope="module")
def deletion(reference):
    bases = reference.sequence(Interval("demo1", 2_500, 2_512))
    return Variant("demo1", 2_501, bases, bases[0])


def equal(found, expected, kinds=ALL, **tolerance):
    tolerance = tolerance or {"rtol": 0, "atol": 0}
    for kind in kinds:
        ours, theirs = found.get(kind), expected.get(kind)
        assert ours.metadata.equals(theirs.metadata), kind
        np.testing.assert_allclose(ours.values, theirs.values, err_msg=str(kind), **tolerance)
        if kind is OutputType.SPLICE_JUNCTIONS:
            assert [str(j) for j in ours.junctions] == [str(j) for j in theirs.junctions]


@pytest.fixture(scope="module")
def raw(model, reference, quick_jit):
    """What the pure function says of the one-hot sequence of the window."""
    sequence = reference.sequence(WINDOW)
    one_hot = np.array([[base == letter for letter in "ACGT"] for base in sequence], np.float32)
    names = ("dnase", "rna_seq", "chip_histone")
    names += ("splice_sites_classification", "splice_sites_junction")
    stages = model.network.stages
    forward = quick_jit(functional.forward, static_argnums=(0, 5))
    return forward(stages.config, *stages._weights, one_hot[None], np.array([0]), names)


def predict(model, interval=WINDOW, kinds=ALL, terms=None, organism=HUMAN):
    return model.predict_interval(
        interval, organism=organism, requested_outputs=kinds, ontology_terms=terms
    )


def alleles(model, variants, interval=WINDOW, kinds=ALL, **options):
    return model.predict_alleles(
        interval, variants, requested_outputs=kinds, ontology_terms=None, **options
    )


# Contents of a prediction


def test_every_output_type_has_its_bins_tracks_interval_and_units(model):
    found = predict(model)
    for kind in ALL:
        data, table = found.get(kind), model.output_metadata(HUMAN).get(kind)
        assert data.metadata.equals(table), kind
        assert data.values.dtype == np.float32
        assert np.isfinite(data.values).all()
        assert data.interval == WINDOW
    assert found.rna_seq.values.shape == (2_048, 7)
    assert found.chip_tf.values.shape == (16, 8)
    assert found.contact_maps.values.shape == (1, 1, 2)
    assert found.splice_sites.values.shape == (2_048, 4)
    assert found.splice_junctions.values.shape[1] == 4
    assert predict(model, kinds=[OutputType.DNASE]).rna_seq is None


def test_values_are_the_network_s_in_data_units(model, raw):
    """Slow version: the pure function, unscaled track by track."""
    found = predict(model)
    for kind in (OutputType.DNASE, OutputType.RNA_SEQ, OutputType.CHIP_HISTONE):
        data = found.get(kind)
        scaled = raw[kind.name.lower()][f"scaled_predictions_{data.resolution}bp"][0]
        for track, row in data.metadata.iterrows():
            mean = np.array([row["nonzero_mean"]], np.float32)
            expected = heads.unscale(
                kind.name.lower(), scaled[:, track : track + 1], mean, data.resolution
            )
            np.testing.assert_allclose(data.values[:, track], expected[:, 0], **CLOSE)
    np.testing.assert_allclose(
        found.splice_sites.values,
        raw["splice_sites_classification"]["predictions"][0][:, :4],
        **CLOSE,
    )


def test_junctions_pair_every_donor_with_every_acceptor_of_its_strand(model, raw):
    """Slow version: loops over the sites that the network's own classes show."""
    config = model.network.config
    found = predict(model)
    positions = select_sites(
        raw["splice_sites_classification"]["predictions"],
        config.junction_sites,
        config.junction_threshold,
    )[0]
    counts = np.asarray(raw["splice_sites_junction"]["predictions"])[0]
    means = found.splice_junctions.metadata["nonzero_mean"].to_numpy()
    listed = []
    for strand, offset in (("+", 0), ("-", 1)):
        for (i, donor), (j, acceptor) in itertools.product(
            enumerate(np.asarray(positions[2 * offset])),
            enumerate(np.asarray(positions[2 * offset + 1])),
        ):
            if donor < 0 or acceptor < 0:
                continue
            left, right = (donor, acceptor) if strand == "+" else (acceptor, donor)
            start, end = WINDOW.start + left + 1, WINDOW.start + right
            if start < end:
                values = counts[i, j, offset * 4 : offset * 4 + 4] * means
                listed.append((f"demo1:{start}-{end}:{strand}", values))
    assert [str(junction) for junction in found.splice_junctions.junctions] == [
        name for name, _ in listed
    ]
    np.testing.assert_allclose(
        found.splice_junctions.values, np.stack([values for _, values in listed]), **CLOSE
    )


def test_a_bare_sequence_counts_its_junctions_from_zero(model, reference):
    found = model.predict_sequence(
        reference.sequence(WINDOW), requested_outputs=ALL, ontology_terms=None
    )
    placed = predict(model)
    equal(found, placed, SIGNALS)
    assert found.dnase.interval is None
    first, same = found.splice_junctions.junctions[0], placed.splice_junctions.junctions[0]
    assert (first.chromosome, first.start) == ("", same.start - WINDOW.start)


def test_the_organism_matters_and_brings_its_own_tracks(model, reference):
    sequence = reference.sequence(WINDOW)
    found = {
        organism: model.predict_sequence(
            sequence, organism=organism, requested_outputs=ALL, ontology_terms=None
        )
        for organism in (HUMAN, MOUSE)
    }
    assert found[MOUSE].rna_seq.values.shape == (2_048, 4)
    assert found[MOUSE].procap.values.shape == (2_048, 0)
    assert not np.allclose(
        found[MOUSE].splice_sites.values, found[HUMAN].splice_sites.values, rtol=1e-2
    )


# Chromosome ends and strands


@pytest.mark.parametrize(("start", "left"), [(-500, 500), (8_000, 0)])
def test_beyond_the_chromosome_the_network_reads_n(model, reference, start, left):
    interval = Interval("demo1", start, start + 2_048)
    inside = reference.sequence(Interval("demo1", max(start, 0), min(start + 2_048, 9_000)))
    sequence = "N" * left + inside + "N" * (2_048 - left - len(inside))
    expected = model.predict_sequence(
        sequence, requested_outputs=ALL, ontology_terms=None, interval=interval
    )
    equal(predict(model, interval), expected)


def test_the_negative_strand_is_the_prediction_of_the_reverse_complement_turned_back(
    model, reference
):
    backward = Interval("demo1", 1_000, 3_048, "-")
    found = predict(model, backward)
    seen = model.predict_sequence(
        reverse_complement(reference.sequence(WINDOW)), requested_outputs=ALL, ontology_terms=None
    )
    for kind in SIGNALS:
        data = seen.get(kind)
        strands = data.metadata["strand"].tolist()
        other = {"+": "-", "-": "+", ".": "."}
        for track, strand in enumerate(strands):
            # The same experiment on the other strand: the same rank among its tracks.
            rank = strands[:track].count(strand)
            partner = [i for i, s in enumerate(strands) if s == other[strand]][rank]
            if strand == ".":
                partner = track
            np.testing.assert_array_equal(
                found.get(kind).values[:, track], data.values[::-1, partner]
            )
    np.testing.assert_array_equal(found.contact_maps.values, seen.contact_maps.values[::-1, ::-1])
    listed = found.splice_junctions
    places = [(j.start, j.end, j.strand) for j in listed.junctions]
    mirrored = {
        (3_048 - junction.end, 3_048 - junction.start, "+-"[junction.strand == "+"]): values
        for junction, values in zip(
            seen.splice_junctions.junctions, seen.splice_junctions.values, strict=True
        )
    }
    assert set(places) == set(mirrored)
    for place, values in zip(places, listed.values, strict=True):
        np.testing.assert_allclose(values, mirrored[place], rtol=1e-6)


def test_reading_the_reverse_complement_at_the_interval_is_predicting_the_interval(
    model, reference
):
    backward = Interval("demo1", 1_000, 3_048, "-")
    found = model.predict_sequence(
        reference.sequence(backward),
        requested_outputs=ALL,
        ontology_terms=None,
        interval=backward,
    )
    equal(found, predict(model, backward))


# Variants


def test_one_variant_on_a_haplotype_is_predict_variant(model, insertion):
    raw = model.predict_variant(WINDOW, insertion, requested_outputs=ALL, ontology_terms=None)
    found = alleles(model, [insertion], align=False)
    equal(found.reference, raw.reference)
    equal(found.alternate, raw.alternate)


def test_the_reference_of_a_variant_is_the_interval(model, insertion):
    found = alleles(model, [insertion]).reference
    equal(found, predict(model), (*SIGNALS, OutputType.CONTACT_MAPS), **CLOSE)


def test_raw_alternate_is_the_prediction_of_the_alternate_sequence(
    model, reference, insertion, deletion
):
    pieces = list(reference.sequence(Interval("demo1", 1_000, 3_100)))
    pieces[insertion.start - 1_000] = insertion.alternate_bases
    for at in range(deletion.start + 1, deletion.end):
        pieces[at - 1_000] = ""
    expected = model.predict_sequence(
        "".join(pieces)[:2_048], requested_outputs=ALL, ontology_terms=None, interval=WINDOW
    )
    found = alleles(model, [deletion, insertion], align=False).alternate
    equal(found, expected, (*SIGNALS, OutputType.CONTACT_MAPS), **CLOSE)


@pytest.mark.parametrize("strand", [".", "-"])
def test_aligned_alternate_is_raw_alternate_in_reference_coordinates(
    model, insertion, deletion, strand
):
    interval = Interval("demo1", 1_000, 3_048, strand)
    variants = [insertion, deletion]
    raw = alleles(model, variants, interval, align=False)
    found = alleles(model, variants, interval)
    alignment = AlleleAlignment(interval, variants)
    equal(found.reference, raw.reference)
    for kind in SIGNALS:
        data = raw.alternate.get(kind)
        np.testing.assert_array_equal(
            found.alternate.get(kind).values, alignment.tracks(data.values, data.resolution)
        )
    equal(found.alternate, raw.alternate, [OutputType.SPLICE_JUNCTIONS])


def test_equal_alleles_give_equal_predictions(model, reference):
    bases = reference.sequence(Interval("demo1", 2_000, 2_004))
    found = alleles(model, [Variant("demo1", 2_001, bases, bases)])
    equal(found.alternate, found.reference)


def test_both_alleles_list_the_same_junctions_within_the_genes_of_the_variant(model, insertion):
    found = alleles(model, [insertion])
    listed = found.reference.splice_junctions.junctions
    assert [str(j) for j in listed] == [str(j) for j in found.alternate.splice_junctions.junctions]
    # D-ONE is [1000, 3000); the annotated sites of its introns are always among them.
    assert all(j.start > 1_000 and j.end < 3_000 for j in listed)
    assert {"demo1:1200-1500:+", "demo1:1600-2400:+"} <= {str(j) for j in listed}


def test_without_a_gene_sites_may_lie_anywhere(model, reference):
    interval = Interval("demo1", 6_500, 8_548)
    base = reference.sequence(Interval("demo1", 7_000, 7_001))
    variant = Variant("demo1", 7_001, base, "ACGT".replace(base, "")[0])
    assert len(alleles(model, [variant], interval).reference.splice_junctions)


def test_the_strand_of_the_window_does_not_move_the_junctions_of_a_mirrored_network(
    model, insertion
):
    forward = alleles(model, [insertion]).reference.splice_junctions
    backward = alleles(
        model, [insertion], Interval("demo1", 1_000, 3_048, "-")
    ).reference.splice_junctions
    # An untrained network chooses other sites, but annotated ones belong to both.
    annotated = {"demo1:1200-1500:+", "demo1:1600-2400:+"}
    for found in (forward, backward):
        assert annotated <= {str(junction) for junction in found.junctions}
        assert all(j.start > 1_000 and j.end < 3_000 for j in found.junctions)


def test_a_variant_is_found_under_any_name_of_its_chromosome(model, reference, insertion):
    renamed = Variant("chrdemo1", *[getattr(insertion, name) for name in (
        "position", "reference_bases", "alternate_bases")])  # fmt: skip
    found = alleles(model, [renamed], Interval("DEMO1", 1_000, 3_048), [OutputType.DNASE])
    equal(found.alternate, alleles(model, [insertion]).alternate, [OutputType.DNASE])
    assert found.reference.dnase.interval.chromosome == "demo1"


# Filters, order, threads


@pytest.mark.parametrize("terms", [[T_CELL], [NEURON, T_CELL], ["demo:3"]])
def test_the_ontology_filter_equals_filtering_afterwards(model, insertion, terms):
    found = model.predict_variant(WINDOW, insertion, requested_outputs=ALL, ontology_terms=terms)
    everything = model.predict_variant(
        WINDOW, insertion, requested_outputs=ALL, ontology_terms=None
    )
    wanted = {NEURON if term == "demo:3" else term for term in terms}
    for kind in ALL:
        whole, part = everything.alternate.get(kind), found.alternate.get(kind)
        if kind is OutputType.SPLICE_SITES:
            keep = np.ones(4, bool)
        else:
            keep = whole.metadata["ontology_curie"].isin(wanted).to_numpy()
        np.testing.assert_array_equal(part.values, whole.values[..., keep])
        assert part.metadata["name"].tolist() == whole.metadata["name"][keep].tolist()


def test_a_cell_type_without_some_of_the_modalities_gets_those_it_has(model):
    found = predict(model, kinds=[OutputType.DNASE, OutputType.CAGE], terms=[T_CELL])
    assert found.dnase.num_tracks == 1
    assert found.cage.num_tracks == 0


def test_parts_come_in_the_order_asked_for(model, insertion):
    order = [OutputType.RNA_SEQ, OutputType.SPLICE_JUNCTIONS, OutputType.ATAC, OutputType.RNA_SEQ]
    parts = list(
        model.iter_alleles(WINDOW, [insertion], requested_outputs=order, ontology_terms=None)
    )
    assert [kind for kind, _, _ in parts] == order[:3]
    whole = alleles(model, [insertion])
    np.testing.assert_array_equal(parts[2][2].values, whole.alternate.atac.values)


def test_without_variants_there_is_no_alternate(model):
    parts = model.iter_alleles(
        WINDOW, [], requested_outputs=[OutputType.DNASE], ontology_terms=None
    )
    ((kind, reference, alternate),) = parts
    assert kind is OutputType.DNASE
    assert alternate is None
    np.testing.assert_array_equal(reference.values, predict(model).dnase.values)


def test_threads_of_the_sdk_get_what_one_thread_gets(model, reference):
    variants = []
    for position in range(1_900, 2_300, 40):
        base = reference.sequence(Interval("demo1", position - 1, position))
        variants.append(Variant("demo1", position, base, "ACGT".replace(base, "")[0]))
    options = {"requested_outputs": [OutputType.DNASE], "ontology_terms": None}
    together = model.predict_variants(WINDOW, variants, progress_bar=False, **options)
    for variant, found in zip(variants, together, strict=True):
        alone = model.predict_variant(WINDOW, variant, **options)
        np.testing.assert_array_equal(found.alternate.dnase.values, alone.alternate.dnase.values)


def test_the_same_request_gives_the_same_bytes(model, insertion):
    first, second = alleles(model, [insertion]), alleles(model, [insertion])
    equal(first.alternate, second.alternate)


def test_warming_compiles_what_a_prediction_needs(model, insertion):
    model.warm(4_096)
    programs = {
        name: program
        for name, program in vars(model.network.stages).items()
        if hasattr(program, "_cache_size")
    }
    # How many sites there are, and so the size of this program, shows only in a prediction.
    del programs["_counts"]
    compiled = {name: program._cache_size() for name, program in programs.items()}
    alleles(model, [insertion], Interval("demo1", 0, 4_096))
    base = insertion.reference_bases
    substitution = Variant("demo1", insertion.position, base, "ACGT".replace(base, "")[0])
    alleles(model, [substitution], Interval("demo1", 0, 4_096))
    assert {name: program._cache_size() for name, program in programs.items()} == compiled


def test_what_is_compiled_is_kept_in_the_data_folder(small_home, xla_cache, tmp_path, monkeypatch):
    monkeypatch.setenv("ALLELENS_HOME", str(tmp_path))
    try:
        fresh = LocalModel.load(small_home / "weights" / "demo")
        fresh.network.stages.encode(np.zeros((1, 2_048), np.uint8))
    finally:
        use_compilation_cache(xla_cache)
    assert any((tmp_path / "xla-cache").iterdir())


def test_a_track_can_ask_to_move_by_one_bin_on_the_other_strand(model, monkeypatch):
    backward = Interval("demo1", 1_000, 3_048, "-")
    plain = predict(model, backward, [OutputType.DNASE]).dnase.values
    table = model.catalogue.table(HUMAN, OutputType.DNASE)
    monkeypatch.setitem(table.__dict__, "shifts", np.ones(4, int))
    moved = predict(model, backward, [OutputType.DNASE]).dnase.values
    assert (moved[0] == 0).all()
    np.testing.assert_array_equal(moved[1:], plain[:-1])


# Input that cannot be used


def run(model, *, interval=WINDOW, variants=(), kinds=(OutputType.DNASE,), terms=None, **options):
    return model.iter_alleles(
        interval, variants, requested_outputs=kinds, ontology_terms=terms, **options
    )


@pytest.mark.parametrize(
    ("request_", "kind", "words"),
    [
        (
            {"interval": Interval("demo1", 0, 3_000)},
            errors.UnsupportedWindowError,
            "3,000 bp; its windows have 2,048 or 4,096 bp, the nearest is 2,048",
        ),
        (
            {"interval": Interval("demo1", 0, 3_072)},
            errors.UnsupportedWindowError,
            "the nearest is 4,096",
        ),
        ({"interval": Interval("chr1", 0, 2_048)}, errors.UnknownChromosomeError, "demo1, demo2"),
        (
            {"interval": Interval("demo1", 9_000, 11_048)},
            errors.PositionOutsideChromosomeError,
            "9,000 bp",
        ),
        (
            {"variants": [Variant("demo1", 900, "A", "C")]},
            errors.VariantOutsideIntervalError,
            "does not start inside the predicted interval demo1:1,001-3,048",
        ),
        (
            {"variants": [Variant("demo2", 1_500, "A", "C")]},
            errors.VariantOutsideIntervalError,
            "demo2:1500",
        ),
        (
            {"variants": [Variant("demo1", 2_000, "A", "A" * 2_049)]},
            errors.InsertionTooLongError,
            "2,049 alternate bases, more than the window of 2,048 bp",
        ),
        (
            {"variants": [Variant("demo1", 2_000, "AC", "A"), Variant("demo1", 2_001, "C", "G")]},
            errors.OverlappingVariantsError,
            "cannot lie on one haplotype",
        ),
        ({"terms": ["DEMO:0000077"]}, errors.UnknownOntologyTermError, "similar terms"),
        ({"terms": ["liver"]}, errors.UnknownOntologyTermError, "not an ontology CURIE"),
        (
            {"kinds": [OutputType.CAGE], "terms": [T_CELL]},
            errors.OutputNotAvailableError,
            "no CAGE of",
        ),
        (
            {"kinds": [OutputType.PROCAP], "organism": MOUSE},
            errors.OutputNotAvailableError,
            "no PROCAP for mouse",
        ),
        ({"kinds": []}, errors.UnknownOutputTypeError, "No output type"),
    ],
)
def test_each_unusable_request_is_refused_at_once_with_its_sentence(model, request_, kind, words):
    with pytest.raises(kind, match=words):
        run(model, **request_)


def test_a_wrong_reference_base_is_refused_or_in_the_raw_form_warned_about(model, reference):
    base = reference.sequence(Interval("demo1", 2_000, 2_001))
    other = "ACGT".replace(base, "")[0]
    variant = Variant("demo1", 2_001, other, base)
    with pytest.raises(errors.ReferenceMismatchError, match=f"has {base} at") as caught:
        run(model, variants=[variant])
    assert caught.value.swap == f"demo1:2001:{base}>{other}"
    with pytest.warns(UserWarning, match=f"has {base} at this position, not {other}"):
        found = model.predict_variant(
            WINDOW, variant, requested_outputs=[OutputType.DNASE], ontology_terms=None
        )
    # As in the SDK, the stated bases are written over the genome.
    np.testing.assert_allclose(
        found.alternate.dnase.values, predict(model, kinds=[OutputType.DNASE]).dnase.values, **CLOSE
    )


def test_a_sequence_with_other_letters_or_of_another_length_is_refused(model):
    options = {"requested_outputs": [OutputType.DNASE], "ontology_terms": None}
    with pytest.raises(errors.InvalidSequenceError, match="only the capital letters"):
        model.predict_sequence("acgt" * 512, **options)
    with pytest.raises(errors.InvalidSequenceError, match="both must be equal"):
        model.predict_sequence("ACGT" * 512, interval=Interval("demo1", 0, 4_096), **options)
    with pytest.raises(errors.UnsupportedWindowError, match="nearest is 2,048"):
        model.predict_sequence("ACGT", **options)

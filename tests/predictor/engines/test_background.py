"""The background of the small engine, made by really scoring."""

import json

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism

from predictor import errors
from predictor.cli import main
from predictor.engines import background, registry
from predictor.engines.background import Background, calibrate
from predictor.scoring import calibration_table
from predictor.scoring.changes import background_name, changes_of
from predictor.tracks.output_types import OUTPUTS

WINDOW = 2_048
COUNT, SHIFTED, INDELS = 6, 2, 1


@pytest.fixture(scope="module")
def variants(reference):
    found = []
    for number in range(COUNT):
        position = 4_000 + 137 * number
        interval = Interval("demo1", position - 1, position)
        base = reference.sequence(interval)
        found.append(Variant("demo1", position, base, "ACGT"["ACGT".index(base) - 1]))
    found[-1] = Variant("demo1", position, base, base + "GAT")
    return found


def window(variant, shift: int = 0) -> Interval:
    """As of a job, and of `score`."""
    centred = variant.reference_interval.resize(WINDOW)
    return Interval("demo1", centred.start + shift, centred.end + shift)


def asked(**changes) -> Background:
    settings = {
        "engine": "demo",
        "weights": "0123",
        "organism": "HOMO_SAPIENS",
        "window": WINDOW,
        "variants_sha256": "4567",
        "variants": COUNT,
        "indels": INDELS,
        "shifted": SHIFTED,
        "label": "invented",
    }
    return Background(**(settings | changes))


@pytest.fixture(scope="module")
def made(model, variants, tmp_path_factory):
    out = tmp_path_factory.mktemp("background") / "table.parquet"
    lines = []
    calibration = calibrate(model, asked(), variants, out, report=lines.append)
    return calibration, out, lines


def test_the_breakpoints_are_the_quantiles_of_the_scores(made, model, variants):
    calibration, out, lines = made
    results = [model.score_variant(window(variant), variant) for variant in variants]
    for number, one in enumerate(results[0]):
        table = calibration.scorers[str(one.uns["variant_scorer"])]
        scores = np.concatenate([np.asarray(found[number].X) for found in results])
        for track in range(scores.shape[1]):
            known = scores[:, track][~np.isnan(scores[:, track])]
            if len(known):
                expected = np.quantile(known, np.linspace(0, 1, table.breakpoints.shape[1]))
                np.testing.assert_allclose(table.breakpoints[track], expected, rtol=1e-5, atol=1e-7)
    assert lines == [f"{COUNT} of {COUNT} variants scored"]
    assert [found.name for found in out.parent.iterdir()] == [out.name]


def numbers(model, variant, shift: int = 0) -> dict[str, np.ndarray]:
    """What the app shows of a variant: number by track of each measure."""
    interval = window(variant, shift)
    parts = model.iter_alleles(
        interval, [variant], requested_outputs=list(OUTPUTS), ontology_terms=None
    )
    found = [
        (kind, changes_of(kind, *alleles, interval=interval, variants=[variant]))
        for kind, *alleles in parts
    ]
    return {background_name(kind.name, each.measure): each.numbers() for kind, each in found}


def test_ranks_of_a_row_are_those_of_the_same_number_of_each_variant(made, model, variants):
    rows = [numbers(model, variant) for variant in variants]
    assert len(rows[0]) == len(OUTPUTS)
    for name in rows[0]:
        table = made[0].scorers[name]
        scores = np.stack([row[name] for row in rows]).astype(np.float32)
        expected = np.quantile(scores, np.linspace(0, 1, table.breakpoints.shape[1]), axis=0).T
        np.testing.assert_allclose(table.breakpoints, expected, rtol=1e-5, atol=1e-7)
        assert table.probabilities[0] < 0, "up and down are told apart"


def test_19_of_20_differences_between_the_numbers_of_shifted_windows_lie_below_the_floor(
    made, model, variants
):
    # Evenly spread: the first and the last.
    shifted = [variants[0], variants[-1]]
    shifts = [shift for shift in background.SHIFTS if abs(shift) <= WINDOW // 4]
    centred = [numbers(model, variant) for variant in shifted]
    moved = [[numbers(model, variant, shift) for shift in shifts] for variant in shifted]
    for name in centred[0]:
        differences = np.abs(
            [
                own[name] - other[name]
                for own, others in zip(centred, moved, strict=True)
                for other in others
            ]
        )
        floor = made[0].scorers[name].noise_floor
        np.testing.assert_allclose(
            floor, np.quantile(differences, 0.95, axis=0), rtol=1e-4, atol=1e-6
        )


def test_noise_floors_come_from_shifted_windows(made):
    floors = made[0].noise_floors()
    measured = floors["noise_floor"].dropna()
    assert len(measured) > len(floors) / 2
    assert (measured >= 0).all()
    assert (measured > 0).any()


def test_an_interrupted_run_goes_on_where_it_stopped_and_ends_in_the_same_table(
    made, model, variants, tmp_path, monkeypatch
):
    monkeypatch.setattr(background, "_PART", 2)
    out = tmp_path / "table.parquet"

    def stop(line: str) -> None:
        if line.startswith("4 of"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        calibrate(model, asked(), variants, out, report=stop)
    assert not out.exists()
    lines = []
    calibrate(model, asked(), variants, out, report=lines.append)
    assert lines == ["6 of 6 variants scored"]
    for name, table in calibration_table.load(out).scorers.items():
        np.testing.assert_array_equal(table.breakpoints, made[0].scorers[name].breakpoints)
        np.testing.assert_array_equal(table.noise_floor, made[0].scorers[name].noise_floor)


def test_parts_of_another_background_are_not_used(model, variants, tmp_path, monkeypatch):
    monkeypatch.setattr(background, "_PART", 2)
    out = tmp_path / "table.parquet"

    def stop(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        calibrate(model, asked(), variants, out, report=stop)
    lines = []
    calibrate(model, asked(weights="89ab"), variants[:2], out, report=lines.append)
    assert lines == ["2 of 2 variants scored"]
    assert calibration_table.load(out).about["weights"] == "89ab"


@pytest.mark.filterwarnings("ignore:.* reaches beyond demo1")
def test_an_engine_with_a_background_gives_quantiles(in_small_home, variants, tmp_path, capsys):
    folder = in_small_home / "weights" / "demo"
    digest = json.loads((folder / "card.json").read_text())["digest"]
    vcf = tmp_path / "common.vcf"
    lines = [
        f"{v.chromosome}\t{v.position}\t.\t{v.reference_bases}\t{v.alternate_bases}"
        for v in variants[:3]
    ]
    vcf.write_text("##fileformat=VCFv4.2\n" + "\n".join(lines) + "\n")
    command = ["calibrate", "--engine", "demo", "--vcf", str(vcf), "--shifted", "1"]
    command += ["--window", "16384", "--label", "three variants"]
    try:
        assert main(command) == 0
        assert "3 of 3 variants scored" in capsys.readouterr().out
        engine = registry.open_engine("demo")
        interval = Interval("demo1", 0, 16_384)
        for result in engine.score_variant(interval, variants[0]):
            if result.X.size:
                quantiles = result.layers["quantiles"]
                assert np.array_equal(np.isnan(quantiles), np.isnan(result.X))
                assert (np.abs(quantiles[~np.isnan(quantiles)]) <= 1).all()
        path = folder / calibration_table.FILE_NAMES[Organism.HOMO_SAPIENS]
        found = calibration_table.load(path)
        assert found.about["weights"] == digest
        assert found.about["label"] == "three variants"
        assert found.about["indels"] == 0
        calibration_table.save(path, calibration_table.Calibration(found.scorers, {"weights": "x"}))
        with pytest.warns(UserWarning, match="background of other weights"):
            assert calibration_table.installed_calibrations(folder, digest) == {}
    finally:
        for name in calibration_table.FILE_NAMES.values():
            (folder / name).unlink(missing_ok=True)


def test_a_file_without_variants_is_refused(in_small_home, tmp_path, capsys):
    empty = tmp_path / "empty.vcf"
    empty.write_text("##fileformat=VCFv4.2\n")
    assert main(["calibrate", "--engine", "demo", "--vcf", str(empty)]) == 2
    assert "empty.vcf holds no variant" in capsys.readouterr().err


def test_the_official_table_is_for_released_weights_only(in_small_home, tmp_path):
    with pytest.raises(errors.CalibrationError):
        background.install_official_table(tmp_path / "none.pb", "demo")

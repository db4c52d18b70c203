"""GET /api/chunks/{id}/signal/: any view equals slow slicing; strangers are refused."""

import json

import numpy as np
import pytest

from webapp.jobs.models import ChunkPart
from webapp.results import services
from webapp.results.models import StoredPart

from .conftest import INTERVAL, client_of, ids_of, key_of, make_chunk, publish

pytestmark = pytest.mark.django_db
PLANES = ["reference", "alternate", "difference_max", "difference_min"]


def _get(client, chunk, **query):
    return client.get(f"/api/chunks/{chunk.uuid}/signal/", query)


def _blocks(answer):
    assert answer.status_code == 200, answer.content
    layout = json.loads(answer["X-Allelens-Layout"])
    values = np.frombuffer(answer.content, "<f4")
    for block in layout["blocks"]:
        shape = (len(block["planes"]), len(block["tracks"]), block["bins"])
        size = int(np.prod(shape))
        block["values"] = values[block["offset"] : block["offset"] + size].reshape(shape)
    return layout


def _slow(arrays, block, *, summary):
    """The same block by slicing the original arrays, one bin after the other."""
    reference, alternate = arrays[block["output_type"]]
    resolution = reference.resolution
    columns = [int(track.partition("/")[2]) for track in block["tracks"]]
    native = {"reference": reference.values, "alternate": alternate.values}
    native["difference_max"] = native["difference_min"] = alternate.values - reference.values
    reduce = {"difference_max": np.max, "difference_min": np.min}
    width = block["bin"] // resolution
    expected = np.empty_like(block["values"])
    for p, plane in enumerate(block["planes"]):
        rule = reduce.get(plane, {"mean": np.mean, "max": np.max}[summary])
        for t, column in enumerate(columns):
            for b in range(block["bins"]):
                first = (block["start"] - INTERVAL.start) // resolution + b * width
                expected[p, t, b] = rule(native[plane][first : first + width, column])
    return expected


@pytest.mark.parametrize(
    ("start", "end", "max_bins"),
    [
        (100_000, 116_384, 2_000),
        (100_000, 116_384, 100),
        (100_000, 116_384, 1),
        (107_000, 109_000, 2_000),
        (107_123, 109_457, 333),
        (90_000, 101_111, 500),
        (116_000, 130_000, 50),
    ],
)
@pytest.mark.parametrize("summary", ["mean", "max"])
def test_any_view_equals_slow_slicing(client, chunk, arrays, start, end, max_bins, summary):
    layout = _blocks(
        _get(
            client,
            chunk,
            tracks="DNASE/2,CHIP_HISTONE/14,DNASE/0,CHIP_HISTONE/3",
            planes=",".join(PLANES),
            start=start,
            end=end,
            max_bins=max_bins,
            summary=summary,
        )
    )
    assert [block["tracks"] for block in layout["blocks"]] == [
        ["DNASE/2", "DNASE/0"],
        ["CHIP_HISTONE/14", "CHIP_HISTONE/3"],
    ]
    for block in layout["blocks"]:
        assert block["bins"] <= max_bins + 1
        expected = _slow(arrays, block, summary=summary)
        np.testing.assert_allclose(block["values"], expected, rtol=1e-5, atol=1e-6)


def test_the_summary_follows_the_output_type_unless_told_otherwise(client, owner, store, arrays):
    pair = {"CAGE": arrays["DNASE"], "DNASE": arrays["DNASE"]}
    chunk = make_chunk(owner, pair)
    for output_type, alleles in pair.items():
        publish(output_type, *alleles)
    view = {"max_bins": 64, "start": INTERVAL.start, "end": INTERVAL.end, "planes": "reference"}
    cage, dnase = _blocks(_get(client, chunk, tracks="CAGE/0,DNASE/0", **view))["blocks"]
    means, maxima = (
        _blocks(_get(client, chunk, tracks="DNASE/0", summary=rule, **view))["blocks"][0]["values"]
        for rule in ("mean", "max")
    )
    np.testing.assert_array_equal(cage["values"], maxima)
    np.testing.assert_array_equal(dnase["values"], means)


def test_the_native_values_arrive_bit_by_bit(client, chunk, arrays):
    view = {"start": 108_000, "end": 108_400}
    (block,) = _blocks(_get(client, chunk, tracks="DNASE/0,DNASE/1", **view))["blocks"]
    assert (block["start"], block["bin"], block["bins"]) == (108_000, 1, 400)
    for plane, allele in zip(block["values"], arrays["DNASE"], strict=True):
        np.testing.assert_array_equal(plane, allele.values[8_000:8_400, :2].T)


def test_without_start_and_end_the_whole_prediction_is_shown(client, chunk):
    (block,) = _blocks(_get(client, chunk, tracks="DNASE/0", max_bins=20_000))["blocks"]
    assert (block["start"], block["bin"], block["bins"]) == (INTERVAL.start, 1, INTERVAL.width)


def test_a_view_beside_the_prediction_has_no_bins(client, chunk):
    (block,) = _blocks(_get(client, chunk, tracks="DNASE/0", start=5, end=500))["blocks"]
    assert block["bins"] == 0


def test_a_prediction_of_the_reference_alone_has_one_plane(client, owner, store, arrays):
    reference = arrays["DNASE"][0]
    chunk = make_chunk(owner, {"DNASE": (reference, None)}, with_variant=False)
    publish("DNASE", reference, None)
    layout = _blocks(_get(client, chunk, tracks="DNASE/1", planes=",".join(PLANES)))
    (block,) = layout["blocks"]
    assert block["planes"] == ["reference"]
    assert block["values"].shape[0] == 1
    only = _blocks(_get(client, chunk, tracks="DNASE/1", planes="alternate"))["blocks"][0]
    assert only["planes"] == []
    assert only["values"].size == 0


def test_what_is_not_there_yet_is_named_and_not_kept_by_the_browser(client, empty_chunk, arrays):
    publish("CHIP_HISTONE", *arrays["CHIP_HISTONE"])
    answer = _get(client, empty_chunk, tracks="DNASE/0,CHIP_HISTONE/0,DNASE/1")
    layout = _blocks(answer)
    assert layout["missing"] == ["DNASE/0", "DNASE/1"]
    assert [block["output_type"] for block in layout["blocks"]] == ["CHIP_HISTONE"]
    assert answer["Cache-Control"] == "no-store"
    assert "ETag" not in answer


def test_an_overview_answers_coarsely_until_the_whole_is_there(client, empty_chunk, arrays):
    reference, alternate = arrays["DNASE"]
    ids = ids_of("DNASE", reference)
    steps = services.publish(
        key=key_of("DNASE", ids=ids),
        output_type="DNASE",
        reference=reference,
        alternate=alternate,
        interval=INTERVAL,
        variants=[],
        track_rows=ids,
    )
    next(steps)
    view = {"tracks": "DNASE/0", "start": 108_000, "end": 108_400}
    early = _get(client, empty_chunk, **view)
    assert _blocks(early)["blocks"][0]["bin"] == 32
    assert early["Cache-Control"] == "no-store"

    list(steps)
    late = _get(client, empty_chunk, **view)
    assert _blocks(late)["blocks"][0]["bin"] == 1
    assert "immutable" in late["Cache-Control"]


def test_a_finished_answer_is_kept_for_ever_and_recognised(client, chunk):
    first = _get(client, chunk, tracks="DNASE/0")
    assert "immutable" in first["Cache-Control"]
    again = client.get(
        f"/api/chunks/{chunk.uuid}/signal/", {"tracks": "DNASE/0"}, HTTP_IF_NONE_MATCH=first["ETag"]
    )
    assert again.status_code == 304
    assert again.content == b""
    assert _get(client, chunk, tracks="DNASE/1")["ETag"] != first["ETag"]


def test_a_part_whose_files_are_gone_is_missing_and_no_fault(client, chunk, store):
    store.remove(ChunkPart.objects.get(chunk=chunk, output_type="DNASE").key)
    assert _blocks(_get(client, chunk, tracks="DNASE/0"))["missing"] == ["DNASE/0"]


def test_bytes_are_sent_whatever_the_accept_header_says(client, chunk):
    address = f"/api/chunks/{chunk.uuid}/signal/"
    for accept in ("application/octet-stream", "*/*", "text/html"):
        answer = client.get(address, {"tracks": "DNASE/0"}, HTTP_ACCEPT=accept)
        assert answer["Content-Type"] == "application/octet-stream"
        refused = client.get(address, {"tracks": "DNASE/99"}, HTTP_ACCEPT=accept)
        assert refused["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ({}, "tracks", "tracks is missing; name at least one track"),
        ({"tracks": ","}, "tracks", "tracks is empty"),
        ({"tracks": "DNASE/4"}, "tracks", 'no track "DNASE/4"; it has DNASE/0 to DNASE/3'),
        ({"tracks": "RNA_SEQ/0"}, "tracks", 'no track "RNA_SEQ/0"; it has DNASE, CHIP_HISTONE'),
        ({"tracks": "nonsense"}, "tracks", 'no track "nonsense"'),
        ({"tracks": "CONTACT_MAPS/0"}, "tracks", "is a contact map, not a signal"),
        ({"tracks": "SPLICE_JUNCTIONS/0"}, "tracks", "is a list of junctions, not a signal"),
        ({"tracks": ",".join(f"DNASE/{i}" for i in range(201))}, "tracks", "at most 200"),
        ({"tracks": "DNASE/0", "planes": "ref"}, "planes", 'no plane "ref"; choose from'),
        ({"tracks": "DNASE/0", "planes": ","}, "planes", "planes is empty"),
        ({"tracks": "DNASE/0", "start": "x"}, "start", "start must be a whole number of bases"),
        ({"tracks": "DNASE/0", "start": "1.5"}, "start", "start must be a whole number of bases"),
        ({"tracks": "DNASE/0", "start": 9, "end": 9}, "end", "ends at 9, which is not after"),
        ({"tracks": "DNASE/0", "end": 10**12}, "end", "end lies beyond any chromosome"),
        ({"tracks": "DNASE/0", "max_bins": 0}, "max_bins", "max_bins must be at least 1"),
        ({"tracks": "DNASE/0", "max_bins": 10**6}, "max_bins", "max_bins may be at most 20,000"),
        ({"tracks": "DNASE/0", "summary": "sum"}, "summary", 'no summary "sum"; choose auto'),
    ],
)
def test_bad_input_is_answered_with_its_sentence(client, chunk, query, field, sentence):
    answer = _get(client, chunk, **query)
    assert answer.status_code == 400
    problem = answer.json()
    assert sentence in problem["message"]
    assert problem["field"] == field
    assert problem["code"]


def test_strangers_and_unknown_chunks_get_404_at_every_address(stranger_client, client, chunk):
    for address in (
        "signal/?tracks=DNASE/0",
        "contact-map/?track=CONTACT_MAPS/0",
        "junctions/",
        "changes/",
    ):
        assert stranger_client.get(f"/api/chunks/{chunk.uuid}/{address}").status_code == 404
        unknown = "00000000-0000-4000-8000-000000000000"
        assert client.get(f"/api/chunks/{unknown}/{address}").status_code == 404
        assert client.get(f"/api/chunks/{chunk.uuid}/{address}").status_code == 200
        assert client.post(f"/api/chunks/{chunk.uuid}/{address}").status_code == 405


def test_members_of_the_project_may_read_and_nobody_signed_out(stranger_client, chunk, owner, db):
    from rest_framework.test import APIClient

    from webapp.accounts.models import User
    from webapp.projects.models import Membership, Role

    viewer = User.objects.create_user("viewer")
    Membership.objects.create(user=viewer, project=chunk.job.project, role=Role.VIEWER)
    assert _get(client_of(viewer), chunk, tracks="DNASE/0").status_code == 200
    assert _get(APIClient(), chunk, tracks="DNASE/0").status_code in (401, 403)


def test_two_jobs_share_a_part_and_each_reads_it(client, stranger_client, chunk, arrays):
    from webapp.accounts.models import User

    stranger = User.objects.get(username="stranger")
    twin = make_chunk(stranger, arrays)
    before = StoredPart.objects.count()
    mine = _get(client, chunk, tracks="DNASE/0").content
    assert _get(stranger_client, twin, tracks="DNASE/0").content == mine
    assert StoredPart.objects.count() == before

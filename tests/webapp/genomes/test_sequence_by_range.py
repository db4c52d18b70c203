"""The FASTA file by HTTP Range: every answer equals slicing the file."""

import asyncio

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from webapp.genomes import byte_ranges
from webapp.genomes.byte_ranges import UnsatisfiableRange, file_response, parse_range

URL = "/api/genomes/demoH1/sequence.fa"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-99", slice(0, 100)),
        ("bytes=1000-1000", slice(1_000, 1_001)),
        ("bytes=60000-", slice(60_000, None)),
        ("bytes=-500", slice(-500, None)),
        ("bytes=-9999999", slice(0, None)),
        ("bytes=100-9999999", slice(100, None)),
    ],
)
def test_a_range_gives_those_bytes(client, genome, header, wanted):
    whole = (genome / "genome.fa").read_bytes()
    answer = client.get(URL, HTTP_RANGE=header)
    assert answer.status_code == 206
    assert answer.content == whole[wanted]
    first, last, _ = wanted.indices(len(whole))
    assert answer["Content-Range"] == f"bytes {first}-{last - 1}/{len(whole)}"
    assert answer["Content-Length"] == str(last - first)
    assert answer["Accept-Ranges"] == "bytes"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "header", ["bytes=9-3", "bytes=a-b", "bytes=-", "items=0-5", "bytes=0-1,3-4"]
)
def test_what_is_no_single_range_gives_the_whole(client, genome, header):
    answer = client.get(URL, HTTP_RANGE=header)
    assert answer.status_code == 200
    assert answer.content == (genome / "genome.fa").read_bytes()
    assert client.get(URL).content == answer.content


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["bytes=9999999-", "bytes=9999999-99999999", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused_with_the_size(client, genome, header):
    answer = client.get(URL, HTTP_RANGE=header)
    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{(genome / 'genome.fa').stat().st_size}"


@pytest.mark.django_db
def test_if_range_sends_a_part_only_of_the_same_file(client, genome):
    first = client.get(URL, HTTP_RANGE="bytes=0-9")
    for condition in (first["ETag"], first["Last-Modified"]):
        assert client.get(URL, HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE=condition).status_code == 206
    for condition in ('"other"', "Wed, 21 Oct 2015 07:28:00 GMT", 'W/"weak"', "nonsense"):
        answer = client.get(URL, HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE=condition)
        assert answer.status_code == 200
    assert client.get(URL, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304


@pytest.mark.django_db
def test_the_index_finds_every_base_of_the_file(client, genome):
    whole = client.get(URL).content
    index = client.get(f"{URL}.fai").content.decode()
    from .conftest import SIZES, bases

    for line in index.splitlines():
        name, length, offset, width, line_width = line.split("\t")
        assert int(length) == SIZES[name]
        at = 1_234
        byte = int(offset) + at // int(width) * int(line_width) + at % int(width)
        assert whole[byte : byte + 1].decode() == bases(name)[at]


@pytest.mark.django_db
def test_the_file_needs_a_reader_who_is_signed_in_and_a_genome_that_is_there(client, genome):
    assert APIClient().get(URL).status_code in (401, 403)
    unknown = client.get("/api/genomes/hg99/sequence.fa")
    assert unknown.status_code == 404
    assert unknown.json()["message"] == 'There is no genome "hg99" here; installed: demoH1.'
    assert client.get("/api/genomes/../sequence.fa").status_code == 404


@given(
    size=st.integers(1, 1_000),
    first=st.one_of(st.none(), st.integers(0, 1_200)),
    last=st.one_of(st.none(), st.integers(0, 1_200)),
)
def test_parsed_ranges_equal_what_the_standard_says(size, first, last):
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    numbers = list(range(size))
    try:
        found = parse_range(header, size)
    except UnsatisfiableRange:
        assert (first is not None and first >= size) or (first is None and last == 0)
        return
    if first is None and last is None:
        assert found is None
    elif first is None:
        assert numbers[slice(*found)] == numbers[-last:]
    elif last is not None and last < first:
        assert found is None
    else:
        expected = [n for n in numbers if n >= first and (last is None or n <= last)]
        assert numbers[slice(*found)] == expected


@pytest.mark.parametrize("asynchronous", [False, True])
def test_long_pieces_are_streamed_block_by_block(tmp_path, monkeypatch, asynchronous):
    monkeypatch.setattr(byte_ranges, "_IN_ONE_GO", 100)
    monkeypatch.setattr(byte_ranges, "_BLOCK", 64)
    content = bytes(range(256)) * 3
    path = tmp_path / "file"
    path.write_bytes(content)
    request = RequestFactory().get("/", HTTP_RANGE="bytes=10-700")
    if asynchronous:
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": [(b"range", b"bytes=10-700")],
        }
        request = ASGIRequest(scope, None)
    answer = file_response(request, path, "text/plain")
    assert answer.streaming
    assert answer["Content-Length"] == "691"
    if asynchronous:

        async def collected():
            return b"".join([block async for block in answer])

        assert asyncio.run(collected()) == content[10:701]
    else:
        assert b"".join(answer) == content[10:701]

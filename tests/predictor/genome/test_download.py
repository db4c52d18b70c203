"""One file from a server that may fail in every way."""

import socket

import pytest

from predictor import errors
from predictor.genome.download import Patience, fetch
from predictor.weights.disk import DiskFullError

from .conftest import Behaviour

CONTENT = bytes(range(256)) * 1_000
HALF = len(CONTENT) // 2


@pytest.fixture
def waits():
    return []


@pytest.fixture
def get(server, tmp_path, told, waits):
    """Fetches the file; returns what lies under its final name."""
    server.files["/file.bin"] = CONTENT
    patience = Patience(attempts=3, first_wait=2, longest_wait=3, sleep=waits.append)

    def get() -> bytes:
        target = tmp_path / "file.bin"
        fetch(f"{server.address}/file.bin", target, report=told, patience=patience)
        return target.read_bytes()

    return get


def test_a_file_arrives_whole_and_nothing_else_stays(get, tmp_path, told):
    assert get() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file.bin"]
    assert told.steps[-1] == ("file.bin", len(CONTENT), len(CONTENT))


def test_a_dropped_connection_is_taken_up_where_it_broke(get, server, told, waits):
    server.behaviours.append(Behaviour(drop_after=HALF))
    assert get() == CONTENT
    assert server.ranges_of("file.bin") == ["", f"bytes={HALF}-"]
    assert "broke off; trying again in 2 s" in told.text
    assert waits == [2]


def test_a_server_that_ignores_range_begins_anew(get, server):
    server.behaviours.extend([Behaviour(drop_after=HALF), Behaviour(ranges=False)])
    assert get() == CONTENT


def test_a_file_that_changed_between_two_attempts_is_fetched_anew(get, server, waits, told):
    server.behaviours.append(Behaviour(drop_after=HALF))
    changed = CONTENT[::-1]
    told.say = lambda _: server.files.update({"/file.bin": changed})
    assert get() == changed


def test_a_changed_file_is_noticed_even_if_the_server_ignores_if_range(get, server, told):
    server.behaviours.extend([Behaviour(drop_after=HALF), Behaviour(if_range=False)])
    changed = CONTENT[::-1]
    said = []

    def say(sentence):
        said.append(sentence)
        server.files["/file.bin"] = changed

    told.say = say
    assert get() == changed
    assert any("has changed since its first part" in sentence for sentence in said)


def test_without_a_sign_of_sameness_a_part_is_not_continued(get, server):
    server.behaviours.append(Behaviour(drop_after=HALF, validators=False))
    assert get() == CONTENT
    assert server.ranges_of("file.bin") == ["", ""]


def test_a_part_that_is_whole_already_is_taken(get, server, tmp_path):
    server.behaviours.append(Behaviour(drop_after=HALF))
    server.behaviours.extend([Behaviour(status=503)] * 2)
    with pytest.raises(errors.DownloadError):
        get()
    (tmp_path / "file.bin.part").write_bytes(CONTENT)
    assert get() == CONTENT
    assert server.ranges_of("file.bin")[-1] == f"bytes={len(CONTENT)}-"


def test_a_part_that_is_longer_than_the_file_is_thrown_away(get, server, tmp_path):
    server.behaviours.append(Behaviour(drop_after=HALF))
    server.behaviours.extend([Behaviour(status=503)] * 2)
    with pytest.raises(errors.DownloadError):
        get()
    (tmp_path / "file.bin.part").write_bytes(CONTENT + b"more")
    assert get() == CONTENT


def test_the_part_of_another_address_is_not_continued(get, server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(b"x" * HALF)
    (tmp_path / "file.bin.part.json").write_text('{"address": "other", "validator": "\\"v\\""}')
    assert get() == CONTENT
    assert server.ranges_of("file.bin") == [""]


def test_after_some_failures_in_a_row_it_gives_up_and_keeps_the_part(get, server, tmp_path, waits):
    server.behaviours.append(Behaviour(drop_after=HALF))
    server.behaviours.extend([Behaviour(status=503)] * 2)
    with pytest.raises(errors.DownloadError, match=rf"503 .* 3 times in a row; {HALF:,} bytes"):
        get()
    assert (tmp_path / "file.bin.part").read_bytes() == CONTENT[:HALF]
    assert not (tmp_path / "file.bin").exists()
    assert waits == [2, 3]
    assert get() == CONTENT
    assert server.ranges_of("file.bin")[-1] == f"bytes={HALF}-"


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_refusal_is_not_asked_again(get, server, status):
    server.behaviours.append(Behaviour(status=status))
    with pytest.raises(errors.DownloadError, match=f"answered {status}"):
        get()
    assert len(server.requests) == 1


def test_a_server_that_is_not_there_is_one_sentence(tmp_path, told, waits):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/a"
        with pytest.raises(errors.DownloadError, match=r"no connection to 127\.0\.0\.1, 2 times"):
            fetch(
                address,
                tmp_path / "a",
                report=told,
                patience=Patience(attempts=2, sleep=waits.append),
            )


def test_a_server_that_falls_silent_is_left(server, tmp_path, told, waits):
    server.files["/a"] = CONTENT
    server.behaviours.append(Behaviour(wait_after=HALF))
    patience = Patience(silence=0.5, sleep=waits.append)
    fetch(f"{server.address}/a", tmp_path / "a", report=told, patience=patience)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert server.ranges_of("a") == ["", f"bytes={HALF}-"]


def test_room_is_asked_for_before_anything_is_written(get, server, tmp_path):
    server.behaviours.append(Behaviour(claims=10**15))
    with pytest.raises(DiskFullError, match=r"needs 1,000,000\.0 GB"):
        get()
    assert not (tmp_path / "file.bin.part").exists()


def test_an_address_that_is_none_is_one_sentence(tmp_path, told):
    with pytest.raises(errors.DownloadError, match="is no address"):
        fetch("http://", tmp_path / "a", report=told)

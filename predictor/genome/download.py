"""Files fetched over HTTP: resumed, retried, never under their final name before they are whole."""

import hashlib
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import requests
import urllib3

from predictor import errors
from predictor.weights import disk

_BLOCK = 1 << 20
_CONNECT_SECONDS = 10.0
_TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


class Report(Protocol):
    """Where a long command tells how it gets on."""

    def say(self, sentence: str) -> None:
        """Something that the person should know."""

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Bytes done of a file; `total` is None where nobody knows it."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for a server, and how often to try again.

    Attributes:
      attempts: failures in a row before giving up; one that brought `step` bytes counts anew.
      first_wait: seconds before the second attempt; doubled each time, up to `longest_wait`.
      longest_wait: seconds.
      silence: seconds without a byte after which a connection counts as broken.
      step: bytes.
      sleep: waits for so many seconds.
    """

    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 30.0
    silence: float = 60.0
    step: int = 8 * _BLOCK
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class _Note:
    """What is known of a file of which a part is there; kept beside the part."""

    address: str
    validator: str = ""

    @classmethod
    def read(cls, path: Path) -> "_Note | None":
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return None


class _TryAgainError(Exception):
    """An attempt failed in a way that may pass; the text says why."""


class _StalePartError(_TryAgainError):
    """What is there belongs to another file than the server has now."""


def fetch(
    address: str,
    target: Path,
    *,
    report: Report,
    patience: Patience | None = None,
) -> None:
    """Downloads a file; what an earlier attempt has left is not fetched again.

    The bytes go to `target` + `.part`, which stays when anything fails. A part is continued only
    if the server shows by ETag or date that the file is still the same.

    Args:
      address: http or https.
      target: appears when the file is whole, and on the disk.
      report: is told of progress and of retries.
      patience: when to give up.

    Raises:
      DownloadError: the server refuses, or does not answer for long; says what is kept.
      DiskFullError: there is too little room, before or while it is written.
    """
    patience = patience or Patience()
    target.parent.mkdir(parents=True, exist_ok=True)
    part, note = _beside(target, ".part"), _beside(target, ".part.json")
    wait, failures = patience.first_wait, 0
    with requests.Session() as session, disk.told_when_full(target.parent):
        while True:
            before = _size(part)
            try:
                _attempt(session, address, target, report, patience.silence)
                break
            except _TryAgainError as error:
                if isinstance(error, _StalePartError):
                    part.unlink(missing_ok=True)
                grown = _size(part) - before >= patience.step
                failures, wait = (1, patience.first_wait) if grown else (failures + 1, wait)
                if failures >= patience.attempts:
                    raise errors.DownloadError(
                        f"{address} could not be fetched: {error}, {failures} times in a row; "
                        f"{_size(part):,} bytes are kept, and the same command goes on from there."
                    ) from error
                report.say(f"{target.name}: {error}; trying again in {wait:g} s.")
                patience.sleep(wait)
                wait = min(2 * wait, patience.longest_wait)
        publish(part, target)
    note.unlink(missing_ok=True)


def partial_size(target: Path) -> int:
    """Bytes of a file that an earlier, interrupted download has left."""
    return _size(_beside(target, ".part"))


def publish(written: Path, final: Path) -> None:
    """Gives a file that is written its final name, in one step, and on the disk.

    After a power cut either the old or the new file is there, whole.
    """
    descriptor = os.open(written, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    written.replace(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_address(text: str) -> bool:
    """Whether a text is an address on the network, rather than a path.

    Raises:
      DownloadError: it is one of a kind that cannot be fetched.
    """
    scheme, separator, _ = text.partition("://")
    if not separator:
        return False
    if scheme not in ("http", "https"):
        raise errors.DownloadError(
            f"{text} begins with {scheme}://; only http:// and https:// addresses and paths of "
            "this machine can be read."
        )
    return True


def _beside(target: Path, suffix: str) -> Path:
    return target.with_name(target.name + suffix)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _attempt(
    session: requests.Session, address: str, target: Path, report: Report, silence: float
) -> None:
    """Fetches what is lacking; `_TryAgainError` where another attempt may help."""
    part, note_path = _beside(target, ".part"), _beside(target, ".part.json")
    note = _Note.read(note_path)
    # Without a validator nobody can tell whether the rest would fit the part.
    known = note if note and note.address == address and note.validator else None
    have = _size(part) if known else 0
    headers = {"Accept-Encoding": "identity"}
    if known and have:
        headers |= {"Range": f"bytes={have}-", "If-Range": known.validator}
    try:
        with session.get(
            address, headers=headers, stream=True, timeout=(_CONNECT_SECONDS, silence)
        ) as response:
            body = _body(response, have)
            # An answer with a part need not repeat the validator that If-Range has just held.
            validator = _validator(response) or (known.validator if known and have else "")
            if known and body.start and validator != known.validator:
                raise _StalePartError("the file has changed since its first part was fetched")
            note_path.write_text(json.dumps(asdict(_Note(address, validator))))
            _write(response, part, body, _Counter(target.name, report))
    except (requests.exceptions.InvalidURL, urllib3.exceptions.LocationParseError) as error:
        raise errors.DownloadError(f"{address} is no address: {error}.") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _TryAgainError(_reason(error, address, silence)) from error
    if body.total is not None and _size(part) != body.total:
        raise _TryAgainError(f"the connection ended after {_size(part):,} of {body.total:,} bytes")


@dataclass(frozen=True)
class _Body:
    """What an answer brings: the bytes from `start` on, of `total` (None if not told)."""

    start: int
    total: int | None


def _body(response: requests.Response, have: int) -> _Body:
    status = response.status_code
    if status == requests.codes.ok:
        length = response.headers.get("Content-Length", "")
        return _Body(0, int(length) if length.isdigit() else None)
    if status in (
        requests.codes.partial_content,
        requests.codes.requested_range_not_satisfiable,
    ):
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        first, total = found.groups() if found else (None, None)
        # "No such range" is the answer for a part that is whole already.
        start = total if status != requests.codes.partial_content else first
        if start != str(have):
            raise _StalePartError("the server sent another part than the one asked for")
        return _Body(have, int(total) if total and total.isdigit() else None)
    sentence = f"the server answered {status} {response.reason}"
    if status in _TEMPORARY:
        raise _TryAgainError(sentence)
    raise errors.DownloadError(f"{response.url} cannot be fetched: {sentence}; check the address.")


def _validator(response: requests.Response) -> str:
    """What `If-Range` may carry: a strong ETag, otherwise the date of the last change."""
    etag = response.headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        return etag
    return response.headers.get("Last-Modified", "")


@dataclass(frozen=True)
class _Counter:
    """Tells how much of one file is there."""

    name: str
    report: Report

    def tell(self, done: int, total: int | None) -> None:
        self.report.progress(self.name, done, total)


def _write(response: requests.Response, part: Path, body: _Body, counter: _Counter) -> None:
    if body.total is not None:
        disk.check_room(part.parent, body.total - body.start)
    if response.status_code == requests.codes.requested_range_not_satisfiable:
        return
    done = body.start
    with part.open("ab" if body.start else "wb") as file:
        # The bytes as they are stored: a .gz file stays one, whatever the server calls it. And as
        # they come: what was waited for together with a later byte would be lost if that is not
        # sent.
        while block := response.raw.read1(_BLOCK, decode_content=False):
            file.write(block)
            done += len(block)
            counter.tell(done, body.total)


def _reason(error: Exception, address: str, silence: float) -> str:
    """Why a connection failed, in words."""
    server = urlsplit(address).hostname
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
        return f"{server} did not answer within {silence:g} s"
    if isinstance(error, requests.exceptions.SSLError):
        return f"the certificate of {server} is not trusted"
    if isinstance(error, requests.ConnectionError):
        return f"there is no connection to {server}"
    if isinstance(error, urllib3.exceptions.HTTPError):
        return f"the connection to {server} broke off"
    return f"the request to {server} failed ({type(error).__name__})"

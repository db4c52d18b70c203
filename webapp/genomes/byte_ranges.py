"""Files by HTTP Range: igv.js reads a genome in pieces. Django's own file answers ignore Range.

Source: RFC 9110, sections 13 and 14.
"""

import re
from collections.abc import AsyncIterator, Generator
from email.utils import parsedate_to_datetime
from pathlib import Path

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import http_date

# Longer pieces are sent block by block, so that a chromosome does not fill the memory.
_IN_ONE_GO = 8 << 20
_BLOCK = 1 << 20
_RANGE = re.compile(r"bytes\s*=\s*(?P<first>\d*)\s*-\s*(?P<last>\d*)\s*")


class UnsatisfiableRange(Exception):
    """The range lies wholly beyond the end of the file."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes that a Range header asks for, half-open; None for the whole file.

    `bytes=0-99`, `bytes=100-`, and `bytes=-100` (the last hundred) are understood. What cannot be
    read, and lists of several ranges, are answered with the whole file, as the RFC allows.

    Raises:
      UnsatisfiableRange: there is no such byte.
    """
    match = _RANGE.fullmatch(header or "")
    if match is None or not (match["first"] or match["last"]):
        return None
    if not match["first"]:
        length = int(match["last"])
        if length == 0 or size == 0:
            raise UnsatisfiableRange
        return max(0, size - length), size
    first = int(match["first"])
    last = int(match["last"]) if match["last"] else size - 1
    if match["last"] and last < first:
        return None
    if first >= size:
        raise UnsatisfiableRange
    return first, min(last + 1, size)


def file_response(request: HttpRequest, path: Path, content_type: str) -> HttpResponseBase:
    """A file, or the part of it that the request asks for: 200, 206, 304 or 416."""
    status = path.stat()
    size = status.st_size
    tag = f'"{size:x}-{status.st_mtime_ns:x}"'
    modified = int(status.st_mtime)
    answer: HttpResponseBase
    if tag in request.headers.get("If-None-Match", ""):
        answer = HttpResponse(status=304)
    else:
        wanted = request.headers.get("Range")
        if wanted is not None and not _still_same(request.headers.get("If-Range"), tag, modified):
            wanted = None
        try:
            piece = parse_range(wanted, size) if request.method in ("GET", "HEAD") else None
        except UnsatisfiableRange:
            answer = HttpResponse(status=416)
            answer["Content-Range"] = f"bytes */{size}"
        else:
            first, end = piece or (0, size)
            answer = _content(request, path, first, end)
            answer["Content-Type"] = content_type
            answer["Content-Length"] = str(end - first)
            if piece is not None:
                answer.status_code = 206
                answer["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    answer["Accept-Ranges"] = "bytes"
    answer["ETag"] = tag
    answer["Last-Modified"] = http_date(modified)
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


def _still_same(condition: str | None, tag: str, modified: int) -> bool:
    """Whether a part may be sent: the reader's other parts are of this very file (If-Range)."""
    if condition is None:
        return True
    condition = condition.strip()
    if condition.startswith('"'):
        return condition == tag
    try:
        return int(parsedate_to_datetime(condition).timestamp()) == modified
    except ValueError:
        return False


def _content(request: HttpRequest, path: Path, first: int, end: int) -> HttpResponseBase:
    if request.method == "HEAD":
        return HttpResponse()
    if end - first <= _IN_ONE_GO:
        return HttpResponse(b"".join(_blocks(path, first, end)))
    if isinstance(request, ASGIRequest):
        return StreamingHttpResponse(_blocks_in_threads(path, first, end))
    return StreamingHttpResponse(_blocks(path, first, end))


def _blocks(path: Path, first: int, end: int) -> Generator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        while first < end:
            block = file.read(min(_BLOCK, end - first))
            if not block:
                return
            first += len(block)
            yield block


def _next_block(blocks: Generator[bytes]) -> bytes:
    # A StopIteration cannot pass through a coroutine.
    return next(blocks, b"")


async def _blocks_in_threads(path: Path, first: int, end: int) -> AsyncIterator[bytes]:
    blocks = _blocks(path, first, end)
    try:
        while block := await sync_to_async(_next_block)(blocks):
            yield block
    finally:
        await sync_to_async(blocks.close)()

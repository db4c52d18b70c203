"""A stand-in for the two places that publish the weights, on a port of this machine."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.release_files import SMALL, official_trees, write_checkpoint, write_metadata

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What the server hands out, and what it has been asked for.

    Attributes:
      folder: the checkpoint; its files are what is published.
      address: http://127.0.0.1:PORT.
      status: answers every question with this status, if not 200.
      code: the error code that goes with it, as Hugging Face sends it.
      break_offs: how many times it still closes the connection in the middle of the largest file.
      ranges: (file, first byte) of every download that went on from the middle.
      sent: files that were sent as a whole or to their end, in order.
    """

    folder: Path
    address: str = ""
    status: int = 200
    code: str = ""
    break_offs: int = 0
    ranges: list[tuple[str, int]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    @property
    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    @property
    def largest(self) -> str:
        return max(self.files, key=lambda name: len(self.files[name]))


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self.hub.status != 200:
            self._refuse()
        elif "/revision/" in self.path:
            self._json({"id": "google/alphagenome", "sha": COMMIT, "siblings": []})
        elif "/tree/" in self.path:
            self._json([self._entry(name) for name in self.hub.files])
        elif match := re.search(rf"/(?:resolve/{COMMIT}|files)/(.+)", self.path):
            self._file(match[1])
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """Kaggle's dialect: questions are posted, files come from another address."""
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.hub.status != 200:
            self._refuse()
        elif self.path.endswith("/GetModelInstance"):
            self._json({"versionNumber": 1})
        elif self.path.endswith("/ListModelInstanceVersionFiles"):
            self._json({"files": [{"name": name} for name in self.hub.files]})
        elif self.path.endswith("/DownloadModelInstanceVersion"):
            self.send_response(302)
            self.send_header("Location", f"{self.hub.address}/files/{asked['path']}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.send_error(404)

    def _refuse(self) -> None:
        self.send_response(self.hub.status)
        if self.hub.code:
            self.send_header("X-Error-Code", self.hub.code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _entry(self, name: str) -> dict[str, object]:
        content = self.hub.files[name]
        oid = hashlib.sha1(content).hexdigest()
        return {"type": "file", "path": name, "size": len(content), "oid": oid}

    def _file(self, name: str) -> None:
        content = self.hub.files[name]
        first = 0
        if match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            first = int(match[1])
            self.hub.ranges.append((name, first))
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        if self.command == "HEAD":
            return
        if name == self.hub.largest and self.hub.break_offs:
            self.hub.break_offs -= 1
            self.wfile.write(content[first : (first + len(content)) // 2])
            self.close_connection = True
            return
        self.wfile.write(content[first:])
        self.hub.sent.append(name)


@pytest.fixture(scope="session")
def trees():
    """(params, state) of a small network, as the release holds them."""
    return official_trees(SMALL)


@pytest.fixture(scope="session")
def small_checkpoint(tmp_path_factory, trees) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("release") / "all-folds", trees)


@pytest.fixture
def metadata(tmp_path) -> list[str]:
    """Arguments of --metadata for the small network."""
    return [str(path) for path in write_metadata(tmp_path / "metadata").values()]


@pytest.fixture
def empty_home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ALLELENS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def hub(small_checkpoint, monkeypatch, tmp_path) -> Iterator[Hub]:
    """Both publishers; the clients are told its address and a token."""
    found = Hub(folder=small_checkpoint)
    handler = type("Handler", (_Handler,), {"hub": found})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        found.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        _point_the_clients_to(found.address, monkeypatch, tmp_path)
        yield found
        server.shutdown()
        thread.join(timeout=10)


def _point_the_clients_to(address: str, monkeypatch, tmp_path: Path) -> None:
    from kagglesdk import kaggle_env

    monkeypatch.setenv("HF_ENDPOINT", address)
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_tests")
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    # Smaller than the files of the tests, so that half a file is more than nothing.
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1024)
    monkeypatch.setattr("kagglehub.clients.CHUNK_SIZE", 1024)
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("KAGGLE_API_TOKEN", "of_the_tests")
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, address)

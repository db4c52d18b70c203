"""A mirror of the published files, tiny, on a real server that misbehaves on request."""

import contextlib
import hashlib
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from predictor.genome.reference_files import ASSEMBLIES

SIZES = {"chr1": 3_000, "chr2": 2_000, "chrM": 200}


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How the server answers one request.

    Attributes:
      status: answers only this, if not 0.
      drop_after: closes the connection after so many bytes of the body.
      wait_after: sends so many bytes, then waits until the server is told to go on.
      ranges: understands Range.
      if_range: understands If-Range.
      validators: sends ETag.
      claims: says that the file is so large, whatever it is.
    """

    status: int = 0
    drop_after: int | None = None
    wait_after: int | None = None
    ranges: bool = True
    if_range: bool = True
    validators: bool = True
    claims: int = 0


@dataclass
class MirrorServer:
    """Serves files by path; remembers what it was asked for."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    behaviours: deque[Behaviour] = field(default_factory=deque)
    requests: list[tuple[str, str]] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)

    def ranges_of(self, name: str) -> list[str]:
        """The Range of each request for a file; empty for none."""
        return [asked for path, asked in self.requests if path.endswith(name)]


def etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:16]}"'


class _Handler(BaseHTTPRequestHandler):
    mirror: MirrorServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        mirror = self.mirror
        mirror.requests.append((self.path, self.headers.get("Range", "")))
        behaviour = mirror.behaviours.popleft() if mirror.behaviours else Behaviour()
        content = mirror.files.get(self.path)
        self.close_connection = True
        if behaviour.status or content is None:
            self.send_response(behaviour.status or 404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._send(content, behaviour)

    def _send(self, content: bytes, behaviour: Behaviour) -> None:
        start = self._start(content, behaviour)
        total = behaviour.claims or len(content)
        if start > len(content) or (start and start == len(content)):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{total}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if behaviour.validators:
            self.send_header("ETag", etag(content))
        self.send_header("Content-Length", str(total - start))
        self.end_headers()
        self._body(content[start:], behaviour)

    def _start(self, content: bytes, behaviour: Behaviour) -> int:
        asked = self.headers.get("Range", "")
        current = self.headers.get("If-Range") == etag(content) or not behaviour.if_range
        if not asked or not behaviour.ranges or not current:
            return 0
        return int(asked.removeprefix("bytes=").rstrip("-"))

    def _body(self, body: bytes, behaviour: Behaviour) -> None:
        with contextlib.suppress(ConnectionError):
            if behaviour.wait_after is not None:
                self.wfile.write(body[: behaviour.wait_after])
                self.wfile.flush()
                self.mirror.go_on.wait(60)
                return
            self.wfile.write(body[: behaviour.drop_after])

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[MirrorServer]:
    mirror = MirrorServer()
    handler = type("Handler", (_Handler,), {"mirror": mirror})
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    mirror.address = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield mirror
    mirror.go_on.set()
    http.shutdown()
    http.server_close()
    thread.join()


def fasta(sizes: dict[str, int]) -> str:
    rng = np.random.default_rng(5)
    texts = []
    for name, size in sizes.items():
        bases = "".join(rng.choice(list("ACGT"), size))
        lines = (bases[at : at + 60] for at in range(0, size, 60))
        texts.append(f">{name} made up\n" + "\n".join(lines) + "\n")
    return "".join(texts)


def annotation() -> pd.DataFrame:
    """Two genes on chr1, one on chr2, and one on a sequence that the FASTA lacks."""
    rows = []
    for gene, chromosome, start, end, strand in (
        ("G1.1", "chr1", 100, 900, "+"),
        ("G2.1", "chr1", 2_000, 3_000, "-"),
        ("G3.1", "chr2", 10, 500, "+"),
        ("G4.1", "GL000009.2", 10, 500, "+"),
    ):
        shared = (chromosome, strand, gene, f"NAME-{gene[1]}", "protein_coding")
        transcript = gene.replace("G", "T")
        rows += [
            ("gene", start, end, *shared, None),
            ("transcript", start, end, *shared, transcript),
            ("exon", start, start + 100, *shared, transcript),
            ("exon", end - 100, end, *shared, transcript),
            ("CDS", start + 10, start + 100, *shared, transcript),
            ("UTR", start, start + 10, *shared, transcript),
        ]
    columns = ["Feature", "Start", "End", "Chromosome", "Strand"]
    return pd.DataFrame(
        rows, columns=[*columns, "gene_id", "gene_name", "gene_type", "transcript_id"]
    )


def gtf(frame: pd.DataFrame) -> str:
    lines = []
    for row in frame.itertuples():
        transcript = f' transcript_id "{row.transcript_id}";' if row.transcript_id else ""
        lines.append(
            f"{row.Chromosome}\td\t{row.Feature}\t{row.Start + 1}\t{row.End}\t.\t{row.Strand}\t.\t"
            f'gene_id "{row.gene_id}"; gene_name "{row.gene_name}"; gene_type "protein_coding";'
            f"{transcript}"
        )
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def mirror_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the published files of both assemblies; read only."""
    folder = tmp_path_factory.mktemp("mirror")
    ends = {"Chromosome": ["chr1", "chr2"], "Strand": ["+", "-"]}
    for assembly in ASSEMBLIES.values():
        paths = {
            piece: [folder / path for path in paths] for piece, paths in assembly.files.items()
        }
        for path in (path for found in paths.values() for path in found):
            path.parent.mkdir(parents=True, exist_ok=True)
        paths["sequence"][0].write_text(fasta(SIZES))
        annotation().to_feather(paths["genes"][0])
        starts_path, ends_path = paths["splice-sites"]
        pd.DataFrame(ends | {"Start": [200, 110]}).to_feather(starts_path)
        pd.DataFrame(ends | {"End": [800, 400]}).to_feather(ends_path)
        for path in paths.get("polyadenylation", ()):
            pd.DataFrame(
                {
                    "Chromosome": ["chr1", "chr1", "chrZ"],
                    "Start": [880, 700, 5],
                    "End": [881, 701, 6],
                    "pas_strand": "+",
                    "gene_id": ["G1.1", "G1.1", "G9.1"],
                    "cut_mode": [1, 2, 3],
                }
            ).to_feather(path)
    return folder


@pytest.fixture
def mirror(server: MirrorServer, mirror_folder: Path) -> MirrorServer:
    """A server with the published files."""
    server.files = {
        f"/{path.relative_to(mirror_folder)}": path.read_bytes()
        for path in mirror_folder.rglob("*")
        if path.is_file()
    }
    return server


@dataclass
class Told:
    """A report that is remembered."""

    sentences: list[str] = field(default_factory=list)
    steps: list[tuple[str, int, int | None]] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def progress(self, what: str, done: int, total: int | None) -> None:
        self.steps.append((what, done, total))

    @property
    def text(self) -> str:
        return "\n".join(self.sentences)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def genomes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder; where the genomes would lie."""
    monkeypatch.setenv("ALLELENS_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "genomes"

"""The genomes of this installation: which there are, and their readers, opened once a process."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from predictor.engines.registry import ENGINES, fasta_path
from predictor.genome.gene_annotation import Annotation, find_annotation, load_annotation
from predictor.genome.reference import Reference
from predictor.home import genome_folder, home
from predictor.tracks.output_types import organism_name
from webapp.api_errors import NotFound

_TITLES = {
    "demoH1": "Demo genome, human-like (invented)",
    "demoM1": "Demo genome, mouse-like (invented)",
    "hg38": "Human (GRCh38, hg38)",
    "mm10": "Mouse (GRCm38, mm10)",
}


@dataclass(frozen=True)
class Assembly:
    """An installed genome.

    Attributes:
      name: such as `demoH1`.
      title: for people; says where a genome is invented.
      invented: it is nobody's genome.
      organism: `human` or `mouse`, as engines call it; empty where no engine uses it.
    """

    name: str
    title: str
    invented: bool
    organism: str

    @property
    def fasta(self) -> Path:
        """The FASTA file; its index lies beside it."""
        return fasta_path(self.name)

    @property
    def index(self) -> Path:
        """The index of the FASTA file."""
        return self.fasta.with_name(self.fasta.name + ".fai")

    @property
    def reference(self) -> Reference:
        """Its sequence."""
        return _reference(self.fasta, self.name, self.fasta.stat().st_mtime_ns)

    @property
    def annotation(self) -> Annotation:
        """Its genes; none where no annotation is installed."""
        path = find_annotation(genome_folder(self.name))
        return Annotation([]) if path is None else _annotation(path, path.stat().st_mtime_ns)


def installed_assemblies() -> list[Assembly]:
    """Those that engines use first, in the order of the engines; then by name."""
    folder = home() / "genomes"
    names = sorted(path.parent.name for path in folder.glob("*/genome.fa"))
    known = list(_organisms())
    names.sort(key=lambda name: known.index(name) if name in known else len(known))
    return [_describe(name) for name in names]


def find_assembly(name: str) -> Assembly:
    """One of the installed assemblies.

    Raises:
      NotFound: names those that are installed.
    """
    installed = {assembly.name: assembly for assembly in installed_assemblies()}
    if name not in installed:
        raise NotFound(
            f'There is no genome "{name}" here; installed: {", ".join(installed) or "none"}.'
        )
    return installed[name]


def assembly_title(name: str) -> str:
    """Title of an assembly, whether it is installed or not."""
    return _TITLES.get(name, name)


def _describe(name: str) -> Assembly:
    invented = any(
        engine.invented and name in engine.assemblies.values() for engine in ENGINES.values()
    )
    return Assembly(name, assembly_title(name), invented, _organisms().get(name, ""))


def _organisms() -> dict[str, str]:
    return {
        assembly: organism_name(organism)
        for engine in ENGINES.values()
        for organism, assembly in engine.assemblies.items()
    }


# The time of the last change tells a new file of the same name from the one that was read.


@lru_cache(maxsize=8)
def _reference(path: Path, assembly: str, modified: int) -> Reference:
    del modified
    return Reference(path, assembly=assembly)


@lru_cache(maxsize=8)
def _annotation(path: Path, modified: int) -> Annotation:
    del modified
    return load_annotation(path)

"""The engines by name: which there are, what they need, and how to open one.

Listing reads small files only and never loads JAX, so that the web process can do it. Nothing
falls back to another engine: what is not installed is refused with the reason.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alphagenome.models.dna_model import DnaModel, Organism
from alphagenome.models.dna_output import OutputType

from predictor import errors
from predictor.engines import fit, hosted_connection
from predictor.engines.out_of_memory import POSSIBLE_ERRORS, is_out_of_memory
from predictor.home import genome_folder
from predictor.tracks.output_types import organism_name
from predictor.weights.load import described_folder, weights_folder

if TYPE_CHECKING:
    from predictor.engines.local import LocalModel
    from predictor.genome.polyadenylation import PolyadenylationSites
    from predictor.genome.reference import Reference

_HUMAN, _MOUSE = Organism.HOMO_SAPIENS, Organism.MUS_MUSCULUS
_SDK_WINDOWS = (16_384, 131_072, 524_288, 1_048_576)
_FOLDS = 4
_FLOAT32 = 4


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What is fixed about an engine, whether it is installed or not.

    Attributes:
      name: as in `open_engine`.
      title: name for people.
      description: one sentence.
      assemblies: the genome of each organism.
      windows: lengths in bp that it accepts, ascending.
      default_window: in bp.
      weights_command: the command that installs its weights (or what stands for them).
      genome_command: the command that installs its genome.
      invented: its results are about an invented genome.
      needs_weights: it runs here with weights of its own.
    """

    name: str
    title: str
    description: str
    assemblies: Mapping[Organism, str]
    windows: tuple[int, ...]
    default_window: int
    weights_command: str
    genome_command: str
    invented: bool = False
    needs_weights: bool = True


@dataclass(frozen=True, kw_only=True)
class EngineDescription:
    """An engine as it stands on this machine.

    Attributes:
      engine: what is fixed about it.
      installed: it can be opened.
      problem: why not, one sentence; empty if installed.
      install_command: the command that mends it, or that installed it.
      weights_digest: SHA-256 of the weights, from their card; None without weights.
      output_types: for each organism; empty without weights.
    """

    engine: Engine
    installed: bool
    problem: str = ""
    install_command: str
    weights_digest: str | None = None
    output_types: Mapping[Organism, tuple[OutputType, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As in `open_engine`."""
        return self.engine.name


_REAL_ASSEMBLIES = {_HUMAN: "hg38", _MOUSE: "mm10"}


def _released(name: str, version: str, title: str, description: str) -> Engine:
    return Engine(
        name=name,
        title=title,
        description=description,
        assemblies=_REAL_ASSEMBLIES,
        windows=_SDK_WINDOWS,
        default_window=131_072,
        weights_command=(
            f"python -m predictor install-weights {name} --from huggingface --version {version}"
        ),
        genome_command="python -m predictor install-genome hg38",
    )


ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        Engine(
            name="demo",
            title="Demo (invented genome)",
            description=(
                "A narrow network of the same architecture, trained on an invented world; "
                "its genes, cell types and results are not real."
            ),
            assemblies={_HUMAN: "demoH1", _MOUSE: "demoM1"},
            windows=(4_096, 16_384, 32_768),
            default_window=16_384,
            weights_command=(
                "python -m predictor train pretrain --recipe demo && "
                "python -m predictor train pretrain --recipe demo-effects "
                "--from var/training/demo/weights && "
                "python -m predictor train pretrain --recipe demo-balanced "
                "--from var/training/demo-effects/weights --install demo"
            ),
            genome_command="python -m predictor simulate genome",
            invented=True,
        ),
        _released(
            "alphagenome",
            "all-folds",
            "AlphaGenome",
            "The released weights, distilled from all folds, on the genomes of human and mouse.",
        ),
        *(
            _released(
                f"fold-{fold}",
                f"fold-{fold}",
                f"AlphaGenome, fold {fold}",
                f"The released weights that were trained without fold {fold} of the genome.",
            )
            for fold in range(_FOLDS)
        ),
        Engine(
            name="hosted",
            title="AlphaGenome, hosted service",
            description="The official service, reached over the network with an API key.",
            assemblies=_REAL_ASSEMBLIES,
            windows=_SDK_WINDOWS,
            default_window=131_072,
            weights_command=hosted_connection.CONNECT_COMMAND,
            genome_command="python -m predictor install-genome hg38",
            needs_weights=False,
        ),
    )
}


def find_engine(name: str) -> Engine:
    """The fixed facts about an engine.

    Raises:
      UnknownEngineError: lists the names that exist.
    """
    if name not in ENGINES:
        raise errors.UnknownEngineError(
            f'There is no engine "{name}"; the engines are {", ".join(ENGINES)}.'
        )
    return ENGINES[name]


def list_engines() -> list[EngineDescription]:
    """All engines, installed or not, in the order in which people should see them."""
    return [describe_engine(name) for name in ENGINES]


def describe_engine(name: str) -> EngineDescription:
    """One engine as it stands on this machine.

    Raises:
      UnknownEngineError: lists the names that exist.
    """
    engine = find_engine(name)
    digest: str | None = None
    output_types: dict[Organism, tuple[OutputType, ...]] = {}
    problem, command = "", engine.weights_command
    if not engine.needs_weights and (problem := hosted_connection.problem()):
        return EngineDescription(
            engine=engine, installed=False, problem=problem, install_command=command
        )
    try:
        if engine.needs_weights:
            weights_folder(name)
        digest = engine_card(name).get("digest")
        output_types = _output_types(name)
    except errors.WeightsMissingError as error:
        problem = error.message
    except (OSError, ValueError, KeyError, AttributeError) as error:
        problem = f"The weights of the engine {name} cannot be read: {error}."
    if not problem and (problem := _missing_genome(engine)):
        command = engine.genome_command
    return EngineDescription(
        engine=engine,
        installed=not problem,
        problem=problem,
        install_command=command,
        weights_digest=digest,
        output_types=output_types,
    )


def engine_card(name: str) -> dict[str, Any]:
    """The card of the weights: seed, commit, command, digest, measured correlations.

    Raises:
      UnknownEngineError: lists the names that exist.
      WeightsMissingError: the weights are not installed.
    """
    find_engine(name)
    card: dict[str, Any] = json.loads((described_folder(name) / "card.json").read_text())
    return card


def report_path(name: str) -> Path:
    """Where the report on an engine lies, or would lie: beside its weights.

    Raises:
      UnknownEngineError: lists the names that exist.
      WeightsMissingError: the weights are not installed.
    """
    find_engine(name)
    return weights_folder(name) / "report.json"


def engine_report(name: str) -> dict[str, Any] | None:
    """What `python -m predictor evaluate` found; None where it was not run.

    Raises:
      UnknownEngineError, WeightsMissingError: as `report_path`.
    """
    path = report_path(name)
    if not path.exists():
        return None
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report


def report_command(name: str) -> str:
    """The command that makes the report; empty for an engine whose truth nobody knows.

    Raises:
      UnknownEngineError: lists the names that exist.
    """
    engine = find_engine(name)
    return f"python -m predictor evaluate --engine {engine.name}" if engine.invented else ""


def installed_engine(name: str) -> Engine:
    """The fixed facts about an engine that can be opened.

    Raises:
      UnknownEngineError: there is none of that name.
      EngineNotInstalledError: says what is missing and which command installs it;
        `WeightsMissingError` where it is the weights.
    """
    description = describe_engine(name)
    engine = description.engine
    if description.installed:
        return engine
    kind = (
        errors.WeightsMissingError
        if engine.needs_weights and description.weights_digest is None
        else errors.EngineNotInstalledError
    )
    raise kind(f"{description.problem} To install it, run: {description.install_command}")


def open_engine(name: str) -> DnaModel:
    """Loads an engine, ready to predict. Takes seconds, and loads JAX where it computes here.

    Raises:
      UnknownEngineError: there is none of that name.
      EngineNotInstalledError: says what is missing and which command installs it;
        `WeightsMissingError` where it is the weights.
      HostedServiceError: the hosted service does not answer.
      NotEnoughMemoryError: the weights do not fit into the memory that is free.
    """
    engine = installed_engine(name)
    if not engine.needs_weights:
        # Imported late: it brings gRPC with it.
        from predictor.engines.hosted import open_hosted

        return open_hosted(windows=engine.windows, references=open_references(engine))
    # Imported late: it brings JAX with it.
    from predictor.engines.local import LocalModel

    needed, room = _weights_bytes(name), fit.room()
    try:
        # Before the system ends the process.
        if needed > room:
            raise MemoryError
        return LocalModel.load(
            weights_folder(name),
            engine=name,
            references=open_references(engine),
            annotations=annotation_paths(engine),
            polyadenylation_sites=open_polyadenylation_sites(engine),
            windows=engine.windows,
        )
    except POSSIBLE_ERRORS as error:
        if not is_out_of_memory(error):
            raise
        raise errors.NotEnoughMemoryError(
            f"The weights of the engine {name} take {needed / 1e9:.1f} GB of memory, and "
            f"{max(room, 0) / 1e9:.1f} GB are free; end other programs, or raise "
            f"{fit.MEMORY_VARIABLE} where that is set."
        ) from None


def _weights_bytes(name: str) -> int:
    """What the weights take in float32; 0 where their card does not tell."""
    return _FLOAT32 * int(engine_card(name).get("parameters", 0))


def open_network(name: str, what: str) -> "LocalModel":
    """Opens an engine that is to give `what` only a network in this process can.

    Raises:
      NotSupportedError: the engine is a service somewhere else.
      And as `open_engine`.
    """
    from predictor.engines.local import LocalModel

    model = open_engine(name)
    if not isinstance(model, LocalModel):
        raise errors.NotSupportedError(
            f"The engine {name} gives no {what}; choose one whose weights are installed here."
        )
    return model


def open_references(engine: Engine) -> dict[Organism, "Reference"]:
    """The genomes of an engine that are installed."""
    from predictor.genome.reference import Reference

    return {
        organism: Reference(fasta_path(assembly), assembly=assembly)
        for organism, assembly in engine.assemblies.items()
        if fasta_path(assembly).exists()
    }


def open_reference(engine: Engine, organism: Organism) -> "Reference":
    """The genome of one organism.

    Raises:
      UnsupportedOrganismError: the engine has no assembly for it.
      GenomeMissingError: it is not installed; names the command that installs it.
    """
    if organism not in engine.assemblies:
        raise errors.UnsupportedOrganismError(
            f"The engine {engine.name} has no genome of {organism_name(organism)}."
        )
    references = open_references(engine)
    if organism not in references:
        raise errors.GenomeMissingError(
            f"The genome {engine.assemblies[organism]} is not installed. "
            f"To install it, run: {engine.genome_command}"
        )
    return references[organism]


def annotation_paths(engine: Engine) -> dict[Organism, Path]:
    """The gene annotations of an engine that are installed, for `load_annotation`."""
    from predictor.genome.gene_annotation import find_annotation

    found = {
        organism: find_annotation(genome_folder(assembly))
        for organism, assembly in engine.assemblies.items()
    }
    return {organism: path for organism, path in found.items() if path is not None}


def open_polyadenylation_sites(engine: Engine) -> dict[Organism, "PolyadenylationSites"]:
    """The polyadenylation sites of an engine's genomes that are installed.

    Raises:
      AnnotationError: a table cannot be read.
    """
    from predictor.genome.polyadenylation import PolyadenylationSites, installed_sites

    found = {
        organism: installed_sites(genome_folder(assembly))
        for organism, assembly in engine.assemblies.items()
    }
    return {
        organism: PolyadenylationSites(table)
        for organism, table in found.items()
        if table is not None
    }


def fasta_path(assembly: str) -> Path:
    """Where the FASTA file of an assembly lies, or would lie."""
    return genome_folder(assembly) / "genome.fa"


def _missing_genome(engine: Engine) -> str:
    """One sentence if the genome of the first organism is not there; others may be missing."""
    for assembly in engine.assemblies.values():
        if fasta_path(assembly).exists():
            return ""
    first = next(iter(engine.assemblies.values()))
    return f"The genome {first} is not installed (looked for {fasta_path(first)})."


def _output_types(name: str) -> dict[Organism, tuple[OutputType, ...]]:
    from predictor.tracks.catalogue import catalogue

    tracks = catalogue(name)
    return {organism: tuple(tracks.output_types(organism)) for organism in tracks.organisms}

"""Makes the files of an assembly in a staging folder, and checks that they fit each other."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyarrow import feather

from predictor import errors
from predictor.genome import fasta_file
from predictor.genome.annotation_rows import read_rows
from predictor.genome.chromosome_match import check_ends, check_match, match_chromosomes
from predictor.genome.chromosome_names import ChromosomeNames
from predictor.genome.download import Report
from predictor.genome.gene_annotation import STORED_GENES, STORED_SPLICE_SITES
from predictor.genome.gene_table import build, open_genes
from predictor.genome.install_record import SourceFile
from predictor.genome.polyadenylation import STORED_SITES, read_sites
from predictor.genome.reference_files import (
    GENES,
    POLYADENYLATION,
    SEQUENCE,
    SPLICE_SITES,
    PublishedAssembly,
)
from predictor.genome.splice_sites import SpliceSites

STORED_SEQUENCE = "genome.fa"


@dataclass(frozen=True)
class Fetched:
    """A source that is there and is what was expected.

    Attributes:
      path: where it lies.
      ours: it was downloaded, and is not a person's own file.
      about: its origin.
    """

    path: Path
    ours: bool
    about: SourceFile


@dataclass(frozen=True)
class Workshop:
    """Makes the files of each piece in the staging folder."""

    assembly: PublishedAssembly
    folder: Path
    staging: Path
    report: Report

    def make(self, fetched: Mapping[str, Sequence[Fetched]]) -> dict[str, list[Path]]:
        """The files of each piece, still under staging.

        Raises:
          AllelensError: a file cannot be read, or does not fit the others.
        """
        made: dict[str, list[Path]] = {}
        if SEQUENCE in fetched:
            chromosomes, made[SEQUENCE] = self._sequence(fetched[SEQUENCE][0])
            self._check_what_stays(chromosomes, fetched)
        else:
            chromosomes = self._installed_chromosomes()
        makers: dict[str, Callable[[Sequence[Path], ChromosomeNames], Path]] = {
            GENES: self._genes,
            SPLICE_SITES: self._splice_sites,
            POLYADENYLATION: self._polyadenylation,
        }
        for piece in [piece for piece in makers if piece in fetched]:
            made[piece] = [makers[piece]([file.path for file in fetched[piece]], chromosomes)]
        return made

    def _sequence(self, source: Fetched) -> tuple[ChromosomeNames, list[Path]]:
        fasta = self.staging / STORED_SEQUENCE
        self.report.say(f"{source.path.name}: making the index")
        names = fasta_file.write_fasta(
            source.path, fasta, assembly=self.assembly.name, link=source.ours
        )
        self.report.say(
            f"sequence: {len(names.sizes):,} chromosomes, {sum(names.sizes.values()):,} bp"
        )
        first = names.find("chr1")
        if first and names.sizes[first] != self.assembly.first_chromosome:
            self.report.say(
                f"Note: {first} has {names.sizes[first]:,} bp, but that of {self.assembly.release} "
                f"has {self.assembly.first_chromosome:,}; is this the sequence of "
                f"{self.assembly.name}?"
            )
        return names, [fasta, fasta_file.index_path(fasta)]

    def _installed_chromosomes(self) -> ChromosomeNames:
        fasta = self.folder / STORED_SEQUENCE
        if not fasta.is_file():
            raise errors.InstallationError(
                f"The sequence of {self.assembly.name} is not installed, and nothing else can be "
                f"without it; add {SEQUENCE} to --only, or give --fasta."
            )
        return fasta_file.chromosomes(fasta, assembly=self.assembly.name)

    def _check_what_stays(
        self, chromosomes: ChromosomeNames, fetched: Mapping[str, Sequence[Fetched]]
    ) -> None:
        """Genes that stay were translated to the names of the sequence that goes."""
        genes = self.folder / STORED_GENES
        if GENES in fetched or not genes.is_file():
            return
        lost = [
            name for name in open_genes(genes).chromosome_rows() if name not in chromosomes.sizes
        ]
        if lost:
            raise errors.AssemblyMismatchError(
                f"The genes that are installed lie on {lost[0]}, which this FASTA lacks; install "
                "both together, for example with --annotation."
            )

    def _genes(self, paths: Sequence[Path], chromosomes: ChromosomeNames) -> Path:
        rows = read_rows(paths[0])
        if not rows.gene_ids:
            raise errors.AnnotationError(f"{paths[0].name} holds no genes; is it an annotation?")
        what = f"The annotation {paths[0].name}"
        match = match_chromosomes(rows.gene_chromosomes, chromosomes)
        check_match(match, what, chromosomes)
        names = [match.names.get(name, name) for name in rows.gene_chromosomes]
        table = build(dataclasses.replace(rows, gene_chromosomes=names)).on(match.names.values())
        spans = table.chromosome_rows()
        check_ends(
            {name: int(table.ends[span].max()) for name, span in spans.items()}, what, chromosomes
        )
        self._tell("genes", len(table), len(rows.gene_ids) - len(table), match.sentence())
        bare = len(chromosomes.sizes) - len(spans)
        if bare:
            self.report.say(
                f"genes: {bare:,} of {len(chromosomes.sizes):,} chromosomes of the FASTA have none"
            )
        table.write(self.staging / STORED_GENES)
        return self.staging / STORED_GENES

    def _splice_sites(self, paths: Sequence[Path], chromosomes: ChromosomeNames) -> Path:
        found = SpliceSites.from_junction_tables(*paths)
        what = f"The table {paths[0].name}"
        match = match_chromosomes(found.last_positions, chromosomes)
        check_match(match, what, chromosomes)
        kept = found.renamed(match.names)
        ends = {name: last + 1 for name, last in kept.last_positions.items()}
        check_ends(ends, what, chromosomes)
        self._tell("splice sites", len(kept), len(found) - len(kept), match.sentence())
        kept.write(self.staging / STORED_SPLICE_SITES)
        return self.staging / STORED_SPLICE_SITES

    def _polyadenylation(self, paths: Sequence[Path], chromosomes: ChromosomeNames) -> Path:
        found = read_sites(paths[0])
        what = f"The table {paths[0].name}"
        match = match_chromosomes(found["Chromosome"].astype(str), chromosomes)
        check_match(match, what, chromosomes)
        kept = found.assign(Chromosome=found["Chromosome"].astype(str).map(match.names))
        kept = kept.dropna(subset="Chromosome").reset_index(drop=True)
        ends = kept.groupby("Chromosome")["End"].max()
        check_ends({str(name): int(end) for name, end in ends.items()}, what, chromosomes)
        self._tell("polyadenylation sites", len(kept), len(found) - len(kept), match.sentence())
        feather.write_feather(kept, str(self.staging / STORED_SITES))
        return self.staging / STORED_SITES

    def _tell(self, what: str, kept: int, left_out: int, absent: str) -> None:
        rest = f"; {absent}; their {left_out:,} {what} are left out" if absent else ""
        self.report.say(f"{what}: {kept:,}{rest}")

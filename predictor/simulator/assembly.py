"""Files of the two demo assemblies: sequence, genes, polyA sites, show-case.

The files are the same bytes on every machine; the SHA-256 of each FASTA file is fixed here
and compared each time the files are written.

Source: specification of the demo genome, sections 2 and 7.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from alphagenome.models.dna_model import Organism

from predictor.errors import AllelensError
from predictor.simulator import grammar, showcase, truth
from predictor.simulator.chromosome import Chromosome, PlacedGene, build_chromosome, gene_names
from predictor.simulator.showcase_entry import CHROMOSOME
from predictor.simulator.showcase_loci import build_showcase

FASTA_SHA256 = {
    Organism.HOMO_SAPIENS: "519b21d31f93eeb92359c7f0b9d2d958bd84f2deda64f976596b3efe1e6f7d2d",
    Organism.MUS_MUSCULUS: "ded4323e6f7e29a7bef1853f72f9c9264433741c951a59cfb0993ce7af3be29e",
}
# No training or test stream starts with this number: the assembly is never trained on.
SEED = 20_260_101
_LINE = 60
_LONG, _SHORT = 393_216, 262_144


class GenomeChecksumError(AllelensError):
    """The generator made other bases than the ones this version is known for."""

    code = "genome_checksum"


def chromosomes(organism: Organism) -> list[Chromosome]:
    """The chromosomes of an assembly, made anew (about a second)."""
    return list(_CHROMOSOMES[organism]())


def _human() -> Iterator[Chromosome]:
    names = gene_names((SEED, 1))
    for number in (1, 2):
        yield build_chromosome(
            f"demo{number}", _LONG, Organism.HOMO_SAPIENS, (SEED, 2, number), names
        )
    yield build_showcase(CHROMOSOME, (SEED, 3), names)


def _mouse() -> Iterator[Chromosome]:
    names = gene_names((SEED, 5))
    yield build_chromosome("demoM", _SHORT, Organism.MUS_MUSCULUS, (SEED, 6), names)


_CHROMOSOMES: dict[Organism, Callable[[], Iterator[Chromosome]]] = {
    Organism.HOMO_SAPIENS: _human,
    Organism.MUS_MUSCULUS: _mouse,
}


def write_assembly(out: Path) -> list[Path]:
    """Writes `demoH1/` and `demoM1/` below `out`; existing files are replaced.

    Each holds genome.fa, genome.fa.fai, genes.gtf, polya.tsv and chrom.sizes; `demoH1` also
    showcase.vcf and showcase_truth.json (the exact truth of the show-case variants).

    Returns:
      The files written.

    Raises:
      GenomeChecksumError: the sequence differs from the fixed SHA-256.
    """
    written: list[Path] = []
    for organism, rules in grammar.ORGANISMS.items():
        folder = out / rules.assembly
        folder.mkdir(parents=True, exist_ok=True)
        made = chromosomes(organism)
        contents = {
            "genome.fa": _fasta(made),
            "genome.fa.fai": _fasta_index(made),
            "genes.gtf": _gtf(made, rules.assembly),
            "polya.tsv": _polya_table(made, rules.assembly),
            "chrom.sizes": "".join(f"{c.name}\t{len(c.codes)}\n" for c in made),
        }
        _check(contents["genome.fa"], organism, rules.assembly)
        for name, text in contents.items():
            (folder / name).write_text(text, encoding="ascii", newline="\n")
            written.append(folder / name)
        for chromosome in made:
            if chromosome.name == CHROMOSOME:
                showcase.write_vcf(folder / "showcase.vcf")
                truth.write_showcase_truth(folder / "showcase_truth.json", chromosome, organism)
                written += [folder / "showcase.vcf", folder / "showcase_truth.json"]
    return written


def _check(fasta: str, organism: Organism, assembly: str) -> None:
    found = hashlib.sha256(fasta.encode("ascii")).hexdigest()
    if found != FASTA_SHA256[organism]:
        raise GenomeChecksumError(
            f"The generator made {assembly} with SHA-256 {found}, expected "
            f"{FASTA_SHA256[organism]}: the rules of the generator or NumPy's PCG64 changed. "
            "Restore them, or fix the new hash and retrain the demo weights."
        )


def _fasta(made: Sequence[Chromosome]) -> str:
    lines: list[str] = []
    for chromosome in made:
        letters = grammar.decode(chromosome.codes)
        lines.append(f">{chromosome.name}")
        lines += [letters[start : start + _LINE] for start in range(0, len(letters), _LINE)]
    return "\n".join(lines) + "\n"


def _fasta_index(made: Sequence[Chromosome]) -> str:
    """Name, length, offset of the first base, bases and bytes per line."""
    lines, offset = [], 0
    for chromosome in made:
        length = len(chromosome.codes)
        offset += len(chromosome.name) + 2
        lines.append(f"{chromosome.name}\t{length}\t{offset}\t{_LINE}\t{_LINE + 1}\n")
        offset += length + -(-length // _LINE)
    return "".join(lines)


def _numbered(made: Sequence[Chromosome], assembly: str) -> Iterator[tuple[str, str, PlacedGene]]:
    """Identifier, chromosome and gene, in order of place."""
    prefix = "DEMOG" if assembly == "demoH1" else "DEMOMUSG"
    number = 0
    for chromosome in made:
        for gene in sorted(chromosome.genes, key=lambda gene: gene.span):
            number += 1
            yield f"{prefix}{number:05d}", chromosome.name, gene


def _gtf(made: Sequence[Chromosome], assembly: str) -> str:
    """Genes with one transcript each, 1-based closed as GTF wants it."""
    lines = [f"##description: planned genes of {assembly}, an invented genome"]
    for identifier, chromosome, gene in _numbered(made, assembly):
        shared = {
            "gene_id": identifier,
            "gene_type": "protein_coding",
            "gene_name": gene.name,
        }
        of_transcript = shared | {
            "transcript_id": f"{identifier}.T1",
            "transcript_type": "protein_coding",
            "transcript_name": f"{gene.name}-1",
            "transcript_support_level": "1",
        }
        rows = [("gene", gene.span, shared), ("transcript", gene.span, of_transcript)]
        exons = gene.exons if gene.strand == "+" else gene.exons[::-1]
        rows += [
            ("exon", exon, of_transcript | {"exon_number": str(number)})
            for number, exon in enumerate(exons, 1)
        ]
        lines += [_gtf_line(chromosome, gene.strand, *row) for row in rows]
    return "\n".join(lines) + "\n"


def _gtf_line(
    chromosome: str,
    strand: str,
    feature: str,
    span: tuple[int, int],
    attributes: dict[str, str],
) -> str:
    described = " ".join(f'{key} "{value}";' for key, value in attributes.items())
    start, end = span
    fields = (chromosome, "demo", feature, str(start + 1), str(end), ".", strand, ".", described)
    return "\t".join(fields)


def _polya_table(made: Sequence[Chromosome], assembly: str) -> str:
    """Cleavage sites, 0-based half-open, of each gene from 5' to 3'."""
    lines = ["Chromosome\tStart\tEnd\tgene_id\tgene_name\tpas_strand"]
    for identifier, chromosome, gene in _numbered(made, assembly):
        lines += [
            f"{chromosome}\t{site}\t{site + 1}\t{identifier}\t{gene.name}\t{gene.strand}"
            for site in gene.cleavage_sites
        ]
    return "\n".join(lines) + "\n"

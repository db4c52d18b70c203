"""Reads about genomes."""

from typing import Any

from predictor import errors
from predictor.genome.gene_annotation import Gene
from webapp.genomes.assemblies import Assembly, installed_assemblies
from webapp.genomes.places import search


def genomes() -> list[dict[str, Any]]:
    """The installed genomes."""
    return [
        {
            "assembly": assembly.name,
            "title": assembly.title,
            "invented": assembly.invented,
            "organism": assembly.organism,
            "chromosomes": [
                {"name": name, "length": length}
                for name, length in assembly.reference.chromosome_sizes.items()
            ],
            "fasta_url": f"/api/genomes/{assembly.name}/sequence.fa",
            "index_url": f"/api/genomes/{assembly.name}/sequence.fa.fai",
        }
        for assembly in installed_assemblies()
    ]


def genes_in(
    *, assembly: Assembly, chromosome: str, start: int | None, end: int | None, limit: int
) -> dict[str, Any]:
    """Genes of which a base lies in [start, end), by start; of too many the longest are shown.

    Raises:
      UnknownChromosomeError: names some that exist.
      InvalidIntervalError: the end is not after the start.
    """
    name = assembly.reference.names.resolve(chromosome)
    start = 0 if start is None else start
    end = assembly.reference.chromosome_sizes[name] if end is None else end
    if end <= start:
        raise errors.InvalidIntervalError(
            f"The interval ends at {end}, which is not after its start {start}.", field="end"
        )
    found = assembly.annotation.genes(name, start, end)
    shown = sorted(found, key=lambda gene: gene.start - gene.end)[:limit]
    shown.sort(key=lambda gene: (gene.start, gene.end, gene.id))
    return {
        "genes": [_gene(gene) for gene in shown],
        "shown": len(shown),
        "total": len(found),
    }


def _gene(gene: Gene) -> dict[str, Any]:
    return {
        "id": gene.id,
        "name": gene.name,
        "chromosome": gene.chromosome,
        "start": gene.start,
        "end": gene.end,
        "strand": gene.strand,
        "gene_type": gene.gene_type,
        "transcripts": [
            {
                "id": transcript.id,
                "start": transcript.start,
                "end": transcript.end,
                "exons": [list(exon) for exon in transcript.exons],
                "cds": [list(span) for span in transcript.cds],
            }
            for transcript in gene.transcripts
        ],
    }


def search_results(*, assembly: Assembly, text: str, limit: int) -> list[dict[str, Any]]:
    """What a text may mean on a genome, the most exact first."""
    found = search(text, reference=assembly.reference, annotation=assembly.annotation, limit=limit)
    return [
        {
            "kind": hit.kind,
            "label": hit.label,
            "sentence": hit.sentence,
            "interval": hit.interval
            and {
                "chromosome": hit.interval.chromosome,
                "start": hit.interval.start,
                "end": hit.interval.end,
                "strand": hit.interval.strand,
            },
            "variant": hit.variant
            and {
                "text": str(hit.variant),
                "chromosome": hit.variant.chromosome,
                "position": hit.variant.position,
                "reference_bases": hit.variant.reference_bases,
                "alternate_bases": hit.variant.alternate_bases,
            },
            "problem": hit.problem
            and {
                "code": hit.problem.code,
                "message": hit.problem.message,
                "swap": hit.problem.swap,
            },
        }
        for hit in found
    ]

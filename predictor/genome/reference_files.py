"""The published files of the assemblies that the released weights were trained on.

Source: spec/reference_files.md.
"""

from dataclasses import dataclass

from predictor import errors

BASE_ADDRESS = "https://storage.googleapis.com/alphagenome/reference/"

SEQUENCE, GENES = "sequence", "genes"
SPLICE_SITES, POLYADENYLATION = "splice-sites", "polyadenylation"
PIECES = (SEQUENCE, GENES, SPLICE_SITES, POLYADENYLATION)


@dataclass(frozen=True)
class PublishedAssembly:
    """An assembly that can be installed.

    Attributes:
      name: such as `hg38`.
      release: name of the sequence as its consortium calls it.
      organism: as engines call it.
      first_chromosome: length of chromosome 1 in bp, which tells assemblies apart.
      files: paths under the base address, by piece.
    """

    name: str
    release: str
    organism: str
    first_chromosome: int
    files: dict[str, tuple[str, ...]]


_GENCODE_HUMAN, _GENCODE_MOUSE = "gencode/hg38/gencode.v46", "gencode/mm10/gencode.vM23"

ASSEMBLIES = {
    assembly.name: assembly
    for assembly in (
        PublishedAssembly(
            name="hg38",
            release="GRCh38.p13",
            organism="human",
            first_chromosome=248_956_422,
            files={
                SEQUENCE: ("gencode/hg38/GRCh38.p13.genome.fa",),
                GENES: (f"{_GENCODE_HUMAN}.annotation.gtf.gz.feather",),
                SPLICE_SITES: (
                    f"{_GENCODE_HUMAN}.splice_sites_starts.feather",
                    f"{_GENCODE_HUMAN}.splice_sites_ends.feather",
                ),
                POLYADENYLATION: ("exon/hg38/polyadb_human_v3_exon3_contiguous_gtfv46.feather",),
            },
        ),
        PublishedAssembly(
            name="mm10",
            release="GRCm38.p6",
            organism="mouse",
            first_chromosome=195_471_971,
            files={
                SEQUENCE: ("gencode/mm10/GRCm38.p6.genome.fa",),
                GENES: (f"{_GENCODE_MOUSE}.annotation.gtf.gz.feather",),
                SPLICE_SITES: (
                    f"{_GENCODE_MOUSE}.splice_sites_starts.feather",
                    f"{_GENCODE_MOUSE}.splice_sites_ends.feather",
                ),
            },
        ),
    )
}


def published_assembly(name: str) -> PublishedAssembly:
    """The assembly of that name.

    Raises:
      UnknownAssemblyError: names those that can be installed; the invented ones are simulated.
    """
    if name in ASSEMBLIES:
        return ASSEMBLIES[name]
    if name.startswith("demo"):
        raise errors.UnknownAssemblyError(
            f"{name} is invented and has no files to fetch; make it with: "
            "python -m predictor simulate genome"
        )
    known = " and ".join(f"{found.name} ({found.release})" for found in ASSEMBLIES.values())
    raise errors.UnknownAssemblyError(f'There is no genome "{name}" to install; there are {known}.')

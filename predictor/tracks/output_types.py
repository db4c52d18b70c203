"""The eleven output types: resolution, shape, and the head of the network behind each."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor import errors

Kind = Literal["signal", "junctions", "contact_map"]


@dataclass(frozen=True, kw_only=True)
class OutputDescription:
    """What is the same for all tracks of an output type.

    Attributes:
      head: name of the head of the network.
      resolution: bp per bin; for junctions the resolution of their ends.
      kind: `signal` [bins, tracks], `contact_map` [bins, bins, tracks], or a list of junctions.
      title: name for people.
    """

    head: str
    resolution: int
    kind: Kind = "signal"
    title: str


# In the order of the SDK's `Output`.
OUTPUTS: dict[OutputType, OutputDescription] = {
    OutputType.ATAC: OutputDescription(head="atac", resolution=1, title="ATAC-seq"),
    OutputType.CAGE: OutputDescription(head="cage", resolution=1, title="CAGE"),
    OutputType.DNASE: OutputDescription(head="dnase", resolution=1, title="DNase-seq"),
    OutputType.RNA_SEQ: OutputDescription(head="rna_seq", resolution=1, title="RNA-seq"),
    OutputType.CHIP_HISTONE: OutputDescription(
        head="chip_histone", resolution=128, title="Histone ChIP-seq"
    ),
    OutputType.CHIP_TF: OutputDescription(head="chip_tf", resolution=128, title="TF ChIP-seq"),
    OutputType.SPLICE_SITES: OutputDescription(
        head="splice_sites_classification", resolution=1, title="Splice sites"
    ),
    OutputType.SPLICE_SITE_USAGE: OutputDescription(
        head="splice_sites_usage", resolution=1, title="Splice site usage"
    ),
    OutputType.SPLICE_JUNCTIONS: OutputDescription(
        head="splice_sites_junction", resolution=1, kind="junctions", title="Splice junctions"
    ),
    OutputType.CONTACT_MAPS: OutputDescription(
        head="contact_maps", resolution=2048, kind="contact_map", title="Contact maps"
    ),
    OutputType.PROCAP: OutputDescription(head="procap", resolution=1, title="PRO-cap"),
}

ORGANISM_NAMES: dict[str, Organism] = {
    "human": Organism.HOMO_SAPIENS,
    "mouse": Organism.MUS_MUSCULUS,
}


def organism_name(organism: Organism) -> str:
    """`human` or `mouse`."""
    return next(name for name, member in ORGANISM_NAMES.items() if member is organism)


def parse_organism(name: str) -> Organism:
    """The organism called `human` or `mouse`, or by its name in the SDK.

    Raises:
      UnsupportedOrganismError: names the two.
    """
    found = ORGANISM_NAMES.get(name.strip().lower())
    if found is None and name in Organism.__members__:
        return Organism[name]
    if found is None:
        raise errors.UnsupportedOrganismError(
            f'There is no organism "{name}"; choose human or mouse.'
        )
    return found


def parse_output_types(names: Iterable[str]) -> list[OutputType]:
    """Output types by their names in the SDK, in the order given, without repetitions.

    Raises:
      UnknownOutputTypeError: lists the eleven names.
    """
    found = []
    for name in names:
        key = name.strip().upper().replace("-", "_")
        if key not in OutputType.__members__:
            raise errors.UnknownOutputTypeError(
                f'There is no output type "{name}"; choose from '
                f"{', '.join(member.name for member in OUTPUTS)}."
            )
        found.append(OutputType[key])
    return list(dict.fromkeys(found))

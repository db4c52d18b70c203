"""Variants worth trying, by stratum: where in a window each rule can be tested.

A rule yields one proposal for every place in a window that it applies to, with bases drawn at
random; which of them are kept is decided by their truth (`held_out`).

Where sites can only be lost (promoters, splice sites, polyA signals, splicing enhancers), half
of the proposals are turned round: the window has the site broken, and the variant restores it.
Otherwise a network that always answers "down" would have every sign right.

Source: specification of the demo genome, section 9.
"""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np

from predictor.simulator import contact, elements, grammar
from predictor.simulator.background import random_bases
from predictor.simulator.occupancy import OrientedSites
from predictor.simulator.random_words import RandomWords
from predictor.simulator.track_table import RESOLUTION
from predictor.simulator.transcript import CLEAVAGE_BEHIND_HEXAMER
from predictor.simulator.variant_scores import Probe, Span
from predictor.simulator.window_reading import ReadGene, Site, WindowReading, main_donor

MARGIN = 2048
"""Bases at either end of a window in which nothing is changed: there the context is cut off."""

_OPEN = 0.3
_PARTNER_REACH = 150
_INSERTION_REACH = 90
_LONGEST_INDEL = 20
_DISTAL = (1000, 5000)
_TURNED = 0.5
# How far upstream of the start site the middle of a promoter's sites can be.
_UPSTREAM = {"Inr": (0, 1), "TATA": (26, 35), "SP1": (34, 190)}
_DONOR = (-2, 7)  # bases of the 9-mer around the last exon base
_ACCEPTOR = (-15, 1)  # tract, YAG and first exon base
_RBFOX_REACH = 200
_DOWNSTREAM = 200
_DOWNSTREAM_GAP = 10
_ACROSS = 2  # bins to either side of a CTCF site without a loop


@dataclasses.dataclass(frozen=True, kw_only=True)
class Proposal:
    """A change, and how to look at it.

    Attributes:
      start: 0-based first base that is replaced.
      reference: bases of the window there.
      alternate: what stands there afterwards.
      probe: the score that the change is about.
      cause: what happens, in words.
      turned: the window is to hold `alternate`, and the variant restores `reference`.
    """

    start: int
    reference: str
    alternate: str
    probe: Probe
    cause: str
    turned: bool = False


Rule = Callable[[WindowReading, RandomWords], Iterator[Proposal]]


@dataclasses.dataclass(frozen=True)
class Change:
    """Bases that are replaced; the attributes are those of `Proposal`."""

    start: int
    reference: str
    alternate: str


def _proposal(
    change: Change,
    cause: str,
    *,
    head: str,
    track: int,
    scorer: str,
    spans: tuple[Span, ...] = (),
    turned: bool = False,
) -> Proposal:
    return Proposal(
        start=change.start,
        reference=change.reference,
        alternate=change.alternate,
        probe=Probe(head=head, track=track, scorer=scorer, position=change.start, spans=spans),
        cause=f"{cause}, turned round" if turned else cause,
        turned=turned,
    )


def inside(window: WindowReading, *positions: int) -> bool:
    """True if the positions are not too near to either end of the window."""
    return all(MARGIN <= position < window.world.length - MARGIN for position in positions)


def substitution(window: WindowReading, place: int, bases: str, random: RandomWords) -> Change:
    """Another base at a place, one of `bases`."""
    old = window.letters(place, place + 1)
    return Change(place, old, random.choice([base for base in bases if base != old]))


def _breaking(window: WindowReading, site: Site, random: RandomWords) -> Change:
    """An SNV that makes a full match lose one base."""
    informative = [i for i, symbol in enumerate(site.consensus) if symbol != "N"]
    index = random.choice(informative)
    allowed = grammar.IUPAC[site.consensus[index]]
    others = "".join(base for base in "ACGT" if base not in allowed)
    return substitution(window, site.start + index, others, random)


def _completing(window: WindowReading, site: Site, random: RandomWords) -> Change:
    """The SNV that makes a match with one mismatch a full one."""
    letters = window.letters(site.start, site.end)
    index = next(
        i
        for i, (base, symbol) in enumerate(zip(letters, site.consensus, strict=True))
        if base not in grammar.IUPAC[symbol]
    )
    allowed = grammar.IUPAC[site.consensus[index]]
    return substitution(window, site.start + index, allowed, random)


def _sites_lost(window: WindowReading, cell: grammar.CellType) -> Iterator[tuple[str, Site]]:
    """Full matches of factors that act in a cell type, where its chromatin is open."""
    accessible = window.world.hidden.accessibility[window.world.row(cell.key)]
    for factor in cell.weights:
        for site in window.sites(grammar.MOTIFS[factor]):
            if inside(window, site.start, site.end) and accessible[site.middle] > _OPEN:
                yield factor, site


def _sites_gained(window: WindowReading, cell: grammar.CellType) -> Iterator[tuple[str, Site]]:
    """Matches with one mismatch beside a full match of an activating factor."""
    partners = np.array([site.middle for site in _partners(window, cell)])
    for factor in cell.weights:
        for site in window.sites(grammar.MOTIFS[factor], mismatches=1):
            near = np.abs(partners - site.middle) <= _PARTNER_REACH
            if inside(window, site.start, site.end) and near.any():
                yield factor, site


def _partners(window: WindowReading, cell: grammar.CellType) -> list[Site]:
    return [
        site
        for factor, weight in cell.weights.items()
        if weight > 0
        for site in window.sites(grammar.MOTIFS[factor])
    ]


def _in_dnase(
    window: WindowReading, cell: grammar.CellType, change: Change, cause: str
) -> Proposal:
    (row,) = window.rows("dnase", cell_type=cell.key)
    return _proposal(change, cause, head="dnase", track=row, scorer="center_log2")


def site_broken(window: WindowReading, random: RandomWords) -> Iterator[Proposal]:
    """An SNV inside a full match of an active factor where a > 0.3, seen in DNASE."""
    for cell in window.world.rules.cell_types:
        for factor, site in _sites_lost(window, cell):
            yield _in_dnase(window, cell, _breaking(window, site, random), f"{factor} site broken")


def site_made(window: WindowReading, random: RandomWords) -> Iterator[Proposal]:
    """A one-mismatch site next to an active partner, completed by an SNV, seen in DNASE."""
    for cell in window.world.rules.cell_types:
        for factor, site in _sites_gained(window, cell):
            change = _completing(window, site, random)
            yield _in_dnase(window, cell, change, f"{factor} site completed")


def indel(window: WindowReading, random: RandomWords) -> Iterator[Proposal]:
    """An insertion of at most 20 bp that holds a motif, or a deletion of one, seen in DNASE."""
    for cell in window.world.rules.cell_types:
        for factor, site in _sites_lost(window, cell):
            yield _in_dnase(window, cell, _deletion(window, site, random), f"{factor} site deleted")
        for partner in _partners(window, cell):
            if inside(window, partner.start - _INSERTION_REACH, partner.end + _INSERTION_REACH):
                (factor,) = elements.palette(cell, 1, random)
                change = _insertion(window, factor, partner, random)
                yield _in_dnase(window, cell, change, f"{factor} site inserted")


def _deletion(window: WindowReading, site: Site, random: RandomWords) -> Change:
    """The whole site and up to 20 bp in all taken out, behind an anchor base."""
    extra = random.integer(0, _LONGEST_INDEL - len(site.consensus))
    first = site.start - random.integer(0, extra)
    letters = window.letters(first - 1, first + len(site.consensus) + extra)
    return Change(first - 1, letters, letters[0])


def _insertion(window: WindowReading, factor: str, partner: Site, random: RandomWords) -> Change:
    """A full match with random bases around it, up to 20 bp in all, behind an anchor base."""
    letters = elements.factor_site(factor, 0, random).letters
    gc = window.world.rules.gc
    padding = grammar.decode(
        random_bases(random, random.integer(0, _LONGEST_INDEL - len(letters)), gc)
    )
    left = random.integer(0, len(padding))
    before, behind = partner.start - _INSERTION_REACH, partner.end + random.integer(0, 60)
    start = random.choice((before + random.integer(0, 60), behind))
    anchor = window.letters(start, start + 1)
    return Change(start, anchor, anchor + padding[:left] + letters + padding[left:])


def tf_binding(window: WindowReading, random: RandomWords) -> Iterator[Proposal]:
    """As the first two, for factors with a ChIP track, seen in that track."""
    for cell in window.world.rules.cell_types:
        for sites, edit, verb in (
            (_sites_lost, _breaking, "broken"),
            (_sites_gained, _completing, "completed"),
        ):
            for factor, site in sites(window, cell):
                for row in window.rows("chip_tf", cell_type=cell.key, target=factor):
                    yield _proposal(
                        edit(window, site, random), f"{factor} site {verb}",
                        head="chip_tf", track=row, scorer="center_log2",
                    )  # fmt: skip


def promoter(window: WindowReading, random: RandomWords) -> Iterator[Proposal]:
    """An SNV in TATA, Inr or SP1, seen in CAGE at the start or in RNA over the gene."""
    for gene in window.genes:
        cage = window.rows("cage", strand=gene.strand)
        rna = window.rna_rows(gene.strand) if gene.complete else []
        for change, cause in promoter_changes(window, gene, random):
            head, row = random.choice([("cage", r) for r in cage] + [("rna_seq", r) for r in rna])
            yield _proposal(
                change, cause, head=head, track=row,
                scorer="center_ln" if head == "cage" else "gene_ln",
                spans=() if head == "cage" else gene.exons, turned=random.chance(_TURNED),
            )  # fmt: skip


def promoter_changes(
    window: WindowReading, gene: ReadGene, random: RandomWords
) -> Iterator[tuple[Change, str]]:
    """SNVs that break a site of a gene's promoter, each with its cause in words."""
    for motif, site in _promoter_sites(window, gene):
        if inside(window, site.start, site.end, gene.start_site):
            yield _breaking(window, site, random), f"{motif} of a promoter broken"


def _promoter_sites(window: WindowReading, gene: ReadGene) -> Iterator[tuple[str, Site]]:
    sign = 1 if gene.strand == "+" else -1
    for motif, (nearest, farthest) in _UPSTREAM.items():
        for site in window.sites(grammar.MOTIFS[motif]):
            upstream = sign * (gene.start_site - site.middle)
            oriented = motif == "SP1" or (site.consensus == grammar.MOTIFS[motif]) == (sign > 0)
            if oriented and nearest <= upstream <= farthest:
                yield motif, site


def distal(window: WindowReading, random: RandomWords) -> Iterator[Proposal]:
    """An enhancer site 1-5 kb from a start site broken or made, seen in the gene's RNA."""
    cells = {cell.key: cell for cell in window.world.rules.cell_types}
    for gene in window.genes:
        if not gene.complete or not inside(window, gene.start_site):
            continue
        for row in window.rna_rows(gene.strand):
            yield from _distal_in(window, gene, row, cells, random)


def _distal_in(
    window: WindowReading,
    gene: ReadGene,
    row: int,
    cells: dict[str, grammar.CellType],
    random: RandomWords,
) -> Iterator[Proposal]:
    (cell,) = (cells[key] for key in cells if row in window.rows("rna_seq", cell_type=key))
    for change, cause in distal_changes(window, gene, cell, random):
        yield _proposal(
            change, cause, head="rna_seq", track=row, scorer="gene_ln", spans=gene.exons
        )


def distal_changes(
    window: WindowReading, gene: ReadGene, cell: grammar.CellType, random: RandomWords
) -> Iterator[tuple[Change, str]]:
    """SNVs that break or make a site of a cell type 1-5 kb from a gene's start site."""
    for sites, edit, verb in (
        (_sites_lost, _breaking, "broken"),
        (_sites_gained, _completing, "completed"),
    ):
        for factor, site in sites(window, cell):
            distance = abs(site.middle - gene.start_site)
            if _DISTAL[0] <= distance <= _DISTAL[1]:
                cause = f"{factor} site {verb} {distance:,} bp from the start site"
                yield edit(window, site, random), cause


def splice_site(window: WindowReading, random: RandomWords) -> Iterator[Proposal]:
    """An SNV in a donor or an acceptor, seen in the usage of that site."""
    for gene in window.genes:
        rows = window.rows("splice_sites_usage", strand=gene.strand)
        for kind, site, reach in _splice_sites(gene):
            place = gene.place(site + random.integer(reach[0], reach[1] - 1))
            if not inside(window, place):
                continue
            used = gene.place(site)
            yield _proposal(
                substitution(window, place, "ACGT", random), f"base of {kind} changed",
                head="splice_sites_usage", track=random.choice(rows), scorer="usage_change",
                spans=((used, used + 1),), turned=random.chance(_TURNED),
            )  # fmt: skip


def _splice_sites(gene: ReadGene) -> Iterator[tuple[str, int, Span]]:
    """Kind, position as read and reach of each splice site."""
    for index, exon in enumerate(gene.transcript.exons):
        if index:
            yield "an acceptor", exon.start, _ACCEPTOR
        for donor, _ in exon.donors:
            yield "a donor", donor, _DONOR


def splicing_enhancer(window: WindowReading, random: RandomWords) -> Iterator[Proposal]:
    """ESE, ESS or RBFOX broken or made, seen in the usage of both ends of the exon."""
    for gene in window.genes:
        for exon in gene.transcript.exons[1:-1]:
            ends = (exon.start, main_donor(exon))
            for motif, reach in _splicing_motifs(ends):
                yield from _splicing_changes(window, gene, ends, motif, reach, random)


def _splicing_motifs(ends: Span) -> Iterator[tuple[str, Span]]:
    """Each motif with the stretch, as read, in which it counts."""
    exon = (ends[0], ends[1] + 1)
    yield grammar.ESE, exon
    yield grammar.ESS, exon
    yield grammar.RBFOX, (ends[1] + 1, ends[1] + 1 + _RBFOX_REACH)


def _splicing_changes(
    window: WindowReading,
    gene: ReadGene,
    ends: Span,
    motif: str,
    reach: Span,
    random: RandomWords,
) -> Iterator[Proposal]:
    rows = _splicing_rows(window, gene, motif)
    first, last = gene.span(*reach)
    used = tuple((place, place + 1) for place in map(gene.place, ends))
    read = motif if gene.strand == "+" else grammar.reverse_complement_consensus(motif)
    for mismatches, edit, verb in ((0, _breaking, "broken"), (1, _completing, "completed")):
        for site in window.sites(motif, mismatches=mismatches):
            fits = site.consensus == read and first <= site.start and site.end <= last
            if not (rows and fits and inside(window, site.start, site.end)):
                continue
            yield _proposal(
                edit(window, site, random), f"{_SPLICING_NAMES[motif]} {verb}",
                head="splice_sites_usage", track=random.choice(rows), scorer="usage_change",
                spans=used, turned=mismatches == 0 and random.chance(_TURNED),
            )  # fmt: skip


_SPLICING_NAMES = {grammar.ESE: "ESE", grammar.ESS: "ESS", grammar.RBFOX: "RBFOX site"}


def _splicing_rows(window: WindowReading, gene: ReadGene, motif: str) -> list[int]:
    """Rows of usage in which a motif counts: RBFOX in one cell type at most."""
    if motif != grammar.RBFOX:
        return window.rows("splice_sites_usage", strand=gene.strand)
    helped = window.world.rules.rbfox_cell_type
    if helped is None:
        return []
    return window.rows("splice_sites_usage", strand=gene.strand, cell_type=helped)


def polya(window: WindowReading, random: RandomWords) -> Iterator[Proposal]:
    """A polyA hexamer broken or made, seen in RNA behind its cleavage site."""
    for gene in window.genes:
        for hexamer, _ in gene.transcript.polya:
            behind = hexamer + CLEAVAGE_BEHIND_HEXAMER + _DOWNSTREAM_GAP
            span = gene.span(behind, behind + _DOWNSTREAM)
            place = gene.place(hexamer + random.integer(0, 5))
            if not inside(window, place, *span):
                continue
            yield _proposal(
                substitution(window, place, "ACGT", random), "polyA hexamer changed",
                head="rna_seq", track=random.choice(window.rna_rows(gene.strand)),
                scorer="downstream_ln", spans=(span,), turned=random.chance(_TURNED),
            )  # fmt: skip


def insulator(window: WindowReading, random: RandomWords) -> Iterator[Proposal]:
    """An SNV in a CTCF site, or its deletion, seen in its loop or in the contact across it."""
    rows = window.rows("contact_maps")
    for site in window.sites(grammar.MOTIFS["CTCF"]):
        pixel = _pixel(site, window.world.hidden.insulators, window.world.length)
        if pixel is None or not inside(window, site.start - 1, site.end):
            continue
        letters = window.letters(site.start - 1, site.end)
        whole = Change(site.start - 1, letters, letters[0])
        for change, verb in (
            (_breaking(window, site, random), "broken"),
            (whole, "deleted"),
        ):
            yield _proposal(
                change, f"CTCF site {verb}", head="contact_maps", track=random.choice(rows),
                scorer="pixel_change", spans=pixel,
            )  # fmt: skip


def _pixel(site: Site, insulators: OrientedSites, length: int) -> tuple[Span, Span] | None:
    """The loop that a CTCF site takes part in, or else two bins to either side of it."""
    width = RESOLUTION["contact_maps"]
    center = site.start + (len(site.consensus) - 1) / 2
    own = [pair for pair in contact.loops(insulators) if center in pair]
    if own:
        row, column = (int(end // width) for end in own[0])
    else:
        middle = int(center // width)
        row, column = middle - _ACROSS, middle + _ACROSS
    if row < 0 or column >= length // width:
        return None
    return (row, row + 1), (column, column + 1)


def no_effect(window: WindowReading, random: RandomWords) -> Iterator[Proposal]:
    """SNVs in the background, and in sites of factors that do nothing in the cell type."""
    cells = window.world.rules.cell_types
    for cell in cells:
        place = random.integer(MARGIN, window.world.length - MARGIN - 1)
        yield _in_dnase(
            window, cell, substitution(window, place, "ACGT", random), "SNV in the background"
        )
    idle = [
        (cell, factor, site)
        for cell in cells
        for factor in grammar.CELL_TYPE_FACTORS
        if factor not in cell.weights
        for site in window.sites(grammar.MOTIFS[factor])
        if inside(window, site.start, site.end)
    ]
    # As many as there are in the background.
    for index in elements.random_order(len(idle), random)[: len(cells)]:
        cell, factor, site = idle[index]
        change = _breaking(window, site, random)
        yield _in_dnase(window, cell, change, f"{factor} site broken where {factor} does nothing")

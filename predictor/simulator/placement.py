"""Where enhancers and CTCF sites go: the same rules for windows and for the assembly.

Source: specification of the demo genome, section 2.
"""

from predictor.simulator import elements, grammar
from predictor.simulator.elements import Canvas, Piece
from predictor.simulator.random_words import RandomWords

GAP = (1500, 7000)
_ENHANCER_DISTANCE = (400, 4500)
_OWN_CELL_TYPE = 0.75
_REST_CHANCE = 0.15


def enhancer_cell_types(
    random: RandomWords, rules: grammar.OrganismRules
) -> list[grammar.CellType]:
    """Cell types of a gene's 1-3 enhancers: three in four have the gene's own."""
    own = random.choice(rules.cell_types)
    return [
        own if random.chance(_OWN_CELL_TYPE) else random.choice(rules.cell_types)
        for _ in range(random.integer(1, 3))
    ]


def place_insulator(canvas: Canvas, start: int, random: RandomWords) -> None:
    """Writes a CTCF site in random orientation."""
    letters = elements.instance(grammar.MOTIFS["CTCF"], random)
    canvas.write([Piece(0, letters)], origin=start, strand=random.choice("+-"))


def place_enhancer(
    canvas: Canvas,
    start_site: int,
    cell_type: grammar.CellType,
    random: RandomWords,
    *,
    reach: tuple[int, int] = _ENHANCER_DISTANCE,
) -> tuple[int, int] | None:
    """Writes 2-4 sites of a cell type 0.4-4.5 kb from a start site, where nothing stands.

    One in seven is silenced by a REST site where the cell type obeys REST.

    Returns:
      The stretch that was written; None where no free place was found.
    """
    pieces = elements.cluster(elements.palette(cell_type, random.integer(2, 4), random), random)
    if "REST" in cell_type.weights and random.chance(_REST_CHANCE):
        pieces.append(elements.factor_site("REST", pieces[-1].end + random.integer(6, 40), random))
    for _ in range(8):
        distance = random.integer(*reach)
        start = start_site + (distance if random.chance(0.5) else -distance - pieces[-1].end)
        if canvas.is_free(start - 6, start + pieces[-1].end + 6):
            canvas.write(pieces, origin=start, strand="+")
            return start, start + pieces[-1].end
    return None

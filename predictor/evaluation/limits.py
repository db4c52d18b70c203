"""What the demo must not pretend, in words, wherever its figures are shown.

Source: spec/demo_genome.md 10.
"""

LIMITS: tuple[tuple[str, str], ...] = (
    (
        "No noise",
        "The invented world has no measurement error and no batch effects; in real data these "
        "set a ceiling below 1 on every correlation shown here.",
    ),
    (
        "No real cell types",
        "Four cell types read ten factors by a table of weights. Their names end in -like "
        "because they are caricatures.",
    ),
    (
        "No repeats",
        "The background is random bases without repeats, duplications or conservation.",
    ),
    (
        "Steep motif rules",
        "One mismatch costs a site nearly all of its strength, so single bases matter far more "
        "often than in nature.",
    ),
    (
        "Distances 1:30",
        "32,768 bp here play the role of a megabase; an enhancer 5 kb away counts as far.",
    ),
    (
        "Enhancers only activate",
        "An open element always raises expression nearby, and one repressor (REST) is all the "
        "silencing there is.",
    ),
    (
        "One start for each gene",
        "No alternative promoters, and one planned transcript.",
    ),
    (
        "No nonsense-mediated decay",
        "A skipped exon changes coverage and junctions, never the stability of the RNA.",
    ),
    (
        "No coding sequence",
        "There are no proteins here; a variant cannot be missense.",
    ),
)

"""Lists that belong to the demo assembly, as files in the formats people bring: VCF, TSV, BED.

They take longer to make than the assembly itself, because each row is a knock-out or a variant
simulated in its window; so they are made on demand, the same bytes each time.

Source: specification of the demo genome, section 7 ("Further material").
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from alphagenome.data.genome import Variant

from predictor.simulator import assembly, readouts, truth
from predictor.simulator.chromosome import Chromosome
from predictor.simulator.credible_sets import (
    LOCI,
    STANDARD_ERROR,
    CredibleSet,
    CredibleVariant,
    credible_sets,
)
from predictor.simulator.enhancer_genes import COUNT as PAIRS
from predictor.simulator.enhancer_genes import EnhancerGenePair, enhancer_gene_pairs
from predictor.simulator.expression_effect import ORGANISM, WINDOW, Locus
from predictor.simulator.expression_qtls import COUNT as QTLS
from predictor.simulator.expression_qtls import ExpressionQtl, expression_qtls
from predictor.simulator.limit_demo import limit_demo
from predictor.simulator.random_words import RandomWords
from predictor.simulator.showcase_entry import CHROMOSOME
from predictor.simulator.track_table import TRACKS
from predictor.simulator.unseen_cell_type import STROMAL, UnseenTrack, unseen_signals
from predictor.simulator.variant_scores import site_effect
from predictor.simulator.vcf_file import Info, write_vcf
from predictor.tracks.bigwig import write_bigwig

FOLDER = "lists"
TRAIN, TEST = "demo1", "demo2"
_SPLIT = {TRAIN: "train", TEST: "test"}

# After those of the assembly.
_CREDIBLE_STREAM, _QTL_STREAM, _PAIR_STREAM = 8, 9, 10
_DIGITS = 4

Value = str | int | float | bool
Row = dict[str, Value]

_README = """\
# Lists of the demo genome demoH1

Everything here is invented: genome, genes, cell types, trait, studies. Nothing says anything
about people. `python -m predictor simulate lists` makes these files; they are the same bytes
each time.

Columns whose name starts with `true_` hold the answer, which no study would have: compare with
them, and do not give them to a model. Effects on expression are natural logarithms of the ratio
ALT to REF of the expression T of the gene, in the cell type of the row, simulated in the window
`window_start` to `window_end`. Positions are 1-based, windows and elements 0-based half-open.

| file | holds |
| --- | --- |
| credible_sets.tsv, .vcf | {sets} sets of {linked} linked variants; in each, one is the cause. `beta` is the measured effect of ALT on the trait, `pip` the posterior probability from the betas of the set, `risk_allele` follows the lead's beta. `true_is_causal`, `true_ln_expression`, `true_risk_direction` (what the risk allele of the cause does to expression), `true_gene`, `true_cause` |
| eqtl.tsv, .vcf | {qtls} variants with the effect on expression as measured (`measured_effect`, truth plus noise) and `true_ln_expression`; the truth itself has a correlation of {ceiling:.2f} with the measured effects, so no model can be expected to do better |
| enhancer_gene.tsv, enhancers.bed | {pairs} pairs of an element and a gene, from deletions of the element; `true_is_positive` where T falls by more than 20 % (`true_change`) |
| stromal_*.bigWig | tracks of the cell type {cell}, which no network has seen: DNASE, and RNA of both strands, on {train} and {test} |
| stromal_tracks.tsv, stromal_intervals.bed | what these tracks are; which intervals are to train on ({train}) and which to test on ({test}) |
| limit_demo.json | the variant of D-SORT1 in a window in which its gene does not fit, with the reason why there is no gene score |
"""  # noqa: E501


_CREDIBLE_INFO = {
    "SET": Info("credible_set", "String", "Credible set"),
    "BETA": Info("beta", "Float", "Measured effect of ALT on the trait"),
    "PIP": Info("pip", "Float", "Posterior probability of being the cause"),
}
_QTL_INFO = {
    "GENE": Info("gene", "String", "Gene"),
    "CELL": Info("cell_type", "String", "Cell type"),
    "EFFECT": Info("measured_effect", "Float", "Measured effect of ALT on ln expression"),
}


def write_lists(out: Path, *, sets: int = LOCI, qtls: int = QTLS, pairs: int = PAIRS) -> list[Path]:
    """Writes all lists below `out`/demoH1/lists; existing files are replaced.

    Takes about ten seconds.

    Args:
      out: where the assemblies are.
      sets: number of credible sets.
      qtls: number of eQTLs.
      pairs: number of enhancer-gene pairs.

    Returns:
      The files written.
    """
    folder = out / "demoH1" / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    every = assembly.chromosomes(ORGANISM)
    made = [chromosome for chromosome in every if chromosome.name in (TRAIN, TEST)]
    causes = credible_sets(made, RandomWords((assembly.SEED, _CREDIBLE_STREAM)), sets)
    effects = expression_qtls(made, RandomWords((assembly.SEED, _QTL_STREAM)), qtls)
    links = enhancer_gene_pairs(made, RandomWords((assembly.SEED, _PAIR_STREAM)), pairs)
    (showcase,) = (chromosome for chromosome in every if chromosome.name == CHROMOSOME)
    return [
        *_variant_list(folder / "credible_sets", credible_rows(causes), made, _CREDIBLE_INFO),
        *_variant_list(folder / "eqtl", qtl_rows(effects), made, _QTL_INFO),
        _table(folder / "enhancer_gene.tsv", pair_rows(links)),
        _text(folder / "enhancers.bed", _bed(links)),
        *_unseen(folder, made),
        _text(folder / "limit_demo.json", json.dumps(limit_row(showcase), indent=1) + "\n"),
        _text(folder / "README.md", _readme(causes, effects, links)),
    ]


def credible_rows(sets: Sequence[CredibleSet]) -> list[Row]:
    """One row per variant; what the lead's beta says of the risk allele, and the truth."""
    return [
        _credible_row(each, entry, f"{each.name}-{number}")
        for each in sets
        for number, entry in enumerate(each.variants, 1)
    ]


def _credible_row(each: CredibleSet, entry: CredibleVariant, name: str) -> Row:
    lead = max(each.variants, key=lambda other: other.pip)
    risk = entry.variant.alternate_bases if lead.beta > 0 else entry.variant.reference_bases
    return {
        "credible_set": each.name,
        **_place(entry.variant, name),
        "cell_type": each.cell_type.title,
        "ontology_curie": each.cell_type.curie,
        "risk_allele": risk,
        "beta": _rounded(entry.beta),
        "standard_error": STANDARD_ERROR,
        "pip": _rounded(entry.pip),
        "true_is_causal": entry.is_causal,
        "true_gene": each.locus.gene.name,
        "true_ln_expression": _rounded(entry.true_ln_expression),
        "true_risk_allele_is_reference": each.risk_is_reference,
        "true_risk_direction": "up" if each.trait_follows > 0 else "down",
        "true_cause": each.cause if entry.is_causal else "none: linked to the cause",
        **_window(each.locus),
    }


def qtl_rows(qtls: Sequence[ExpressionQtl]) -> list[Row]:
    """One row per variant and gene."""
    return [
        {
            **_place(entry.variant, f"demo-eqtl-{number:03d}"),
            "gene": entry.locus.gene.name,
            "cell_type": entry.cell_type.title,
            "ontology_curie": entry.cell_type.curie,
            "measured_effect": _rounded(entry.measured),
            "true_ln_expression": _rounded(entry.true_ln_expression),
            "true_cause": entry.cause,
            **_window(entry.locus),
        }
        for number, entry in enumerate(qtls, 1)
    ]


def pair_rows(pairs: Sequence[EnhancerGenePair]) -> list[Row]:
    """One row per element and gene; the element and the start site are 0-based."""
    return [
        {
            "chromosome": pair.element.chromosome,
            "element_start": pair.element.start,
            "element_end": pair.element.end,
            "gene": pair.locus.gene.name,
            "gene_strand": pair.locus.gene.strand,
            "gene_start_site": pair.locus.gene.start_site,
            "distance": pair.distance,
            "cell_type": pair.cell_type.title,
            "ontology_curie": pair.cell_type.curie,
            "knock_out": str(pair.knock_out),
            "true_change": _rounded(pair.true_change),
            "true_is_positive": pair.is_positive,
            **_window(pair.locus),
        }
        for pair in pairs
    ]


def _place(variant: Variant, name: str) -> Row:
    return {
        "name": name,
        "variant": str(variant),
        "chromosome": variant.chromosome,
        "position": variant.position,
        "reference": variant.reference_bases,
        "alternate": variant.alternate_bases,
    }


def _window(locus: Locus) -> Row:
    return {"window_start": locus.interval.start, "window_end": locus.interval.end}


def _bed(pairs: Sequence[EnhancerGenePair]) -> str:
    """Each element once, named for its cell type."""
    lines = sorted(
        {
            (pair.element.chromosome, pair.element.start, pair.element.end, pair.cell_type.key)
            for pair in pairs
        }
    )
    return "".join("\t".join(map(str, line)) + "\n" for line in lines)


def limit_row(chromosome: Chromosome) -> dict[str, object]:
    """The limit demo with its truth: DNASE at the variant in both windows, T only in the large.

    Args:
      chromosome: the one of the show-case.
    """
    demo = limit_demo()
    row = next(
        index
        for index, track in enumerate(TRACKS[ORGANISM]["dnase"])
        if track.cell_type == demo.cell_type
    )
    true_dnase = {}
    for name, interval in (("small", demo.small), ("large", demo.large)):
        reference, alternate = (
            readouts.simulate_arrays(
                truth.alternate_window(chromosome.codes, interval, variants), ORGANISM
            )["dnase"]
            for variants in ((), (demo.variant,))
        )
        effect = site_effect(reference, alternate, demo.variant.start - interval.start)
        true_dnase[name] = _rounded(float(effect[row]))
    return {
        "about": "invented: a limit of the demo genome demoH1",
        "variant": str(demo.variant),
        "gene": demo.gene,
        "gene_start_site": demo.start_site,
        "cell_type": demo.cell_type,
        "small_window": [demo.small.start, demo.small.end],
        "large_window": [demo.large.start, demo.large.end],
        "reason": demo.reason,
        "true_log2_dnase": true_dnase,
        "true_gene_score_in_small_window": None,
    }


def _unseen(folder: Path, made: Sequence[Chromosome]) -> Iterator[Path]:
    """BigWig files of the unseen cell type, their table of tracks and the split."""
    by_track: dict[UnseenTrack, dict[str, np.ndarray]] = {}
    for chromosome in made:
        for track, values in unseen_signals(chromosome.codes).items():
            by_track.setdefault(track, {})[chromosome.name] = values.round(_DIGITS)
    rows: list[Row] = []
    for track, signals in by_track.items():
        path = folder / f"{track.stem}.bigWig"
        write_bigwig(path, signals)
        yield path
        training = signals[TRAIN]
        rows.append(
            {
                "output_type": track.output_type.name,
                "name": track.name,
                "strand": track.strand,
                "ontology_curie": STROMAL.curie,
                "biosample_name": STROMAL.title,
                "file": path.name,
                "nonzero_mean": _rounded(float(training[training > 0].mean(dtype=np.float64))),
            }
        )
    yield _table(folder / "stromal_tracks.tsv", rows)
    intervals = [
        f"{chromosome.name}\t{start}\t{start + WINDOW}\t{_SPLIT[chromosome.name]}\n"
        for chromosome in made
        for start in range(0, len(chromosome.codes), WINDOW)
    ]
    yield _text(folder / "stromal_intervals.bed", "".join(intervals))


def _readme(
    sets: Sequence[CredibleSet], qtls: Sequence[ExpressionQtl], pairs: Sequence[EnhancerGenePair]
) -> str:
    measured = [entry.measured for entry in qtls]
    true = [entry.true_ln_expression for entry in qtls]
    return _README.format(
        sets=len(sets),
        linked=len(sets[0].variants),
        qtls=len(qtls),
        ceiling=np.corrcoef(measured, true)[0, 1],
        pairs=len(pairs),
        cell=STROMAL.title,
        train=TRAIN,
        test=TEST,
    )


def _variant_list(
    stem: Path, rows: Sequence[Row], made: Sequence[Chromosome], info: Mapping[str, Info]
) -> Iterator[Path]:
    """The rows as TSV with the truth, and as VCF without it."""
    yield _table(stem.with_suffix(".tsv"), rows)
    lengths = {chromosome.name: len(chromosome.codes) for chromosome in made}
    write_vcf(stem.with_suffix(".vcf"), lengths, info, rows)
    yield stem.with_suffix(".vcf")


def _table(path: Path, rows: Sequence[Row]) -> Path:
    pd.DataFrame(list(rows)).to_csv(path, sep="\t", index=False, lineterminator="\n")
    return path


def _text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="ascii", newline="\n")
    return path


def _rounded(value: float) -> float:
    return round(value, _DIGITS) + 0.0  # no negative zero

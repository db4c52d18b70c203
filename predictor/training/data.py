"""The stream of labelled windows, computed by the simulator in one worker process.

A batch is a function of (seed, step) alone, so a resumed run sees the same windows. No JAX here:
the worker process imports this module.

Axes: B batch, S positions or bins, T tracks, M contact bins, K splice sites per class.

Source: spec/demo_genome.md 8, spec/training.md 1.3.
"""

import dataclasses
import multiprocessing
import queue
from collections.abc import Iterator, Mapping
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from jaxtyping import Bool, Float, Int32, UInt8

from predictor.errors import AllelensError
from predictor.simulator import genome, readouts, track_table
from predictor.simulator.random_words import RandomWords
from predictor.simulator.window_reading import exon_spans
from predictor.simulator.world import World, read_world
from predictor.training.augmentation import Window, reverse_complement, strand_permutation
from predictor.training.recipe import Mixture, Recipe
from predictor.training.transcript_structure import transcript_structure

ORGANISMS = (Organism.HOMO_SAPIENS, Organism.MUS_MUSCULUS)

# Track heads and the table their tracks are in.
TRACK_HEADS: Mapping[str, OutputType] = {
    "atac": OutputType.ATAC,
    "dnase": OutputType.DNASE,
    "procap": OutputType.PROCAP,
    "cage": OutputType.CAGE,
    "rna_seq": OutputType.RNA_SEQ,
    "chip_tf": OutputType.CHIP_TF,
    "chip_histone": OutputType.CHIP_HISTONE,
}
OTHER_HEADS: Mapping[str, OutputType] = {
    "contact_maps": OutputType.CONTACT_MAPS,
    "splice_sites_classification": OutputType.SPLICE_SITES,
    "splice_sites_usage": OutputType.SPLICE_SITE_USAGE,
    "splice_sites_junction": OutputType.SPLICE_JUNCTIONS,
}
HEADS: Mapping[str, OutputType] = {**TRACK_HEADS, **OTHER_HEADS}

BINNED_HEADS = ("chip_tf", "chip_histone")
BIN_BASES = 128

# Independent streams of one seed.
TRAIN, SCALING, CALIBRATION, HELD_OUT = range(4)

_PREFETCH = 8
_EDITS_PER = 4096
_POLL_SECONDS = 1.0


class StreamError(AllelensError):
    """The process that makes training windows ended."""

    code = "training_stream_failed"


class Batch(NamedTuple):
    """Windows of one step.

    Attributes:
      codes: A C G T N = 0 1 2 3 4.
      organism_index: 0 human-like, 1 mouse-like.
      targets: head -> values in data units [B, S, T]; contact maps [B, M, M, T].
      positions: splice sites, rows donor +, acceptor +, donor -, acceptor -; -1 = empty.
      counts: junction counts [B, K donors, K acceptors, 2 T].
      genes: number of the gene whose exon covers a base of the + and the - strand; 0 for none.
      structure: columns of `transcript_structure`.
    """

    # Any: numpy arrays outside a compiled function, JAX arrays inside.
    codes: UInt8[Any, "B S"]
    organism_index: Int32[Any, " B"]
    targets: dict[str, Any]
    positions: Int32[Any, "B 4 K"]
    counts: Float[Any, "B K K T2"]
    genes: UInt8[Any, "B S 2"]
    structure: Float[Any, "B S 6"]


class Scaling(NamedTuple):
    """Constants per head and organism, from the fixed sample and the track tables.

    Attributes:
      means: track head -> non-zero mean [2 organisms, T]; 1 for padding.
      masks: head -> [2, T], false for padding. Junctions: [2, 2 T].
    """

    means: dict[str, np.ndarray]
    masks: dict[str, np.ndarray]

    @property
    def rna_strands(self) -> Bool[np.ndarray, "2 2 T"]:
        """By organism, the RNA_SEQ tracks that a gene of the + and the - strand is seen in."""
        seen = np.zeros((len(ORGANISMS), 2, self.masks["rna_seq"].shape[-1]), bool)
        for index, organism in enumerate(ORGANISMS):
            strands = track_table.tracks(organism)[OutputType.RNA_SEQ]["strand"]
            for row, strand in enumerate(strands):
                seen[index, :, row] = strand in "+.", strand in "-."
        seen &= self.masks["rna_seq"][:, None]
        return seen


def random_at(seed: int, *place: int) -> RandomWords:
    """Random numbers of one place in the stream, independent of all other places."""
    return RandomWords((seed, *place))


def strand_permutations(organism: Organism) -> dict[str, np.ndarray]:
    """Strand permutation of each head's tracks; the class head and junctions need none."""
    found = {}
    for head, output_type in HEADS.items():
        if head in ("splice_sites_classification", "splice_sites_junction", "contact_maps"):
            continue
        table = track_table.tracks(organism)[output_type]
        found[head] = strand_permutation(list(table["strand"]), list(table["name"]))
    return found


def draw_window(random: RandomWords, mixture: Mixture, length: int) -> Window:
    """One labelled training window of the mixture."""
    codes, organism_index = _draw_codes(random, mixture, length)
    return _of_either_strand(random, mixture, [label(codes, organism_index)])[0]


def draw_pair(random: RandomWords, mixture: Mixture, length: int) -> list[Window]:
    """A window of the mixture before and after substitutions, on the same strand."""
    codes, organism_index = _draw_codes(random, mixture, length)
    alternate = genome.substitute(
        codes,
        random,
        ORGANISMS[organism_index],
        most=_most_edits(mixture, length),
        functional=mixture.functional,
    )
    both = [label(allele, organism_index) for allele in (codes, alternate)]
    return _of_either_strand(random, mixture, both)


def _of_either_strand(random: RandomWords, mixture: Mixture, windows: list[Window]) -> list[Window]:
    if random.uniform() >= mixture.reverse_complement:
        return windows
    return [reverse_complement(w, _permutations(w.organism)) for w in windows]


def _most_edits(mixture: Mixture, length: int) -> int:
    return max(1, mixture.edits * length // _EDITS_PER)


def _draw_codes(
    random: RandomWords, mixture: Mixture, length: int
) -> tuple[UInt8[np.ndarray, " S"], int]:
    """Bases of a window, and the index of its organism."""
    organism_index = int(random.uniform() < mixture.mouse)
    organism = ORGANISMS[organism_index]
    kinds: dict[tuple[genome.WindowKind, bool], float] = {
        ("genome", False): mixture.genome,
        ("genome", True): mixture.mutated,
        ("soup", False): mixture.soup,
        ("background", False): mixture.background,
        ("packed", True): mixture.packed,
        ("ends", True): mixture.ends,
    }
    kind, mutated = random.weighted(list(kinds), list(kinds.values()))
    codes = genome.generate_window(random, length + 2 * mixture.shift, organism, kind)
    if mixture.shift:
        codes = codes[random.integer(0, 2 * mixture.shift) :][:length]
    if mutated:
        codes = genome.mutate(
            codes,
            random,
            organism,
            most=_most_edits(mixture, length),
            functional=mixture.functional,
        )
    return codes, organism_index


def label(codes: UInt8[np.ndarray, " S"], organism_index: int) -> Window:
    """The simulator's truth of a sequence."""
    organism = ORGANISMS[organism_index]
    world = read_world(codes, organism)
    arrays = readouts.world_arrays(world, organism)
    junctions = arrays.pop("junctions")
    return Window(
        codes=codes,
        organism=organism_index,
        targets={head: np.asarray(v, np.float32) for head, v in arrays.items()},
        positions=np.asarray(junctions["positions"], np.int32),
        counts=np.asarray(junctions["counts"], np.float32),
        genes=_genes_of_bases(world),
        structure=transcript_structure(codes, world),
    )


def _genes_of_bases(world: World) -> UInt8[np.ndarray, "S 2"]:
    """Number of the gene, from 1, whose exon covers a base of each strand; 0 for none.

    Where two overlap on a strand, a base belongs to one of them.
    """
    numbers = np.zeros((2, world.length), np.uint8)
    found = [0, 0]
    for expressed in world.transcripts:
        strand = "+-".index(expressed.strand)
        found[strand] += 1
        row = numbers[strand] if strand == 0 else numbers[strand][::-1]
        for start, end in exon_spans(expressed.transcript):
            row[start:end] = found[strand]
    return numbers.T


_PERMUTATION_CACHE: dict[int, dict[str, np.ndarray]] = {}


def _permutations(organism_index: int) -> dict[str, np.ndarray]:
    if organism_index not in _PERMUTATION_CACHE:
        _PERMUTATION_CACHE[organism_index] = strand_permutations(ORGANISMS[organism_index])
    return _PERMUTATION_CACHE[organism_index]


def collate(windows: list[Window]) -> Batch:
    """Stacks windows of equal length."""
    return Batch(
        codes=np.stack([w.codes for w in windows]),
        organism_index=np.array([w.organism for w in windows], np.int32),
        targets={head: np.stack([w.targets[head] for w in windows]) for head in windows[0].targets},
        positions=np.stack([w.positions for w in windows]),
        counts=np.stack([w.counts for w in windows]),
        genes=np.stack([w.genes for w in windows]),
        structure=np.stack([w.structure for w in windows]),
    )


def batch_at(recipe: Recipe, step: int, stream: int = TRAIN) -> Batch:
    """The batch of a step; the same on every call."""
    stage = recipe.stage_at(step)
    windows: list[Window] = []
    while len(windows) < stage.batch:
        random = random_at(recipe.seed, stream, recipe.stream_start + step, len(windows))
        if stage.pairs:
            windows += draw_pair(random, stage.mixture, stage.window)
        else:
            windows.append(draw_window(random, stage.mixture, stage.window))
    return collate(windows)


def held_out_window(seed: int, index: int, length: int, *, mouse: float = 0.0) -> Window:
    """A fresh window of the genome kind that no training run draws."""
    mixture = Mixture(
        genome=1.0, mutated=0.0, soup=0.0, background=0.0, mouse=mouse, reverse_complement=0.0
    )
    return draw_window(random_at(seed, HELD_OUT, index), mixture, length)


def measure_scaling(recipe: Recipe) -> Scaling:
    """Non-zero mean of every track over the recipe's fixed sample of windows.

    Means are per base: a 128-bp value of ChIP is divided by 128, so that mean times resolution
    is a typical bin value (spec/model.md 7.1). Means of a +/- pair are averaged, as the paper
    does. A track that is zero in the whole sample gets the mean 1.
    """
    mixture = Mixture(genome=1.0, mutated=0.0, soup=0.0, background=0.0)
    sums: dict[str, np.ndarray] = {}
    numbers: dict[str, np.ndarray] = {}
    for index in range(recipe.scaling_windows):
        # Every other window is of the mouse-like organism, whatever the mixture says.
        window = draw_window(
            random_at(recipe.seed, SCALING, index),
            dataclasses.replace(mixture, mouse=float(index % 2)),
            recipe.scaling_window,
        )
        for head in TRACK_HEADS:
            array = window.targets[head]
            shape = (2, array.shape[-1])
            sums.setdefault(head, np.zeros(shape))[window.organism] += array.sum(axis=0)
            numbers.setdefault(head, np.zeros(shape))[window.organism] += (array > 0).sum(axis=0)
    means = {}
    for head, total in sums.items():
        number = numbers[head]
        bases = BIN_BASES if head in BINNED_HEADS else 1
        means[head] = np.where(number > 0, total / np.maximum(number * bases, 1), 1.0)
    for index in range(2):
        for head, swap in _permutations(index).items():
            if head in means:
                means[head][index] = (means[head][index] + means[head][index][swap]) / 2
    return Scaling(
        means={head: np.asarray(m, np.float32) for head, m in means.items()}, masks=track_masks()
    )


def track_masks() -> dict[str, np.ndarray]:
    """Head -> [2 organisms, T]: which tracks are real. Junction tissues appear once per strand."""
    per_organism = [readouts.track_mask(organism) for organism in ORGANISMS]
    return {head: np.stack([np.asarray(m[head], bool) for m in per_organism]) for head in HEADS}


class Stream:
    """Batches of a recipe from a given step on, made ahead in one spawned process.

    Use as a context manager; iterate to get (step, batch).
    """

    def __init__(self, recipe: Recipe, first: int, last: int):
        self._recipe, self._first, self._last = recipe, first, last
        context = multiprocessing.get_context("spawn")
        self._queue = context.Queue(maxsize=_PREFETCH)
        self._process: BaseProcess = context.Process(
            target=_produce, args=(self._queue, recipe, first, last), daemon=True
        )

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.join()

    def __iter__(self) -> Iterator[tuple[int, Batch]]:
        for step in range(self._first, self._last):
            yield step, self._next(step)

    def _next(self, step: int) -> Batch:
        while True:
            try:
                found: Batch = self._queue.get(timeout=_POLL_SECONDS)
                return found
            except queue.Empty:
                if not self._process.is_alive() and self._queue.empty():
                    raise StreamError(
                        f"The process that simulates training windows ended at step {step} with "
                        f"code {self._process.exitcode}; its own message is above."
                    ) from None


def _produce(
    results: "multiprocessing.Queue[Batch]", recipe: Recipe, first: int, last: int
) -> None:
    parent = multiprocessing.parent_process()
    for step in range(first, last):
        batch = batch_at(recipe, step)
        while True:
            try:
                results.put(batch, timeout=_POLL_SECONDS)
                break
            except queue.Full:
                # A killed trainer cannot end this process; it must not wait for it for ever.
                if parent is not None and not parent.is_alive():
                    results.cancel_join_thread()
                    return

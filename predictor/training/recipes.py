"""Training recipes: functions that return frozen dataclasses; the command line picks one by name.

Source: spec/demo_genome.md 8, reference feasibility study.
"""

import dataclasses
import itertools
from collections.abc import Callable, Mapping

from predictor.errors import AllelensError
from predictor.evaluation import seeds
from predictor.model.config import ModelConfig

JUNCTION_HEAD_WEIGHT = 0.2
"""Weight of the junction head among the heads, as released; the others have 1."""


class UnknownRecipeError(AllelensError):
    """No recipe of this name."""

    code = "unknown_recipe"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mixture:
    """Shares of the kinds of training windows; they sum to 1.

    Attributes:
      genome: windows of the generator.
      mutated: the same with edits and labels computed again.
      soup: sites, promoters and exons sprinkled independently.
      background: nothing planted.
      packed: edited windows of genes close behind each other.
      ends: edited windows of short genes with polyA signals of every kind.
      mouse: share of windows of the second organism.
      reverse_complement: share of windows read from the other strand.
      edits: most edits of a mutated window, per 4,096 bp of it.
      functional: share of the edits that break, complete, move or insert a site.
      shift: a generated stretch is cut out up to so many bp off its middle. The generator begins
        anywhere in a gene or a gap as it is, so this is for sources of fixed windows.
    """

    genome: float = 0.45
    mutated: float = 0.30
    soup: float = 0.20
    background: float = 0.05
    packed: float = 0.0
    ends: float = 0.0
    mouse: float = 0.25
    reverse_complement: float = 0.5
    edits: int = 6
    functional: float = 0.5
    shift: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stage:
    """A run of steps with one window length, so that the step compiles once.

    Attributes:
      window: bp, a multiple of 2,048.
      batch: windows per step.
      steps: number of steps.
      mixture: what a window contains.
      accumulate: parts of the batch whose gradients are added up one after the other, so that a
        large batch takes the memory of a small one; must divide the batch.
      head_weights: those that differ from the recipe's.
      rate: factor of the learning rate.
      own_rate: learning rate at its first and its last step, in place of the optimiser's.
      ema: in place of the optimiser's.
      pairs: every two windows of a batch are one before and after substitutions, and the losses
        of the differences between them count too.
    """

    window: int
    batch: int
    steps: int
    mixture: Mixture = Mixture()
    accumulate: int = 1
    head_weights: Mapping[str, float] = dataclasses.field(default_factory=dict)
    rate: float = 1.0
    own_rate: tuple[float, float] | None = None
    ema: float | None = None
    pairs: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Optimiser:
    """AdamW with linear warm-up, a level stretch and cosine decay.

    Attributes:
      peak: highest learning rate.
      floor: last learning rate as a fraction of the peak.
      warmup: steps of linear warm-up.
      decay: last share of the steps in which the rate falls; 1 for all but the warm-up.
      horizon: step at which the rate has fallen; the number of steps if not given.
      b1: decay of the first moment.
      b2: decay of the second moment.
      weight_decay: decoupled decay, on arrays of two or more axes.
      clip: largest global norm of the gradient.
      ema: decay of the averaged parameters, reached gradually.
    """

    peak: float = 3e-3
    floor: float = 0.02
    warmup: int = 100
    decay: float = 1.0
    horizon: int | None = None
    b1: float = 0.9
    b2: float = 0.99
    weight_decay: float = 1e-2
    clip: float = 1.0
    ema: float = 0.998


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides what a run makes, apart from the code.

    Attributes:
      name: name on the command line.
      model: sizes of the network.
      stages: run one after the other.
      after: name of the recipe whose finished weights this one starts from; none for a random
        start.
      stream_start: windows of the stream before this step are another run's.
      structure: whether readouts of where transcripts run and end are trained beside the heads
        (`transcript_structure`); they are dropped at the end.
      optimiser: see there.
      head_weights: weight of a head's loss in the sum; 1 where not named.
      seed: of the initial parameters, of the stream of windows, and of the held-out windows that
        are looked at while settings are chosen.
      report_seed: of the held-out windows behind the figures of the card.
      scaling_windows: windows of the fixed sample that gives the non-zero means.
      scaling_window: their length in bp.
      calibration_batches: batches over which the running second moments of the final (averaged)
        parameters are measured.
      checkpoint_every: steps between two checkpoints.
      log_every: steps between two lines of the log.
      evaluate_every: steps between two held-out evaluations; 0 for none before the end.
      evaluation_windows: held-out windows of the last evaluation.
      evaluation_window: their length in bp.
    """

    name: str
    model: ModelConfig
    stages: tuple[Stage, ...]
    after: str | None = None
    stream_start: int = 0
    structure: bool = False
    optimiser: Optimiser = Optimiser()
    head_weights: Mapping[str, float] = dataclasses.field(
        default_factory=lambda: {"splice_sites_junction": JUNCTION_HEAD_WEIGHT}
    )
    seed: int = 2
    report_seed: int = seeds.REPORT
    scaling_windows: int = 200
    scaling_window: int = 16_384
    calibration_batches: int = 32
    checkpoint_every: int = 200
    log_every: int = 20
    evaluate_every: int = 400
    evaluation_windows: int = 24
    evaluation_window: int = 16_384

    @property
    def steps(self) -> int:
        """Steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    @property
    def starts(self) -> tuple[int, ...]:
        """First step of each stage."""
        return tuple(itertools.accumulate((stage.steps for stage in self.stages[:-1]), initial=0))

    def head_weights_at(self, step: int) -> dict[str, float]:
        """Weights of the heads at the given step."""
        return {**self.head_weights, **self.stage_at(step).head_weights}

    def stage_at(self, step: int) -> Stage:
        """The stage that the given step (from 0) belongs to; the last one past the end."""
        for stage in self.stages:
            if step < stage.steps:
                return stage
            step -= stage.steps
        return self.stages[-1]


def demo() -> Recipe:
    """The demo network: about an hour and a half on one free core.

    Departs from the released weights of 1 for the heads (junctions 0.2): a loss that is a mean
    over all base pairs starves heads whose signal sits on few of them, CAGE and splice sites most
    of all. The weights here make what can be learned of each head about equally large. The first
    stage has more soup, which holds three times as many sites per base as the genome, and without
    their usual neighbours.
    """
    often_mutated = Mixture(genome=0.3, mutated=0.4, soup=0.25, background=0.05)
    dense = Mixture(genome=0.2, mutated=0.35, soup=0.4, background=0.05, shift=1_024)
    # Expression cannot be learned before the elements that it depends on.
    accessibility_first = {
        "atac": 1.0,
        "dnase": 4.0,
        "procap": 30.0,
        "cage": 60.0,
        "chip_tf": 4.0,
        "chip_histone": 2.0,
        "contact_maps": 40.0,
        "usage_at_sites": 12.0,
    }
    # What is read inside a transcript: splicing motifs, polyA signals, what lies behind them.
    edited = Mixture(
        genome=0.25, mutated=0.4, soup=0.3, background=0.05, shift=1_024, functional=0.8
    )
    then_transcripts = {
        "atac": 0.5,
        "dnase": 2.0,
        "chip_tf": 3.0,
        "chip_histone": 1.5,
        "contact_maps": 40.0,
        "splice_sites_junction": 2.0,
        "genes": 2.0,
        "genes_ln": 4.0,
        "rna_seq_ln": 6.0,
        "usage_at_sites": 60.0,
        "junctions_ln": 2.0,
    }
    packed = dataclasses.replace(edited, genome=0.1, mutated=0.3, soup=0.2, packed=0.35)
    then_exons = {**then_transcripts, "usage_at_sites": 150.0, "splice_sites_junction": 3.0}
    # How far a transcript reaches, also where no splice site is near.
    then_bodies = {
        **then_exons,
        "dnase": 3.0,
        "cage": 60.0,
        "rna_seq": 3.0,
        "chip_histone": 3.0,
        "genes": 1.0,
        "rna_seq_ln": 10.0,
        "usage_at_sites": 80.0,
        "splice_sites_junction": 2.0,
    }
    ends = dataclasses.replace(edited, genome=0.1, mutated=0.2, soup=0.15, packed=0.15, ends=0.35)
    then_ends = {**then_bodies, "rna_seq": 6.0, "rna_seq_ln": 15.0, "usage_at_sites": 60.0}
    return Recipe(
        name="demo",
        model=ModelConfig.demo(),
        stages=(
            Stage(
                window=4_096,
                batch=8,
                steps=1_000,
                mixture=Mixture(genome=0.2, mutated=0.35, soup=0.4, background=0.05),
            ),
            Stage(window=16_384, batch=2, steps=1_000, mixture=often_mutated),
            Stage(
                window=16_384, batch=2, steps=1_800, mixture=dense, head_weights=accessibility_first
            ),
            Stage(
                window=16_384, batch=2, steps=1_000, mixture=edited, head_weights=then_transcripts
            ),
            Stage(window=16_384, batch=2, steps=1_400, mixture=packed, head_weights=then_exons),
            Stage(
                window=16_384,
                batch=2,
                steps=1_000,
                mixture=packed,
                head_weights=then_bodies,
                rate=1.4,
            ),
            Stage(
                window=16_384,
                batch=2,
                steps=1_300,
                mixture=ends,
                head_weights=then_ends,
                own_rate=(2e-3, 5e-5),
                ema=0.997,
            ),
            # Contacts of more than 8 bins have not been seen so far.
            Stage(
                window=32_768,
                batch=1,
                steps=150,
                mixture=edited,
                head_weights={**then_exons, "contact_maps": 80.0},
                own_rate=(8e-4, 5e-5),
                ema=0.97,
            ),
        ),
        optimiser=Optimiser(peak=3e-3, warmup=200, decay=0.35, horizon=7_900, ema=0.999),
        head_weights={
            "atac": 0.3,
            "dnase": 1.0,
            "procap": 15.0,
            "cage": 40.0,
            "rna_seq": 2.0,
            "chip_tf": 2.0,
            "chip_histone": 0.7,
            "contact_maps": 15.0,
            "splice_sites_classification": 500.0,
            "splice_sites_usage": 300.0,
            "splice_sites_junction": 1.0,
            "genes": 1.0,
            "genes_ln": 2.0,
            "rna_seq_ln": 2.0,
            "usage_at_sites": 4.0,
            "junctions_ln": 1.0,
        },
        evaluate_every=2_000,
    )


def demo_effects() -> Recipe:
    """The shipped demo network: goes on from `demo`, less than an hour on one free core.

    Of a window and its mutated copy the losses of `demo` see two windows; what a variant does is a
    small part of either, and rules whose sites are rare or act at a distance (polyA signals, RBFOX,
    boundaries) stay unlearned. Here both alleles are in one batch, and the error of their
    difference is most of the gradient.
    """
    first = demo()
    mixture = Mixture(
        genome=0.45,
        mutated=0.05,
        soup=0.2,
        background=0.0,
        packed=0.15,
        ends=0.15,
        edits=6,
        functional=0.9,
        shift=1_024,
    )
    # Then what ends a transcript, of which the levels of RNA alone taught nothing.
    ends = dataclasses.replace(mixture, genome=0.3, packed=0.2, ends=0.25)
    structure = {"structure": 60.0, "rna_seq_effect": 150.0}
    everything = {
        "structure": 30.0,
        "splice_sites_classification": 1500.0,
        "usage_at_sites": 120.0,
        "contact_maps": 80.0,
        "dnase_effect": 80.0,
        "atac_effect": 30.0,
        "chip_tf_effect": 60.0,
        "rna_seq_effect": 120.0,
        "contact_maps_effect": 600.0,
        "usage_effect": 600.0,
    }
    # What makes the gradients of the single effects about equally large at the start.
    effects = {
        "dnase_effect": 30.0,
        "atac_effect": 15.0,
        "cage_effect": 40.0,
        "procap_effect": 12.0,
        "chip_tf_effect": 40.0,
        "chip_histone_effect": 40.0,
        "contact_maps_effect": 250.0,
        "genes_effect": 120.0,
        "rna_seq_effect": 80.0,
        "usage_effect": 300.0,
    }
    return dataclasses.replace(
        first,
        name="demo-effects",
        after=first.name,
        stream_start=first.steps,
        stages=(
            Stage(
                window=16_384,
                batch=2,
                steps=100,
                mixture=mixture,
                own_rate=(1e-4, 1.5e-3),
                pairs=True,
            ),
            Stage(
                window=16_384,
                batch=2,
                steps=2_300,
                mixture=mixture,
                own_rate=(1.5e-3, 8e-4),
                pairs=True,
            ),
            Stage(
                window=16_384,
                batch=2,
                steps=1_400,
                mixture=ends,
                head_weights=structure,
                own_rate=(1.5e-3, 8.7e-4),
                pairs=True,
            ),
            # The readouts need most of the gradient to be learned within minutes.
            Stage(
                window=8_192,
                batch=4,
                steps=1_200,
                mixture=ends,
                head_weights={**structure, "structure": 1000.0},
                own_rate=(2e-3, 1.2e-3),
            ),
            Stage(
                window=16_384,
                batch=2,
                steps=900,
                mixture=ends,
                head_weights={**structure, "structure": 400.0},
                own_rate=(1.2e-3, 5e-4),
                ema=0.995,
                pairs=True,
            ),
            Stage(
                window=32_768,
                batch=2,
                steps=300,
                mixture=mixture,
                head_weights=structure,
                own_rate=(5e-4, 3e-5),
                ema=0.99,
                pairs=True,
            ),
            # What the readouts have crowded out.
            Stage(
                window=32_768,
                batch=2,
                steps=650,
                mixture=dataclasses.replace(mixture, genome=0.4, soup=0.3, ends=0.1),
                head_weights=everything,
                own_rate=(1.2e-3, 2e-5),
                ema=0.99,
                pairs=True,
            ),
            Stage(
                window=16_384,
                batch=2,
                steps=1_450,
                mixture=dataclasses.replace(mixture, genome=0.4, soup=0.25, ends=0.05, packed=0.25),
                head_weights={
                    **everything,
                    "structure": 15.0,
                    "splice_sites_classification": 3000.0,
                    "splice_sites_junction": 4.0,
                    "usage_effect": 900.0,
                },
                own_rate=(1.4e-3, 2e-5),
                ema=0.996,
                pairs=True,
            ),
        ),
        structure=True,
        head_weights={
            **first.head_weights,
            **first.stages[-2].head_weights,
            **effects,
            "structure": 0.0,
        },
        evaluate_every=0,
    )


def ci() -> Recipe:
    """A smaller network for a minute: enough to see that one motif opens chromatin."""
    small = dataclasses.replace(
        ModelConfig.demo(),
        channels=16,
        channels_step=4,
        tower_layers=1,
        pair_channels=16,
        junction_channels=16,
    )
    soup = Mixture(genome=0.2, mutated=0.0, soup=0.8, background=0.0, mouse=0.0)
    return Recipe(
        name="ci",
        model=small,
        stages=(Stage(window=2_048, batch=8, steps=300, mixture=soup),),
        optimiser=Optimiser(peak=5e-3, warmup=20, ema=0.95),
        scaling_windows=20,
        calibration_batches=4,
        checkpoint_every=100,
        evaluate_every=0,
        evaluation_windows=2,
        evaluation_window=4_096,
    )


RECIPES: Mapping[str, Callable[[], Recipe]] = {
    "demo": demo,
    "demo-effects": demo_effects,
    "ci": ci,
}


def named(name: str) -> Recipe:
    """The recipe of this name.

    Raises:
      UnknownRecipeError: there is none.
    """
    if name not in RECIPES:
        raise UnknownRecipeError(
            f"There is no recipe {name!r}; choose one of {', '.join(RECIPES)}.", field="recipe"
        )
    return RECIPES[name]()

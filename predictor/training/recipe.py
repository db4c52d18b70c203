"""What a training recipe says: windows, stages, optimiser, weights of the losses.

Source: spec/demo_genome.md 8, reference feasibility study.
"""

import dataclasses
import itertools
from collections.abc import Mapping

from predictor.evaluation import seeds
from predictor.model.config import ModelConfig

JUNCTION_HEAD_WEIGHT = 0.2
"""Weight of the junction head among the heads, as released; the others have 1."""


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

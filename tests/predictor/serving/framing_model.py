"""A `DnaModel` without a network, whose answers are known beforehand, behind the real service.

`python -m tests.predictor.serving.framing_model STORY ...` serves it: every base that it is asked
to mutate takes a moment and leaves a line in the file STORY.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from alphagenome.data.genome import Interval, Junction, Variant
from alphagenome.data.junction_data import JunctionData
from alphagenome.data.track_data import TrackData
from alphagenome.models import variant_scorers
from alphagenome.models.dna_model import DnaModel, Organism
from alphagenome.models.dna_output import Output, OutputMetadata, OutputType, VariantOutput
from anndata import AnnData

from predictor import errors
from predictor.serving import command, options, server
from predictor.serving.answers import Answers
from predictor.serving.authoriser import Authoriser, Call
from predictor.serving.service import Limits

SECONDS_PER_BASE = 0.2
MOST_BASES = 1_000
TRACKS = pd.DataFrame(
    {
        "name": ["one", "one", "two"],
        "strand": ["+", "-", "."],
        "ontology_curie": ["UBERON:0000955", "UBERON:0000955", None],
        "biosample_type": ["tissue", "tissue", None],
        "biosample_name": ["brain", "brain", None],
        "nonzero_mean": [0.5, 0.5, np.nan],
    }
)
TISSUES = pd.DataFrame({"name": ["brain", "liver"], "ontology_curie": ["UBERON:0000955", None]})
GENES = pd.DataFrame(
    {
        "gene_id": ["G1", "G2"],
        "strand": ["+", "-"],
        "gene_name": ["ONE", None],
        "gene_type": ["protein_coding", "lncRNA"],
        "num_exons": [3, 4],
    },
    index=["0", "1"],
)
GENE_SCORES = np.array([[1.5, np.nan, 2.5], [np.nan, -3.5, 4.5]], np.float32)
QUANTILES = np.array([[0.25, np.nan, 0.5], [np.nan, -0.75, 0.875]], np.float32)


class FramingModel(DnaModel):
    """Known answers; see the constants."""

    def __init__(self, story: Path):
        self._story = story

    def predict_sequence(
        self, sequence, *, organism=None, requested_outputs, ontology_terms, interval=None
    ):
        return _output(requested_outputs, len(sequence), interval, 1.0)

    def predict_interval(self, interval, *, organism=None, requested_outputs, ontology_terms):
        return _output(requested_outputs, interval.width, interval, 1.0)

    def predict_variant(
        self, interval, variant, *, organism=None, requested_outputs, ontology_terms
    ):
        return VariantOutput(
            reference=_output(requested_outputs, interval.width, interval, 1.5),
            alternate=_output(requested_outputs, interval.width, interval, 2.5),
        )

    def score_interval(self, interval, interval_scorers=(), *, organism=None):
        return [_gene_scores(interval=interval) for _ in interval_scorers]

    def score_variant(self, interval, variant, variant_scorers=(), *, organism=None):
        return [self._scores(scorer, interval, variant) for scorer in variant_scorers]

    def score_ism_variants(
        self,
        interval,
        ism_interval,
        variant_scorers=(),
        *,
        interval_variant=None,
        organism=None,
    ):
        found = []
        for position in range(ism_interval.start, ism_interval.end):
            with self._story.open("a") as file:
                file.write(f"{position}\n")
            time.sleep(SECONDS_PER_BASE)
            for base in "CGT":
                variant = Variant(ism_interval.chromosome, position + 1, "A", base)
                found.append(self.score_variant(interval, variant, variant_scorers))
        return found

    def output_metadata(self, organism=Organism.HOMO_SAPIENS):
        return OutputMetadata(dnase=TRACKS, splice_junctions=TISSUES, procap=TRACKS[:0])

    @staticmethod
    def _scores(scorer, interval, variant) -> AnnData:
        uns = {"interval": interval, "variant": variant, "variant_scorer": scorer}
        match scorer:
            case variant_scorers.GeneMaskLFCScorer():
                return _gene_scores(**uns)
            case variant_scorers.GeneMaskActiveScorer():
                none = GENES[:0].reset_index(drop=True)
                none.index = none.index.map(str)
                return AnnData(X=np.zeros((0, 3), np.float32), obs=none, var=_var(TRACKS), uns=uns)
            case variant_scorers.SpliceJunctionScorer():
                obs = GENES.assign(junction_Start=[10, 20], junction_End=[100, 200])
                values = np.ones((2, 2), np.float32)
                return AnnData(X=values, obs=obs, var=_var(TISSUES), uns=uns)
        return AnnData(X=np.array([[1, 2, 3]], np.float32), var=_var(TRACKS), uns=uns)


class SteppingModel(FramingModel):
    """The same, one result after the other: what our own engines offer beside the SDK's calls."""

    def iter_variant_scores(self, intervals, variants, variant_scorers=(), *, organism=None):
        for interval, variant in zip(intervals, variants, strict=True):
            yield self.score_variant(interval, variant, variant_scorers)

    def iter_interval_scores(self, intervals, interval_scorers=(), *, organism=None):
        for interval in intervals:
            yield self.score_interval(interval, interval_scorers)

    def iter_ism_scores(
        self, interval, ism_interval, variant_scorers=(), *, interval_variant=None, organism=None
    ):
        if ism_interval.width > MOST_BASES:
            raise errors.ScoringLimitError(f"{ism_interval.width} bases are too many.")
        return self._substitutions(interval, ism_interval, variant_scorers)

    def _substitutions(self, interval, stretch, scorers):
        for position in range(stretch.start, stretch.end):
            base = Interval(stretch.chromosome, position, position + 1)
            yield from self.score_ism_variants(interval, base, scorers)


def _gene_scores(**uns) -> AnnData:
    return AnnData(
        X=GENE_SCORES, obs=GENES, var=_var(TRACKS), uns=uns, layers={"quantiles": QUANTILES}
    )


def _var(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_axis(table.index.astype(str))


def _output(kinds, width: int, interval: Interval | None, level: float) -> Output:
    found = {}
    for kind in kinds:
        if kind is OutputType.SPLICE_JUNCTIONS:
            found["splice_junctions"] = JunctionData(
                junctions=np.array([Junction("chr1", 5, 9, "-"), Junction("chr1", 6, 9, "+")]),
                values=np.full((2, 2), level, np.float32),
                metadata=TISSUES,
                interval=interval,
            )
            continue
        values = np.full((width, 3), level, np.float32)
        found[kind.name.lower()] = TrackData(values, TRACKS, resolution=1, interval=interval)
    return Output(**found)


class Quota:
    """Refuses the first calls, as if a quota had been used up just before them.

    What a call costs is a line in a file beside the story.
    """

    def __init__(self, authoriser: Authoriser, refusals: int, story: Path):
        self._authoriser, self._left, self._story = authoriser, refusals, story

    def admit(self, call: Call) -> str:
        return self._authoriser.admit(call)

    def charge(self, caller: str, call: Call) -> None:
        if self._left and call.windows:
            self._left -= 1
            raise errors.QuotaExceededError(f"The quota of {call.key} is used up for a moment.")
        self._authoriser.charge(caller, call)
        with self._story.with_suffix(".charges").open("a") as file:
            file.write(f"{call.windows}\n")


def _report(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("story", type=Path)
    parser.add_argument("--open-calls", type=int, default=100)
    parser.add_argument("--steps", action="store_true", help="one result after the other")
    parser.add_argument("--refuse", type=int, default=0, help="the first calls, for their quota")
    options.add_options(parser)
    options.add_keys_option(parser)
    given = parser.parse_args(["--engine=framing", *sys.argv[1:]])
    model = SteppingModel if given.steps else FramingModel
    server.serve(
        server.Service(
            open_engines=lambda: {"framing": Answers(model(given.story))},
            place=server.Place(port=given.port, certificate=given.certificate, key=given.key),
            authoriser=Quota(command.key_authoriser(given), given.refuse, given.story),
            limits=Limits(at_once=1, open_calls_of_one=given.open_calls),
            grace=given.grace,
            report=_report,
        )
    )


if __name__ == "__main__":
    main()

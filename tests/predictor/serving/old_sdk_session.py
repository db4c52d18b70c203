"""What a notebook with an SDK of 2025 does. Run by another interpreter than the tests' own SDK.

`python old_sdk_session.py PORT BASE OUT.npz`: calls everything, keeps the numbers in OUT.npz. Uses
nothing that SDK 0.6.1 does not have.
"""

import sys
from importlib import metadata

import grpc
import numpy as np
from alphagenome.data import genome
from alphagenome.models import dna_client, interval_scorers, variant_scorers
from alphagenome.models.dna_client import OutputType

INTERVAL = genome.Interval("demo1", 100_000, 116_384)
STRETCH = genome.Interval("demo1", 108_000, 108_003)
SEQUENCE = "ACGT" * 4_096
MEAN = interval_scorers.IntervalAggregationType.MEAN


def calls(model, base: str) -> dict[str, np.ndarray]:
    """Every call of the client by name, as arrays."""
    variant = genome.Variant("demo1", 108_001, base, base + "ACG")
    asked = {"requested_outputs": [OutputType.DNASE, OutputType.RNA_SEQ], "ontology_terms": None}
    both = model.predict_variant(INTERVAL, variant, **asked)
    scorer = interval_scorers.GeneMaskScorer(OutputType.RNA_SEQ, 10_001, MEAN)
    some = [variant_scorers.RECOMMENDED_VARIANT_SCORERS[name] for name in ("DNASE", "RNA_SEQ")]
    mutated = model.score_ism_variants(INTERVAL, STRETCH, some, progress_bar=False)
    mutated.sort(key=lambda scores: str(scores[0].uns["variant"]))
    found = {
        "sequence": model.predict_sequence(SEQUENCE, **asked).dnase.values,
        "interval": model.predict_interval(INTERVAL, **asked).rna_seq.values,
        "reference": both.reference.dnase.values,
        "alternate": both.alternate.rna_seq.values,
        "tracks": np.array(model.output_metadata().rna_seq["name"], str),
        "interval_score": model.score_interval(INTERVAL, [scorer])[0].X,
        "mutated": np.array([scores[0].X for scores in mutated]),
    }
    for number, scores in enumerate(model.score_variant(INTERVAL, variant)):
        found[f"score_{number}"] = scores.X
    return found


def main() -> None:
    port, base, out = sys.argv[1:]
    channel = grpc.insecure_channel(
        f"127.0.0.1:{port}", options=[("grpc.max_receive_message_length", -1)]
    )
    model = dna_client.DnaClient(channel=channel, metadata=[("x-goog-api-key", "any")])
    np.savez(out, version=metadata.version("alphagenome"), **calls(model, base))


if __name__ == "__main__":
    main()

"""Sizes of the network, in one place.

What is fixed by the names of the outputs stays a constant: a token covers 128 bp, and a cell of
the pair representation covers 16 tokens. Everything else is a field of `ModelConfig`.
"""

import dataclasses
import json
import math
from typing import Literal

from predictor.errors import AllelensError

TOKEN_WIDTH = 128
"""Base pairs per token of the transformer."""
PAIR_TOKENS = 16
"""Tokens per side of a cell of the pair representation."""
PAIR_WIDTH = TOKEN_WIDTH * PAIR_TOKENS
"""Base pairs per side of a pair cell; sequence lengths are multiples of this."""
DOWN_BLOCKS = int(math.log2(TOKEN_WIDTH)) - 1
"""Down blocks of the encoder: the DNA embedder's own pooling does the first halving."""


class InvalidModelConfigError(AllelensError):
    """The stored sizes of a network cannot be read."""

    code = "invalid_model_config"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TracksPerHead:
    """Outputs of each head, padding included; the same number for every organism.

    The field names are the names of the heads. `splice_sites_junction` counts tissues: its head
    gives one + and one - track for each.
    """

    atac: int
    dnase: int
    procap: int
    cage: int
    rna_seq: int
    chip_tf: int
    chip_histone: int
    contact_maps: int
    splice_sites_classification: int
    splice_sites_usage: int
    splice_sites_junction: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """All sizes and constants of one network (spec/model.md, sections 2 to 8).

    Attributes:
      channels: channels at 1 bp; every down block adds `channels_step`.
      channels_step: channels added per halving of the resolution.
      stem_width: kernel width of the first convolution, in bp.
      kernel_width: kernel width of the standardised convolutions.
      tower_layers: transformer layers; every second one, from the first, updates the pairs.
      query_heads: attention heads, which share one key head and one value head.
      key_channels: channels of one query or key head.
      value_channels: channels of one value head.
      mlp_factor: hidden channels of the sequence and pair MLPs, per input channel.
      logit_cap: the attention logits are bent into (-logit_cap, logit_cap).
      rotary_positions: longest number of tokens the rotary embedding was laid out for.
      rotary: "released" rounds every step of the tower's rotary tables to bfloat16, as the
        released weights were trained (another function, not a worse one); "exact" does not.
      pair_channels: channels of the pair representation.
      pair_heads: heads of the sequence-to-pair product.
      pair_head_channels: channels of one such head.
      pair_position_features: features of a relative position (half of them signed).
      embedding_factor: channels of the output embeddings per channel of their input.
      organisms: rows of all organism tables; 0 is human, 1 is mouse.
      tracks: outputs per head.
      junction_channels: channels in which donors and acceptors are compared.
      junction_positions: longest sequence in bp that the junction head's rotary embedding was
        laid out for.
      junction_sites: most splice sites of one kind that are paired.
      junction_threshold: smallest class probability of a splice site.
      dropout_rate: share of values dropped in training.
      norm_decay: share of the old value that a running second moment keeps per training step.
      kernels: "trained" kernels of the standardised convolutions are standardised in every pass;
        "standardized" ones were when they were loaded (model/preparation.py).
    """

    channels: int
    channels_step: int
    stem_width: int = 15
    kernel_width: int = 5
    tower_layers: int
    query_heads: int
    key_channels: int
    value_channels: int
    mlp_factor: int = 2
    logit_cap: float = 5.0
    rotary_positions: int = 8192
    rotary: Literal["exact", "released"]
    pair_channels: int
    pair_heads: int
    pair_head_channels: int
    pair_position_features: int = 64
    embedding_factor: int = 2
    organisms: int = 2
    tracks: TracksPerHead
    junction_channels: int
    junction_positions: int = 2**20
    junction_sites: int
    junction_threshold: float = 0.1
    dropout_rate: float
    norm_decay: float
    kernels: Literal["trained", "standardized"] = "trained"

    @property
    def skip_channels(self) -> tuple[int, ...]:
        """Channels of the encoder at 1, 2, 4, ... 64 bp."""
        return tuple(self.channels + i * self.channels_step for i in range(DOWN_BLOCKS + 1))

    @property
    def trunk_channels(self) -> int:
        """Channels of a token."""
        return self.skip_channels[-1]

    @property
    def embedding_1bp_channels(self) -> int:
        """Channels of the 1-bp output embeddings."""
        return self.embedding_factor * self.channels

    @property
    def embedding_128bp_channels(self) -> int:
        """Channels of the 128-bp output embeddings."""
        return self.embedding_factor * self.trunk_channels

    @property
    def pair_positions(self) -> int:
        """Longest side of the pair representation that the position features were laid out for."""
        return self.rotary_positions // PAIR_TOKENS

    @classmethod
    def full(cls) -> "ModelConfig":
        """The released network: 450,452,613 parameters."""
        return cls(
            channels=768,
            channels_step=128,
            tower_layers=9,
            query_heads=8,
            key_channels=128,
            value_channels=192,
            rotary="released",
            pair_channels=128,
            pair_heads=32,
            pair_head_channels=128,
            tracks=TracksPerHead(
                atac=256,
                dnase=384,
                procap=128,
                cage=640,
                rna_seq=768,
                chip_tf=1664,
                chip_histone=1152,
                contact_maps=28,
                splice_sites_classification=5,
                splice_sites_usage=734,
                splice_sites_junction=367,
            ),
            junction_channels=768,
            junction_sites=512,
            dropout_rate=0.3,
            norm_decay=0.9,
        )

    @classmethod
    def demo(cls) -> "ModelConfig":
        """The narrow network that learns the demo world on a laptop (spec/demo_genome.md 8).

        Wider at coarse resolutions and deeper than specified, where it costs little: expression is
        a chain of facts at a distance. No dropout: its training stream never repeats a window. A
        slower running moment than the full network's, because its batches are small.
        """
        return cls(
            channels=32,
            channels_step=12,
            tower_layers=6,
            query_heads=4,
            key_channels=32,
            value_channels=48,
            rotary="exact",
            pair_channels=32,
            pair_heads=8,
            pair_head_channels=16,
            tracks=TracksPerHead(
                atac=2,
                dnase=4,
                procap=2,
                cage=6,
                rna_seq=7,
                chip_tf=8,
                chip_histone=15,
                contact_maps=2,
                splice_sites_classification=5,
                splice_sites_usage=8,
                splice_sites_junction=4,
            ),
            junction_channels=32,
            junction_sites=64,
            dropout_rate=0.0,
            norm_decay=0.98,
        )

    def to_json(self) -> str:
        """All fields as a JSON object, `tracks` nested."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> "ModelConfig":
        """The inverse of `to_json`.

        Raises:
          InvalidModelConfigError: not a JSON object, or a field is missing or unknown.
        """
        try:
            fields = json.loads(text)
            return cls(**{**fields, "tracks": TracksPerHead(**fields["tracks"])})
        except (ValueError, TypeError, KeyError) as error:
            raise InvalidModelConfigError(
                f"The sizes of the network cannot be read ({error}). Was this file written by "
                "this version of the project?"
            ) from error

"""Official checkpoint names and ours: the one table where foreign names appear.

An official name is a module path and a leaf, joined by a slash, such as
`alphagenome/transformer_tower/mha_block_3/norm_q/scale`. Ours is the path in the nested dicts of
`predictor.model.functional`. Values need no transposition. The only change of shape: official
norms and convolution gains carry leading axes of length 1, which ours do not have.

Source: spec/model.md 10.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from predictor.model.config import DOWN_BLOCKS, ModelConfig

# Kinds of module: official leaf, our leaf, official leading axes of length 1.
_LINEAR = (("w", "kernel", 0), ("b", "bias", 0))
_UNBIASED = (("w", "kernel", 0),)
_LAYER_NORM = (("scale", "scale", 0), ("offset", "offset", 0))
_BATCH_NORM = (("scale", "scale", 2), ("offset", "offset", 2))
_PAIR_BATCH_NORM = (("scale", "scale", 3), ("offset", "offset", 3))
_CONVOLUTION = (("w", "kernel", 0), ("scale", "gain", 2), ("bias", "bias", 0))
_EMBEDDING = (("embeddings", "table", 0),)
_BATCH_NORMS = (_BATCH_NORM, _PAIR_BATCH_NORM)

_Leaves = tuple[tuple[str, str, int], ...]
_Modules = tuple[tuple[str, str, _Leaves], ...]

_CONV_BLOCK: _Modules = (
    ("rms_batch_norm", "norm", _BATCH_NORM),
    ("standardized_conv1_d", "convolution", _CONVOLUTION),
)
_POINTWISE_BLOCK: _Modules = (
    ("rms_batch_norm", "norm", _BATCH_NORM),
    ("linear", "linear", _LINEAR),
)
_UP_BLOCK: _Modules = (("", "", (("residual_scale", "residual_scale", 0),)),)
_SEQUENCE_TO_PAIR: _Modules = (
    ("", "", (("q_r_bias", "query_bias", 2), ("k_r_bias", "key_bias", 2))),
    ("norm_seq2pair", "norm", _LAYER_NORM),
    ("linear_q", "query", _UNBIASED),
    ("linear_k", "key", _UNBIASED),
    ("linear_pos_features", "position", _LINEAR),
    ("linear_pair", "pair", _LINEAR),
    ("linear_y_q", "from_query", _UNBIASED),
    ("linear_y_k", "from_key", _UNBIASED),
)
_ROW_ATTENTION: _Modules = (
    ("layer_norm", "norm", _LAYER_NORM),
    ("linear_q", "query", _UNBIASED),
    ("linear_k", "key", _UNBIASED),
    ("linear_v", "value", _LINEAR),
)
_PAIR_MLP: _Modules = (
    ("layer_norm", "norm", _LAYER_NORM),
    ("linear", "widen", _LINEAR),
    ("linear_1", "narrow", _LINEAR),
)
_ATTENTION_BIAS: _Modules = (
    ("rms_batch_norm", "norm", _PAIR_BATCH_NORM),
    ("linear", "linear", _UNBIASED),
)
_ATTENTION: _Modules = (
    ("rms_batch_norm", "norm_in", _BATCH_NORM),
    ("q_layer", "query", _UNBIASED),
    ("k_layer", "key", _UNBIASED),
    ("v_layer", "value", _UNBIASED),
    ("norm_q", "norm_query", _LAYER_NORM),
    ("norm_k", "norm_key", _LAYER_NORM),
    ("norm_v", "norm_value", _LAYER_NORM),
    ("linear_embedding", "output", _LINEAR),
    ("rms_batch_norm_1", "norm_out", _BATCH_NORM),
)
_MLP: _Modules = (
    ("rms_batch_norm", "norm_in", _BATCH_NORM),
    ("linear", "widen", _LINEAR),
    ("linear_1", "narrow", _LINEAR),
    ("rms_batch_norm_1", "norm_out", _BATCH_NORM),
)
_EMBEDDER_128BP: _Modules = (
    ("linear", "linear", _LINEAR),
    ("rms_batch_norm", "norm", _BATCH_NORM),
    ("embed", "organism_embedding", _EMBEDDING),
)
_EMBEDDER_1BP: _Modules = (*_EMBEDDER_128BP, ("linear_1", "skip", _UNBIASED))
_EMBEDDER_PAIR: _Modules = (
    ("layer_norm", "norm", _LAYER_NORM),
    ("embed", "organism_embedding", _EMBEDDING),
)
_TRACK_READOUT: _Modules = (
    ("", "", (("learnt_scale", "learnt_scale", 0),)),
    ("multi_organism_linear", "linear", _LINEAR),
)
_PLAIN_HEAD: _Modules = (("multi_organism_linear", "linear", _LINEAR),)
_JUNCTION_HEAD: _Modules = (
    *_PLAIN_HEAD,
    ("pos_donor_logits", "tables", (("embeddings", "pos_donor", 0),)),
    ("pos_acceptor_logits", "tables", (("embeddings", "pos_acceptor", 0),)),
    ("neg_donor_logits", "tables", (("embeddings", "neg_donor", 0),)),
    ("neg_acceptor_logits", "tables", (("embeddings", "neg_acceptor", 0),)),
)

_TRACK_HEADS = {
    **dict.fromkeys(("atac", "dnase", "procap", "cage", "rna_seq"), (1, 128)),
    **dict.fromkeys(("chip_tf", "chip_histone"), (128,)),
}
_PLAIN_HEADS = ("contact_maps", "splice_sites_classification", "splice_sites_usage")


@dataclass(frozen=True)
class ArrayName:
    """One array under its two names.

    Attributes:
      official: name in the released checkpoint.
      ours: path in our nested dicts.
      is_state: belongs to the state (running moments), not to the parameters.
      leading_ones: axes of length 1 that the official array has in front.
    """

    official: str
    ours: tuple[str, ...]
    is_state: bool = False
    leading_ones: int = 0

    def official_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The official array's shape, given ours."""
        return (1,) * self.leading_ones + shape


def array_names(config: ModelConfig) -> list[ArrayName]:
    """All arrays of a network of these sizes: 589 parameters and 81 of state for `full()`."""
    return [
        name
        for official, ours, modules in _blocks(config)
        for module, our_module, leaves in modules
        for name in _array_names(_join(official, module), (*ours, our_module), leaves)
    ]


def _array_names(module: str, path: tuple[str, ...], leaves: _Leaves) -> Iterator[ArrayName]:
    path = tuple(filter(None, "/".join(path).split("/")))
    for leaf, our_leaf, ones in leaves:
        yield ArrayName(f"{module}/{leaf}", (*path, our_leaf), leading_ones=ones)
    if leaves in _BATCH_NORMS:
        ones = leaves[0][2]
        yield ArrayName(f"{module}/var_ema", (*path, "var_ema"), is_state=True, leading_ones=ones)


def _blocks(config: ModelConfig) -> Iterator[tuple[str, tuple[str, ...], _Modules]]:
    """Every block: official path, our path, the modules within."""
    root = "alphagenome"
    yield root, (), (("embed", "organism_embedding", _EMBEDDING),)
    yield from _encoder_blocks(f"{root}/sequence_encoder")
    yield from _tower_blocks(f"{root}/transformer_tower", config.tower_layers)
    yield from _decoder_blocks(f"{root}/sequence_decoder")
    yield f"{root}/output_embedder", ("embedder_128bp",), _EMBEDDER_128BP
    yield f"{root}/output_embedder_1", ("embedder_1bp",), _EMBEDDER_1BP
    yield f"{root}/output_pair", ("embedder_pair",), _EMBEDDER_PAIR
    yield from _head_blocks(f"{root}/head")


def _encoder_blocks(root: str) -> Iterator[tuple[str, tuple[str, ...], _Modules]]:
    stem = ("encoder", "dna_embedder")
    yield f"{root}/dna_embedder", stem, (("conv1_d", "convolution", _LINEAR),)
    yield f"{root}/dna_embedder/conv_block", (*stem, "block"), _CONV_BLOCK
    for i in range(DOWN_BLOCKS):
        block = ("encoder", "down_blocks", str(i))
        yield f"{root}/downres_block_{i}/conv_block", (*block, "first"), _CONV_BLOCK
        yield f"{root}/downres_block_{i}/conv_block_1", (*block, "second"), _CONV_BLOCK


def _tower_blocks(root: str, layers: int) -> Iterator[tuple[str, tuple[str, ...], _Modules]]:
    for i in range(layers):
        layer = ("tower", "layers", str(i))
        if i % 2 == 0:
            update = f"{root}/{_numbered('pair_update_block', i // 2)}"
            ours = (*layer, "pair_update")
            yield f"{update}/sequence_to_pair_block", (*ours, "sequence_to_pair"), _SEQUENCE_TO_PAIR
            yield f"{update}/row_attention_block", (*ours, "row_attention"), _ROW_ATTENTION
            yield f"{update}/pair_mlp_block", (*ours, "mlp"), _PAIR_MLP
        bias = f"{root}/{_numbered('attention_bias_block', i)}"
        yield bias, (*layer, "attention_bias"), _ATTENTION_BIAS
        yield f"{root}/{_numbered('mha_block', i)}", (*layer, "attention"), _ATTENTION
        yield f"{root}/{_numbered('mlp_block', i)}", (*layer, "mlp"), _MLP


def _decoder_blocks(root: str) -> Iterator[tuple[str, tuple[str, ...], _Modules]]:
    for i in range(DOWN_BLOCKS + 1):
        official = f"{root}/{_numbered('up_res_block', i)}"
        ours = ("decoder", "up_blocks", str(i))
        yield official, ours, _UP_BLOCK
        yield f"{official}/conv_in", (*ours, "conv_in"), _CONV_BLOCK
        yield f"{official}/pointwise_conv_unet_skip", (*ours, "conv_skip"), _POINTWISE_BLOCK
        yield f"{official}/conv_out", (*ours, "conv_out"), _CONV_BLOCK


def _head_blocks(root: str) -> Iterator[tuple[str, tuple[str, ...], _Modules]]:
    for name, resolutions in _TRACK_HEADS.items():
        for resolution in resolutions:
            readout = f"resolution_{resolution}"
            yield f"{root}/{name}/{readout}", ("heads", name, "readouts", readout), _TRACK_READOUT
    for name in _PLAIN_HEADS:
        yield f"{root}/{name}", ("heads", name), _PLAIN_HEAD
    junction = "splice_sites_junction"
    yield f"{root}/{junction}", ("heads", junction), _JUNCTION_HEAD


def _numbered(name: str, index: int) -> str:
    """The first of its kind carries no number."""
    return f"{name}_{index}" if index else name


def _join(module: str, submodule: str) -> str:
    return f"{module}/{submodule}" if submodule else module

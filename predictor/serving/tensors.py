"""Arrays as tensors of the wire: one description, then chunks that are made when they are sent.

Bytes are row-major and little-endian, cut without regard to rows; each chunk is compressed on its
own (spec/sdk_grpc.md 6).
"""

from collections.abc import Iterator
from typing import Any

import ml_dtypes
import numpy as np
import zstandard
from alphagenome.protos import tensor_pb2

# Before compression. Well below the 4 MB that a client without options accepts per message.
CHUNK_BYTES = 1 << 20
_TYPES = {
    np.dtype(ml_dtypes.bfloat16): tensor_pb2.DATA_TYPE_BFLOAT16,
    np.dtype(np.float32): tensor_pb2.DATA_TYPE_FLOAT32,
    np.dtype(np.int32): tensor_pb2.DATA_TYPE_INT32,
    np.dtype(bool): tensor_pb2.DATA_TYPE_BOOL,
}


def as_tracks(values: np.ndarray) -> np.ndarray:
    """Values of tracks as they are sent: real numbers as bfloat16, others as they are."""
    floating = np.issubdtype(values.dtype, np.floating)
    return values.astype(ml_dtypes.bfloat16) if floating else values


def described(values: np.ndarray) -> Any:
    """The tensor that announces how many chunks follow.

    Args:
      values: bfloat16, float32, int32 or bool.
    """
    return tensor_pb2.Tensor(
        shape=values.shape,
        data_type=_TYPES[values.dtype],
        chunk_count=-(-values.nbytes // CHUNK_BYTES),
    )


def chunks(values: np.ndarray) -> Iterator[Any]:
    """The chunks of a described array, compressed one by one as they are taken."""
    compressor = zstandard.ZstdCompressor()
    data = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
    for start in range(0, len(data), CHUNK_BYTES):
        yield tensor_pb2.TensorChunk(
            data=compressor.compress(data[start : start + CHUNK_BYTES].data),
            compression_type=tensor_pb2.COMPRESSION_TYPE_ZSTD,
        )

"""Reads the weights' shapes from an ONNX file's bytes: the `onnx` package is not in the test environment.

Source: Protocol Buffers wire format, and onnx.proto3: ModelProto.graph = 7, GraphProto.initializer = 5,
TensorProto.dims = 1, TensorProto.data_type = 2 (1 is float32, 10 is float16), TensorProto.name = 8.
"""

from collections.abc import Iterator
from math import prod
from pathlib import Path

FLOAT32, FLOAT16 = 1, 10
_VARINT, _LENGTH_DELIMITED = 0, 2
_FIXED_SIZES = {1: 8, 5: 4}


def read_float_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Name to shape of every float32 or float16 initializer of the graph."""
    (graph,) = _read_parts(path.read_bytes(), 7)
    shapes = {}
    for tensor in _read_parts(graph, 5):
        if list(_read_integers(tensor, 2)) in ([FLOAT32], [FLOAT16]):
            (name,) = _read_parts(tensor, 8)
            shapes[name.decode()] = tuple(_read_integers(tensor, 1))
    return shapes


def count_weights(path: Path) -> int:
    """Number of floating-point values in the graph's initializers."""
    return sum(prod(shape) for shape in read_float_shapes(path).values())


def _read_parts(message: bytes, number: int) -> list[bytes]:
    return [value for field, value in _read_fields(message) if field == number and isinstance(value, bytes)]


def _read_integers(message: bytes, number: int) -> Iterator[int]:
    for field, value in _read_fields(message):
        if field == number and isinstance(value, int):
            yield value
        elif field == number and isinstance(value, bytes):  # packed
            position = 0
            while position < len(value):
                item, position = _read_varint(value, position)
                yield item


def _read_fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    position = 0
    while position < len(message):
        key, position = _read_varint(message, position)
        kind = key & 7
        if kind == _VARINT:
            number, position = _read_varint(message, position)
            yield key >> 3, number
            continue
        size = _FIXED_SIZES.get(kind, 0)
        if kind == _LENGTH_DELIMITED:
            size, position = _read_varint(message, position)
        yield key >> 3, message[position : position + size]
        position += size


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        value |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128:
            return value, position

"""Observations as columns of numbers and back, without pickle: a cache file can hold data, never code.

Walks the dataclasses by their type hints, so a field that is added to an observation is kept as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Any, TypeGuard, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

Columns = dict[str, npt.NDArray[Any]]
Record = TypeVar("Record")

_PRESENT, _NAMES = "?", "#"


class ColumnsUnreadable(ValueError):
    """The columns are not those of the record type asked for."""


def pack_records(records: Sequence[object], record_type: type) -> Columns:
    """Columns of equal records: for each field a mask of where it isn't None, and the values there.

    Raises TypeError for a field of a kind that no column holds.
    """
    columns: Columns = {}
    _pack(records, record_type, "", columns)
    return columns


def unpack_records(columns: Mapping[str, npt.NDArray[Any]], record_type: type[Record]) -> list[Record]:
    """The records that `pack_records` packed. Raises ColumnsUnreadable for anything else."""
    first = next(iter(_field_types(record_type))) + _PRESENT
    try:
        return _unpack(columns, record_type, "", len(columns[first]))
    except (KeyError, ValueError, IndexError, StopIteration) as error:
        raise ColumnsUnreadable(f"not the columns of {record_type.__name__}: {error}") from error


def name_fields(record_type: type, prefix: str = "") -> list[str]:
    """Every field, nested ones with their path: what the columns depend on."""
    names = []
    for name, kind in _field_types(record_type).items():
        names.append(prefix + name)
        if _is_record(kind):
            names += name_fields(kind, f"{prefix}{name}.")
    return names


def _pack(records: Sequence[object], record_type: type, prefix: str, columns: Columns) -> None:
    for name, kind in _field_types(record_type).items():
        values = [getattr(record, name) for record in records]
        present = [value for value in values if value is not None]
        key = prefix + name
        columns[key + _PRESENT] = np.array([value is not None for value in values], dtype=bool)
        if _is_record(kind):
            _pack(present, kind, key + ".", columns)
        elif present:
            _pack_values(present, kind, key, columns)


def _pack_values(values: list[Any], kind: Any, key: str, columns: Columns) -> None:
    if _is_mapping(kind):
        names = sorted(values[0])
        columns[key + _NAMES] = np.array(names, dtype=np.str_)
        columns[key] = np.array([[value[name] for name in names] for value in values], dtype=np.float32)
    elif kind is bytes:
        columns[key] = np.stack([np.frombuffer(value, dtype=np.uint8) for value in values])
    elif kind in (int, float, bool) or get_origin(kind) in (np.ndarray, tuple):
        columns[key] = np.stack([np.asarray(value) for value in values])
    else:
        raise TypeError(f"{key}: no column holds values of {kind}")


def _unpack(
    columns: Mapping[str, npt.NDArray[Any]], record_type: type[Record], prefix: str, count: int
) -> list[Record]:
    arguments: dict[str, list[Any]] = {}
    for name, kind in _field_types(record_type).items():
        key = prefix + name
        mask = columns[key + _PRESENT]
        if len(mask) != count:
            raise ColumnsUnreadable(f"{key} has {len(mask)} rows, not {count}")
        present = int(mask.sum())
        if _is_record(kind):
            found: list[Any] = _unpack(columns, kind, key + ".", present)
        else:
            found = _unpack_values(columns, kind, key) if present else []
        if len(found) != present:
            raise ColumnsUnreadable(f"{key} has {len(found)} values, not {present}")
        values = iter(found)
        arguments[name] = [next(values) if is_there else None for is_there in mask]
    return [record_type(**{name: arguments[name][row] for name in arguments}) for row in range(count)]


def _unpack_values(columns: Mapping[str, npt.NDArray[Any]], kind: Any, key: str) -> list[Any]:
    column = columns[key]
    if _is_mapping(kind):
        names = columns[key + _NAMES].tolist()
        return [dict(zip(names, row, strict=True)) for row in column.tolist()]
    if kind is bytes:
        return [row.tobytes() for row in column]
    if get_origin(kind) is np.ndarray:
        return list(column)
    if get_origin(kind) is tuple:
        return [tuple(row) for row in column.tolist()]
    return [kind(value) for value in column.tolist()]


def _field_types(record_type: type) -> dict[str, Any]:
    """The type of each field, without its `| None`."""
    hints = get_type_hints(record_type)
    return {field.name: _strip_optional(hints[field.name]) for field in fields(record_type)}


def _strip_optional(kind: Any) -> Any:
    # An array's own arguments are no alternatives to None.
    if get_origin(kind) is np.ndarray or NoneType not in get_args(kind):
        return kind
    (inner,) = (argument for argument in get_args(kind) if argument is not NoneType)
    return inner


def _is_record(kind: Any) -> TypeGuard[type]:
    return isinstance(kind, type) and is_dataclass(kind)


def _is_mapping(kind: Any) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, Mapping)

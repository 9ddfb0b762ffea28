"""Reads the first items of an IDX file, MNIST's format, and refuses a file that is not what its header says.

    2 zero bytes | 8: unsigned bytes | number of dimensions | each dimension, uint32 big-endian | the bytes, row by row

A file is plain or, named *.gz, gzipped. Format: Yann LeCun, http://yann.lecun.com/exdb/mnist/
"""

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from core.errors import N_, LessonError

PIECE = 1 << 20  # bytes unpacked at a time while a file is checked


class DatasetError(LessonError):
    """A data set cannot be had as asked for."""


def count_items(path: Path, item: tuple[int, ...], at_most: int) -> int:
    """How many items of shape `item` the file holds, after the whole file has been checked once.

    The file is checked again only when its time of change or its size has changed.
    Raises DatasetError that names the file if it is unreadable, truncated, too long, or of another shape.
    """
    return _checked_count(path, item, at_most, *state(path))


def state(path: Path) -> tuple[int, int]:
    """When a file was changed and its size: the same file in the same state holds the same. Raises DatasetError."""
    with _faults_named(path):
        found = path.stat()
    return found.st_mtime_ns, found.st_size


def read_items(path: Path, item: tuple[int, ...], count: int) -> np.ndarray:
    """The first `count` items of a file that `count_items` has checked: uint8, read-only, (count, *item)."""
    with _faults_named(path), _open(path) as stream:
        stream.read(len(_header_start(item)) + 4 * (1 + len(item)))
        return np.frombuffer(_exactly(stream, count * math.prod(item)), np.uint8).reshape(count, *item)


@lru_cache(maxsize=16)
def _checked_count(path: Path, item: tuple[int, ...], at_most: int, changed: int, size: int) -> int:
    """`changed` and `size` are there for the cache: a file that is replaced is checked anew."""
    with _faults_named(path), _open(path) as stream:
        if _exactly(stream, 4) != _header_start(item):
            raise DatasetError(
                N_("{file} is not the IDX file it should be: its magic number is wrong."), file=path.name
            )
        count, *shape = struct.unpack(f">{1 + len(item)}I", _exactly(stream, 4 * (1 + len(item))))
        if tuple(shape) != item:
            raise DatasetError(
                N_("{file} holds images of {shape} pixels; {expected} are needed."),
                file=path.name,
                shape=" x ".join(map(str, shape)),
                expected=" x ".join(map(str, item)),
            )
        if not 1 <= count <= at_most:
            raise DatasetError(
                N_("{file} says that it holds {count} items; 1 to {most} are possible."),
                file=path.name,
                count=count,
                most=at_most,
            )
        left = count * math.prod(item)
        while left >= 0 and (piece := stream.read(PIECE)):  # nothing is kept: a header cannot ask for memory
            left -= len(piece)
        if left > 0:
            raise EOFError
        if left < 0:
            raise DatasetError(N_("{file} is longer than its header says."), file=path.name)
        return count


def _header_start(item: tuple[int, ...]) -> bytes:
    """The magic number: 00 00, 08 for unsigned bytes, the number of dimensions."""
    return bytes([0, 0, 8, 1 + len(item)])


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _exactly(stream: BinaryIO, size: int) -> bytes:
    """The next `size` bytes. Raises EOFError if there are fewer."""
    held = stream.read(size)
    if len(held) < size:
        raise EOFError
    return held


@contextmanager
def _faults_named(path: Path) -> Iterator[None]:
    """Turns every fault of reading into a DatasetError that names the file."""
    try:
        yield
    except EOFError as error:
        raise DatasetError(N_("{file} is truncated: it ends before its header says."), file=path.name) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(N_("{file} is not a sound gzip file."), file=path.name) from error
    except OSError as error:
        raise DatasetError(
            N_("{file} cannot be read: {reason}."), file=path.name, reason=error.strerror or error
        ) from error

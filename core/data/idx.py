"""Reads the first items of an IDX file, MNIST's format, and refuses a file that is not what its header says.

    2 zero bytes | 8: unsigned bytes | number of dimensions | each dimension, uint32 big-endian | the bytes, row by row

A file is plain or gzipped, which its first bytes tell, whatever its name. Format: Yann LeCun, http://yann.lecun.com/exdb/mnist/
"""

import gzip
import hashlib
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

CHUNK_BYTES = 1 << 20  # unpacked at a time while a file is checked
GZIP = b"\x1f\x8b"  # what a gzipped file begins with; an IDX file begins with 00 00


class DatasetError(LessonError):
    """A data set cannot be loaded or downloaded."""


def count_items(path: Path, item: tuple[int, ...], at_most: int) -> int:
    """How many items of shape `item` the file holds, after the whole file has been checked once.

    The file is checked again only when its time of change or its size has changed.
    Raises DatasetError that names the file if it is unreadable, truncated, too long, or of another shape.
    """
    return _checked_count(path, item, at_most, *file_state(path))


def file_state(path: Path) -> tuple[int, int]:
    """A file's time of change (ns) and size (bytes), by which a changed file is noticed. Raises DatasetError."""
    with _named_errors(path):
        found = path.stat()
    return found.st_mtime_ns, found.st_size


def read_items(path: Path, item: tuple[int, ...], count: int) -> np.ndarray:
    """The first `count` items of a file that `count_items` has checked: uint8, read-only, (count, *item)."""
    with _named_errors(path), _open(path) as stream:
        stream.read(len(_header_start(item)) + 4 * (1 + len(item)))
        return np.frombuffer(_read_exactly(stream, count * math.prod(item)), np.uint8).reshape(count, *item)


def content_md5(path: Path) -> str:
    """The MD5 of a file's unpacked content, in hexadecimal digits. Raises DatasetError."""
    total = hashlib.md5(usedforsecurity=False)
    with _named_errors(path), _open(path) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            total.update(chunk)
    return total.hexdigest()


def file_md5(path: Path) -> str:
    """The MD5 of a file as it is, in hexadecimal digits. Raises DatasetError."""
    total = hashlib.md5(usedforsecurity=False)
    with _named_errors(path), path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            total.update(chunk)
    return total.hexdigest()


@lru_cache(maxsize=64)
def _checked_count(path: Path, item: tuple[int, ...], at_most: int, changed: int, size: int) -> int:
    """changed, size: see file_state; part of the cache's key, so that a replaced file is checked again."""
    with _named_errors(path), _open(path) as stream:
        if _read_exactly(stream, 4) != _header_start(item):
            raise DatasetError(
                N_(
                    "{file} is not the IDX file it should be: its magic number is wrong. "
                    "Delete it and fetch the file again."
                ),
                file=path.name,
            )
        count, *shape = struct.unpack(f">{1 + len(item)}I", _read_exactly(stream, 4 * (1 + len(item))))
        if tuple(shape) != item:
            raise DatasetError(
                N_("{file} holds images of {shape} pixels; {expected} are needed. Delete it and fetch the file again."),
                file=path.name,
                shape=" x ".join(map(str, shape)),
                expected=" x ".join(map(str, item)),
            )
        if not 1 <= count <= at_most:
            raise DatasetError(
                N_(
                    "{file} says that it holds {count} items; 1 to {most} are possible. "
                    "Delete it and fetch the file again."
                ),
                file=path.name,
                count=count,
                most=at_most,
            )
        left = count * math.prod(item)
        while left >= 0 and (chunk := stream.read(CHUNK_BYTES)):  # a wrong header costs no memory
            left -= len(chunk)
        if left > 0:
            raise EOFError
        if left < 0:
            raise DatasetError(
                N_("{file} is longer than its header says. Delete it and fetch the file again."), file=path.name
            )
        return count


def _header_start(item: tuple[int, ...]) -> bytes:
    """The magic number: 00 00, 08 for unsigned bytes, the number of dimensions."""
    return bytes([0, 0, 8, 1 + len(item)])


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        is_gzipped = stream.read(len(GZIP)) == GZIP
    return cast(BinaryIO, gzip.open(path)) if is_gzipped else path.open("rb")


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    """The next `size` bytes. Raises EOFError if there are fewer."""
    held = stream.read(size)
    if len(held) < size:
        raise EOFError
    return held


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    """Raises every error of reading as a DatasetError that names the file."""
    try:
        yield
    except EOFError as error:
        raise DatasetError(
            N_("{file} is truncated: it ends before its header says. Delete it and fetch the file again."),
            file=path.name,
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(
            N_("{file} is not a sound gzip file. Delete it and fetch the file again."), file=path.name
        ) from error
    except OSError as error:
        raise DatasetError(
            N_("{file} cannot be read ({reason}): let the account that runs this program read it."),
            file=path.name,
            reason=error.strerror or error,
        ) from error

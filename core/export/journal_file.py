"""Files of journals: saved compressed, and read in little memory whatever somebody has put into them.

A file of up to WHOLE bytes of JSON may be laid out in any way. A larger one is read line by line, as a lab writes it,
one line a round; so a hundred rounds are never in memory as text, nor as Python's numbers, and a small file that would
inflate without end is given up at its first line that is too long.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from itertools import chain
from typing import Any, BinaryIO

from core.errors import N_
from core.export.journal import journal_parts
from core.export.journal_rounds import JournalError, not_a_journal
from core.lab.lab import Lab

# Bytes of a file. A round of 200 trials and 200 epochs has 20 kB (digits, measured), and 160 kB if accuracies on 10,000
# images wavered from epoch to epoch by chance alone; a lab holds 100 rounds.
MAX_BYTES = 20 * 2**20
WHOLE = 2**20  # bytes of JSON that are read at once
MAX_LINE = 2 * 2**20  # bytes of JSON of one round: 200 trials and 200 epochs have 1.2 MB
MAX_REST = 4 * 2**20  # bytes of JSON besides the rounds: 20,000 repeated trials have 2 MB
GZIP = 31  # zlib's number for the format
MAGIC = b"\x1f\x8b"  # that a file of it begins with
ROUNDS_BEGIN = b'"rounds":['


def journal_file(lab: Lab) -> bytes:
    """The lab's journal as a file, JSON in gzip. Raises JournalError if it could not be opened again."""
    compressor = zlib.compressobj(wbits=GZIP)
    packed = b"".join(compressor.compress(part.encode()) for part in journal_parts(lab)) + compressor.flush()
    if len(packed) > MAX_BYTES:
        raise JournalError(N_("A journal has at most {limit} MB."), limit=MAX_BYTES // 2**20)
    return packed


def load_document(content: bytes, take_round: Callable[[Any], None]) -> Any:
    """The JSON of a file, compressed or not.

    take_round: is given the rounds of a file of more than WHOLE bytes of JSON, each as soon as it is read; they are
    left out of what is returned
    Raises JournalError, and whatever json raises and take_round.
    """
    if len(content) > MAX_BYTES:
        raise JournalError(N_("A journal has at most {limit} MB."), limit=MAX_BYTES // 2**20)
    try:
        with _opened(content) as file:
            head = file.read(WHOLE + 1)
            if len(head) <= WHOLE:
                return _load(head)
            return _load_by_lines(chain(_lines(BytesIO(head + file.readline(MAX_LINE))), _lines(file)), take_round)
    except (OSError, EOFError, zlib.error) as error:  # broken or unfinished compression
        raise not_a_journal() from error


def _opened(content: bytes) -> BinaryIO:
    """A file's JSON, inflated as it is read."""
    inside = BytesIO(content)
    return gzip.open(inside) if content.startswith(MAGIC) else inside  # type: ignore[return-value]


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file. Raises JournalError for one that is too long for any round."""
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise not_a_journal()
        yield line


def _load_by_lines(lines: Iterable[bytes], take_round: Callable[[Any], None]) -> Any:
    rest, in_rounds = bytearray(), False
    for line in lines:
        if not in_rounds:
            rest += line
            in_rounds = line.rstrip() == ROUNDS_BEGIN
            if len(rest) > MAX_REST:
                raise not_a_journal()
            continue
        written = line.rstrip().removesuffix(b",")
        in_rounds = not written.endswith(b"]")
        take_round(_load(written.removesuffix(b"]")))
        rest += b"" if in_rounds else b"],"
    return _load(bytes(rest))


def _load(text: bytes) -> Any:
    return json.loads(text.decode("utf-8-sig"), parse_constant=_refuse_constant)


def _refuse_constant(constant: str) -> None:
    raise not_a_journal()  # NaN and Infinity are not JSON

"""Where MNIST's four files lie: in which folder, under which of the names that programs give them, and whether sound.

    folder/train-images-idx3-ubyte.gz   folder/train-images.idx3-ubyte   folder/MNIST/raw/train-images-idx3-ubyte ...

A name only makes a file a candidate; its content decides whether it is taken.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from core.data.idx import DatasetError, count_items
from core.errors import N_

TRAINING_COUNT, TEST_COUNT = 60_000, 10_000  # images of MNIST
PARTS = {  # file: the shape of an item, the fewest and the most items that it may hold
    "train-images-idx3-ubyte": ((28, 28), 1, TRAINING_COUNT),
    "train-labels-idx1-ubyte": ((), 1, TRAINING_COUNT),
    "t10k-images-idx3-ubyte": ((28, 28), TEST_COUNT, TEST_COUNT),
    "t10k-labels-idx1-ubyte": ((), TEST_COUNT, TEST_COUNT),
}
SUBFOLDERS = ("raw", "MNIST/raw", "mnist/raw")  # where other programs put the files


class DatasetMissing(DatasetError):
    """A data set is not on this machine yet."""


def mnist_folder() -> Path:
    """The folder that the environment variable MNIST_DIR names, else one in the user's cache. It may not exist."""
    if named := os.environ.get("MNIST_DIR"):
        return expanded(named)
    import pooch

    return Path(pooch.os_cache("narrowing-lab")) / "mnist"


def expanded(path: str | Path) -> Path:
    """A path with ~ and $NAME filled in, which nobody has done in a service's environment."""
    filled = Path(os.path.expandvars(path))
    try:
        return filled.expanduser()
    except RuntimeError:  # ~somebody whom this machine does not know
        return filled


def find_file(folder: Path, stem: str) -> Path:
    """The sound file of a part, of several the one with the most usual name. stem: of PARTS

    Raises DatasetMissing if there is none, and for files of which none is sound the DatasetError of the first.
    """
    fault: DatasetError | None = None
    for path in _candidates(folder, stem):
        try:
            _check(path, stem)
            return path
        except DatasetError as error:
            fault = fault or error
    if fault is not None:
        raise fault
    if _none_there(folder):
        raise DatasetMissing(N_("MNIST is not on this machine yet; it can be downloaded."))
    raise DatasetMissing(N_("MNIST is not complete: {file} is missing; it can be downloaded."), file=stem)


def mnist_fault(folder: Path) -> DatasetError | None:
    """What is missing or wrong first among the four files, None if nothing is."""
    try:
        for stem in PARTS:
            find_file(folder, stem)
    except DatasetError as error:
        return error
    return None


def _check(path: Path, stem: str) -> None:
    """Raises DatasetError for a file that is not what its name says."""
    item, least, most = PARTS[stem]
    if (held := count_items(path, item, most)) < least:
        raise DatasetError(
            N_("{file} holds {held} items; the test part of MNIST has {most}. Delete it and download MNIST again."),
            file=path.name, held=held, most=most,
        )  # fmt: skip


def _none_there(folder: Path) -> bool:
    return not any(True for stem in PARTS for _ in _candidates(folder, stem))


def _candidates(folder: Path, stem: str) -> Iterator[Path]:
    """Files whose name may be that of a part, the most usual name first. Raises DatasetError for a locked folder."""
    places = [folder, *(folder / name for name in SUBFOLDERS)]
    places += [path for path in _entries(folder) if _matches(path, stem) and path.is_dir()]
    usual = (f"{stem}.gz", stem)  # the gzipped one first, so that a download replaces a broken plain one
    for place in places:
        named = [path for path in _entries(place) if _matches(path, stem) and path.is_file()]
        yield from sorted(named, key=lambda path: (path.name not in usual, path.suffix != ".gz", path.name))


def _matches(path: Path, stem: str) -> bool:
    """Whether a name is a part's but for its dots, dashes and case, and for what a browser or archiver has appended."""
    return not path.name.startswith(".") and re.sub(r"[-._ ]", "", path.name.lower()).startswith(stem.replace("-", ""))


def _entries(folder: Path) -> list[Path]:
    """What lies in a folder; nothing in one that is not there."""
    try:
        return list(folder.iterdir())
    except PermissionError as error:
        raise DatasetError(
            N_("MNIST's folder {folder} may not be read: let the account that runs this program read it."),
            folder=folder,
        ) from error
    except OSError:
        return []

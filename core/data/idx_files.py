"""Where the four files of a data set lie: in which folder, under which of the usual names, and whether sound.

    folder/train-images-idx3-ubyte.gz   folder/train-images.idx3-ubyte   folder/MNIST/raw/train-images-idx3-ubyte ...

A name only makes a file a candidate; its content decides whether it is taken.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from core.data.idx import DatasetError, count_items
from core.data.idx_sets import IDX_SETS
from core.errors import N_

TRAINING_COUNT, TEST_COUNT = 60_000, 10_000  # images of MNIST, and of the others at most
# file: the shape of an item, the fewest items that it may hold (None: see idx_sets.py) and the most
PARTS: dict[str, tuple[tuple[int, ...], int | None, int]] = {
    "train-images-idx3-ubyte": ((28, 28), 1, TRAINING_COUNT),
    "train-labels-idx1-ubyte": ((), 1, TRAINING_COUNT),
    "t10k-images-idx3-ubyte": ((28, 28), None, TEST_COUNT),
    "t10k-labels-idx1-ubyte": ((), None, TEST_COUNT),
}
SUBFOLDERS = ("raw", "MNIST/raw", "mnist/raw")  # where other programs put the files


class DatasetMissing(DatasetError):
    """A data set is not on this machine yet."""


def data_folder(name: str) -> Path:
    """The folder that a data set's environment variable names, else one in the user's cache. It may not exist.

    Raises DatasetMissing for a host's own set that no variable names.
    """
    declared = IDX_SETS[name]
    if named := os.environ.get(declared.variable):
        return expanded(named)
    if declared.cache is None:
        raise DatasetMissing(
            N_("This server has no images of its own: {variable} does not name their folder."),
            variable=declared.variable,
        )
    import pooch

    return Path(pooch.os_cache("narrowing-lab")) / declared.cache


def expanded(path: str | Path) -> Path:
    """A path with ~ and $NAME filled in, which nobody has done in a service's environment."""
    filled = Path(os.path.expandvars(path))
    try:
        return filled.expanduser()
    except RuntimeError:  # ~somebody whom this machine does not know
        return filled


def find_file(folder: Path, stem: str, name: str = "mnist") -> Path:
    """The sound file of a part, of several the one with the most usual name. stem: of PARTS    name: of the data set

    Raises DatasetMissing if there is none, and for files of which none is sound the DatasetError of the first.
    """
    fault: DatasetError | None = None
    title = IDX_SETS[name].title
    for path in _candidates(folder, stem, title):
        try:
            _check(path, stem, IDX_SETS[name].least_test)
            return path
        except DatasetError as error:
            fault = fault or error
    if fault is not None:
        raise fault
    if _none_there(folder, title):
        raise DatasetMissing(N_("{title} is not on this machine yet; it can be downloaded."), title=title)
    raise DatasetMissing(
        N_("{title} is not complete: {file} is missing; it can be downloaded."), title=title, file=stem
    )


def data_fault(name: str, folder: Path | None = None) -> DatasetError | None:
    """What is missing or wrong first among the four files of a data set, None if nothing is."""
    try:
        place = data_folder(name) if folder is None else folder
        for stem in PARTS:
            find_file(place, stem, name)
    except DatasetError as error:
        return error
    return None


def _check(path: Path, stem: str, least_test: int) -> None:
    """Raises DatasetError for a file that is not what its name says."""
    item, fewest, most = PARTS[stem]
    least = least_test if fewest is None else fewest
    if (held := count_items(path, item, most)) < least:
        raise DatasetError(
            N_(
                "{file} holds {held} items; a test part has {least} to {most}. Delete it and fetch the file again."
            ),
            file=path.name, held=held, least=least, most=most,
        )  # fmt: skip


def _none_there(folder: Path, title: str) -> bool:
    return not any(True for stem in PARTS for _ in _candidates(folder, stem, title))


def _candidates(folder: Path, stem: str, title: str) -> Iterator[Path]:
    """Files whose name may be that of a part, the most usual name first. Raises DatasetError for a locked folder."""
    places = [folder, *(folder / name for name in SUBFOLDERS)]
    places += [path for path in _entries(folder, title) if _matches(path, stem) and path.is_dir()]
    usual = (f"{stem}.gz", stem)  # the gzipped one first, so that a download replaces a broken plain one
    for place in places:
        named = [path for path in _entries(place, title) if _matches(path, stem) and path.is_file()]
        yield from sorted(named, key=lambda path: (path.name not in usual, path.suffix != ".gz", path.name))


def _matches(path: Path, stem: str) -> bool:
    """Whether a name is a part's but for its dots, dashes and case, and for what a browser or archiver has appended."""
    return not path.name.startswith(".") and re.sub(r"[-._ ]", "", path.name.lower()).startswith(stem.replace("-", ""))


def _entries(folder: Path, title: str) -> list[Path]:
    """What lies in a folder; nothing in one that is not there."""
    try:
        return list(folder.iterdir())
    except PermissionError as error:
        raise DatasetError(
            N_("The folder {folder} of {title} may not be read: let the account that runs this program read it."),
            folder=folder,
            title=title,
        ) from error
    except OSError:
        return []

"""The data sets of the lab: scikit-learn's digits, built in, and MNIST, downloaded once or in a folder of the host's.

    images  # (n, pixels) uint8, 0 ... full_scale        labels  # (n,) uint8, 0 ... 9

Only training images are handed out here. `python -m core.datasets mnist` fetches MNIST ahead of a lesson.
"""

import argparse
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

import numpy as np

from core.digits import read_digits
from core.download import MIRRORS, download_mnist
from core.errors import N_
from core.idx import DatasetError, count_items, read_items, state

DATASETS = ("digits", "mnist")
TRAINING_COUNTS = {"digits": 1_497, "mnist": 60_000}  # the last 300 of the 1,797 digits are the test part
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


class DatasetMissing(DatasetError):
    """A data set is not on this machine yet."""


@dataclass(frozen=True, eq=False)
class TrainingImages:
    """Images with their labels; the arrays are read-only.

    images: uint8, (n, pixels), 0 is background, full_scale full ink
    labels: uint8, (n,), the digits 0 to 9
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    full_scale: int

    @property
    def side(self) -> int:
        """Pixels along one side of the square images."""
        return math.isqrt(self.images.shape[1])


@dataclass(frozen=True, eq=False)
class Split:
    """Which images train and which validate: int64 indices, no index in both, (n_train,) and (n_validation,)."""

    train: np.ndarray
    validation: np.ndarray


def split(count: int, validation_rate: float, rng: np.random.Generator) -> Split:
    """Shuffles the indices 0 ... count - 1 and splits `validation_rate` (0 to 1) of them off for validation.

    Both parts hold at least one index. Raises DatasetError for fewer than two images.
    """
    if count < 2:
        raise DatasetError(N_("{count} images cannot be split; at least 2 are needed."), count=count)
    order = rng.permutation(count)
    held_out = min(max(round(count * validation_rate), 1), count - 1)
    return Split(train=order[held_out:], validation=order[:held_out])


def unshuffled(labels: np.ndarray, validation_rate: float) -> Split:
    """The split of images that are sorted by their labels and not shuffled: the first ones validate.

    labels: (images,)
    """
    order = np.argsort(labels, kind="stable")
    held_out = min(max(round(len(labels) * validation_rate), 1), len(labels) - 1)
    return Split(train=order[held_out:], validation=order[:held_out])


def training_count(name: str) -> int:
    """How many training images a data set offers. Raises DatasetError for an unknown name."""
    if name not in TRAINING_COUNTS:
        raise DatasetError(
            N_("There is no data set {name}; there are {names}."), name=name, names=", ".join(TRAINING_COUNTS)
        )
    return TRAINING_COUNTS[name]


def load_training(name: str, count: int, folder: Path | None = None) -> TrainingImages:
    """The first `count` training images, 1 to `training_count(name)`.

    folder: where the MNIST files are, `mnist_folder()` if None; of no meaning for the digits
    Raises DatasetMissing if MNIST is not there, DatasetError for a file or a count that will not do.
    """
    most = training_count(name)
    if not 1 <= count <= most:
        raise DatasetError(
            N_("{count} images of {name} cannot be had; it offers 1 to {most}."), count=count, name=name, most=most
        )
    if name == "digits":
        images, labels = _digits()
        return TrainingImages(name, images[:count], labels[:count], full_scale=16)
    return _mnist(count, mnist_folder() if folder is None else folder)


@lru_cache(maxsize=1)
def _digits() -> tuple[np.ndarray, np.ndarray]:
    """The training part, (1497, 64) and (1497,); the test part is let go of at once."""
    parts = [part[: TRAINING_COUNTS["digits"]].copy() for part in read_digits()]
    for part in parts:
        part.setflags(write=False)
    return parts[0], parts[1]


_in_use: WeakValueDictionary[tuple[object, ...], TrainingImages] = WeakValueDictionary()
_reading = Lock()


def _mnist(count: int, folder: Path) -> TrainingImages:
    """The first `count` images: when a class starts at once, one reads them and all hold the same."""
    images_file, labels_file = (find(folder, stem) for stem in (IMAGES, LABELS))
    key = count, images_file, state(images_file), labels_file, state(labels_file)
    with _reading:
        found = _in_use.get(key)
        if found is None:
            found = TrainingImages("mnist", *_read_mnist(count, images_file, labels_file), full_scale=255)
            _in_use[key] = found
    return found


def _read_mnist(count: int, images_file: Path, labels_file: Path) -> tuple[np.ndarray, np.ndarray]:
    """The first `count` images and labels, (count, 784) and (count,), from files whose whole form has been checked."""
    most = TRAINING_COUNTS["mnist"]
    held, labelled = count_items(images_file, (28, 28), most), count_items(labels_file, (), most)
    if held != labelled:
        raise DatasetError(
            N_("{file} holds {labels} labels for {images} images."), file=labels_file.name, labels=labelled, images=held
        )
    labels = read_items(labels_file, (), labelled)
    if labels.max() > 9:
        raise DatasetError(
            N_("{file} holds the label {label}; a digit is 0 to 9."), file=labels_file.name, label=int(labels.max())
        )
    if count > held:
        raise DatasetError(
            N_("{file} holds {held} images, not the {count} asked for."), file=images_file.name, held=held, count=count
        )
    return read_items(images_file, (28, 28), count).reshape(count, 784), labels[:count]


def mnist_folder() -> Path:
    """The folder that the environment variable MNIST_DIR names, else one in the user's cache. It need not exist."""
    if named := os.environ.get("MNIST_DIR"):
        return Path(named)
    import pooch

    return Path(pooch.os_cache("narrowing-lab")) / "mnist"


def mnist_ready(folder: Path) -> bool:
    """Whether both training files are there, gzipped or plain. What is in them, `load_training` checks."""
    try:
        return all(find(folder, stem) for stem in (IMAGES, LABELS))
    except DatasetMissing:
        return False


def find(folder: Path, stem: str) -> Path:
    """The gzipped file if there is one, so that a download mends a folder whose plain file is broken."""
    for path in (folder / f"{stem}.gz", folder / stem):
        try:
            if path.is_file():
                return path
        except OSError:  # a folder that may not be entered
            continue
    raise DatasetMissing(N_("MNIST is not on this machine yet; it can be downloaded."))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: fetches MNIST and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m core.datasets", description="Fetch a data set ahead of a lesson.")
    parser.add_argument("dataset", choices=["mnist"])
    parser.add_argument("--folder", type=Path, help="where to keep it (MNIST_DIR, else the user's cache)")
    parser.add_argument("--mirror", action="append", metavar="URL", help="fetch from here; may be given several times")
    options = parser.parse_args(arguments)
    folder = options.folder or mnist_folder()
    try:
        load_training("mnist", 1, folder)
        print(f"MNIST is already in {folder}")
        return 0
    except DatasetError:
        pass  # missing, or broken and to be fetched anew
    try:
        download_mnist(folder, _print_progress, options.mirror or MIRRORS)
    except DatasetError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print(f"\nMNIST is in {folder}")
    return 0


def _print_progress(done: int, total: int) -> None:
    print(f"\rMNIST: {done / 1e6:.1f} of {total / 1e6:.1f} MB", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())

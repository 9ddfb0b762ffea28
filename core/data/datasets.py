"""The training images of the data sets: scikit-learn's digits, and those in MNIST's format, in a folder of the host.

    images  # (n, pixels) uint8, 0 ... full_scale        labels  # (n,) uint8, 0 ... 9

Test images are in test_set.py, the order of both in image_order.py. `python -m core.data.datasets mnist` fetches MNIST
ahead of a lesson, and so with fashion and kmnist.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

import numpy as np

from core.data.digits import read_digits
from core.data.download import download_set
from core.data.idx import DatasetError, count_items, file_state, read_items
from core.data.idx_files import TRAINING_COUNT, data_fault, data_folder, expanded, find_file
from core.data.idx_sets import IDX_SETS
from core.data.image_order import PERMUTED_ORDER
from core.errors import N_

DATASETS = ("digits", *IDX_SETS)
# the other 300 of the 1,797 digits are the test part
TRAINING_COUNTS = {"digits": 1_497} | dict.fromkeys(IDX_SETS, TRAINING_COUNT)
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@dataclass(frozen=True, eq=False)
class TrainingImages:
    """Images with their labels; the arrays are read-only.

    images: uint8, (n, pixels), 0 is background, full_scale full ink
    labels: uint8, (n,), 0 to 9; see held_set.label_names
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


def split_unshuffled(labels: np.ndarray, validation_rate: float) -> Split:
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


def load_training(name: str, count: int, folder: Path | None = None, order: int = PERMUTED_ORDER) -> TrainingImages:
    """The first `count` training images, 1 to `training_count(name)`.

    folder: of the files, `data_folder(name)` if None; not used for the digits
    order: of IMAGE_ORDERS; training images in files have the same place in each
    Raises DatasetMissing if the files are not there, DatasetError for a broken file or a count out of range.
    """
    most = training_count(name)
    if not 1 <= count <= most:
        raise DatasetError(
            N_("{count} images of {name} cannot be had; it offers 1 to {most}."), count=count, name=name, most=most
        )
    if name == "digits":
        images, labels = _digits(order)
        return TrainingImages(name, images[:count], labels[:count], full_scale=16)
    return _idx_images(name, count, data_folder(name) if folder is None else folder)


@lru_cache
def _digits(order: int) -> tuple[np.ndarray, np.ndarray]:
    """The training images and labels, (1497, 64) and (1497,), as copies without the test images behind them."""
    parts = [part[: TRAINING_COUNTS["digits"]].copy() for part in read_digits(order)]
    for part in parts:
        part.setflags(write=False)
    return parts[0], parts[1]


_loaded_images: WeakValueDictionary[tuple[object, ...], TrainingImages] = WeakValueDictionary()
_loading = Lock()


def _idx_images(name: str, count: int, folder: Path) -> TrainingImages:
    """The first `count` images; threads that ask at the same time share one copy."""
    images_file, labels_file = (find_file(folder, stem, name) for stem in (IMAGES, LABELS))
    key = name, count, images_file, file_state(images_file), labels_file, file_state(labels_file)
    with _loading:
        found = _loaded_images.get(key)
        if found is None:
            found = TrainingImages(name, *_read_files(count, images_file, labels_file), full_scale=255)
            _loaded_images[key] = found
    return found


def _read_files(count: int, images_file: Path, labels_file: Path) -> tuple[np.ndarray, np.ndarray]:
    """The first `count` images and labels, (count, 784) and (count,), from files that are checked first."""
    most = TRAINING_COUNT
    held, labelled = count_items(images_file, (28, 28), most), count_items(labels_file, (), most)
    if held != labelled:
        raise DatasetError(
            N_("{file} holds {labels} labels for {images} images. Delete it and fetch the file again."),
            file=labels_file.name,
            labels=labelled,
            images=held,
        )
    labels = read_items(labels_file, (), labelled)
    if labels.max() > 9:
        raise DatasetError(
            N_("{file} holds the label {label}; labels are 0 to 9. Delete it and fetch the file again."),
            file=labels_file.name,
            label=int(labels.max()),
        )
    if count > held:
        raise DatasetError(
            N_("{file} holds {held} images, not the {count} asked for."), file=images_file.name, held=held, count=count
        )
    return read_items(images_file, (28, 28), count).reshape(count, 784), labels[:count]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: downloads a data set and returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m core.data.datasets", description="Fetch a data set ahead of a lesson."
    )
    parser.add_argument("dataset", choices=[name for name, one in IDX_SETS.items() if one.mirrors])
    parser.add_argument("--folder", type=Path, help="where to keep it (MNIST_DIR and the like, else the user's cache)")
    parser.add_argument("--mirror", action="append", metavar="URL", help="fetch from here; may be given several times")
    options = parser.parse_args(arguments)
    name, title = options.dataset, IDX_SETS[options.dataset].title
    folder = expanded(options.folder) if options.folder else data_folder(name)
    try:
        if (fault := data_fault(name, folder)) is not None:
            raise fault
        load_training(name, 1, folder)
        print(f"{title} is already in {folder}")
        return 0
    except DatasetError as found:
        print(found)

    def show(done: int, total: int) -> None:
        print(f"\r{title}: {done / 1e6:.1f} of {total / 1e6:.1f} MB", end="", flush=True)

    try:
        download_set(name, folder, show, options.mirror)
    except DatasetError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print(f"\n{title} is in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

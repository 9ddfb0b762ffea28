"""The test images and labels of the data sets, which core/lab/final_evaluation.py alone may read.

It reads labels only after a lab has opened its test set. The final test uses one half of the images; the other half
shows how far a value that was selected on the first half is overrated. Both halves are in an order of IMAGE_ORDERS.
"""

from pathlib import Path

import numpy as np

from core.data.datasets import TRAINING_COUNTS
from core.data.digits import read_digits
from core.data.idx import DatasetError, count_items, read_items
from core.data.idx_files import TEST_COUNT, data_folder, find_file
from core.data.idx_sets import IDX_SETS
from core.data.image_order import PERMUTED_ORDER, permutation
from core.errors import N_

DIGITS_COUNT = 300
IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def count(name: str, folder: Path | None = None) -> int:
    """How many test images a data set has. Raises DatasetError when its files cannot be read."""
    if name == "digits":
        return DIGITS_COUNT
    if IDX_SETS[name].least_test == TEST_COUNT:
        return TEST_COUNT
    place = folder or data_folder(name)
    return count_items(find_file(place, LABELS, name), (), TEST_COUNT)


def opened_part(name: str) -> slice:
    """The half that the final test uses."""
    return slice(0, count(name) // 2)


def unopened_part(name: str) -> slice:
    """The half that it does not use."""
    return slice(count(name) // 2, count(name))


def images(name: str, order: int = PERMUTED_ORDER, folder: Path | None = None) -> np.ndarray:
    """All test images without their labels: uint8, (images, pixels). Raises DatasetError when they cannot be had."""
    if name == "digits":
        return _digits(order)[0]
    folder = folder or data_folder(name)
    held, file = count(name, folder), find_file(folder, IMAGES, name)  # the labels too, which are read after opening
    if name == "own" and count_items(file, (28, 28), TEST_COUNT) != held:
        raise DatasetError(N_("{file} holds another number of images than there are labels."), file=file.name)
    find_file(folder, LABELS, name)
    return _in_order(read_items(file, (28, 28), held).reshape(held, 784), order)


def labels(name: str, order: int = PERMUTED_ORDER, folder: Path | None = None) -> np.ndarray:
    """All test labels: uint8, (images,). For labs whose test set is open. Raises DatasetError."""
    if name == "digits":
        return _digits(order)[1]
    folder = folder or data_folder(name)
    return _in_order(read_items(find_file(folder, LABELS, name), (), count(name, folder)), order)


def _digits(order: int) -> tuple[np.ndarray, np.ndarray]:
    pictures, classes = (part[TRAINING_COUNTS["digits"] :].copy() for part in read_digits(order))
    return pictures, classes


def _in_order(items: np.ndarray, order: int) -> np.ndarray:
    """Test images or labels from files in an order of IMAGE_ORDERS; they come in that of the file."""
    return items[permutation(len(items))] if order == PERMUTED_ORDER else items

"""The test images and labels of the data sets, which core/lab/final_evaluation.py alone may read.

It reads labels only after a lab has opened its test set. The final test uses one half of the images; the other half
shows how far a value that was selected on the first half is overrated. Both halves are in an order of IMAGE_ORDERS.
"""

from pathlib import Path

import numpy as np

from core.data.datasets import TRAINING_COUNTS
from core.data.digits import read_digits
from core.data.idx import read_items
from core.data.image_order import PERMUTED_ORDER, permutation
from core.data.mnist_files import TEST_COUNT, find_file, mnist_folder

COUNTS = {"digits": 300, "mnist": TEST_COUNT}
IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def opened_part(name: str) -> slice:
    """The half that the final test uses."""
    return slice(0, COUNTS[name] // 2)


def unopened_part(name: str) -> slice:
    """The half that it does not use."""
    return slice(COUNTS[name] // 2, COUNTS[name])


def images(name: str, order: int = PERMUTED_ORDER, folder: Path | None = None) -> np.ndarray:
    """All test images without their labels: uint8, (images, pixels). Raises DatasetError when they cannot be had."""
    if name == "digits":
        return _digits(order)[0]
    folder = folder or mnist_folder()
    find_file(folder, LABELS)  # before anything is opened, since the labels are read after it
    return _in_order(read_items(find_file(folder, IMAGES), (28, 28), COUNTS[name]).reshape(COUNTS[name], 784), order)


def labels(name: str, order: int = PERMUTED_ORDER, folder: Path | None = None) -> np.ndarray:
    """All test labels: uint8, (images,). For labs whose test set is open. Raises DatasetError."""
    if name == "digits":
        return _digits(order)[1]
    folder = folder or mnist_folder()
    return _in_order(read_items(find_file(folder, LABELS), (), COUNTS[name]), order)


def _digits(order: int) -> tuple[np.ndarray, np.ndarray]:
    pictures, classes = (part[TRAINING_COUNTS["digits"] :].copy() for part in read_digits(order))
    return pictures, classes


def _in_order(items: np.ndarray, order: int) -> np.ndarray:
    """Test images or labels of MNIST in an order of IMAGE_ORDERS; they come in that of the file."""
    return items[permutation(len(items))] if order == PERMUTED_ORDER else items

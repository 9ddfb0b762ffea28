"""The test part of the data sets. Nothing but final_test.py may ask for it, and for labels only after the opening.

The images to be opened and those kept fresh are the two halves of it: what is chosen by its accuracy on the first half
can be seen to flatter itself on the second.
"""

from pathlib import Path

import numpy as np

from core.datasets import TRAINING_COUNTS, find, mnist_folder
from core.digits import read_digits
from core.errors import N_
from core.idx import DatasetError, count_items, read_items

COUNTS = {"digits": 300, "mnist": 10_000}
IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def opened_part(name: str) -> slice:
    """The half that the final test opens."""
    return slice(0, COUNTS[name] // 2)


def fresh_part(name: str) -> slice:
    """The half that it leaves."""
    return slice(COUNTS[name] // 2, COUNTS[name])


def images(name: str, folder: Path | None = None) -> np.ndarray:
    """All test images without their labels: uint8, (images, pixels). Raises DatasetError when they cannot be had."""
    if name == "digits":
        return _digits()[0]
    where = folder or mnist_folder()
    _check(where)
    return read_items(find(where, IMAGES), (28, 28), COUNTS[name]).reshape(COUNTS[name], 784)


def labels(name: str, folder: Path | None = None) -> np.ndarray:
    """Their labels: uint8, (images,). Only for who has opened the test set. Raises DatasetError."""
    if name == "digits":
        return _digits()[1]
    where = folder or mnist_folder()
    _check(where)
    return read_items(find(where, LABELS), (), COUNTS[name])


def _digits() -> tuple[np.ndarray, np.ndarray]:
    pictures, classes = (part[TRAINING_COUNTS["digits"] :].copy() for part in read_digits())
    return pictures, classes


def _check(folder: Path) -> None:
    """Refuse files that do not hold the official numbers of images and labels."""
    for stem, item in ((IMAGES, (28, 28)), (LABELS, ())):
        file = find(folder, stem)
        if (held := count_items(file, item, COUNTS["mnist"])) != COUNTS["mnist"]:
            raise DatasetError(
                N_("{file} holds {held} items; the test part of MNIST has {most}."),
                file=file.name, held=held, most=COUNTS["mnist"],
            )  # fmt: skip

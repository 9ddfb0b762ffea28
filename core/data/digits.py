"""scikit-learn's digits, read from its own file: importing the library takes 1 s and 150 MB beside NumPy alone."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from core.data.image_order import PERMUTED_ORDER, permutation

DIGITS_FILE = "datasets/data/digits.csv.gz"  # in scikit-learn's package; a line an image: 64 pixels and the label


def read_digits(order: int = PERMUTED_ORDER) -> tuple[np.ndarray, np.ndarray]:
    """All 1,797 in an order of IMAGE_ORDERS: images, uint8, (1797, 64), 0 to 16, and labels, uint8, (1797,)."""
    images, labels = _read_file()
    if order != PERMUTED_ORDER:
        return images, labels
    permuted = permutation(len(labels))
    return images[permuted], labels[permuted]


def _read_file() -> tuple[np.ndarray, np.ndarray]:
    """Images and labels in the order of the file."""
    found = find_spec("sklearn")
    file = Path(found.origin).parent / DIGITS_FILE if found and found.origin else None
    if file is not None and file.is_file():
        table = np.loadtxt(file, np.uint8, delimiter=",")
        return table[:, :-1], table[:, -1]
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return images.astype(np.uint8), labels.astype(np.uint8)

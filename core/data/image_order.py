"""The orders in which the images of a data set have been used, so that results of each can still be had to the bit.

1  FILE_ORDER      # as the files have them; the digits' last 300, their test part, are by other writers
2  PERMUTED_ORDER  # the digits permuted before the test part is cut off; MNIST's test part permuted
"""

from functools import lru_cache

import numpy as np

FILE_ORDER, PERMUTED_ORDER = 1, 2
IMAGE_ORDERS = (FILE_ORDER, PERMUTED_ORDER)
# By the number of images. Of the digits the first seed with which the images of a lesson's round and both halves of the
# test part are equally hard, within half a point (tests/benchmarks/equal_parts.py): they are so few that with any seed
# a half would differ by more than a point. With seed 0 both halves of MNIST's test part are equally hard.
PERMUTATION_SEEDS = {1_797: 25, 10_000: 0}


@lru_cache
def permutation(count: int) -> np.ndarray:
    """The fixed permutation of all digits, or of a test part in files: int64, (count,), read-only.

    Drawn by RandomState, whose stream never changes (NEP 19): stored predictions belong to these images.
    """
    found = random_permutation(PERMUTATION_SEEDS.get(count, 0), count)
    found.setflags(write=False)
    return found


def random_permutation(seed: int, count: int) -> np.ndarray:
    """A permutation of so many images: int64, (count,)."""
    return np.random.RandomState(seed).permutation(count)

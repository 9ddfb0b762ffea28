"""`python -m tests.benchmarks.sgemm`: how fast the machine multiplies float32 matrices, the limit of all training."""

import time

import numpy as np

from tests.benchmarks.reference_programs import serve

SIDE = 1024
OPERATIONS = 2 * SIDE**3  # of one product


def main() -> None:
    """Answer requests for `count` products with the median rate, operations a second."""
    rng = np.random.default_rng(0)
    left, right = (rng.standard_normal((SIDE, SIDE), np.float32) for _ in range(2))
    product = np.empty_like(left)

    def rate(count: int) -> float:
        return OPERATIONS / float(np.median([seconds() for _ in range(count)]))

    def seconds() -> float:
        start = time.perf_counter()
        np.matmul(left, right, out=product)
        return time.perf_counter() - start

    rate(3)
    serve(rate)


if __name__ == "__main__":
    main()

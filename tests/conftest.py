"""What several test modules share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture
def mnist_dir() -> Path:
    """The folder of the real MNIST files; without one the test is skipped."""
    if not os.environ.get("MNIST_DIR"):
        pytest.skip("MNIST_DIR names no folder with the MNIST files")
    return Path(os.environ["MNIST_DIR"])


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread() -> Iterator[None]:
    """As in a worker: products of this size are not worth a second thread, and tests leave the other core alone."""
    with threadpool_limits(1):
        yield

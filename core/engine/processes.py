"""One worker process: how it is started, what goes through its pipes, how it is ended; and which cores are used."""

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import cast

from threadpoolctl import threadpool_limits

from core.engine.protocol import Slice, SliceReport

ROOT = Path(__file__).parents[2]  # of the project: where a worker finds `core`
ONE_BLAS_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM", "BLIS")}
# glibc: an array of weights gets pages of its own, which go back to the system when it is freed. Measured after 60
# rounds of MNIST at once: 30 MB a worker instead of 100 to 200, at the same speed.
MALLOC_SETTINGS = {"MALLOC_MMAP_THRESHOLD_": str(128 * 1024)}


class WorkerDied(Exception):
    """A worker process ended without an answer."""


class WorkerProcess:
    """A fresh interpreter at low priority with one BLAS thread, on any of `cores`, whatever its parent is held to."""

    def __init__(self, cores: list[int]) -> None:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "core.engine", *map(str, cores)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | ONE_BLAS_THREAD | MALLOC_SETTINGS | {"PYTHONPATH": path},
        )

    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    def run(self, order: Slice) -> SliceReport | str:
        """Carry out one slice: its report, or the traceback of an exception. Raises WorkerDied."""
        assert self.process.stdin and self.process.stdout
        try:
            pickle.dump(order, self.process.stdin)
            self.process.stdin.flush()
            return cast(SliceReport | str, pickle.load(self.process.stdout))
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise WorkerDied from error

    def kill(self) -> None:
        """End the process at once; a `run` that waits for it raises WorkerDied."""
        self.process.kill()

    def end(self) -> None:
        """End the process at once and close its pipes; no other thread may be in `run`."""
        assert self.process.stdin and self.process.stdout
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):  # an order that was not read
                pipe.close()
        self.process.wait()


def cores() -> list[int]:
    """The numbers of the processors that this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


def keep_to_one_core(number: int = 0) -> None:
    """Hold this process, its threads and those to come to one processor and one BLAS thread, where the system can.

    For a server beside an Engine: Python runs one of its threads at a time anyway, and on two cores the lock and the
    data go from cache to cache. Measured while two workers train: 5.3 instead of 8.0 ms for a tick of the page. With
    two BLAS threads on one core the eigenvalues of a Gaussian process take eighty times as long.

    number: of the server, from 0; servers with other numbers are on other processors, as far as there are some
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    os.environ.update(ONE_BLAS_THREAD)  # for libraries that are still to be loaded
    threadpool_limits(1)
    free = cores()
    core = free[-1 - number % len(free)]
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread that has ended meanwhile, or a host that forbids it
            os.sched_setaffinity(int(thread.name), {core})

"""Programs that a figure is held against, each in processes of its own that wait until they are asked.

    benchmark --"4"--> stdin    measure this many (trials, products)      one request a line
    benchmark <--0.63-- stdout  what was measured, one number a line; the first line says "ready"

A program is started and warmed up once, so runs of it can take turns with the runs it is compared with. It ends when
its stdin does, hence also with a benchmark that was killed. Imports nothing but the standard library: PyTorch's Python
need not have more.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
THREADS = tuple(f"{library}_NUM_THREADS" for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM", "BLIS"))
DEFAULT_THREADS: Mapping[str, str] = {}
ONE_THREAD = dict.fromkeys(THREADS, "1")


class Programs:
    """The same program in one process or several, measured at the same time."""

    def __init__(self, processes: list[subprocess.Popen[str]]) -> None:
        self._processes = processes

    def ask(self, count: int) -> list[float]:
        """What each process measures while all of them work on `count` at once."""
        for process in self._processes:
            assert process.stdin
            process.stdin.write(f"{count}\n")
            process.stdin.flush()
        return [float(self._line(process)) for process in self._processes]

    def wait(self) -> None:
        """Until all are ready."""
        for process in self._processes:
            self._line(process)

    @staticmethod
    def _line(process: subprocess.Popen[str]) -> str:
        assert process.stdout
        if line := process.stdout.readline():
            return line
        raise RuntimeError(f"{process.args!r} ended with {process.wait()}")


@contextmanager
def running(
    module: str, *arguments: str, count: int = 1, threads: Mapping[str, str] = ONE_THREAD, python: str = sys.executable
) -> Iterator[Programs]:
    """`count` processes of a module of this package, ready to be asked.

    threads: what the environment says about BLAS threads
    """
    environment = {name: value for name, value in os.environ.items() if name not in THREADS} | threads
    processes = [
        subprocess.Popen(
            [python, "-m", f"tests.benchmarks.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=environment,
            text=True,
        )
        for _ in range(count)
    ]
    try:
        programs = Programs(processes)
        programs.wait()
        yield programs
    finally:
        for process in processes:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe
                with suppress(BrokenPipeError):  # a request that nobody read
                    pipe.close()


def serve(measure: Callable[[int], float]) -> None:
    """The life of such a process: answer every request, at the priority of the engine's workers."""
    with suppress(OSError, AttributeError):  # Windows has no nice
        os.nice(10)
    print("ready", flush=True)
    for line in sys.stdin:
        print(measure(int(line)), flush=True)

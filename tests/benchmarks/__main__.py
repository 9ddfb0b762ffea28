"""`python -m tests.benchmarks`: one line per figure, its value and its ratio to what it is held against.

Every figure is measured in the same run as what it is held against. A missed target is printed, not an error: machines
differ. To add a benchmark, write a function `name(quick) -> Iterator[Figure]` and enter it in BENCHMARKS.
"""

import argparse
import faulthandler
import importlib
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence

from tests.benchmarks.figure import Figure, Skipped

BENCHMARKS = {  # name: where it is, imported when its turn comes
    "training.mnist": "training.mnist",
    "training.digits": "training.digits",
    "training.give_up": "training.give_up",
    "training.pytorch": "training.pytorch",
    "training.linearity": "training.linearity",
    "training.knobs": "training.knobs",
    "student.digits": "student.digits",
    "student.mnist": "student.mnist",
    "live.tick_cpu": "live.tick_cpu",
    "live.p95_60": "live.p95_60",
    "live.first_point": "live.first_point",
    "live.answers": "live.answers",
    "load.hundred": "load.hundred",
    "load.sixty": "load.sixty",
    "load.reconnect": "load.reconnect",
    "load.soak": "load.soak",
    "store.save": "store.save",
    "store.open": "store.open_",
    "store.tick": "store.tick",
    "board.renewed": "board.renewed",
    "board.tick": "board.tick",
}
LIMIT, QUICK_LIMIT = 600, 180  # seconds after which a benchmark that hangs is ended, and the program with it


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure the lab.")
    parser.add_argument(
        "--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS), metavar="NAME", help=", ".join(BENCHMARKS)
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that it runs, not how fast")
    options = parser.parse_args(arguments)
    limit = (QUICK_LIMIT if options.quick else LIMIT) + 60 * float(os.environ.get("SOAK_MINUTES", "0"))
    for name in options.only:
        faulthandler.dump_traceback_later(limit, exit=True)
        try:
            for figure in benchmark(name)(options.quick):
                print(figure.line(), flush=True)
        except Skipped as reason:
            print(f"{name:<27} skipped: {reason}", flush=True)
    print(machine() + (", quick sizes" if options.quick else ""))
    faulthandler.cancel_dump_traceback_later()
    return 0


def benchmark(name: str) -> Callable[[bool], Iterator[Figure]]:
    """The benchmark of that name."""
    module, function = BENCHMARKS[name].rsplit(".", 1)
    found: Callable[[bool], Iterator[Figure]] = getattr(importlib.import_module(f"tests.benchmarks.{module}"), function)
    return found


def machine() -> str:
    """What the figures were measured on."""
    import numpy as np

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"machine: {cores} cores, Python {platform.python_version()}, numpy {np.__version__}, {blas()}"


def blas() -> str:
    """The BLAS behind NumPy."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "BLAS unknown (threadpoolctl is not installed)"
    found = [library for library in threadpool_info() if library["user_api"] == "blas"]
    own = [library for library in found if "numpy" in library["filepath"]] or found  # scipy brings another
    return ", ".join(f"{it['internal_api']} {it['version']} {it.get('architecture', '')}".strip() for it in own)


if __name__ == "__main__":
    sys.exit(main())

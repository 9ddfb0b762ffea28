"""`python -m tests.benchmarks`: one line per figure, its value and its ratio to a reference.

Every figure is measured in the same run as its reference. A missed target is printed, not an error: machines
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

BENCHMARKS = {  # name: module and function, imported when it runs
    "training.mnist": "training.mnist",
    "training.digits": "training.digits",
    "training.give_up": "training.give_up",
    "training.pytorch": "training.pytorch",
    "training.linearity": "training.linearity",
    "training.knobs": "training.knobs",
    "training.axes": "axes.shapes",
    "student.digits": "simulated_student.digits",
    "student.mnist": "simulated_student.mnist",
    "student.digits_rungs": "simulated_student.digits_rungs",
    "student.mnist_rungs": "simulated_student.mnist_rungs",
    "student.four_axes": "axes.four",
    "final.digits": "final_tests.digits",
    "final.mnist": "final_tests.mnist",
    "live.tick_cpu": "live_page.tick_cpu",
    "live.p95_60": "live_page.p95_60",
    "live.first_point": "live_page.first_point",
    "live.answers": "live_page.answers",
    "load.hundred": "load.hundred",
    "load.sixty": "load.sixty",
    "load.reconnect": "load.reconnect",
    "load.soak": "load.soak",
    "load.hostile_training": "training_attacks.hostile_training",
    "load.hostile": "hostile.hostile",
    "cluster.rounds": "cluster.rounds",
    "cluster.answers": "cluster.answers",
    "cluster.host_death": "cluster.host_death",
    "cluster.kills": "cluster.kills",
    "cluster.thousand": "cluster_simulation.thousand",
    "servers.ticks": "servers.ticks",
    "servers.board": "servers.board",
    "servers.killed": "servers.killed",
    "servers.restart": "servers.restart",
    "store.save": "store.save",
    "store.open": "store.open_",
    "store.tick": "store.tick",
    "board.renewed": "board.renewed",
    "board.tick": "board.tick",
    "claims": "claims.table",
}
LIMIT, QUICK_LIMIT = 600, 180  # seconds for a figure; a benchmark that hangs is then ended, and the program with it


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
                faulthandler.dump_traceback_later(limit, exit=True)
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

"""What runs inside a worker process: it keeps its share of each round and trains it a slice at a time.

    engine --pickle--> stdin   Slice          one at a time
    engine <--pickle-- stdout  SliceReport    or the traceback of an exception, as text

Weights never leave the process; plans and images come in once for each share, scores go out after every slice. When
the engine ends, even if it is killed, stdin ends and so does the worker. Started by processes.py as
`python -m core.engine`.
"""

import os
import pickle
import signal
import sys
import traceback
from contextlib import suppress
from weakref import WeakValueDictionary

from core.engine.protocol import ShareSpec, Slice, SliceReport
from core.engine.share import Share
from core.training.round_data import Inputs, RoundData, images_key, inputs_of, prepare
from core.training.workspace import Workspaces

NICENESS = 10  # added to the server's, so that pages come first


class Worker:
    """The shares that a worker process has in memory."""

    def __init__(self) -> None:
        self.shares: dict[int, Share] = {}
        self.workspaces = Workspaces()
        self.inputs: WeakValueDictionary[tuple[str, int, int], Inputs] = WeakValueDictionary()

    def run(self, order: Slice) -> SliceReport:
        """Carry out one order."""
        for key in order.dropped_shares:
            self.shares.pop(key, None)
        if order.spec is not None:
            self.shares[order.key] = Share(order.spec, self._data(order.spec))
        share = self.shares.pop(order.key)  # a share that raises is not kept: its round will fail
        if order.dropped_trials:
            share.drop_trials(order.dropped_trials)
        other_bytes = sum(other.weight_bytes() for other in self.shares.values())
        report = share.advance(order.seconds, self.workspaces, other_bytes, order.stop_epoch)
        if not report.finished:
            self.shares[order.key] = share
        return report

    def _data(self, spec: ShareSpec) -> RoundData:
        """The images of a round; those of all rounds on the same images are in memory once."""
        plan = spec.plan
        inputs = self.inputs.get(images_key(plan))
        if inputs is None:
            inputs = self.inputs[images_key(plan)] = inputs_of(spec.source, plan.images)
        return prepare(plan, spec.source, inputs)


def main() -> None:
    """Serve orders until stdin ends. sys.argv: the numbers of the cores to run on"""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, whose end ends the worker
    with suppress(OSError, AttributeError):  # Windows has no nice
        os.nice(NICENESS)
    with suppress(OSError, AttributeError):  # only Linux has this
        os.sched_setaffinity(0, map(int, sys.argv[1:]))
    orders = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    reports = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not get among the reports
    worker = Worker()
    while True:
        try:
            order = pickle.load(orders)
        except EOFError:
            return
        try:
            report: SliceReport | str = worker.run(order)
        except Exception:  # a fault of the program: the engine logs it and fails the round, the worker goes on
            report = traceback.format_exc()
        try:
            pickle.dump(report, reports)
            reports.flush()
        except BrokenPipeError:
            return

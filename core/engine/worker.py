"""What runs inside a worker process: it holds its share of each round and trains it a slice at a time.

    engine --pickle--> stdin   Slice(key, seconds, share, done with)    one at a time
    engine <--pickle-- stdout  SliceReport or the exception's text

Weights never leave the process; plans and images come in once a share, scores go out after every slice. When the
engine is gone, even killed, stdin ends and so does the worker. Started by local.py as `python -m core.engine`.
"""

import os
import pickle
import signal
import sys
import time
import traceback
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

import numpy as np

from core.answers import Answers, answer
from core.datasets import TrainingImages
from core.plan import RoundPlan
from core.training import Inputs, RoundData, Scores, Stack, Workspaces, advance, begin, inputs_of, operations, prepare

STACK = 5  # trials trained side by side: fewer waste time in Python, more fall out of the cache
STACK_OPERATIONS = 6e9  # and so few that an epoch of a stack stays well below a slice
COPIES = 2  # of the images, as Inputs have them
ROOM = 48 * 2**20  # bytes of weights up to which a worker begins further stacks of shares that have one in training


@dataclass(frozen=True)
class ShareSpec:
    """All that a worker needs to begin its share of a round."""

    plan: RoundPlan
    source: TrainingImages
    trials: tuple[int, ...]
    unseen: np.ndarray | None = None  # (images, pixels) uint8: to be classified by every trial that is trained


@dataclass(frozen=True)
class Slice:
    """One order to a worker: train share `key` for about `seconds`, after forgetting the shares `drop`."""

    key: int
    seconds: float
    spec: ShareSpec | None  # None when the worker holds the share already
    drop: tuple[int, ...] = ()


@dataclass(frozen=True)
class SliceReport:
    """What came of a slice."""

    scores: list[Scores]
    seconds: float
    finished: bool
    answers: list[Answers] = field(default_factory=list)


class Share:
    """A worker's trials of one round, in stacks that advance evenly, all at once where there is room for them."""

    def __init__(self, spec: ShareSpec, data: RoundData) -> None:
        self.plan, self.data = spec.plan, data
        self.unseen = spec.unseen
        self.full_scale = spec.source.full_scale
        size = stack_size(spec.plan, len(data.pixels), len(spec.trials))
        self.waiting = [spec.trials[start : start + size] for start in range(0, len(spec.trials), size)]
        self.stacks: list[Stack] = []

    def held(self) -> int:
        """Bytes of weights of the stacks in training."""
        return sum(weights(self.plan, len(stack.trials)) for stack in self.stacks)

    def advance(self, seconds: float, workspaces: Workspaces, elsewhere: int = 0) -> SliceReport:
        """Train until `seconds` have passed, an epoch of a stack at least; a stack is begun when its turn comes.

        elsewhere: bytes of weights that the other shares of this worker hold
        """
        start = time.perf_counter()
        scores: list[Scores] = []
        answers: list[Answers] = []
        spent = 0.0
        while (self.waiting or self.stacks) and (spent < seconds or not scores):
            if self.waiting and (not self.stacks or elsewhere + self.held() < ROOM):
                stack = begin(self.plan, self.waiting.pop(0), self.data.pixels)
            else:
                stack = self.stacks.pop(0)
            scores.append(advance(self.plan, stack, self.data, workspaces))
            if stack.epoch < self.plan.epochs and len(stack.trials):
                self.stacks.append(stack)  # behind the others: all have trained as long before it goes on
            elif self.unseen is not None and len(stack.trials):
                answers.append(answer(self.plan, stack, self.data, self.unseen / np.float32(self.full_scale)))
            spent = time.perf_counter() - start
        return SliceReport(scores, spent, finished=not (self.waiting or self.stacks), answers=answers)


def stack_size(plan: RoundPlan, pixels: int, trials: int) -> int:
    """How many of `trials` to train side by side: stacks of nearly equal size, none above the bounds."""
    bound = max(1, min(STACK, int(STACK_OPERATIONS / operations(plan, pixels))))
    stacks = -(-trials // bound)
    return -(-trials // stacks)


def weights(plan: RoundPlan, trials: int) -> int:
    """Bytes of float32 weights of some trials of a round."""
    return plan.memory() * trials // plan.trials


def least_weights(plan: RoundPlan, workers: int) -> int:
    """Bytes of weights that a round holds at least while it is in training: those of a stack on each worker."""
    return weights(plan, min(plan.trials, STACK * workers))


def least_memory(plans: Iterable[RoundPlan], workers: int) -> int:
    """Bytes that rounds hold in all workers at least: weights, and once a worker their images."""
    plans = list(plans)
    images = {(plan.dataset, plan.images): plan.images * (plan.sizes()[0] + 1) for plan in plans}
    return sum(least_weights(plan, workers) for plan in plans) + workers * COPIES * 4 * sum(images.values())


class Worker:
    """The shares a worker process holds."""

    def __init__(self) -> None:
        self.shares: dict[int, Share] = {}
        self.workspaces = Workspaces()
        self.inputs: WeakValueDictionary[tuple[str, int], Inputs] = WeakValueDictionary()

    def run(self, order: Slice) -> SliceReport:
        """Carry out one order."""
        for key in order.drop:
            self.shares.pop(key, None)
        if order.spec is not None:
            self.shares[order.key] = Share(order.spec, self._data(order.spec))
        share = self.shares.pop(order.key)  # a share that raises is let go: its round will fail
        elsewhere = sum(other.held() for other in self.shares.values())
        report = share.advance(order.seconds, self.workspaces, elsewhere)
        if not report.finished:
            self.shares[order.key] = share
        return report

    def _data(self, spec: ShareSpec) -> RoundData:
        """The images of a round; those of all rounds on the same images are in memory once."""
        plan = spec.plan
        inputs = self.inputs.get((plan.dataset, plan.images))
        if inputs is None:
            inputs = self.inputs[plan.dataset, plan.images] = inputs_of(spec.source, plan.images)
        return prepare(plan, spec.source, inputs)


def main() -> None:
    """Serve orders until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server; its end is ours
    with suppress(OSError, AttributeError):  # Windows has no nice
        os.nice(10)
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

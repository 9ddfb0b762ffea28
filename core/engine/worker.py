"""What runs inside a worker process: it holds its share of each round and trains it a slice at a time.

    engine --pickle--> stdin   Slice(key, seconds, share, done with, rung, given up)    one at a time
    engine <--pickle-- stdout  SliceReport or the exception's text

Weights never leave the process; plans and images come in once a share, scores go out after every slice. When the
engine is gone, even killed, stdin ends and so does the worker. Started by local.py as `python -m core.engine`.

A share trains up to the next rung and waits there. When trials are given up, those that stay close ranks: they are put
together into as few stacks as hold them, since a trial alone takes a fifth longer than one of five.
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
from itertools import groupby
from weakref import WeakValueDictionary

import numpy as np

from core.answers import Answers, answer
from core.datasets import TrainingImages
from core.plan import RoundPlan
from core.training import (
    Inputs,
    RoundData,
    Scores,
    Stack,
    Workspaces,
    advance,
    begin,
    inputs_of,
    join,
    operations,
    prepare,
)

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
    until: int | None = None  # the rung: no trial is trained further than to this epoch; None: to the last one
    gone: tuple[int, ...] = ()  # trials of the share that have been given up


@dataclass(frozen=True)
class SliceReport:
    """What came of a slice."""

    scores: list[Scores]
    seconds: float
    finished: bool
    answers: list[Answers] = field(default_factory=list)
    arrived: bool = False  # whether all of the share that is left waits at the rung


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

    def advance(
        self, seconds: float, workspaces: Workspaces, elsewhere: int = 0, until: int | None = None
    ) -> SliceReport:
        """Train until `seconds` have passed, an epoch of a stack at least; a stack is begun when its turn comes.

        elsewhere: bytes of weights that the other shares of this worker hold
        until: no stack is trained beyond this epoch; None: all of them to the last one
        """
        start = time.perf_counter()
        end = self.plan.epochs if until is None else until
        scores: list[Scores] = []
        answers: list[Answers] = []
        spent = 0.0
        while (self.waiting or self._moving(end) is not None) and (spent < seconds or not scores):
            stack = self._turn(end, elsewhere)
            scores.append(advance(self.plan, stack, self.data, workspaces))
            if stack.epoch < self.plan.epochs and len(stack.trials):
                self.stacks.append(stack)  # behind the others: all have trained as long before it goes on
            elif self.unseen is not None and len(stack.trials):
                answers.append(answer(self.plan, stack, self.data, self.unseen / np.float32(self.full_scale)))
            spent = time.perf_counter() - start
        left, moving = bool(self.waiting or self.stacks), bool(self.waiting) or self._moving(end) is not None
        return SliceReport(scores, spent, finished=not left, answers=answers, arrived=left and not moving)

    def _turn(self, end: int, elsewhere: int) -> Stack:
        """The stack whose turn it is: a new one where there is room or all others wait at the rung, else the next."""
        place = self._moving(end)
        if place is None or (self.waiting and elsewhere + self.held() < ROOM):
            return begin(self.plan, self.waiting.pop(0), self.data.pixels)
        return self.stacks.pop(place)

    def _moving(self, end: int) -> int | None:
        """The place of the first stack that has not come to `end`; None if they all wait there."""
        return next((place for place, stack in enumerate(self.stacks) if stack.epoch < end), None)

    def without(self, trials: tuple[int, ...]) -> None:
        """Let go of some trials; those that stay close ranks."""
        self.waiting = [stay for some in self.waiting if (stay := tuple(one for one in some if one not in trials))]
        stacks = [stack.keep(~np.isin(stack.trials, trials)) for stack in self.stacks]
        by_epoch = groupby((stack for stack in stacks if len(stack.trials)), key=lambda stack: stack.epoch)
        self.stacks = [stack for _, alike in by_epoch for stack in self._close_ranks(list(alike))]

    def _close_ranks(self, stacks: list[Stack]) -> list[Stack]:
        """Stacks that have trained as long put together into as few as hold their trials."""
        trials = sum(len(stack.trials) for stack in stacks)
        size = stack_size(self.plan, len(self.data.pixels), trials)
        starts = range(0, trials, size)
        if len(starts) == len(stacks):
            return stacks
        whole, places = join(stacks), np.arange(trials)
        return [whole.keep(places[start : start + size]) for start in starts]


def stack_size(plan: RoundPlan, pixels: int, trials: int) -> int:
    """How many of `trials` to train side by side: stacks of nearly equal size, none above the bounds."""
    bound = max(1, min(STACK, int(STACK_OPERATIONS / operations(plan, pixels))))
    stacks = -(-trials // bound)
    return -(-trials // stacks)


def weights(plan: RoundPlan, trials: int) -> int:
    """Bytes of float32 weights of some trials of a round."""
    return plan.memory() * trials // plan.trials


def least_weights(plan: RoundPlan, workers: int) -> int:
    """Bytes of weights that a round holds at least while it is in training: those of a stack on each worker.

    One with rungs holds all of them: none goes on from a rung before the last has come there.
    """
    return weights(plan, plan.trials if plan.give_up else min(plan.trials, STACK * workers))


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
        if order.gone:
            share.without(order.gone)
        elsewhere = sum(other.held() for other in self.shares.values())
        report = share.advance(order.seconds, self.workspaces, elsewhere, order.until)
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

"""A worker's share of a round: trials in stacks, trained side by side up to the next rung."""

import time
from itertools import groupby

import numpy as np

from core.engine.protocol import ShareSpec, SliceReport
from core.engine.trial_costs import weight_bytes
from core.plan import RoundPlan
from core.training.operations import operations
from core.training.prediction import Predictions, predict
from core.training.round_data import RoundData
from core.training.stacks import Scores, Stack, advance, begin, join
from core.training.trial_values import by_shape
from core.training.workspace import Workspaces

STACK_TRIALS = 5  # trials of a stack at most: fewer waste time in Python, more do not fit in the processor's cache
STACK_OPERATIONS = 6e9  # of an epoch of a stack at most, so that it stays well below a slice
OPEN_STACKS_BYTES = 48 * 2**20  # of weights: below it a worker begins further stacks of shares with one in training


class Share:
    """Stacks that advance evenly; all of them at once where the memory suffices.

    A share trains up to the next rung and is reported there. When trials are given up, those that stay are put together
    into as few stacks as hold them, since a trial alone takes a fifth longer than one of five.
    """

    def __init__(self, spec: ShareSpec, data: RoundData) -> None:
        self.plan, self.data = spec.plan, data
        self.images_to_predict = spec.images_to_predict
        self.full_scale = spec.source.full_scale
        self.not_begun: list[tuple[int, ...]] = []
        for trials in by_shape(spec.plan, spec.trials):
            size = stack_size(spec.plan, len(data.pixels), len(trials), trials[0])
            self.not_begun += [trials[start : start + size] for start in range(0, len(trials), size)]
        self.stacks: list[Stack] = []

    def weight_bytes(self) -> int:
        """Bytes of weights of the stacks in training."""
        return sum(weight_bytes(self.plan, stack.trials.tolist()) for stack in self.stacks)

    def advance(
        self, seconds: float, workspaces: Workspaces, other_bytes: int = 0, stop_epoch: int | None = None
    ) -> SliceReport:
        """Train until `seconds` have passed, an epoch of a stack at least.

        other_bytes: of weights that the other shares of this worker hold
        stop_epoch: no stack is trained beyond this epoch; None: all of them to the last one
        """
        start = time.perf_counter()
        stop = self.plan.epochs if stop_epoch is None else stop_epoch
        scores: list[Scores] = []
        predictions: list[Predictions] = []
        spent = 0.0
        while self._has_work(stop) and (spent < seconds or not scores):
            stack = self._next_stack(stop, other_bytes)
            scores.append(advance(self.plan, stack, self.data, workspaces))
            if stack.epoch < self.plan.epochs and len(stack.trials):
                self.stacks.append(stack)  # behind the others: all have trained as long before it goes on
            elif self.images_to_predict is not None and len(stack.trials):
                images = self.images_to_predict / np.float32(self.full_scale)
                predictions.append(predict(self.plan, stack, self.data, images))
            spent = time.perf_counter() - start
        finished = not self.not_begun and not self.stacks
        return SliceReport(scores, spent, finished, predictions, at_rung=not finished and not self._has_work(stop))

    def drop_trials(self, trials: tuple[int, ...]) -> None:
        """Train some trials no further and put the others together."""
        kept = [tuple(trial for trial in group if trial not in trials) for group in self.not_begun]
        self.not_begun = [group for group in kept if group]
        stacks = [stack.select(~np.isin(stack.trials, trials)) for stack in self.stacks]
        by_epoch = groupby((stack for stack in stacks if len(stack.trials)), key=lambda stack: stack.epoch)
        self.stacks = [stack for _, equal in by_epoch for stack in self._restack_shapes(list(equal))]

    def _has_work(self, stop: int) -> bool:
        """Whether a trial has not come to the epoch `stop`."""
        return bool(self.not_begun) or self._first_below(stop) is not None

    def _next_stack(self, stop: int, other_bytes: int) -> Stack:
        """The stack to advance: a new one where the memory suffices or all others are at the rung, else the next."""
        place = self._first_below(stop)
        if place is None or (self.not_begun and other_bytes + self.weight_bytes() < OPEN_STACKS_BYTES):
            return begin(self.plan, self.not_begun.pop(0), self.data.pixels)
        return self.stacks.pop(place)

    def _first_below(self, stop: int) -> int | None:
        """The place of the first stack that has not come to the epoch `stop`, if any."""
        return next((place for place, stack in enumerate(self.stacks) if stack.epoch < stop), None)

    def _restack_shapes(self, stacks: list[Stack]) -> list[Stack]:
        """The trials of stacks that have trained for the same number of epochs in as few stacks as hold them."""
        firsts = {int(stack.trials[0]): stack for stack in stacks}
        groups = by_shape(self.plan, firsts)
        return [stack for group in groups for stack in self._restack([firsts[first] for first in group])]

    def _restack(self, stacks: list[Stack]) -> list[Stack]:
        """The same for stacks of one shape."""
        trials = sum(len(stack.trials) for stack in stacks)
        size = stack_size(self.plan, len(self.data.pixels), trials, int(stacks[0].trials[0]))
        starts = range(0, trials, size)
        if len(starts) == len(stacks):
            return stacks
        whole, places = join(stacks), np.arange(trials)
        return [whole.select(places[start : start + size]) for start in starts]


def stack_size(plan: RoundPlan, pixels: int, trials: int, first: int = 0) -> int:
    """How many of `trials` to train side by side: stacks of nearly equal size, none above the bounds.

    first: one of these trials, all of which have its shape
    """
    bound = max(1, min(STACK_TRIALS, int(STACK_OPERATIONS / operations(plan, pixels, trial=first))))
    stacks = -(-trials // bound)
    return -(-trials // stacks)

"""A race under way: three contestants train against the student's own rounds, for real and at the same cost.

    Entry --> Contestants, each in a thread of its own:   ask -> a batch on the engine -> ask -> ...
          --> the winner of each, the student's among them, trained again on seeds by which nobody has chosen
          --> on request the contestants again, on other seeds

The threads sleep while the engine trains. When nobody is there any more the engine stops a batch, and so ends the race.
"""

import logging
import threading
from contextlib import AbstractContextManager

import numpy as np

from core.again import SEEDS, Together, on_seeds
from core.contestants import CONTESTANTS, YOU, Contestant, Entry, Line
from core.engine.local import Engine
from core.errors import N_, LessonError
from core.plan import RoundPlan
from core.progress import Status

WINNERS = 7  # what a seed is spent on, beside the purposes in training.py, again.py and contestants.py

log = logging.getLogger(__name__)


class Race:
    """A race; it begins when it is made.

    asking: held while a model is asked, so that a server asks one at a time
    """

    def __init__(self, engine: Engine, owner: str, entry: Entry, asking: AbstractContextManager[object]) -> None:
        self.owner, self.entry = owner, entry
        self.runs: dict[int, tuple[Contestant, ...]] = {}  # 0 is the race itself, then its repeats
        self.winners: dict[str, tuple[float, float]] = {}  # learning rate and weight decay of each one's best trial
        self.again: Together | None = None  # the winners in training again
        self.fresh: dict[str, np.ndarray] = {}  # what came of it: validation accuracies (SEEDS,)
        self.fault: LessonError | None = None
        self.stopped = False
        self._engine, self._asking = engine, asking
        self._lock = threading.Lock()
        self._begin([0])

    def repeat(self) -> None:
        """Let the contestants race again on SEEDS other seeds, or on those that are still missing."""
        with self._lock:
            done = self.done
            if not self.over or 0 not in done:
                raise LessonError(N_("Only a race that has come to its end can be repeated."))
            self.runs = {number: self.runs[number] for number in done}
            self._begin([number for number in range(1, 1 + SEEDS) if number not in done])

    def _begin(self, numbers: list[int]) -> None:
        """Begin with some runs. numbers: theirs"""
        self.stopped, self.fault = False, None
        self._thread = threading.Thread(target=self._work, args=(numbers,), daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether nothing more will come unless it is asked for."""
        return not self._thread.is_alive()

    @property
    def done(self) -> list[int]:
        """The runs in which all have spent what they may."""
        return [number for number, run in self.runs.items() if all(one.complete for one in run)]

    def lines(self, name: str) -> list[Line]:
        """A contestant's line in every run that is done; before the first is, its line as far as it has come."""
        runs = [self.runs[number] for number in self.done or list(self.runs)[:1]]
        return [one.line for run in runs for one in run if one.name == name]

    @property
    def racing(self) -> tuple[Contestant, ...]:
        """Those of the latest run."""
        return next(reversed(self.runs.values()), ())

    def stop(self) -> None:
        """End it; what was found stays. Nothing happens to one that is over."""
        if self.over:
            return
        with self._lock:
            self.stopped = True
            for one in self.racing:
                for batch in one.batches[-1:]:
                    batch.stop()
            if self.again is not None:
                self.again.stop()

    def _work(self, numbers: list[int]) -> None:
        """What a thread does: so many runs, and the winners of the race."""
        try:
            for number in numbers:
                self._run(number)
            if not self.fresh:
                self._train_winners()
        except LessonError as fault:
            self.fault = fault
        except Exception:
            self.fault = unexpected()

    def _run(self, number: int) -> None:
        """Let the contestants race once."""
        if self.stopped:
            return
        run = tuple(Contestant(name, self.entry, number) for name in CONTESTANTS)
        self.runs = self.runs | {number: run}
        threads = [threading.Thread(target=self._compete, args=(one,), daemon=True) for one in run]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _compete(self, one: Contestant) -> None:
        """Ask, train, ask again, until the budget is spent. A fault ends this contestant alone."""
        try:
            while plan := one.ask(self._asking):
                if not self._train(one, plan):
                    return
            one.complete = True
        except LessonError as fault:
            one.fault = fault
        except Exception:
            one.fault = unexpected()

    def _train(self, one: Contestant, plan: RoundPlan) -> bool:
        """Train a batch and wait for it; whether it came to its end."""
        over = threading.Event()
        with self._lock:
            if self.stopped:
                return False
            batch = self._engine.start(self.owner, plan, f"race-{one.name}", over=over.set)
            one.batches = (*one.batches, batch)
        over.wait()
        if batch.progress.status is Status.STOPPED:
            self.stop()
        if batch.fault is not None:
            raise batch.fault
        return batch.progress.status is Status.FINISHED

    def _train_winners(self) -> None:
        """Train each one's best trial again on the same SEEDS seeds."""
        over = threading.Event()
        lines = {YOU: self.entry.line} | {one.name: one.line for one in self.runs[0]}
        self.winners = {name: line.winner for name, line in lines.items() if line.winner is not None}
        plans = on_seeds(self.entry.plan, tuple(self.winners.values()), WINNERS)
        with self._lock:
            if self.stopped:
                return
            rounds: list[tuple[RoundPlan, np.ndarray | None]] = [(plan, None) for plan in plans]
            self.again = Together(self._engine, self.owner, "race-winners", rounds, lambda _: over.set())
        over.wait()
        progress = [handle.progress for handle in self.again.handles]
        for handle in self.again.handles:
            if handle.fault is not None:
                raise handle.fault
        self.stopped = self.stopped or not self.again.finished
        if self.again.finished:
            found = np.stack([one.last_validation() for one in progress], axis=1)
            self.fresh = dict(zip(self.winners, found, strict=True))


def unexpected() -> LessonError:
    """Log the exception that is being handled; the sentence for it."""
    log.exception("a race met a fault")
    return LessonError(N_("The race met an unexpected fault and was given up."))

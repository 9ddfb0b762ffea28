"""A race in training: three contestants train for real, at the cost of the student's own rounds.

    RaceSetup --> contestants, each in a thread:   propose a batch -> train it on the engine -> propose -> ...
              --> the best trial of each, the student's among them, trained again on seeds that nobody has chosen by
              --> on request the contestants again, on other seeds

A contestant has a thread of its own since a proposal takes up to 0.6 s (200 trials), in which the engine's thread could
report the end of no round. The threads are daemons and no executor's: Python would wait for an executor's at its end,
and an engine that is closed reports no end of a batch. They sleep while the engine trains. When the student has left,
the engine stops a batch, and that stops the race.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np

from core.engine.port import Engine
from core.errors import N_, LessonError
from core.lab.contestants import CONTESTANTS, STUDENT, Contestant, RaceSetup, Trajectory
from core.lab.seed_repeats import SEEDS, RoundGroup, plans_on_seeds
from core.plan import RoundPlan
from core.progress import Status
from core.training.random_streams import SeedPurpose

log = logging.getLogger(__name__)


class Race:
    """A race; it begins when it is made. Raises LessonError where there is nothing to search for.

    model_turn: gives what is held while a model is fitted, so that a server fits one at a time
    """

    def __init__(
        self, engine: Engine, owner: str, setup: RaceSetup, model_turn: Callable[[], AbstractContextManager[object]]
    ) -> None:
        if setup.plan.space.is_fixed:
            raise LessonError(N_("Every range holds a single value: there is nothing to search for."))
        self.owner, self.setup = owner, setup
        self.runs: dict[int, tuple[Contestant, ...]] = {}  # 0 is the race itself, then its repeats
        self.winners: dict[str, tuple[float, ...]] = {}  # the values of each one's best trial, as a plan has them
        self.winner_rounds: RoundGroup | None = None  # the winners in training again
        self.fresh: dict[str, np.ndarray] = {}  # the winners' validation accuracies on fresh seeds, (SEEDS,) each
        self.fault: LessonError | None = None
        self.stopped = False
        self._engine, self._model_turn = engine, model_turn
        self._lock = threading.Lock()
        self._begin([0])

    def repeat(self) -> None:
        """Let the contestants race again on SEEDS other seeds, or on those that are still missing.

        Raises LessonError before the race has come to its end.
        """
        with self._lock:
            complete = self.complete_runs
            if not self.is_done or 0 not in complete:
                raise LessonError(N_("Only a race that has come to its end can be repeated."))
            self.runs = {number: self.runs[number] for number in complete}
            self._begin([number for number in range(1, 1 + SEEDS) if number not in complete])

    def _begin(self, numbers: list[int]) -> None:
        """Start a thread for some runs. numbers: 0 for the race itself, then its repeats"""
        self.stopped, self.fault = False, None
        self._thread = threading.Thread(target=self._work, args=(numbers,), daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether nothing more will come unless it is asked for."""
        return not self._thread.is_alive()

    @property
    def complete_runs(self) -> list[int]:
        """The runs in which all contestants have spent their budget."""
        return [number for number, run in self.runs.items() if all(one.complete for one in run)]

    def trajectories(self, name: str) -> list[Trajectory]:
        """A contestant's in every complete run; before the first is complete, as far as that has come."""
        runs = [self.runs[number] for number in self.complete_runs or list(self.runs)[:1]]
        return [one.trajectory for run in runs for one in run if one.name == name]

    @property
    def current_run(self) -> tuple[Contestant, ...]:
        """The contestants of the latest run."""
        return next(reversed(self.runs.values()), ())

    def stop(self) -> None:
        """End it; what was found stays. Nothing happens when it is done."""
        if self.is_done:
            return
        with self._lock:
            self.stopped = True
            for one in self.current_run:
                for batch in one.batches[-1:]:
                    batch.stop()
            if self.winner_rounds is not None:
                self.winner_rounds.stop()

    def _work(self, numbers: list[int]) -> None:
        """Train some runs, then the winners of the race. numbers: of the runs"""
        try:
            for number in numbers:
                self._run(number)
            if not self.stopped and not self.fresh:
                self._train_winners()
        except LessonError as fault:
            self.fault = fault
        except Exception:
            self.fault = unexpected_fault()

    def _run(self, number: int) -> None:
        """Let the contestants race once."""
        if self.stopped:
            return
        run = tuple(Contestant(name, self.setup, number) for name in CONTESTANTS)
        self.runs = self.runs | {number: run}
        threads = [threading.Thread(target=self._compete, args=(one,), daemon=True) for one in run]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _compete(self, one: Contestant) -> None:
        """Propose and train batches until the budget is spent. A fault ends this contestant alone."""
        try:
            while plan := one.propose_batch(self._model_turn):
                if not self._train(one, plan):
                    return
            one.complete = True
        except LessonError as fault:
            one.fault = fault
        except Exception:
            one.fault = unexpected_fault()

    def _train(self, one: Contestant, plan: RoundPlan) -> bool:
        """Train a batch and wait for it; whether it came to its end."""
        ended = threading.Event()
        with self._lock:
            if self.stopped:
                return False
            batch = self._engine.start(self.owner, plan, f"race-{one.name}", on_end=ended.set)
            one.batches = (*one.batches, batch)
        ended.wait()
        if batch.progress.status is Status.STOPPED:
            self.stop()
        if batch.fault is not None:
            raise batch.fault
        return batch.progress.status is Status.FINISHED

    def _train_winners(self) -> None:
        """Train each one's best trial again on the same SEEDS seeds."""
        ended = threading.Event()
        trajectories = {STUDENT: self.setup.trajectory} | {one.name: one.trajectory for one in self.runs[0]}
        self.winners = {name: one.winner for name, one in trajectories.items() if one.winner is not None}
        plans = plans_on_seeds(self.setup.plan, tuple(self.winners.values()), SeedPurpose.WINNERS)
        with self._lock:
            if self.stopped:
                return
            rounds: list[tuple[RoundPlan, np.ndarray | None]] = [(plan, None) for plan in plans]
            self.winner_rounds = RoundGroup(self._engine, self.owner, "race-winners", rounds, lambda _: ended.set())
        ended.wait()
        progress = [handle.progress for handle in self.winner_rounds.handles]
        for handle in self.winner_rounds.handles:
            if handle.fault is not None:
                raise handle.fault
        self.stopped = self.stopped or not self.winner_rounds.finished
        if self.winner_rounds.finished:
            found = np.stack([one.last_validation() for one in progress], axis=1)
            self.fresh = dict(zip(self.winners, found, strict=True))


def unexpected_fault() -> LessonError:
    """Log the exception that is being handled; the sentence for it."""
    log.exception("a race met a fault")
    return LessonError(N_("The race met an unexpected fault and was given up."))

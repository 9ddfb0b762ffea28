"""A scheduler with made-up workers and a clock that the tests set: no processes, no threads."""

import heapq
from dataclasses import dataclass, field, replace

import numpy as np

from core.datasets import TrainingImages
from core.engine.fair_share import RECENT
from core.engine.scheduler import Round, Scheduler
from core.engine.worker import ShareSpec, Slice, SliceReport
from core.plan import RoundPlan
from core.training import Scores

SOURCE = TrainingImages("digits", np.zeros((500, 64), np.uint8), np.zeros(500, np.uint8), 16)
PLAN = RoundPlan(trials=6, epochs=10, hidden_layers=1, neurons=10)
BIG = RoundPlan(trials=200, epochs=200, hidden_layers=1, neurons=10)
LONGEST = 0.3  # seconds of a made-up slice


@dataclass
class MadeUpWorker:
    """Carries out orders as a worker does, an epoch of its trials each, and takes what time it is told."""

    held: dict[int, tuple[ShareSpec, int]] = field(default_factory=dict)  # epochs trained, by key

    def run(self, order: Slice, seconds: float = 0.1) -> SliceReport:
        for key in order.drop:
            self.held.pop(key, None)
        if order.spec is not None:
            self.held[order.key] = order.spec, 0
        spec, epoch = self.held.pop(order.key)  # KeyError: the scheduler thinks that this worker holds what it does not
        spec = replace(spec, trials=tuple(trial for trial in spec.trials if trial not in order.gone))
        assert order.until is not None
        scores = []
        if spec.trials and epoch < order.until:
            trials = np.array(spec.trials)
            accuracy = accuracies(spec.plan)[trials, epoch]
            scores, epoch = [Scores(trials, epoch, accuracy, accuracy, accuracy > 1)], epoch + 1
        finished = not spec.trials or epoch == spec.plan.epochs
        if not finished:
            self.held[order.key] = spec, epoch
        return SliceReport(scores, seconds, finished, arrived=not finished and epoch == order.until)


def accuracies(plan: RoundPlan) -> np.ndarray:
    """What a made-up round comes to, (trials, epochs): many of them alike."""
    return np.random.default_rng(plan.seed).integers(0, 10, (plan.trials, plan.epochs)) / 10


class Classroom:
    """A scheduler with made-up workers that are busy for random times; `run` lets it happen, slice by slice."""

    def __init__(self, workers: int, seed: int = 0) -> None:
        self.scheduler, self.workers = Scheduler(workers), [MadeUpWorker() for _ in range(workers)]
        self.rng, self.now = np.random.default_rng(seed), 0.0
        self.busy: list[tuple[float, int, Slice, float]] = []  # end, worker, order, seconds
        self.received: dict[int, float] = {}  # seconds, by key
        self.had: set[tuple[int, int]] = set()  # key and worker of every slice
        self.slices: list[tuple[int, float, float]] = []  # key, when it ended, seconds
        self.seen: dict[int, list[tuple[int, int]]] = {}  # every (trial, epoch) reported, by key

    def add(self, owner: str, plan: RoundPlan = PLAN) -> Round:
        round_ = self.scheduler.add(owner, plan, SOURCE, self.now)
        self.received[round_.key], self.seen[round_.key] = 0.0, []
        return round_

    def hand_out(self) -> list[tuple[int, Slice]]:
        """Orders for all who are free."""
        free = set(range(len(self.workers))) - {worker for _, worker, *_ in self.busy}
        given = [(worker, order) for worker in sorted(free) if (order := self.scheduler.next_slice(worker))]
        self.had |= {(order.key, worker) for worker, order in given}
        for worker, order in given:
            seconds = float(self.rng.uniform(0.02, LONGEST))
            heapq.heappush(self.busy, (self.now + seconds, worker, order, seconds))
        return given

    def finish_one(self, death: bool = False) -> None:
        """The next slice that ends, reported; or its worker dies then."""
        self.now, worker, order, seconds = heapq.heappop(self.busy)
        if death:
            self.workers[worker] = MadeUpWorker()
            self.scheduler.worker_died(worker, order, self.now)
            return
        report = self.workers[worker].run(order, seconds)
        self.received[order.key] += report.seconds
        self.slices.append((order.key, self.now, report.seconds))
        self.seen[order.key] += [(int(trial), scores.epoch) for scores in report.scores for trial in scores.trials]
        self.scheduler.slice_done(worker, order, report, self.now)

    def received_lately(self, round_: Round) -> float:
        """Seconds, each of which counts half after RECENT seconds."""
        return sum(seconds * 0.5 ** ((self.now - at) / RECENT) for key, at, seconds in self.slices if key == round_.key)

    def run(self) -> None:
        """Until nothing is left to do."""
        while self.hand_out() or self.busy:
            self.finish_one()


def one_slice(scheduler: Scheduler, workers: list[MadeUpWorker], worker: int = 0, now: float = 0.0) -> Slice:
    """One order, carried out and reported."""
    order = scheduler.next_slice(worker)
    assert order is not None
    scheduler.slice_done(worker, order, workers[worker].run(order), now)
    return order


def made(workers: int = 1) -> tuple[Scheduler, list[MadeUpWorker]]:
    return Scheduler(workers), [MadeUpWorker() for _ in range(workers)]


def positions(rounds: list[Round]) -> list[int]:
    return [round_.progress.position for round_ in rounds]


def statuses(rounds: list[Round]) -> list[str]:
    return [round_.status.value for round_ in rounds]

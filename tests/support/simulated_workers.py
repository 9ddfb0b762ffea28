"""A scheduler with simulated workers and a clock that the tests set: no processes, no threads."""

import heapq
from dataclasses import dataclass, field, replace

import numpy as np

from core.data.datasets import TrainingImages
from core.engine.fair_share import HALF_LIFE_SECONDS
from core.engine.owners import Owner
from core.engine.protocol import ShareSpec, Slice, SliceReport
from core.engine.scheduled_round import ScheduledRound
from core.engine.scheduler import Scheduler
from core.plan import RoundPlan
from core.training.stacks import Scores

SOURCE = TrainingImages("digits", np.zeros((500, 64), np.uint8), np.zeros(500, np.uint8), 16)
PLAN = RoundPlan(trials=6, epochs=10, hidden_layers=1, neurons=10)
BIG = RoundPlan(trials=200, epochs=200, hidden_layers=1, neurons=10)
MAX_SLICE_SECONDS = 0.3  # of a simulated slice


@dataclass
class SimulatedWorker:
    """Carries out orders as a worker does, an epoch of its trials each, and takes the time that it is given."""

    in_memory: dict[int, tuple[ShareSpec, int]] = field(default_factory=dict)  # epochs trained, by key

    def run(self, order: Slice, seconds: float = 0.1) -> SliceReport:
        for key in order.dropped_shares:
            self.in_memory.pop(key, None)
        if order.spec is not None:
            self.in_memory[order.key] = order.spec, 0
        spec, epoch = self.in_memory.pop(order.key)  # KeyError: the scheduler keeps that it is there, and it is not
        spec = replace(spec, trials=tuple(trial for trial in spec.trials if trial not in order.dropped_trials))
        assert order.stop_epoch is not None
        scores = []
        if spec.trials and epoch < order.stop_epoch:
            trials = np.array(spec.trials)
            accuracy = accuracies(spec.plan)[trials, epoch]
            scores, epoch = [Scores(trials, epoch, accuracy, accuracy, accuracy > 1)], epoch + 1
        finished = not spec.trials or epoch == spec.plan.epochs
        if not finished:
            self.in_memory[order.key] = spec, epoch
        return SliceReport(scores, seconds, finished, at_rung=not finished and epoch == order.stop_epoch)


def accuracies(plan: RoundPlan) -> np.ndarray:
    """Accuracies of a simulated round, (trials, epochs), many of them equal."""
    return np.random.default_rng(plan.seed).integers(0, 10, (plan.trials, plan.epochs)) / 10


class Simulation:
    """A scheduler with simulated workers that are busy for random times; `run` ends their slices one by one."""

    def __init__(self, workers: int, seed: int = 0) -> None:
        self.scheduler, self.workers = Scheduler(workers), [SimulatedWorker() for _ in range(workers)]
        self.rng, self.now = np.random.default_rng(seed), 0.0
        self.busy: list[tuple[float, int, Slice, float]] = []  # end, worker, order, seconds
        self.received: dict[int, float] = {}  # seconds, by key
        self.served: set[tuple[int, int]] = set()  # key and worker of every slice
        self.slices: list[tuple[int, float, float]] = []  # key, when it ended, seconds
        self.reported: dict[int, list[tuple[int, int]]] = {}  # every (trial, epoch) reported, by key

    def add(self, owner: str, plan: RoundPlan = PLAN, known: Owner | None = None) -> ScheduledRound:
        round_ = self.scheduler.add(owner, plan, SOURCE, self.now, known=known)
        self.received[round_.key], self.reported[round_.key] = 0.0, []
        return round_

    def assign_slices(self) -> list[tuple[int, Slice]]:
        """Orders for all who are free."""
        free = set(range(len(self.workers))) - {worker for _, worker, *_ in self.busy}
        given = [(worker, order) for worker in sorted(free) if (order := self.scheduler.next_slice(worker))]
        self.served |= {(order.key, worker) for worker, order in given}
        for worker, order in given:
            seconds = float(self.rng.uniform(0.02, MAX_SLICE_SECONDS))
            heapq.heappush(self.busy, (self.now + seconds, worker, order, seconds))
        return given

    def end_next_slice(self, death: bool = False) -> None:
        """The next slice that ends, reported; or its worker dies then."""
        self.now, worker, order, seconds = heapq.heappop(self.busy)
        if death:
            self.workers[worker] = SimulatedWorker()
            self.scheduler.worker_died(worker, order, self.now)
            return
        report = self.workers[worker].run(order, seconds)
        self.received[order.key] += report.seconds
        self.slices.append((order.key, self.now, report.seconds))
        self.reported[order.key] += [(int(trial), scores.epoch) for scores in report.scores for trial in scores.trials]
        self.scheduler.slice_done(worker, order, report, self.now)

    def recent_seconds(self, round_: ScheduledRound) -> float:
        """Seconds that a round has received, each of which counts half after HALF_LIFE_SECONDS."""
        own = [(at, seconds) for key, at, seconds in self.slices if key == round_.key]
        return sum(seconds * 0.5 ** ((self.now - at) / HALF_LIFE_SECONDS) for at, seconds in own)

    def run(self) -> None:
        """Until nothing is left to do."""
        while self.assign_slices() or self.busy:
            self.end_next_slice()


def run_slice(scheduler: Scheduler, workers: list[SimulatedWorker], worker: int = 0, now: float = 0.0) -> Slice:
    """One order, carried out and reported."""
    order = scheduler.next_slice(worker)
    assert order is not None
    scheduler.slice_done(worker, order, workers[worker].run(order), now)
    return order


def simulated(workers: int = 1) -> tuple[Scheduler, list[SimulatedWorker]]:
    return Scheduler(workers), [SimulatedWorker() for _ in range(workers)]


def positions(rounds: list[ScheduledRound]) -> list[int]:
    return [round_.progress.position for round_ in rounds]


def statuses(rounds: list[ScheduledRound]) -> list[str]:
    return [round_.status.value for round_ in rounds]

"""A thousand students on eight hosts of four cores, simulated with the real decisions: placement, admission, slices.

Students press Start, wait for the end of their round, look at it for a while, and press Start again. A worker trains a
slice for as long as the scheduler allows; a server hears of its hosts' loads when it asks.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from core.data.datasets import TrainingImages
from core.engine.cluster.placement import Host, place_for
from core.engine.cluster.remote_round import RemoteRound
from core.engine.estimates import work_left
from core.engine.owners import Owner
from core.engine.protocol import Slice, SliceReport
from core.engine.scheduler import Scheduler
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.training.stacks import Scores
from tests.benchmarks.figure import Figure

STUDENTS, HOSTS, CORES = 1000, 8, 4
ROUND_SECONDS = 1.9  # of a core for 20 x 20 on MNIST, as training.linearity measures it
THINKING = 60.0, 120.0  # seconds between the end of a round and the next Start
SIMULATED_SECONDS = 600.0
ASKING_SECONDS = 0.25  # between two questions to a host
PLAN = RoundPlan(trials=20, epochs=20, hidden_layers=1, neurons=10)
SOURCE = TrainingImages("digits", np.zeros((500, 64), np.uint8), np.zeros(500, np.uint8), 16)
EPOCH_SECONDS = ROUND_SECONDS / (PLAN.trials * PLAN.epochs)  # of one trial


@dataclass
class SimulatedHost:
    """A host: its scheduler, how far its workers have trained, and which of them are free."""

    scheduler: Scheduler = field(default_factory=lambda: Scheduler(CORES))
    epochs: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)  # by (round, worker): trials and epochs
    free: set[int] = field(default_factory=lambda: set(range(CORES)))

    def train(self, worker: int, order: Slice) -> SliceReport:
        """Whole epochs of all trials of a share, as many as the slice has time for, one at least."""
        if order.spec is not None:
            self.epochs[order.key, worker] = np.array([[trial, 0] for trial in order.spec.trials])
        share = self.epochs[order.key, worker]
        trials, epoch = share[:, 0], int(share[0, 1])
        count = max(round(order.seconds / (len(trials) * EPOCH_SECONDS)), 1)
        end = min(epoch + count, PLAN.epochs)
        accuracy = np.full(len(trials), 0.5, np.float32)
        scores = [Scores(trials, one, accuracy, accuracy, accuracy > 1) for one in range(epoch, end)]
        share[:, 1] = end
        return SliceReport(scores, (end - epoch) * len(trials) * EPOCH_SECONDS, end == PLAN.epochs)


class Simulation:
    """So many students on so many hosts."""

    def __init__(self, students: int, hosts: int, seed: int = 0) -> None:
        self.rng, self.now = np.random.default_rng(seed), 0.0
        self.hosts = [SimulatedHost() for _ in range(hosts)]
        self.known = [Host(str(place), "", "kind", CORES) for place in range(hosts)]
        self.first_point: list[float] = []  # seconds that a student waited, round by round
        self.whole_round: list[float] = []
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._unseen: dict[tuple[int, int], float] = {}  # by host and round: when it began, until its first point
        for student in range(students):
            self._after(float(self.rng.uniform(0, THINKING[1])), partial(self._start, f"student {student}"))
        for place in range(hosts):
            self._after(0.0, partial(self._ask, place))

    def run(self, seconds: float) -> None:
        """Let so many seconds pass."""
        while self._events and self._events[0][0] <= seconds:
            self.now, _, happen = heapq.heappop(self._events)
            happen()

    def _after(self, seconds: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._order), happen))

    def _ask(self, place: int) -> None:
        """The server hears of a host's load."""
        rounds = self.hosts[place].scheduler.rounds.values()
        self.known[place].work_left, self.known[place].placed = work_left(rounds), 0.0
        self._after(ASKING_SECONDS, partial(self._ask, place))

    def _start(self, owner: str) -> None:
        """A student presses Start."""
        plan = replace(PLAN, seed=int(self.rng.integers(1000)))
        known = Owner(owner)
        wanted = RemoteRound(0, owner, known, "round", RoundProgress.of(plan), "", unplaced_since=self.now)
        host = place_for(wanted, self.known, [], self.now)
        assert host is not None
        place, begun = int(host.name), self.now

        def end() -> None:
            self.whole_round.append(self.now - begun)
            self._after(float(self.rng.uniform(*THINKING)), partial(self._start, owner))

        round_ = self.hosts[place].scheduler.add(owner, plan, SOURCE, self.now, on_end=end)
        host.placed += round_.operations_left()
        self._unseen[place, round_.key] = begun
        self._give_slices(place)

    def _give_slices(self, place: int) -> None:
        """Orders for the workers of a host that are free."""
        host = self.hosts[place]
        for worker in sorted(host.free):
            order = host.scheduler.next_slice(worker)
            if order is not None:
                host.free.discard(worker)
                report = host.train(worker, order)
                self._after(report.seconds, partial(self._end_slice, place, worker, order, report))

    def _end_slice(self, place: int, worker: int, order: Slice, report: SliceReport) -> None:
        host = self.hosts[place]
        host.free.add(worker)
        host.scheduler.slice_done(worker, order, report, self.now)
        if report.finished:
            host.epochs.pop((order.key, worker), None)
        if (begun := self._unseen.pop((place, order.key), None)) is not None:
            self.first_point.append(self.now - begun)
        self._give_slices(place)


def thousand(quick: bool) -> Iterator[Figure]:
    """How long a thousand students wait for a round's first point and for its end."""
    simulation = Simulation(100, 1) if quick else Simulation(STUDENTS, HOSTS)
    simulation.run(120.0 if quick else SIMULATED_SECONDS)
    alone = ROUND_SECONDS / CORES
    for name, seconds in (("first_point", simulation.first_point), ("round", simulation.whole_round)):
        middle, high = np.quantile(seconds, [0.5, 0.95])
        against = f"a round alone on a host, {alone:.2f} s; median {middle:.2f} s, {len(seconds)} rounds"
        yield Figure(f"cluster.thousand.{name}_p95", float(high), "s", float(high) / alone, against)

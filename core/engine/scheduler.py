"""Who trains next: the state of all rounds, and decisions about it. No threads and no processes in here.

A round's trials are shared out evenly among the workers. A worker that is free takes a slice for the owner whose rounds
have received the least time so far (least attained service), so everybody's curves start at once and no big round, and
nobody with many of them, starves a small one. Rounds beyond the memory wait in the order they came.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from core.datasets import TrainingImages
from core.engine.worker import ShareSpec, Slice, SliceReport, least_memory
from core.errors import N_, LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.training import operations

SLICE = 0.15  # seconds
FIRST_SLICE = 0.04  # shorter: the first points are what a student waits for
MEMORY = 336 * 2**20  # bytes that all active rounds hold in the workers at least; see worker.py about more
QUEUE = 200  # rounds that may wait
DEATHS = 3  # deaths in a row in the same slice that fail a round


class EngineBusy(LessonError):
    """A round cannot be taken on now."""


@dataclass
class Share:
    """A worker's part of a round."""

    trials: tuple[int, ...]
    held: bool = False  # whether the worker has it in memory
    finished: bool = False
    deaths: int = 0  # of workers, since the share last got past the place of the last death
    epochs: int = 0  # trained since it was last begun, over its trials
    died_at: int = 0  # how many epochs it had when a worker last died in it


@dataclass
class Round:
    """One round in the engine. `shares` has one entry a worker; an empty one is finished from the start."""

    key: int
    owner: str
    source: TrainingImages | None  # None once the round is over: a lab keeps its rounds, not their images
    progress: RoundProgress
    shares: list[Share]
    attained: float = 0.0  # seconds of worker time
    running_since: float | None = None
    paused_at: float | None = None
    fault: LessonError | None = None
    lane: str = "round"  # an owner has one round a lane
    unseen: np.ndarray | None = None  # images to classify at the end, (images, pixels) uint8
    over: Callable[[], None] | None = None  # called when it is

    @property
    def plan(self) -> RoundPlan:
        return self.progress.plan

    @property
    def status(self) -> Status:
        return self.progress.status

    @property
    def active(self) -> bool:
        """Whether it holds memory in the workers."""
        return self.status in (Status.RUNNING, Status.PAUSED)

    def work(self) -> float:
        """Floating-point operations of the whole round (all pixels and every image drawn counted)."""
        return float(operations(self.plan, self.plan.sizes()[0])) * self.plan.epochs * self.plan.trials

    def work_left(self) -> float:
        """What is left of it."""
        plan = self.plan
        return self.work() * (1 - float(self.progress.epochs_done.sum()) / (plan.trials * plan.epochs))


@dataclass
class Scheduler:
    """The rounds that are not over, and the rules. Times are seconds of any one clock, handed in as `now`."""

    workers: int
    rounds: dict[int, Round] = field(default_factory=dict)
    dropped: list[set[int]] = field(default_factory=list)  # shares that a worker should forget, one set a worker
    rate: float | None = None  # operations a second of one worker, measured
    _next_key: int = 0
    _given: dict[int, int] = field(default_factory=dict)  # the round of each worker's latest slice

    def __post_init__(self) -> None:
        self.dropped = [set() for _ in range(self.workers)]

    def add(
        self,
        owner: str,
        plan: RoundPlan,
        source: TrainingImages,
        now: float,
        lane: str = "round",
        unseen: np.ndarray | None = None,
        over: Callable[[], None] | None = None,
    ) -> Round:
        """Take on a round. Raises EngineBusy when its owner has one in that lane already or the queue is full."""
        if any((round_.owner, round_.lane) == (owner, lane) for round_ in self.rounds.values()):
            raise EngineBusy(N_("A round is running already; stop it or wait for its end."))
        if len(self.waiting()) >= QUEUE:
            raise EngineBusy(N_("Too many rounds are waiting just now; try again in a minute."))
        self._next_key += 1
        shares = [Share(tuple(range(worker, plan.trials, self.workers))) for worker in range(self.workers)]
        for share in shares:
            share.finished = not share.trials
        shares = shares[self._next_key % self.workers :] + shares[: self._next_key % self.workers]
        progress = RoundProgress.of(plan)
        round_ = Round(self._next_key, owner, source, progress, shares, lane=lane, unseen=unseen, over=over)
        self.rounds[round_.key] = round_
        self.admit(now)
        return round_

    def waiting(self) -> list[Round]:
        """The queue, first come first."""
        return [round_ for round_ in self.rounds.values() if round_.status is Status.WAITING]

    def admit(self, now: float) -> None:
        """Let rounds from the queue start as far as the memory goes; one may always run."""
        active = [round_.plan for round_ in self.rounds.values() if round_.active]
        for round_ in self.waiting():
            if active and least_memory([*active, round_.plan], self.workers) > MEMORY:
                break
            active.append(round_.plan)
            self.set_status(round_, Status.RUNNING, now)
        for position, round_ in enumerate(self.waiting(), start=1):
            if round_.progress.position != position:
                self._publish(round_, position=position)

    def has_work(self, worker: int) -> bool:
        """Whether there is a slice for a worker."""
        return bool(self._candidates(worker))

    def next_slice(self, worker: int) -> Slice | None:
        """The order for a worker that is free, or None."""
        candidates = self._candidates(worker)
        if not candidates:
            return None
        served: dict[str, float] = defaultdict(float)
        for open_ in self.rounds.values():
            served[open_.owner] += open_.attained
        busy = [key for other, key in self._given.items() if other != worker]  # first points for as many as possible
        round_ = min(candidates, key=lambda one: (served[one.owner], one.attained, busy.count(one.key), one.key))
        self._given[worker] = round_.key
        share = round_.shares[worker]
        assert round_.source is not None  # only rounds that are not over are candidates
        spec = None if share.held else ShareSpec(round_.plan, round_.source, share.trials, round_.unseen)
        drop, self.dropped[worker] = tuple(self.dropped[worker]), set()
        return Slice(round_.key, SLICE if share.held else FIRST_SLICE, spec, drop)

    def _candidates(self, worker: int) -> list[Round]:
        """The rounds that could go on on a worker."""
        return [
            round_
            for round_ in self.rounds.values()
            if round_.status is Status.RUNNING and not round_.shares[worker].finished
        ]

    def slice_done(self, worker: int, order: Slice, report: SliceReport, now: float) -> None:
        """Enter what a worker reports."""
        round_ = self.rounds.get(order.key)
        if round_ is None:
            if not report.finished:
                self.dropped[worker].add(order.key)
            return
        share = round_.shares[worker]
        share.held, share.finished = not report.finished, report.finished
        epochs = sum(len(scores.trials) for scores in report.scores)
        share.epochs += epochs
        if share.epochs > share.died_at:
            share.deaths = 0
        work = epochs * round_.work() / (round_.plan.trials * round_.plan.epochs)
        round_.attained += report.seconds
        if report.seconds > 0:
            rate = work / report.seconds
            self.rate = rate if self.rate is None else 0.9 * self.rate + 0.1 * rate
        round_.progress = round_.progress.with_scores(report.scores).with_answers(report.answers)
        if all(share.finished for share in round_.shares):
            self.set_status(round_, Status.FINISHED, now)
        else:
            self._publish(round_, seconds=self._seconds(round_, now), remaining=self.remaining(round_))

    def worker_lost(self, worker: int) -> None:
        """A worker is gone: all it held is to be begun again by its successor, to the same results."""
        self.dropped[worker] = set()
        for lost in [round_.shares[worker] for round_ in self.rounds.values()]:
            lost.held, lost.epochs = False, 0

    def worker_died(self, worker: int, order: Slice, now: float) -> None:
        """A worker died in a slice; DEATHS of them at the same place fail the round."""
        round_ = self.rounds.get(order.key)
        died_at = round_.shares[worker].epochs if round_ else 0
        self.worker_lost(worker)
        if round_ is None:
            return
        share = round_.shares[worker]
        share.deaths, share.died_at = share.deaths + 1, died_at
        if share.deaths >= DEATHS:
            self.fail(
                round_,
                LessonError(
                    N_("The training process ended {count} times at the same place; the round was given up."),
                    count=DEATHS,
                ),
                now,
            )

    def fail(self, round_: Round, fault: LessonError, now: float) -> None:
        """End a round with a sentence; what was learned stays."""
        round_.fault = fault
        self.set_status(round_, Status.FAILED, now)

    def set_status(self, round_: Round, status: Status, now: float) -> None:
        """Move a round on; one that is over stays so."""
        if round_.status.over or round_.status is status:
            return
        seconds = self._seconds(round_, now)
        round_.running_since = now if status is Status.RUNNING else None
        round_.paused_at = now if status is Status.PAUSED else None
        remaining = None if status.over else self.remaining(round_)
        self._publish(round_, status=status, seconds=seconds, remaining=remaining, position=0)
        if status.over:
            del self.rounds[round_.key]
            round_.source = round_.unseen = None
            if round_.over is not None:
                round_.over()
            for worker, share in enumerate(round_.shares):
                if share.held:
                    self.dropped[worker].add(round_.key)
            self.admit(now)

    def remaining(self, round_: Round) -> float | None:
        """Seconds to a round's end if nobody else came: its own work, and that of all who share the workers with it.

        Others count only up to the work this round has left, since the least served goes first; a waiting round also
        waits for those before it. None before anything was measured.
        """
        if self.rate is None:
            return None
        left = round_.work_left()
        others = [other for other in self.rounds.values() if other is not round_]
        if round_.status is Status.WAITING:
            ahead = sum(other.work_left() for other in others if other.key < round_.key)
        else:
            ahead = sum(min(left, other.work_left()) for other in others if other.status is Status.RUNNING)
        return (left + ahead) / (self.rate * self.workers)

    def _seconds(self, round_: Round, now: float) -> float:
        """Seconds a round has run."""
        if round_.running_since is None:
            return round_.progress.seconds
        seconds = round_.progress.seconds + now - round_.running_since
        round_.running_since = now
        return seconds

    @staticmethod
    def _publish(round_: Round, **changes: object) -> None:
        round_.progress = replace(round_.progress, version=round_.progress.version + 1, **changes)  # type: ignore[arg-type]

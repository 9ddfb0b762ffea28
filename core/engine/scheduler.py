"""Who trains next: the state of all rounds, and decisions about it. No threads and no processes in here.

A round's trials are shared out evenly among the workers. A worker that is free begins what has not begun, so that
everybody's curves start at once; else it takes a slice for the owner whose rounds have received the least time of late
(least attained service, see fair_share.py), so no big round, and nobody with many of them, starves a small one.

Rounds beyond the memory (see admission.py) wait: everybody's first round in the order they came, then everybody's
second, and so on.

A round with rungs is decided at each of them by all of its trials at once. A share that has come to the rung waits
there, and its worker goes on with other rounds; when the last share is there, the ranking says which trials go on. So
who is given up depends on the plan alone, whoever trained what and however fast, and a worker that dies later trains
only those again that went on. Trials given up by hand leave the race where they stand, and a rung lets as many of the
others go on as the plan says all the same.

Survivors stay with their workers, and more of them may be left with one than with another. Counted on 16 rounds of 100
trials x 50 epochs on two workers with the usual rungs, the busier one trains 8% more than its half, 17% at most. Moving
weights between workers could win no more than that, and only for somebody who has the machine alone: in a class the
worker that is through with its survivors takes somebody else's round.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from core.datasets import TrainingImages
from core.engine.admission import admitted, is_small
from core.engine.fair_share import FairShare
from core.engine.worker import ShareSpec, Slice, SliceReport
from core.errors import N_, LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.training import operations

SLICE = 0.15  # seconds
FIRST_SLICE = 0.04  # shorter: the first points are what a student waits for
QUEUE = 200  # rounds that may wait; twice as many if all beyond are the only ones of their owners
DEATHS = 3  # deaths in a row in the same slice that fail a round


class EngineBusy(LessonError):
    """A round cannot be taken on now."""


@dataclass
class Share:
    """A worker's part of a round."""

    trials: tuple[int, ...]  # without those given up
    held: bool = False  # whether the worker has it in memory
    finished: bool = False
    arrived: bool = False  # at the rung, where it waits for the others
    gone: set[int] = field(default_factory=set)  # trials given up of which the worker has not heard
    deaths: int = 0  # of workers, since the share last got past the place of the last death
    epochs: dict[int, int] = field(default_factory=dict)  # trained since it was last begun, by trial
    died_at: dict[int, int] = field(default_factory=dict)  # the same when a worker last died in it

    @property
    def begun(self) -> bool:
        """Whether it has had a slice, of its latest worker."""
        return self.held or bool(self.epochs)

    @property
    def past_death(self) -> bool:
        """Whether a trial has come further than it was when a worker last died in the share."""
        return any(epochs > self.died_at.get(trial, 0) for trial, epochs in self.epochs.items())


@dataclass(eq=False)
class Round:
    """One round in the engine. `shares` has one entry a worker; an empty one is finished from the start."""

    key: int
    owner: str
    source: TrainingImages | None  # None once the round is over: a lab keeps its rounds, not their images
    progress: RoundProgress
    shares: list[Share]
    running_since: float | None = None
    paused_at: float | None = None
    fault: LessonError | None = None
    lane: str = "round"  # an owner has one round a lane
    at_once: bool = True  # whether its first slices come before all others
    unseen: np.ndarray | None = None  # images to classify at the end, (images, pixels) uint8
    over: Callable[[], None] | None = None  # called when it is
    rung: int = 0  # how many have been decided

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

    @property
    def until(self) -> int:
        """The epoch at which it is next decided who goes on; the last one when nothing is decided any more."""
        return [*self.plan.give_up, self.plan.epochs][self.rung]

    @cached_property
    def epoch_work(self) -> float:
        """Floating-point operations of an epoch of a trial (all pixels and every image drawn counted)."""
        return float(operations(self.plan, self.plan.sizes()[0]))

    def work_left(self) -> float:
        """Operations that are left to do, those of trials that the rungs to come will give up left out."""
        return self.epoch_work * self.progress.epochs_left


@dataclass
class Scheduler:
    """The rounds that are not over, and the rules. Times are seconds of any one clock, handed in as `now`."""

    workers: int
    rounds: dict[int, Round] = field(default_factory=dict)
    dropped: list[set[int]] = field(default_factory=list)  # shares that a worker should forget, one set a worker
    rate: float | None = None  # operations a second of one worker, measured
    _next_key: int = 0
    _given: dict[int, Round] = field(default_factory=dict)  # the round of each worker's latest slice
    _received: FairShare = field(default_factory=FairShare)

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
        trials: Iterable[int] | None = None,
    ) -> Round:
        """Take on a round, or some trials of it.

        Raises EngineBusy when its owner has one in that lane already or the queue is full.
        """
        chosen = range(plan.trials) if trials is None else sorted(set(trials))
        if not chosen or not 0 <= chosen[0] <= chosen[-1] < plan.trials:
            raise LessonError(N_("This round has the trials 0 to {last}."), last=plan.trials - 1)
        if any((round_.owner, round_.lane) == (owner, lane) for round_ in self.rounds.values()):
            raise EngineBusy(N_("A round is running already; stop it or wait for its end."))
        only = all(round_.owner != owner for round_ in self.rounds.values())
        if len(self.waiting()) >= (2 * QUEUE if only else QUEUE):
            raise EngineBusy(N_("Too many rounds are waiting just now; try again in a minute."))
        self._next_key += 1
        progress = RoundProgress.of(plan, chosen)
        shares = [Share(tuple(chosen[worker :: self.workers])) for worker in range(self.workers)]
        for share in shares:
            share.finished = not share.trials
        shares = shares[self._next_key % self.workers :] + shares[: self._next_key % self.workers]
        at_once = self._received.begins_at_once(owner, now)
        round_ = Round(
            self._next_key, owner, source, progress, shares, lane=lane, at_once=at_once, unseen=unseen, over=over
        )
        self.rounds[round_.key] = round_
        self.admit(now)
        return round_

    def waiting(self) -> list[Round]:
        """The queue: everybody's first round, then everybody's second and so on, each first come first."""
        before: Counter[str] = Counter()
        turns: dict[int, int] = {}  # by key: how many of its owner's are before it
        for round_ in self.rounds.values():
            turns[round_.key] = before[round_.owner]
            before[round_.owner] += 1
        queue = [round_ for round_ in self.rounds.values() if round_.status is Status.WAITING]
        return sorted(queue, key=lambda one: (turns[one.key], one.key))

    def admit(self, now: float) -> None:
        """Let rounds from the queue start as far as the memory goes."""
        active = [round_.plan for round_ in self.rounds.values() if round_.active]
        queue = self.waiting()
        for place in admitted(active, [round_.plan for round_ in queue], self.workers):
            self.set_status(queue[place], Status.RUNNING, now)
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
        owners, lanes = self._received.owners(), self._received.lanes
        elsewhere = [given.key for other, given in self._given.items() if other != worker]

        def turn(one: Round) -> tuple[bool, bool, float, float, int]:
            """Shares that have not begun, of them those of rounds of which nothing has, then who has received least."""
            begun = one.shares[worker].begun or not one.at_once
            begun_anywhere = begun or one.key in elsewhere or any(share.begun for share in one.shares)
            received = owners.get(one.owner, 0.0), lanes.get((one.owner, one.lane), 0.0)
            return begun, begun_anywhere, *received, one.key

        round_ = min(candidates, key=turn)
        self._given[worker] = round_
        share = round_.shares[worker]
        assert round_.source is not None  # only rounds that are not over are candidates
        spec = None if share.held else ShareSpec(round_.plan, round_.source, share.trials, round_.unseen)
        drop, self.dropped[worker] = tuple(self.dropped[worker]), set()
        gone, share.gone = tuple(sorted(share.gone)) if share.held else (), set()
        return Slice(round_.key, SLICE if share.held else FIRST_SLICE, spec, drop, round_.until, gone)

    def _candidates(self, worker: int) -> list[Round]:
        """The rounds that could go on on a worker."""
        return [
            round_
            for round_ in self.rounds.values()
            if round_.status is Status.RUNNING and not (round_.shares[worker].finished or round_.shares[worker].arrived)
        ]

    def slice_done(self, worker: int, order: Slice, report: SliceReport, now: float) -> None:
        """Enter what a worker reports."""
        given = self._given[worker]
        self._received.enter(given.owner, given.lane, report.seconds, now)  # also if the round has ended meanwhile
        round_ = self.rounds.get(order.key)
        if round_ is None:
            if not report.finished:
                self.dropped[worker].add(order.key)
            return
        share = round_.shares[worker]
        share.held, share.finished = not report.finished, report.finished
        share.arrived = report.arrived and order.until == round_.until
        for scores in report.scores:
            share.epochs.update(dict.fromkeys(scores.trials.tolist(), scores.epoch + 1))
        if share.past_death:
            share.deaths = 0
        epochs = sum(len(scores.trials) for scores in report.scores)
        if epochs and report.seconds > 0:
            rate = epochs * round_.epoch_work / report.seconds
            self.rate = rate if self.rate is None else 0.9 * self.rate + 0.1 * rate
        round_.progress = round_.progress.with_scores(report.scores).with_answers(report.answers)
        self._go_on(round_, now)

    def give_up(self, round_: Round, trials: Iterable[int], now: float) -> None:
        """Train some trials no further, by hand; nothing happens to those that have come to their end."""
        if round_.status.over:
            return
        before = round_.progress
        round_.progress = before.without(np.array([*trials], int))
        self._leave(round_, before)
        self._go_on(round_, now)

    def _go_on(self, round_: Round, now: float) -> None:
        """A new version of a round, with who goes on if all have come to a rung; the last one if nothing is left."""
        self._decide(round_)
        if all(share.finished for share in round_.shares):
            self.set_status(round_, Status.FINISHED, now)
        else:
            self._publish(round_, seconds=self._seconds(round_, now), remaining=self.remaining(round_))

    def _decide(self, round_: Round) -> None:
        """Who goes on, once all shares that are not finished have come to a rung."""
        under_way = [share for share in round_.shares if not share.finished]
        if not under_way or not all(share.arrived for share in under_way):
            return
        before = round_.progress
        round_.progress = before.at_rung(round_.rung)
        round_.rung += 1
        for share in under_way:
            share.arrived = False
        self._leave(round_, before)

    def _leave(self, round_: Round, before: RoundProgress) -> None:
        """Take those trials out of the shares that have been given up since a version."""
        gone = set(np.flatnonzero(round_.progress.given_up & ~before.given_up).tolist())
        for share in round_.shares:
            share.gone |= gone.intersection(share.trials)
            share.trials = tuple(trial for trial in share.trials if trial not in gone)
            if not share.trials and not share.held:
                share.finished = True

    def worker_lost(self, worker: int, now: float) -> None:
        """A worker is gone: all it held is to be begun again by its successor, to the same results."""
        self.dropped[worker] = set()
        for round_ in list(self.rounds.values()):
            lost = round_.shares[worker]
            lost.held, lost.epochs = False, {}
            if not lost.trials and not lost.finished:  # nothing of it goes on, and nobody is left to be told
                lost.finished = True
                self._go_on(round_, now)

    def worker_died(self, worker: int, order: Slice, now: float) -> None:
        """A worker died in a slice; DEATHS of them at the same place fail the round."""
        round_ = self.rounds.get(order.key)
        died_at = round_.shares[worker].epochs if round_ else {}
        self.worker_lost(worker, now)
        if round_ is None or round_.status.over:
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

    def turn(self) -> float:
        """Seconds in which every round that runs gets a slice: nothing new comes of it more often than that."""
        return sum(round_.status is Status.RUNNING for round_ in self.rounds.values()) * SLICE / self.workers

    def remaining(self, round_: Round) -> float | None:
        """Seconds to a round's end if nobody else came: its own work, and that of all who share the workers with it.

        Until a round's end each of the others is served until its owner has received as much of late as this one's will
        have; a waiting round also waits for those before it, a small one not for large ones. None before anything was
        measured.
        """
        if self.rate is None:
            return None
        left = round_.work_left()
        others = [other for other in self.rounds.values() if other is not round_]
        if round_.status is Status.WAITING:
            ahead = self._ahead(round_)
        else:
            received = {owner: self.rate * seconds for owner, seconds in self._received.owners().items()}
            until = received.get(round_.owner, 0.0) + left
            ahead = sum(
                min(max(until - received.get(other.owner, 0.0), 0.0), other.work_left())
                for other in others
                if other.status is Status.RUNNING
            )
        return (left + ahead) / (self.rate * self.workers)

    def _ahead(self, round_: Round) -> float:
        """Operations of others until the end of a round that waits."""
        queue, small = self.waiting(), is_small(round_.plan, self.workers)
        running = [other for other in self.rounds.values() if other.status is Status.RUNNING]
        before = [*queue[: queue.index(round_)], *running]
        passed = [other for other in before if small and not is_small(other.plan, self.workers)]
        ahead = sum(other.work_left() for other in before if other not in passed)
        meanwhile = round_.work_left() + ahead  # in which large ones that run have their share
        return ahead + sum(min(other.work_left(), meanwhile) for other in passed if other.status is Status.RUNNING)

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

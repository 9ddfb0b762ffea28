"""Who trains next: all rounds that have not ended, and decisions about them. No threads and no processes in here.

A round's trials are shared out evenly among the workers. A worker that is free begins what has not begun, so that
everybody's curves start at once; else it takes a slice for whoever has received the least time recently (least attained
service, see fair_share.py and ready_rounds.py), so neither a big round nor somebody with many of them starves others.

Rounds that there is no memory for wait (see memory.py); some give theirs back while others wait (see set_aside.py).

A round with rungs is decided at each of them by all of its trials at once. A share that has come to the rung waits
there, and its worker goes on with other rounds; when the last share is there, the ranking says which trials go on. So
who is given up depends on the plan alone, whichever workers trained the trials and however fast, and after a worker's
death only trials that went on are trained again. Trials given up by hand end where they are, and a rung lets as many
of the others go on as the plan says all the same.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.data.datasets import TrainingImages
from core.engine.admission import check_room, queue_of, startable
from core.engine.estimates import work_left_of_others
from core.engine.fair_share import FairShare
from core.engine.owners import Owner
from core.engine.protocol import ShareSpec, Slice, SliceReport
from core.engine.ready_rounds import ReadyRounds
from core.engine.scheduled_round import ScheduledRound
from core.engine.set_aside import next_to_set_aside
from core.engine.trial_shares import shares_of, trials_to_train
from core.errors import N_, LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress, Status

SLICE_SECONDS = 0.15
FIRST_SLICE_SECONDS = 0.04  # of a share: the first points are what a student waits for
MAX_DEATHS = 3  # of workers in a row at the same place of a share; then its round fails


@dataclass
class Scheduler:
    """The rounds that have not ended, and the rules. Times are seconds of any one clock, handed in as `now`."""

    workers: int
    rounds: dict[int, ScheduledRound] = field(default_factory=dict)
    dropped_shares: list[set[int]] = field(default_factory=list)  # to be forgotten by each worker: keys of rounds
    operations_per_second: float | None = None  # of one worker, measured: a moving average
    _next_key: int = 0
    _latest: dict[int, tuple[ScheduledRound, int]] = field(default_factory=dict)  # by worker: see next_slice
    _fair_share: FairShare = field(default_factory=FairShare)

    def __post_init__(self) -> None:
        self.dropped_shares = [set() for _ in range(self.workers)]
        self._ready = [ReadyRounds(worker, self._fair_share) for worker in range(self.workers)]

    def add(
        self,
        owner: str,
        plan: RoundPlan,
        source: TrainingImages,
        now: float,
        lane: str = "round",
        images_to_predict: np.ndarray | None = None,
        on_end: Callable[[], None] | None = None,
        trials: Sequence[int] | None = None,
        known: Owner | None = None,
        before: RoundProgress | None = None,
        decided_rungs: int = 0,
    ) -> ScheduledRound:
        """Take on a round, or some trials of it.

        known: the owner as they are now; None: they share with nobody
        before, decided_rungs: what had become of it on another machine; what was given up there is not trained again
        Raises EngineBusy when its owner has one in that lane already or the queue is full.
        """
        progress, chosen = trials_to_train(plan, trials, before)
        known = known or Owner(owner)
        check_room(self.rounds.values(), owner, lane, known)
        self._next_key += 1
        at_once, shares = (
            self._fair_share.begins_at_once(known.group, now),
            shares_of(plan, chosen, self.workers, self._next_key),
        )
        round_ = ScheduledRound(
            self._next_key, owner, known.group, known.in_class, source, progress, shares, lane, at_once,
            images_to_predict, on_end, waiting_since=now, absent_since=None if known.is_present else now,
            begun_again=before is not None, rung=decided_rungs,
        )  # fmt: skip
        self.rounds[round_.key] = round_
        self._admit(now)
        if not chosen:  # all that was to be trained had been given up
            self.set_status(round_, Status.FINISHED, now)
        return round_

    def has_work(self, worker: int) -> bool:
        """Whether there is a slice for a worker."""
        return self._ready[worker].has_any()

    def next_slice(self, worker: int) -> Slice | None:
        """The order for a worker that is free, or None."""
        on_others = [one.key for other, (one, _) in self._latest.items() if other != worker]
        round_ = self._ready[worker].take(on_others)
        if round_ is None:
            return None
        self._latest[worker] = round_, round_.times_set_aside  # as it is now: it may be set aside during the slice
        dropped_shares, self.dropped_shares[worker] = tuple(self.dropped_shares[worker]), set()
        share = round_.shares[worker]
        dropped_trials, share.dropped_trials = tuple(sorted(share.dropped_trials)), set()
        if share.in_memory:
            return Slice(round_.key, SLICE_SECONDS, None, dropped_shares, round_.stop_epoch, dropped_trials)
        assert round_.source is not None  # only rounds that have not ended are candidates
        spec = ShareSpec(round_.plan, round_.source, share.trials, round_.images_to_predict)
        return Slice(round_.key, FIRST_SLICE_SECONDS, spec, dropped_shares, round_.stop_epoch)

    def slice_done(self, worker: int, order: Slice, report: SliceReport, now: float) -> None:
        """Take in what a worker reports."""
        latest, times_set_aside = self._latest[worker]
        self._fair_share.record(latest.group, latest.owner, latest.lane, report.seconds, now)
        round_ = self.rounds.get(order.key)  # None: it has ended meanwhile
        is_held = round_ is not None and round_.times_set_aside == times_set_aside
        if not (report.finished or is_held):
            self.dropped_shares[worker].add(order.key)
        if round_ is None:
            return
        round_.shares[worker].take_in(report, is_held, order.stop_epoch == round_.stop_epoch)
        done = round_.operations_of(report)
        if done and report.seconds > 0:
            rate, before = done / report.seconds, self.operations_per_second
            self.operations_per_second = rate if before is None else 0.9 * before + 0.1 * rate
        round_.progress = round_.progress.with_scores(report.scores).with_predictions(report.predictions)
        self._advance(round_, now)

    def give_up(self, round_: ScheduledRound, trials: Sequence[int], now: float) -> None:
        """Train some trials no further, by hand; nothing happens to those that have come to their end."""
        if not round_.status.is_final:
            round_.give_up(trials)
            self._advance(round_, now)

    def worker_lost(self, worker: int, now: float) -> None:
        """A worker has ended: its successor begins again all that it had in memory, to the same results."""
        self.dropped_shares[worker] = set()
        for round_ in list(self.rounds.values()):
            if round_.lose_share(worker):
                self._advance(round_, now)
            self._ready[worker].enter(round_)

    def worker_died(self, worker: int, order: Slice, now: float) -> None:
        """A worker died in a slice; MAX_DEATHS of them at the same place fail the round."""
        round_ = self.rounds.get(order.key)
        epochs_at_death = round_.shares[worker].epochs_trained if round_ else {}
        self.worker_lost(worker, now)
        if round_ is None or round_.status.is_final:
            return
        share = round_.shares[worker]
        share.deaths, share.epochs_at_death = share.deaths + 1, epochs_at_death
        if share.deaths >= MAX_DEATHS:
            sentence = N_("The training process ended {count} times at the same place; the round was given up.")
            self.fail(round_, LessonError(sentence, count=MAX_DEATHS), now)

    def fail(self, round_: ScheduledRound, fault: LessonError, now: float) -> None:
        """End a round with a sentence; what was learned stays."""
        round_.fault = fault
        self.set_status(round_, Status.FAILED, now)

    def set_status(self, round_: ScheduledRound, status: Status, now: float) -> None:
        """Change a round's status; one that has ended keeps its own."""
        if round_.status.is_final or round_.status is status:
            return
        seconds = round_.seconds(now)
        round_.paused_at = now if status is Status.PAUSED else None
        if status is Status.RUNNING and not round_.has_memory:  # was set aside
            status, round_.waiting_since = Status.WAITING, now
        round_.running_since = now if status is Status.RUNNING else None
        remaining = None if status.is_final else self.remaining(round_)
        round_.publish(status=status, seconds=seconds, remaining=remaining, position=0)
        if status is Status.RUNNING:
            self._enter(round_)
        if status.is_final:
            self._remove(round_)
        if status.is_final or status is Status.WAITING:
            self._admit(now)

    def look(self, absent: Collection[str], now: float) -> None:
        """To be called about once a second: what changes in the course of time alone.

        absent: the owners of rounds who are away
        """
        for round_ in self.rounds.values():
            if (round_.absent_since is not None) != (round_.owner in absent):
                round_.absent_since = now if round_.owner in absent else None
                self._enter(round_)
        if any(one.status is Status.WAITING for one in self.rounds.values()):
            self._admit(now)
            while one := next_to_set_aside(self.rounds.values(), queue_of(self.rounds.values(), now), now):
                for worker in one.set_aside(now):
                    self.dropped_shares[worker].add(one.key)
                self._advance(one, now)
                self._admit(now)

    def cycle_seconds(self) -> float:
        """Seconds in which every round that runs gets a slice: nothing new comes of it more often than that."""
        return len(self._running()) * SLICE_SECONDS / self.workers

    def remaining(self, round_: ScheduledRound) -> float | None:
        """Seconds to a round's end if no other came (see estimates.py). None if that cannot be said."""
        rate = self.operations_per_second
        if rate is None:
            return None
        received = self._fair_share.seconds
        others = work_left_of_others(round_, self.rounds.values(), lambda *place: rate * received(*place))
        return None if others is None else (round_.operations_left() + others) / (rate * self.workers)

    def _running(self) -> list[ScheduledRound]:
        return [round_ for round_ in self.rounds.values() if round_.status is Status.RUNNING]

    def _enter(self, round_: ScheduledRound) -> None:
        """Let the workers find a round that may be ready."""
        for ready in self._ready:
            ready.enter(round_)

    def _admit(self, now: float) -> None:
        """Let rounds from the queue start as far as the memory goes."""
        queue = queue_of(self.rounds.values(), now)
        for round_ in startable(self.rounds.values(), queue, now):
            round_.has_memory, round_.memory_since = True, now
            self.set_status(round_, Status.RUNNING, now)
        waiting = [round_ for round_ in queue if round_.status is Status.WAITING]
        for position, round_ in enumerate(waiting, start=1):
            if round_.progress.position != position:
                round_.publish(position=position)

    def _advance(self, round_: ScheduledRound, now: float) -> None:
        """A new version of a round: its rung decided if all have come there, its end if nothing is left to train."""
        if round_.decide_rung():
            self._enter(round_)
        if all(share.finished for share in round_.shares):
            self.set_status(round_, Status.FINISHED, now)
        else:
            round_.publish(seconds=round_.seconds(now), remaining=self.remaining(round_))

    def _remove(self, round_: ScheduledRound) -> None:
        """Forget a round that has ended, here and in the workers."""
        del self.rounds[round_.key]
        round_.has_memory = False
        round_.source = round_.images_to_predict = None
        for worker, share in enumerate(round_.shares):
            if share.in_memory:
                self.dropped_shares[worker].add(round_.key)
        if round_.on_end is not None:
            round_.on_end()

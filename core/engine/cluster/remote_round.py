"""A round that a host of the cluster trains, as the server of the app knows it, and the handle that its owner has."""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from core.engine.awaited_round import AwaitedRound
from core.engine.cluster.merging import merged
from core.engine.cluster.questions import News, Order, RoundKey, RoundSpec
from core.engine.owners import Owner
from core.engine.trial_costs import epoch_operations
from core.errors import LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress, Status

COMMAND_SECONDS = 1.0  # that a command waits at most until its host has carried it out


def hashed(text: str) -> str:
    """What hosts know an owner or a group by."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(eq=False)
class RemoteRound:
    """One round: changed by the engine alone, under its lock."""

    number: int
    owner: str
    known: Owner  # the owner as they are now
    lane: str
    progress: RoundProgress
    images_digest: str
    images_to_predict: np.ndarray | None = None  # (images, pixels) uint8
    trials: tuple[int, ...] | None = None
    on_end: Callable[[], None] | None = None
    fault: LessonError | None = None
    wanted: Status = Status.RUNNING  # or PAUSED
    given_up: set[int] = field(default_factory=set)  # trials, by hand
    paused_at: float | None = None  # seconds of the monotonic clock
    host: str | None = None  # where it is placed
    attempt: int = 0  # how often it was placed
    version: int = -1  # of the host's progress that is in `progress`; -1: none yet from this host
    decided_rungs: int = 0
    kind: str | None = None  # of the host that has trained what is in `progress`
    unplaced_since: float = field(default_factory=time.monotonic)
    refused_by: dict[str, LessonError] = field(default_factory=dict)  # by host

    @property
    def group(self) -> str:
        return self.known.group

    @property
    def in_class(self) -> bool:
        return self.known.in_class

    @property
    def kept_together_by(self) -> str:
        """What it has in common with the rounds that are to be at the same host: a seat of a class, else the owner.

        One that is in no class may share its group, an address, with a whole school.
        """
        return self.group if self.in_class else self.owner

    @property
    def plan(self) -> RoundPlan:
        return self.progress.plan

    @property
    def status(self) -> Status:
        return self.progress.status

    @property
    def key(self) -> RoundKey:
        return self.number, self.attempt

    def operations_left(self) -> float:
        """Floating-point operations to the end."""
        return self.progress.epochs_left * epoch_operations(self.progress)

    def place(self, host: str, kind: str) -> None:
        """Place it at a host. On one of another kind it begins anew: nothing of two kinds is in one round."""
        if self.progress.started and kind != self.kind:
            fresh = RoundProgress.of(self.plan, self.trials)
            self.progress = replace(fresh, status=self.status, version=self.progress.version + 1)
            self.decided_rungs, self.given_up = 0, set()
        self.host, self.kind, self.version = host, kind, -1
        self.attempt += 1

    def unplace(self, now: float) -> None:
        """Its host has gone, or cannot train it."""
        self.host, self.unplaced_since = None, now

    def order(self) -> Order:
        """What its host is told."""
        spec = None
        if self.version < 0:
            before = self.progress if self.progress.started else None
            spec = RoundSpec(
                self.lane, self.plan, self.images_digest, self.images_to_predict, self.trials,
                before, self.decided_rungs,
            )  # fmt: skip
        known = replace(self.known, group=hashed(self.known.group))
        by_hand = tuple(sorted(self.given_up))
        return Order(self.version, self.progress.epochs_done, self.wanted, hashed(self.owner), known, by_hand, spec)

    def take(self, news: News) -> None:
        """Take in what its host reports, unless that is older than what is known."""
        if self.status.is_final or news.version <= self.version:
            return
        progress = merged(self.progress, news)
        if not progress.status.is_final:
            if self.wanted is Status.PAUSED:
                progress = replace(progress, status=Status.PAUSED)
            elif progress.status is Status.PAUSED:  # the host has not heard yet that it goes on
                progress = replace(progress, status=Status.RUNNING)
        self.progress, self.version, self.fault = progress, news.version, news.fault
        self.decided_rungs = max(self.decided_rungs, news.decided_rungs)

    def publish(self, **changes: object) -> None:
        """The next version of the progress."""
        self.progress = replace(self.progress, version=self.progress.version + 1, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False, repr=False)
class RemoteHandle(AwaitedRound):
    """A round of the cluster as its owner has it; see RoundHandle in port.py."""

    _round: RemoteRound
    _changed: threading.Condition  # of the engine
    _closing: threading.Event
    _command: Callable[[RemoteRound], None]  # tells the round's host at once what is wanted
    _end: Callable[[RemoteRound, Status], None]  # ends the round

    def remaining(self) -> float | None:
        """Seconds to the round's end as its host said last."""
        progress = self._round.progress
        return 0.0 if progress.status.is_final else progress.remaining

    def pause(self) -> None:
        """Hold the round after the slice it is in."""
        with self._changed:
            if self._round.status is Status.RUNNING:
                self._round.wanted, self._round.paused_at = Status.PAUSED, time.monotonic()
                self._round.publish(status=Status.PAUSED)
                self._command(self._round)
                self._changed.notify_all()

    def resume(self) -> None:
        """Let a paused round go on."""
        with self._changed:
            if self._round.status is Status.PAUSED:
                self._round.wanted, self._round.paused_at = Status.RUNNING, None
                self._round.publish(status=Status.RUNNING if self._round.host else Status.WAITING)
                self._command(self._round)
                self._changed.notify_all()

    def stop(self) -> None:
        """End the round; what was learned stays."""
        with self._changed:
            self._end(self._round, Status.STOPPED)

    def give_up(self, trial: int) -> None:
        """Train a trial no further than it is now, or than it is when its host has heard."""
        with self._changed:
            round_ = self._round
            ended = round_.status.is_final or round_.progress.epochs_done[trial] >= round_.plan.epochs
            if ended or round_.progress.given_up[trial]:
                return
            round_.given_up.add(trial)
            self._command(round_)
            self._changed.wait_for(
                lambda: (
                    self._closing.is_set()
                    or round_.status.is_final
                    or bool(round_.progress.given_up[trial])
                    or round_.progress.epochs_done[trial] >= round_.plan.epochs
                ),
                COMMAND_SECONDS,
            )

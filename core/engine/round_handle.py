"""What the owner of a round may do with it: look at it, wait for it, pause, resume or stop it, give up a trial."""

import threading
import time
from dataclasses import dataclass

from core.engine.awaited_round import AwaitedRound
from core.engine.scheduled_round import ScheduledRound
from core.engine.scheduler import Scheduler
from core.progress import RoundProgress, Status


@dataclass(frozen=True, eq=False, repr=False)
class EmbeddedHandle(AwaitedRound):
    """A round of the embedded engine as its owner has it; see RoundHandle in port.py."""

    _round: ScheduledRound
    _scheduler: Scheduler  # used under the lock of `_changed`
    _changed: threading.Condition
    _closing: threading.Event

    def progress_and_rungs(self) -> tuple[RoundProgress, int]:
        """The newest version, and how many rungs have been decided in it."""
        with self._changed:
            return self._round.progress, self._round.rung

    def remaining(self) -> float | None:
        """Seconds to the round's end as it looks now, others' rounds considered; None if that cannot be said."""
        with self._changed:
            return 0.0 if self._round.status.is_final else self._scheduler.remaining(self._round)

    def pause(self) -> None:
        """Hold the round after the slice it is in. Nothing happens to one that is not running."""
        self._set_status(Status.PAUSED, if_status=Status.RUNNING)

    def resume(self) -> None:
        """Let a paused round go on."""
        self._set_status(Status.RUNNING, if_status=Status.PAUSED)

    def stop(self) -> None:
        """End the round after the slice it is in; what was learned stays."""
        self._set_status(Status.STOPPED)

    def give_up(self, trial: int) -> None:
        """Train a trial no further than it is now."""
        with self._changed:
            self._scheduler.give_up(self._round, [trial], time.monotonic())
            self._changed.notify_all()

    def _set_status(self, status: Status, if_status: Status | None = None) -> None:
        """Change the round's status if it is `if_status` (None: whatever it is)."""
        with self._changed:
            if if_status is None or self._round.status is if_status:
                self._scheduler.set_status(self._round, status, time.monotonic())
                self._changed.notify_all()

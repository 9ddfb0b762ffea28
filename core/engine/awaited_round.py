"""What the handles of both engines share: the newest version of a round, and waiting for a later one."""

import threading
from collections.abc import Callable
from typing import Protocol

from core.errors import LessonError
from core.progress import RoundProgress


class _Round(Protocol):
    """A round as an engine keeps it."""

    progress: RoundProgress
    fault: LessonError | None


class AwaitedRound:
    """A round that its owner looks at and waits for; a dataclass that inherits it has these as fields."""

    _round: _Round
    _changed: threading.Condition  # of the engine, notified whenever a round has changed
    _closing: threading.Event

    @property
    def progress(self) -> RoundProgress:
        """The newest version."""
        return self._round.progress

    @property
    def fault(self) -> LessonError | None:
        """Why the round failed, if it did."""
        return self._round.fault

    def wait(self, timeout: float | None = None) -> RoundProgress:
        """Wait until the round has ended, at most `timeout` seconds; the newest version."""
        return self.wait_for(lambda progress: False, timeout)

    def wait_for(self, condition: Callable[[RoundProgress], bool], timeout: float | None = None) -> RoundProgress:
        """Wait until `condition` holds or the round has ended, at most `timeout` seconds; the newest version."""
        with self._changed:
            self._changed.wait_for(
                lambda: self.progress.status.is_final or self._closing.is_set() or condition(self.progress), timeout
            )
            return self.progress

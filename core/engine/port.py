"""What the app asks of an engine and of a round in it, whichever engine trains: on this machine, or on a cluster."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from core.errors import LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress


class EngineBusy(LessonError):
    """A round cannot be taken on now."""


class RoundHandle(Protocol):
    """What the owner of a round may do with it. Any thread may use it, also after the engine has been closed."""

    @property
    def progress(self) -> RoundProgress:
        """The newest version."""

    @property
    def fault(self) -> LessonError | None:
        """Why the round failed, if it did."""

    def remaining(self) -> float | None:
        """Seconds to the round's end as it looks now, others' rounds considered; None if that cannot be said."""

    def pause(self) -> None:
        """Hold the round after the slice it is in. Nothing happens to one that is not running."""

    def resume(self) -> None:
        """Let a paused round go on."""

    def stop(self) -> None:
        """End the round after the slice it is in; what was learned stays."""

    def give_up(self, trial: int) -> None:
        """Train a trial no further than it is now; nothing happens to one that has come to its end, nor to the others.

        A server that runs the round again, since the one before it died, trains the trial as far as the plan says.
        """

    def wait(self, timeout: float | None = None) -> RoundProgress:
        """Wait until the round has ended, at most `timeout` seconds; the newest version."""

    def wait_for(self, condition: Callable[[RoundProgress], bool], timeout: float | None = None) -> RoundProgress:
        """Wait until `condition` holds or the round has ended, at most `timeout` seconds; the newest version."""


class Engine(Protocol):
    """Trains the rounds of everybody."""

    def start(
        self,
        owner: str,
        plan: RoundPlan,
        lane: str = "round",
        images_to_predict: np.ndarray | None = None,
        on_end: Callable[[], None] | None = None,
        trials: Sequence[int] | None = None,
    ) -> RoundHandle:
        """Begin a round, or queue it.

        owner: what find_owner is asked about: the rounds of an owner share one part of their group's time
        lane: an owner has one round in each
        images_to_predict: (images, pixels) uint8, classified by every trial that is trained to its end; the network of
            a round that has one trial alone is then in the progress
        on_end: called once when the round has ended, in a thread of the engine's; not when the engine is closed
        trials: those of the plan that are trained, to the same bits as among all; None: all of them
        Raises DatasetError when its images cannot be had, EngineBusy when its owner has a round or the queue is full.
        """

    def open_rounds(self) -> int:
        """How many rounds have not ended."""

    def cycle_seconds(self) -> float:
        """Seconds in which every round that runs gets a slice."""

    def workers_live(self) -> bool:
        """Whether there is something that trains."""

    def notice(self) -> LessonError | None:
        """What keeps every round from going on just now, as a sentence for the page; None while nothing does."""

    def close(self) -> None:
        """End all training; rounds keep their status, to be run again another day. Nothing happens the second time."""

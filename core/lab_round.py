"""A round as a lab holds it: one that the engine runs, or one that is only kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.engine.local import RoundHandle
from core.errors import LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress, Status


class Kept:
    """A round that nothing is done to any more, as the store gave it back; what a page sees of a RoundHandle."""

    fault: LessonError | None = None

    def __init__(self, progress: RoundProgress) -> None:
        self.progress = progress

    def remaining(self) -> float | None:
        """Nothing is left of one that is over; of one that a server has left behind it cannot be said."""
        return 0.0 if self.progress.status.over else None

    def pause(self) -> None:
        """Nothing to pause."""

    def resume(self) -> None:
        """Nothing to resume."""

    def stop(self) -> None:
        """Nothing to stop."""

    def give_up(self, trial: int) -> None:
        """Nothing to give up."""

    def wait(self, timeout: float | None = None) -> RoundProgress:
        """There is nothing to wait for."""
        return self.progress

    def wait_for(self, seen: Callable[[RoundProgress], bool], timeout: float | None = None) -> RoundProgress:
        """There is nothing to wait for."""
        return self.progress


@dataclass
class LabRound:
    """One round of a lab."""

    number: int
    handle: RoundHandle | Kept
    note: str = ""

    @property
    def progress(self) -> RoundProgress:
        return self.handle.progress


def unfinished(plan: RoundPlan) -> Kept:
    """A round of which only the plan is known."""
    return Kept(replace(RoundProgress.of(plan), status=Status.WAITING))


def epochs_of(rounds: Sequence[LabRound]) -> int:
    """Epochs of all trials of some rounds; a round that is not over counts as a whole."""
    plans = [one.progress.plan for one in rounds if not one.progress.status.over]
    done = [int(one.progress.epochs_done.sum()) for one in rounds if one.progress.status.over]
    return sum(done) + sum(plan.trials * plan.epochs for plan in plans)

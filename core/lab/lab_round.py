"""A round of a lab, under way in the engine or over, and the epochs that rounds cost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.engine.port import RoundHandle
from core.errors import N_, LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress

CHANGED_ELSEWHERE = N_(
    "This lab was changed in another tab or on another device. You now see its newest state: look at it and try again."
)

ComingRound = tuple[int, RoundPlan]  # number and plan of a lab's next round


@dataclass
class LabRound:
    """One round of a lab: a RoundProgress with its number and the student's note.

    It is a type of its own since it outlives the RoundHandle: of a round that is over, or that the store gave back,
    there is no handle, and pause, resume, stop and give_up do nothing. A failed one keeps its handle, which knows why.
    """

    number: int  # in the lab, from 1
    stored: RoundProgress  # what is shown without a handle
    note: str = ""
    handle: RoundHandle | None = None  # while the engine has the round

    @property
    def progress(self) -> RoundProgress:
        """The newest version."""
        handle = self.handle  # once: another thread may take it away
        return self.stored if handle is None else handle.progress

    @property
    def needs_resume(self) -> bool:
        """Whether a server ended in the middle of it, so that it waits to be run again."""
        return self.handle is None and not self.stored.status.is_final

    @property
    def fault(self) -> LessonError | None:
        """Why it failed; None if it did not, or that is not known any more."""
        handle = self.handle
        return None if handle is None else handle.fault

    def release_handle(self) -> None:
        """Keep the results alone of a round that is over; nothing happens while it goes on, or if it failed."""
        handle = self.handle
        if handle is not None and handle.progress.status.is_final and handle.fault is None:
            self.stored = handle.progress
            self.handle = None

    def remaining(self) -> float | None:
        """Seconds to the round's end, 0 when it is over; None if that cannot be said."""
        handle = self.handle
        if handle is None:
            return 0.0 if self.stored.status.is_final else None
        return handle.remaining()

    def pause(self) -> None:
        """Hold the round after the slice it is in."""
        if (handle := self.handle) is not None:
            handle.pause()

    def resume(self) -> None:
        """Let a paused round go on."""
        if (handle := self.handle) is not None:
            handle.resume()

    def stop(self) -> None:
        """End the round after the slice it is in; what was learned stays."""
        if (handle := self.handle) is not None:
            handle.stop()

    def give_up(self, trial: int) -> None:
        """Train a trial no further than it is now."""
        if (handle := self.handle) is not None:
            handle.give_up(trial)

    def wait(self, timeout: float | None = None) -> RoundProgress:
        """Wait until the round is over, at most `timeout` seconds; not at all without a handle."""
        handle = self.handle
        return self.stored if handle is None else handle.wait(timeout)

    def wait_for(self, condition: Callable[[RoundProgress], bool], timeout: float | None = None) -> RoundProgress:
        """Wait until a condition holds or the round is over, at most `timeout` seconds; not at all without a handle."""
        handle = self.handle
        return self.stored if handle is None else handle.wait_for(condition, timeout)


def epochs_spent(rounds: Sequence[LabRound]) -> int:
    """Epochs of all trials of some rounds; a round that is not over counts as a whole."""
    plans = [one.progress.plan for one in rounds if not one.progress.status.is_final]
    done = [int(one.progress.epochs_done.sum()) for one in rounds if one.progress.status.is_final]
    return sum(done) + sum(plan.trials * plan.epochs for plan in plans)


def check_budget(plan: RoundPlan, budget: int, spent: int) -> None:
    """Raise LessonError when a round needs more epochs than are left of a lesson's budget."""
    left, needed = max(budget - spent, 0), plan.trials * plan.epochs
    if needed <= left:
        return
    if not left:
        raise LessonError(
            N_("All {budget} epochs of this lesson are spent. Choose a value from what you have seen."), budget=budget
        )
    epochs = min(plan.epochs, left)
    raise LessonError(
        N_(
            "This round needs {trials} trials × {epochs} = {needed} epochs, and {left} of the lesson's {budget} "
            "are left. {fewer} × {shorter} would fit."
        ),
        trials=plan.trials,
        epochs=plan.epochs,
        needed=needed,
        left=left,
        budget=budget,
        fewer=left // epochs,
        shorter=epochs,
    )

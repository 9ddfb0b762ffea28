"""What giving up early has cost: the trials that were given up are trained to their end after all.

A trial's bits depend on the plan and its index alone, so what is trained here, by itself and without rungs, is what the
round would have trained. The result is kept in memory with the lab; after a server has been started anew one asks
again, and it comes out the same.
"""

from dataclasses import dataclass

import numpy as np

from core.engine.local import Engine
from core.progress import RoundProgress, Status
from core.remarks import standard_error

LANE = "replay"


@dataclass(frozen=True)
class Finding:
    """What a replay shows."""

    saved: int  # epochs that the round did not train
    trial: int | None  # the given-up trial that would have ended best; None when all of them diverge
    reached: float  # its validation accuracy at the end, nan when there is none
    kept: float  # that of the best of the trials that went on, nan when there is none
    regret: float  # what the round's best lacks to the best of all, 0 when nothing was lost
    images: int  # the same in validation images
    tie: bool  # whether that is something, but within one standard error


def finding(before: RoundProgress, after: RoundProgress) -> Finding:
    """Hold a round against its given-up trials, trained to their end."""
    kept, _ = _best(before, ~before.given_up)
    reached, trial = _best(after, before.given_up)
    regret = max(float(np.nan_to_num(reached)) - float(np.nan_to_num(kept)), 0.0)
    images = before.plan.validation_images()
    return Finding(
        saved=before.epochs_saved,
        trial=trial,
        reached=reached,
        kept=kept,
        regret=regret,
        images=round(regret * images),
        tie=0 < regret <= standard_error(float(np.nan_to_num(reached)), images),
    )


def _best(progress: RoundProgress, among: np.ndarray) -> tuple[float, int | None]:
    """The best validation accuracy of some trials, and whose it is; diverged trials do not count. among: (trials,)"""
    able = [int(trial) for trial in progress.ranking() if among[trial] and not progress.diverged[trial]]
    return (float(progress.last_validation()[able[0]]), able[0]) if able else (float("nan"), None)


class Replay:
    """The given-up trials of a round on their way to their end, in a lane of their own.

    progress: of a round that has come to its end, with trials given up    Raises LessonError when it cannot be begun.
    """

    def __init__(self, engine: Engine, owner: str, progress: RoundProgress) -> None:
        trials = np.flatnonzero(progress.given_up).tolist()
        self._before = progress
        self._handle = engine.start(owner, progress.plan.to_the_end(), LANE, trials=trials)

    @property
    def progress(self) -> RoundProgress:
        """How far the trials are that had been given up; all others stand as never begun."""
        return self._handle.progress

    @property
    def over(self) -> bool:
        """Whether it has come to an end."""
        return self.progress.status.over

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return float(self.progress.epochs_done.sum()) / self.progress.epochs_expected()

    @property
    def finding(self) -> Finding | None:
        """What it shows; None until then, and when it was stopped."""
        progress = self.progress
        return finding(self._before, progress) if progress.status is Status.FINISHED else None

    def stop(self) -> None:
        """Let it be."""
        self._handle.stop()

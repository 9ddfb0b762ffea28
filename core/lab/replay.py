"""Replays: a round's given-up trials, trained to their end to show what giving up has cost.

A trial's result depends on the plan and its index alone, to the bit. So what is trained here, without rungs, is what
the round would have trained. It is kept in memory alone: after a restart a replay gives the same again.
"""

from dataclasses import dataclass

import numpy as np

from core.analysis.comparisons import groups_behind
from core.engine.port import Engine
from core.progress import RoundProgress, Status

LANE = "replay"


@dataclass(frozen=True)
class Finding:
    """What a replay shows."""

    saved: int  # epochs that the round did not train
    trial: int | None  # the given-up trial that would have ended best; None when all of them diverge
    reached: float  # its validation accuracy at the end, nan when there is none
    kept: float  # that of the best of the trials that went on, nan when there is none
    regret: float  # how far the round's best is below the best of all, 0 when nothing was lost
    images: int  # the same in validation images
    tie: bool  # whether that is above 0, but no more than chance can explain among so many trials


def finding(before: RoundProgress, after: RoundProgress) -> Finding:
    """Compare a round with its given-up trials. before: the round    after: those trials, trained to their end"""
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
        tie=regret > 0 and not bool(groups_behind(_finals(before, after), images)[0]),
    )


def _finals(before: RoundProgress, after: RoundProgress) -> list[np.ndarray]:
    """Accuracies at the end of the trials that went on, and of those given up; diverged trials do not count."""
    kept, lost = ~before.given_up & ~before.diverged, before.given_up & ~after.diverged
    return [before.last_validation()[kept], after.last_validation()[lost]]


def _best(progress: RoundProgress, among: np.ndarray) -> tuple[float, int | None]:
    """The best validation accuracy of some trials, and whose it is; diverged trials do not count. among: (trials,)"""
    ranked = [int(trial) for trial in progress.ranking() if among[trial] and not progress.diverged[trial]]
    return (float(progress.last_validation()[ranked[0]]), ranked[0]) if ranked else (float("nan"), None)


class Replay:
    """The given-up trials of a round in training to their end.

    progress: of a round that has come to its end, with trials given up    Raises LessonError when it cannot be begun.
    """

    def __init__(self, engine: Engine, owner: str, progress: RoundProgress) -> None:
        trials = np.flatnonzero(progress.given_up).tolist()
        self._before = progress
        self._handle = engine.start(owner, progress.plan.to_the_end(), LANE, trials=trials)

    @property
    def progress(self) -> RoundProgress:
        """Of the trials that had been given up; all others count as never begun."""
        return self._handle.progress

    @property
    def is_done(self) -> bool:
        """Whether it has come to an end."""
        return self.progress.status.is_final

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
        """End it; it has no finding then."""
        self._handle.stop()

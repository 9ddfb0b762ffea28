"""Rounds for scripts and notebooks: `run_round(plan)` trains a round on the app's own engine and returns its result."""

from core.engine.local import Engine
from core.errors import N_, LessonError
from core.plan import PlanError, RoundPlan
from core.progress import RoundProgress, RoundResult, Status

__all__ = ["PlanError", "RoundPlan", "RoundProgress", "RoundResult", "run_round"]


def run_round(plan: RoundPlan, engine: Engine | None = None) -> RoundResult:
    """Train a round and wait for its end.

    engine: an engine to share; None starts one for this round, on all cores, and ends it afterwards
    Raises LessonError when the images cannot be had or the training fails.
    """
    own = engine or Engine()
    try:
        handle = own.start("script", plan)
        try:
            progress = handle.wait()
        except BaseException:
            handle.stop()
            raise
    finally:
        if engine is None:
            own.close()
    if progress.status is not Status.FINISHED:
        raise handle.fault or LessonError(N_("The round was stopped."))
    return RoundResult.of(progress)

"""Rounds for scripts and notebooks: `run_round(plan)` trains a round and returns what it found.

It trains on the engine that the app would use: on this machine, or on the cluster that ENGINE names. The result is the
round's last RoundProgress: learning_rate (trials,), weight_decay (trials,), validation_accuracy (trials, epochs),
train_accuracy (trials, epochs) and more.
"""

from core.engine.port import Engine
from core.engine.start import start_engine
from core.errors import N_, LessonError
from core.plan import PlanError, RoundPlan
from core.progress import RoundProgress, Status

__all__ = ["PlanError", "RoundPlan", "RoundProgress", "run_round"]


def run_round(plan: RoundPlan, engine: Engine | None = None) -> RoundProgress:
    """Train a round and wait for its end; its last progress.

    engine: an engine to share; None starts the one that ENGINE names, on all cores by default, and ends it afterwards
    Raises LessonError when the images cannot be had or the training fails.
    """
    own = engine or start_engine()
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
    return progress

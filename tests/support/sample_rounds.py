"""Rounds with results made up for a test."""

from dataclasses import replace

import numpy as np

from core.plan import RoundPlan
from core.progress import RoundProgress, Status


def finished(plan: RoundPlan, accuracy: np.ndarray) -> RoundProgress:
    """A round whose trials came to these accuracies, (trials,), in a straight line from 0.1."""
    curves = np.linspace(np.full(plan.trials, 0.1), accuracy, plan.epochs, axis=1).astype(np.float32)
    return replace(
        RoundProgress.of(plan), validation_accuracy=curves, train_accuracy=curves, status=Status.FINISHED, version=1,
        epochs_done=np.full(plan.trials, plan.epochs),
    )  # fmt: skip


def made(
    learning_rate: list[float],
    accuracy: list[float],
    weight_decay: list[float] | None = None,
    diverged: tuple[int, ...] = (),
    status: Status = Status.FINISHED,
    **settings: object,
) -> RoundProgress:
    """A round whose trials have these exponents and reached these accuracies in a straight line from 0.1.

    learning_rate, weight_decay: exponents (trials,)
    """
    trials = len(accuracy)
    plan = RoundPlan(trials=trials, **{"epochs": 4, **settings})
    decay = np.linspace(-8, -4, trials) if weight_decay is None else np.array(weight_decay, float)
    curves = np.linspace(np.full(trials, 0.1), accuracy, plan.epochs, axis=1).astype(np.float32)
    flags = np.zeros(trials, bool)
    flags[list(diverged)] = True
    progress = RoundProgress.of(plan)
    values = {"learning_rate": 10.0 ** np.array(learning_rate, float), "weight_decay": 10.0**decay}
    return replace(
        progress,
        hyperparameters=progress.hyperparameters | values,
        validation_accuracy=curves,
        train_accuracy=curves + 0.01,
        epochs_done=np.full(trials, plan.epochs),
        diverged=flags,
        status=status,
        version=1,
    )

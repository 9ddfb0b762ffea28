"""The messages between the engine and a worker process, pickled: a Slice goes in, a SliceReport comes out."""

from dataclasses import dataclass, field

import numpy as np

from core.data.datasets import TrainingImages
from core.plan import RoundPlan
from core.training.prediction import Predictions
from core.training.stacks import Scores


@dataclass(frozen=True)
class ShareSpec:
    """All that a worker needs to begin its share of a round."""

    plan: RoundPlan
    source: TrainingImages
    trials: tuple[int, ...]  # indices in the round
    images_to_predict: np.ndarray | None = None  # (images, pixels) uint8, classified by every trial trained to its end


@dataclass(frozen=True)
class Slice:
    """One order: train the share of round `key` for about `seconds`, after forgetting the shares `dropped_shares`."""

    key: int
    seconds: float
    spec: ShareSpec | None  # None when the worker has the share in memory
    dropped_shares: tuple[int, ...] = ()  # keys of rounds
    stop_epoch: int | None = None  # the next rung: no trial is trained beyond this epoch; None: to the last one
    dropped_trials: tuple[int, ...] = ()  # trials of the share that have been given up since the last slice


@dataclass(frozen=True)
class SliceReport:
    """The outcome of a slice."""

    scores: list[Scores]  # one entry for every epoch of a stack
    seconds: float
    finished: bool  # whether no trial of the share is left to train
    predictions: list[Predictions] = field(default_factory=list)
    at_rung: bool = False  # whether every trial that is left has come to `stop_epoch`

"""What a server of the app asks a host and what the host answers, pickled by Dask.

A question names all rounds that the server wants at the host, as far as the server knows them, and what it wants of
them. It says the same however often it comes: a lost, doubled or late one does no harm, and the host remembers nothing
between two of them but the rounds themselves.
"""

from dataclasses import dataclass, field

import numpy as np

from core.engine.owners import Owner
from core.errors import LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.training.parameters import Parameters

RoundKey = tuple[
    int, int
]  # a round's number at its server, and which attempt this is, from 1: one a host it was placed at


@dataclass(frozen=True, eq=False)
class RoundSpec:
    """All that a host needs to begin a round."""

    lane: str
    plan: RoundPlan
    images_digest: str  # of the images and labels that the server has for this plan
    images_to_predict: np.ndarray | None = None  # (images, pixels) uint8
    trials: tuple[int, ...] | None = None
    before: RoundProgress | None = None  # what a host of the same kind had trained; None: nothing
    decided_rungs: int = 0  # of the plan's, by then


@dataclass(frozen=True, eq=False)
class Order:
    """What a server knows of a round and wants of it."""

    version: int  # of the host's progress that the server has taken in; -1: none
    epochs_done: np.ndarray  # (trials,) that the server has
    wanted: Status  # RUNNING, PAUSED or STOPPED
    owner: str  # a hash, as the group of the next one: hosts learn no lab's token, no address and no class
    known: Owner  # as they are now
    given_up: tuple[int, ...] = ()  # trials, by hand
    spec: RoundSpec | None = None  # until the host has answered once for this round


@dataclass(frozen=True, eq=False)
class Question:
    """What a server asks a host."""

    server: str
    sequence: int  # counts up: an order that comes late is not obeyed
    orders: dict[RoundKey, Order]
    wait_seconds: float = 0.0  # for news, if there are none at once


@dataclass(frozen=True, eq=False)
class News:
    """What is new of a round since the version that its server knows."""

    version: int
    status: Status
    seconds: float
    remaining: float | None
    position: int
    decided_rungs: int
    trials: np.ndarray  # (some,) those with epochs that the server does not have
    first: int  # the epoch of the first column below
    train: np.ndarray  # (some, epochs) float32
    validation: np.ndarray  # (some, epochs) float32
    epochs_done: np.ndarray  # (some,)
    diverged: np.ndarray  # (some,) bool
    given_up: np.ndarray  # (trials,) bool, of all
    predictions: np.ndarray | None  # (trials, images) uint8, once the round has ended
    network: Parameters | None  # then too
    fault: LessonError | None


@dataclass(frozen=True)
class Answer:
    """What a host answers."""

    kind: str  # of its arithmetic: hosts of one kind come to the same bits
    workers: int
    work_left: float  # floating-point operations that a new round would share the host's workers with
    cycle_seconds: float
    news: dict[RoundKey, News] = field(default_factory=dict)
    unknown: tuple[RoundKey, ...] = ()  # rounds that the host does not have and was not told enough to begin
    refused: dict[RoundKey, LessonError] = field(default_factory=dict)  # rounds that it cannot begin, and why

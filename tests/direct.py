"""Rounds trained by core.training itself, in this process and in stacks of one's choice: what an engine must equal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from core.datasets import TrainingImages, load_training
from core.parameters import Parameters
from core.plan import RoundPlan
from core.training import Workspaces, advance, begin, prepare


@cache
def digits(count: int = 500) -> TrainingImages:
    return load_training("digits", count)


@dataclass
class Trained:
    """What came of one trial."""

    train_accuracy: list[float]
    validation_accuracy: list[float]
    weights: list[np.ndarray]  # the first layer's for the pixels in use
    biases: list[np.ndarray]
    diverged: bool = False
    normals: list[np.ndarray] = field(default_factory=list)  # (2, n) a hidden layer: gamma and beta
    running: list[np.ndarray] = field(default_factory=list)  # (2, n) a hidden layer: mean and variance

    def arrays(self) -> list[np.ndarray]:
        """All numbers of the network."""
        return self.weights + self.biases + self.normals + self.running

    def same(self, other: "Trained") -> bool:
        """Equal to the bit, nan equal to nan."""
        arrays = zip(self.arrays(), other.arrays(), strict=True)
        return (
            self.train_accuracy == other.train_accuracy
            and self.validation_accuracy == other.validation_accuracy
            and self.diverged == other.diverged
            and all(mine.tobytes() == theirs.tobytes() for mine, theirs in arrays)
        )


def train(
    plan: RoundPlan,
    stacks: Sequence[Sequence[int]],
    source: TrainingImages | None = None,
    workspaces: Callable[[], Workspaces] = Workspaces,
) -> dict[int, Trained]:
    """Train a round in these stacks; the weights of a diverged trial are left out."""
    data = prepare(plan, source or load_training(plan.dataset, plan.images))
    found = {}
    for trials in stacks:
        memory = workspaces()
        stack = begin(plan, trials, data.pixels)
        curves: dict[int, tuple[list[float], list[float]]] = {trial: ([], []) for trial in trials}
        for _ in range(plan.epochs):
            scores = advance(plan, stack, data, memory)
            rows = zip(scores.trials, scores.train_accuracy, scores.validation_accuracy, scores.diverged, strict=True)
            for trial, train_accuracy, validation_accuracy, diverged in rows:
                curves[trial][0].append(train_accuracy)
                curves[trial][1].append(validation_accuracy)
                if diverged:
                    found[int(trial)] = Trained(*curves[trial], [], [], True)
        for place, trial in enumerate(stack.trials):
            found[int(trial)] = Trained(*curves[trial], [], [])
            take(found[int(trial)], stack.params.alone(place))
    return found


def take(trained: Trained, params: Parameters) -> None:
    """Keep the numbers of a network, of a stack of one."""
    kinds = params.weights, params.biases, params.normals, params.running
    trained.weights, trained.biases, trained.normals, trained.running = (
        [array[0].copy() for array in arrays] for arrays in kinds
    )


def agree(found: dict[int, Trained], true: dict[int, Trained]) -> bool:
    """Whether two ways of training gave the same, to the bit."""
    return found.keys() == true.keys() and all(found[trial].same(true[trial]) for trial in true)


@cache
def alone(plan: RoundPlan) -> dict[int, Trained]:
    """Every trial in a stack of its own."""
    return train(plan, [[trial] for trial in range(plan.trials)])

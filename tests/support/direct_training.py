"""Rounds trained by core.training.stacks in this process, in given stacks: what an engine must equal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from core.data.datasets import TrainingImages, load_training
from core.plan import RoundPlan
from core.training.parameters import Parameters
from core.training.round_data import RoundData, prepare
from core.training.stacks import advance, begin
from core.training.workspace import Workspaces


@cache
def digits(count: int = 500) -> TrainingImages:
    return load_training("digits", count)


def made_up_mnist(count: int, used: int, seed: int = 0) -> TrainingImages:
    """Images of 784 pixels of which only `used` are ever inked; labels that can be learned from them."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(10, size=count).astype(np.uint8)
    images = np.zeros((count, 784), np.uint8)
    prototypes = rng.integers(0, 200, (10, used))
    images[:, np.sort(rng.permutation(784)[:used])] = prototypes[labels] + rng.integers(0, 50, (count, used))
    return TrainingImages("mnist", images, labels, full_scale=255)


def in_order(data: RoundData) -> np.ndarray:
    """All inputs of a round's images, (images, inputs), training images first."""
    blocks = data.inputs.blocks[:, data.order]
    return blocks.swapaxes(0, 1).reshape(len(data.order), -1)


@dataclass
class Trained:
    """The results of one trial."""

    train_accuracy: list[float]
    validation_accuracy: list[float]
    weights: list[np.ndarray]  # the first layer's for the pixels in use
    biases: list[np.ndarray]
    diverged: bool = False
    gamma_beta: list[np.ndarray] = field(default_factory=list)  # (2, n) a hidden layer: gamma and beta
    running: list[np.ndarray] = field(default_factory=list)  # (2, n) a hidden layer: mean and variance

    def arrays(self) -> list[np.ndarray]:
        """All numbers of the network."""
        return self.weights + self.biases + self.gamma_beta + self.running

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
    data = prepare(plan, source or load_training(plan.dataset, plan.images, order=plan.image_order))
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
            copy_parameters(found[int(trial)], stack.params.trial(place))
    return found


def copy_parameters(trained: Trained, params: Parameters) -> None:
    """Copy the parameters of a stack of one."""
    kinds = params.weights, params.biases, params.gamma_beta, params.running
    trained.weights, trained.biases, trained.gamma_beta, trained.running = (
        [array[0].copy() for array in arrays] for arrays in kinds
    )


def same_results(found: dict[int, Trained], true: dict[int, Trained]) -> bool:
    """Whether two ways of training gave the same results, to the bit."""
    return found.keys() == true.keys() and all(found[trial].same(true[trial]) for trial in true)


@cache
def train_alone(plan: RoundPlan) -> dict[int, Trained]:
    """Every trial in a stack of its own."""
    return train(plan, [[trial] for trial in range(plan.trials)])

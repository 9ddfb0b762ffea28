"""The numbers of a stack of networks: how they begin, some of its trials, several stacks as one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.layers import EPSILON, FLOAT, PLAIN, Between


@dataclass
class Parameters:
    """All numbers of a stack of networks, and how they are to be used."""

    layers: list[np.ndarray]  # (trials, n_in + 1, n_out) each, the biases last
    between: Between = PLAIN
    normals: list[np.ndarray] = field(default_factory=list)  # (trials, 2, n) a hidden layer: gamma, beta
    running: list[np.ndarray] = field(default_factory=list)  # (trials, 2, n) a hidden layer: mean, variance

    @property
    def weights(self) -> list[np.ndarray]:
        """(trials, n_in, n_out) each, in the layers' memory."""
        return [layer[:, :-1] for layer in self.layers]

    @property
    def biases(self) -> list[np.ndarray]:
        """(trials, 1, n_out) each, in the layers' memory."""
        return [layer[:, -1:] for layer in self.layers]

    @property
    def learned(self) -> list[np.ndarray]:
        """All arrays that have gradients, in the order of the places by which `gradients` names them."""
        return self.layers + self.normals

    def alone(self, place: int) -> "Parameters":
        """The trial at `place` as a stack of one, in the same memory."""
        return self._each(lambda array: array[place : place + 1])

    def keep(self, which: np.ndarray) -> "Parameters":
        """Only the trials at the places `which`."""
        return self._each(lambda array: array[which])

    def _kinds(self) -> tuple[list[np.ndarray], ...]:
        return self.layers, self.normals, self.running

    def _each(self, part: Callable[[np.ndarray], np.ndarray]) -> "Parameters":
        """A part of every array."""
        layers, normals, running = ([part(array) for array in arrays] for arrays in self._kinds())
        return Parameters(layers, self.between, normals, running)

    @classmethod
    def join(cls, stacks: Sequence["Parameters"]) -> "Parameters":
        """The trials of several stacks of the same kind, one behind the other."""
        kinds = zip(*(stack._kinds() for stack in stacks), strict=True)
        layers, normals, running = ([np.concatenate(same) for same in zip(*kind, strict=True)] for kind in kinds)
        return cls(layers, stacks[0].between, normals, running)

    def normalised(self, layer: int) -> tuple[np.ndarray, np.ndarray]:
        """What normalises a hidden layer by its running averages, factor * x + shift: (factor, shift), (trials, n)."""
        (gamma, beta), (mean, variance) = self.normals[layer].swapaxes(0, 1), self.running[layer].swapaxes(0, 1)
        factor = gamma / np.sqrt(variance + FLOAT(EPSILON))
        return factor, beta - mean * factor


def initialise(
    sizes: list[int],
    generators: list[np.random.Generator],
    between: Between = PLAIN,
    weights: str = "he",
    deviation: float = 0.01,
) -> Parameters:
    """Initial parameters, one generator a trial: normal weights, biases zero.

    sizes: units a layer, pixels first    weights, deviation: see `spread`
    """
    trials, shapes = len(generators), list(zip(sizes, sizes[1:], strict=False))
    params = Parameters([np.zeros((trials, n_in + 1, n_out), FLOAT) for n_in, n_out in shapes], between)
    for trial, rng in enumerate(generators):
        for (n_in, _), weight in zip(shapes, params.weights, strict=True):
            weight[trial] = rng.standard_normal(weight.shape[1:], FLOAT) * FLOAT(spread(weights, n_in, deviation))
    if between.batch_normalisation:
        params.normals = [np.zeros((trials, 2, n), FLOAT) for n in sizes[1:-1]]
        params.running = [np.zeros((trials, 2, n), FLOAT) for n in sizes[1:-1]]
        for normal in params.normals:
            normal[:, 0] = 1  # gamma
    return params


def spread(weights: str, n_in: int, deviation: float) -> float:
    """The standard deviation that a layer's weights begin with, behind `n_in` inputs.

    weights: "he" (K. He et al. 2015), "xavier" (X. Glorot, Y. Bengio 2010) or "deviation", which takes what is given
    """
    return {"he": math.sqrt(2 / n_in), "xavier": math.sqrt(1 / n_in), "deviation": deviation}[weights]

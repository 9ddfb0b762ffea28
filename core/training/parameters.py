"""The parameters of a stack of networks: initial values, those of some trials, those of several stacks as one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.training.layers import EPSILON, FLOAT, PLAIN, HiddenLayerSpec


@dataclass
class Parameters:
    """All numbers of a stack of networks, and what follows each hidden layer."""

    layers: list[np.ndarray]  # (trials, n_in + 1, n_out) each, the biases last
    hidden_layer_spec: HiddenLayerSpec = PLAIN
    gamma_beta: list[np.ndarray] = field(default_factory=list)  # (trials, 2, n) a hidden layer: gamma, beta
    running: list[np.ndarray] = field(default_factory=list)  # (trials, 2, n) a hidden layer: mean, variance
    dropout: list[np.ndarray] = field(default_factory=list)  # (trials,) float64 the share dropped, none without dropout

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
        """All arrays that have gradients; `network.backward` names them by their places here."""
        return self.layers + self.gamma_beta

    @property
    def kept(self) -> np.ndarray:
        """The share of neurons that are not dropped, (trials, 1, 1) float32."""
        return (1 - self.dropout[0]).astype(FLOAT)[:, None, None]

    def trial(self, place: int) -> "Parameters":
        """The trial at `place` as a stack of one, in the same memory."""
        return self._each(lambda array: array[place : place + 1])

    def select(self, which: np.ndarray) -> "Parameters":
        """Only the trials at the places `which`."""
        return self._each(lambda array: array[which])

    def _lists(self) -> tuple[list[np.ndarray], ...]:
        return self.layers, self.gamma_beta, self.running, self.dropout

    def _each(self, part: Callable[[np.ndarray], np.ndarray]) -> "Parameters":
        """A part of every array."""
        layers, *others = ([part(array) for array in arrays] for arrays in self._lists())
        return Parameters(layers, self.hidden_layer_spec, *others)

    @classmethod
    def join(cls, stacks: Sequence["Parameters"]) -> "Parameters":
        """The trials of several stacks of the same kind, one behind the other."""
        lists = zip(*(stack._lists() for stack in stacks), strict=True)
        layers, *others = ([np.concatenate(same) for same in zip(*each, strict=True)] for each in lists)
        return cls(layers, stacks[0].hidden_layer_spec, *others)

    def normalised(self, layer: int) -> tuple[np.ndarray, np.ndarray]:
        """(factor, shift), (trials, n) each: factor * x + shift normalises a hidden layer by its running averages."""
        (gamma, beta), (mean, variance) = self.gamma_beta[layer].swapaxes(0, 1), self.running[layer].swapaxes(0, 1)
        factor = gamma / np.sqrt(variance + FLOAT(EPSILON))
        return factor, beta - mean * factor


def initialise(
    sizes: list[int],
    generators: list[np.random.Generator],
    hidden_layer_spec: HiddenLayerSpec = PLAIN,
    weights: str = "he",
    deviation: float | np.ndarray = 0.01,
    dropout: float | np.ndarray = 0.0,
) -> Parameters:
    """Initial parameters, one generator a trial: normal weights, biases zero.

    sizes: units a layer, pixels first    weights, deviation: see `initial_deviation`; of all trials or (trials,)
    dropout: the share of neurons that are dropped where the layers have dropout, of all trials or (trials,)
    """
    trials, shapes = len(generators), list(zip(sizes, sizes[1:], strict=False))
    params = Parameters([np.zeros((trials, n_in + 1, n_out), FLOAT) for n_in, n_out in shapes], hidden_layer_spec)
    deviations = np.broadcast_to(deviation, trials).tolist()
    if hidden_layer_spec.dropout:
        params.dropout = [np.broadcast_to(np.asarray(dropout, float), trials).copy()]
    for trial, rng in enumerate(generators):
        for (n_in, _), weight in zip(shapes, params.weights, strict=True):
            weight[trial] = rng.standard_normal(weight.shape[1:], FLOAT) * FLOAT(
                initial_deviation(weights, n_in, deviations[trial])
            )
    if hidden_layer_spec.batch_normalisation:
        params.gamma_beta = [np.zeros((trials, 2, n), FLOAT) for n in sizes[1:-1]]
        params.running = [np.zeros((trials, 2, n), FLOAT) for n in sizes[1:-1]]
        for gamma_beta in params.gamma_beta:
            gamma_beta[:, 0] = 1  # gamma
    return params


def initial_deviation(weights: str, n_in: int, deviation: float) -> float:
    """The standard deviation of a layer's initial weights. n_in: its inputs

    weights: "he" (K. He et al. 2015), "xavier" (X. Glorot, Y. Bengio 2010) or "deviation", which is the given one
    """
    return {"he": math.sqrt(2 / n_in), "xavier": math.sqrt(1 / n_in), "deviation": deviation}[weights]

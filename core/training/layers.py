"""The layers between two affine layers of a stack: batch normalisation, an activation function, dropout.

    units  # (trials, n, batch): the outputs of n neurons, one column an image
    delta  # (trials, n, batch): the gradient of the loss by them

Each works in place, in memory allocated once. `backward` turns the gradient by a layer's outputs into the one by its
inputs. The formulas are those of chapters 5 and 6 of "Deep Learning from Scratch". A trained network uses running
averages instead, and scales all outputs instead of dropping some: see network.hidden_layer.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

FLOAT = np.float32
EPSILON = 1e-6  # added to a variance, which is 0 where a neuron's outputs to all images are equal
RUNNING_SHARE = 0.9  # of the running averages that batch normalisation keeps at every update
BITS = 16  # random bits that decide whether one neuron is dropped for one image

Memory = Callable[..., np.ndarray]  # gives the array of a name and a shape, see workspace.py


@dataclass(frozen=True)
class HiddenLayerSpec:
    """What follows each hidden affine layer."""

    activation: str = "relu"
    batch_normalisation: bool = False
    dropout: bool = False  # whether neurons are dropped; see Parameters for the share of each trial


PLAIN = HiddenLayerSpec()


class ReLU:
    """y = max(x, 0). The gradient passes where y > 0."""

    def __init__(self, memory: Memory, units: int, batch: int) -> None:
        self._zeros = memory("zeros", units, batch)
        self._zeros[:] = 0
        self._ones = memory("ones", units, batch).view(np.int32)
        self._ones[:] = 1

    def forward(self, units: np.ndarray) -> None:
        """With an array of zeros, since np.maximum with a scalar takes four times as long."""
        np.maximum(units, self._zeros, out=units)

    def backward(self, delta: np.ndarray, units: np.ndarray) -> None:
        """Multiply by 1 where a unit is positive: the bits of a positive float are an integer of at least 1.

        Overwrites `units`.
        """
        active = units.view(np.int32)
        np.minimum(active, self._ones, out=active)
        delta_bits = delta.view(np.int32)
        delta_bits *= active


class Sigmoid:
    """y = 1 / (1 + exp(-x)), written as (1 + tanh(x / 2)) / 2: that takes half the time and cannot overflow."""

    def __init__(self, memory: Memory, units: int, batch: int) -> None:
        pass  # it needs no memory of its own

    def forward(self, units: np.ndarray) -> None:
        units *= FLOAT(0.5)
        np.tanh(units, out=units)
        units *= FLOAT(0.5)
        units += FLOAT(0.5)

    def backward(self, delta: np.ndarray, units: np.ndarray) -> None:
        """dy/dx = y (1 - y): 0 where a neuron was dropped, as y = 0 there. Overwrites `units`."""
        delta *= units
        np.subtract(FLOAT(1), units, out=units)
        delta *= units


ACTIVATIONS: dict[str, type[ReLU] | type[Sigmoid]] = {"relu": ReLU, "sigmoid": Sigmoid}


class BatchNormalisation:
    """Every neuron's outputs to a mini-batch, brought to mean 0 and variance 1, then scaled and shifted as is learned.

    y = gamma (x - mean) / deviation + beta  (S. Ioffe, C. Szegedy 2015), in every hidden layer.

    learned  # (trials, 2, n): gamma, beta        running  # (trials, 2, n): mean, variance
    """

    def __init__(self, memory: Memory, layers: int, trials: int, units: int, batch: int) -> None:
        self.centred = [memory(f"centred {layer}", trials, units, batch) for layer in range(layers)]
        self.gradient = memory("gradient of gamma and beta", trials, 2, units)
        self._inverse = memory("1 / deviation", layers, trials, units, 1)
        self._factor = memory("gamma / deviation", layers, trials, units, 1)
        self._moments = memory("mean and variance", trials, 2, units)
        self._one = [memory(f"one number a neuron {place}", trials, units, 1) for place in range(2)]
        self._shares = memory("shares", batch, 1)  # a product with it is a mean over the batch, faster than np.mean
        self._shares[:] = 1 / FLOAT(batch)
        self._share = 1 / FLOAT(batch)
        self._batch = FLOAT(batch)

    def forward(self, layer: int, learned: np.ndarray, running: np.ndarray, units: np.ndarray) -> None:
        """Normalise `centred[layer]`, where the sums stand, into `units`; update the running averages."""
        centred, factor, inverse = self.centred[layer], self._factor[layer], self._inverse[layer]
        mean = np.matmul(centred, self._shares, out=self._one[0])
        centred -= mean
        self._moments[:, 0] = mean[..., 0]
        variance = np.vecdot(centred, centred, out=self._moments[:, 1])
        variance *= self._share
        np.add(variance[..., None], FLOAT(EPSILON), out=inverse)
        np.sqrt(inverse, out=inverse)
        np.divide(FLOAT(1), inverse, out=inverse)
        np.multiply(learned[:, 0, :, None], inverse, out=factor)
        np.multiply(centred, factor, out=units)
        units += learned[:, 1, :, None]
        running *= FLOAT(RUNNING_SHARE)
        self._moments *= FLOAT(1 - RUNNING_SHARE)
        running += self._moments

    def backward(self, layer: int, delta: np.ndarray) -> np.ndarray:
        """The gradient by gamma and beta, (trials, 2, n); the next call overwrites it, this one `centred[layer]`."""
        centred, factor, inverse = self.centred[layer], self._factor[layer], self._inverse[layer]
        mean = np.matmul(delta, self._shares, out=self._one[0])
        by_gamma = self._one[1]
        np.vecdot(delta, centred, out=by_gamma[..., 0])
        by_gamma *= inverse
        self.gradient[:, 0] = by_gamma[..., 0]
        np.multiply(mean[..., 0], self._batch, out=self.gradient[:, 1])
        by_variance = by_gamma  # in the same memory, but for a factor
        by_variance *= inverse
        by_variance *= self._share
        centred *= by_variance
        delta -= centred
        delta -= mean
        delta *= factor
        return self.gradient


class Dropout:
    """Sets the outputs of neurons to 0, for every image those of other ones (N. Srivastava et al. 2014).

    The activation's backward pass gives such outputs no gradient.
    """

    def __init__(self, memory: Memory, layers: int, trials: int, units: int, batch: int) -> None:
        self._kept = memory("kept", trials, -(-layers * units * batch // 4)).view(bool)
        self._kept = self._kept[:, : layers * units * batch]
        self._layers = self._kept.reshape(trials, layers, units, batch)
        self._factors = memory("kept in a layer", trials, units, batch)

    def draw(self, generators: Sequence[np.random.Generator], ratios: np.ndarray) -> None:
        """Draw which neurons of all layers are dropped in the next mini-batch.

        generators: one a trial    ratios: (trials,) the share of neurons that are dropped for an image
        """
        for rng, ratio, kept in zip(generators, ratios.tolist(), self._kept, strict=True):
            dropped = math.ceil(ratio * 2**BITS)  # random numbers below it drop a neuron
            np.greater_equal(random_uint16(rng, len(kept)), dropped, out=kept)

    def forward(self, layer: int, units: np.ndarray) -> None:
        """Set the outputs of the dropped neurons to 0."""
        np.copyto(self._factors, self._layers[:, layer])  # to multiply by floats is faster than by truth values
        units *= self._factors


def random_uint16(rng: np.random.Generator, count: int) -> np.ndarray:
    """(count,) uint16, four out of each number of 64 bits: several times as fast as one by one."""
    return rng.integers(2**64, size=-(-count * BITS // 64), dtype=np.uint64).view(np.uint16)[:count]

"""Fully connected networks with ReLU, many of them side by side: the first axis is always the trial.

All trials of a stack see the same images, each through its own weights:

    images   # (blocks, batch, n_in / blocks)     W[0]  # (trials, n_in, n_out)
    hidden   # (trials, batch, n_out)             b[0]  # (trials, 1, n_out)
    scores   # (trials, classes, batch)

np.matmul multiplies one trial after another, so a trial's numbers are the same to the bit alone or in a stack.

Where the time goes, and what is done about it: matrix products of about 100 x 100 x 100 run fastest (no copying into
BLAS's own order), so the pixels come in blocks of about 100 and the first layer adds up its blocks. Multiplying by a
transposed matrix is a quarter slower than copying it first. A pass over an array costs little when both operands are
arrays (np.maximum with a scalar takes four times as long), and nothing is allocated inside the loop.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

FLOAT = np.float32


@dataclass
class Parameters:
    """Weights and biases of a stack of networks, one entry a layer."""

    weights: list[np.ndarray]  # (trials, n_in, n_out) each
    biases: list[np.ndarray]  # (trials, 1, n_out) each

    def alone(self, place: int) -> "Parameters":
        """The trial at `place` as a stack of one, in the same memory."""
        only = slice(place, place + 1)
        return Parameters([weight[only] for weight in self.weights], [bias[only] for bias in self.biases])

    def keep(self, which: np.ndarray) -> "Parameters":
        """Only the trials at the places `which`."""
        return Parameters([weight[which] for weight in self.weights], [bias[which] for bias in self.biases])


class Workspace:
    """Memory for one pass over a batch, made once and used for every batch of that size.

    What a layer needs only for a moment is shared by all layers of that shape: less memory, more of it in the cache.

    blocks: how many blocks the pixels come in    sizes: units a layer, inputs first
    """

    def __init__(self, trials: int, batch: int, blocks: int, sizes: list[int]) -> None:
        units = sizes[1]
        layers = list(zip(sizes, sizes[1:], strict=False))
        self.images = np.empty((blocks, batch, sizes[0] // blocks), FLOAT)
        self.partial = np.empty((trials, batch, units), FLOAT)  # the first layer's product with one block of pixels
        self.hidden = [np.empty((trials, batch, units), FLOAT) for _ in sizes[1:-1]]
        self.scores = np.empty((trials, sizes[-1], batch), FLOAT)
        self.deltas = [np.empty((trials, batch, units), FLOAT) for _ in range(2)]  # a layer's and the one's below it
        self.zeros = np.zeros((batch, units), FLOAT)
        self.ones = np.ones((batch, units), np.int32)
        self.one = np.ones((1, batch), FLOAT)
        shapes = {layer: np.empty((trials, *layer), FLOAT) for layer in layers}
        self.gradient = [shapes[layer] for layer in layers]
        shapes = {layer: np.empty((trials, *layer[::-1]), FLOAT) for layer in layers[1:]}
        self.transposed = [np.empty(0, FLOAT), *(shapes[layer] for layer in layers[1:])]


def initialise(sizes: list[int], generators: list[np.random.Generator]) -> Parameters:
    """Initial parameters, one generator a trial: He normal weights (He et al. 2015), biases zero.

    sizes: units a layer, inputs first
    """
    layers = list(zip(sizes, sizes[1:], strict=False))
    weights = [np.empty((len(generators), *layer), FLOAT) for layer in layers]
    for trial, rng in enumerate(generators):
        for (n_in, _), weight in zip(layers, weights, strict=True):
            weight[trial] = rng.standard_normal(weight.shape[1:], FLOAT) * FLOAT(np.sqrt(2 / n_in))
    return Parameters(weights, [np.zeros((len(generators), 1, n_out), FLOAT) for _, n_out in layers])


def forward(params: Parameters, images: np.ndarray, work: Workspace) -> np.ndarray:
    """Scores of a batch before the softmax, (trials, classes, batch); `work` remembers what the gradients need.

    images: (blocks, batch, n_in / blocks), or (blocks, batches, batch, n_in / blocks) for one trial and many batches
    at a time: the batches then stand in the place of the trials.
    """
    weight = in_blocks(params.weights[0], len(images))
    below = np.matmul(images[0], weight[:, 0], out=work.hidden[0])
    for block in range(1, len(images)):
        below += np.matmul(images[block], weight[:, block], out=work.partial)
    for layer, hidden in enumerate(work.hidden):
        if layer:
            np.matmul(below, params.weights[layer], out=hidden)
        hidden += params.biases[layer]
        below = np.maximum(hidden, work.zeros, out=hidden)
    np.matmul(params.weights[-1].swapaxes(1, 2), below.swapaxes(-1, -2), out=work.scores)
    work.scores += params.biases[-1].swapaxes(1, 2)
    return work.scores


def in_blocks(weight: np.ndarray, blocks: int) -> np.ndarray:
    """The first layer's weights (trials, n_in, n_out) seen as (trials, blocks, n_in / blocks, n_out)."""
    trials, n_in, n_out = weight.shape
    return weight.reshape(trials, blocks, n_in // blocks, n_out)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities from scores, in place, over the classes of (trials, classes, batch)."""
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def gradients(
    params: Parameters, images: np.ndarray, labels: np.ndarray, scale: np.ndarray, work: Workspace
) -> Iterator[tuple[int, tuple[np.ndarray, np.ndarray]]]:
    """(layer, (dW, db)) of `scale` times the summed cross-entropy, from the last layer to the first, after `forward`.

    A layer's own weights may change as soon as its gradients are handed out: nothing below needs them any more.

    images: (blocks, batch, n_in / blocks)    labels: (batch,)    scale: (trials, 1, 1)
    """
    delta = softmax(work.scores)
    delta[:, labels, np.arange(len(labels))] -= 1
    delta *= scale
    delta = delta.swapaxes(1, 2)
    for layer in reversed(range(len(params.weights))):
        gradient = work.gradient[layer], np.matmul(work.one, delta)
        if layer:
            below = work.hidden[layer - 1]
            np.matmul(below.swapaxes(1, 2), delta, out=gradient[0])
            np.copyto(work.transposed[layer], params.weights[layer].swapaxes(1, 2))
            delta = np.matmul(delta, work.transposed[layer], out=work.deltas[layer % 2])
            # ReLU passes the gradient on where it was active; as an integer, a positive float is at least 1
            active = np.minimum(below.view(np.int32), work.ones, out=below.view(np.int32))
            delta_bits = delta.view(np.int32)
            delta_bits *= active
        else:
            np.matmul(images.swapaxes(1, 2), delta[:, None], out=in_blocks(gradient[0], len(images)))
        yield layer, gradient


def predict(scores: np.ndarray) -> np.ndarray:
    """The class of the highest score, (trials, batch); where a score is not a number, the first such class."""
    return scores.argmax(axis=1)

"""Fully connected networks, many of them side by side: scores of a batch, and gradients of the cross-entropy.

All trials of a stack see the same images, each through its own weights. Images are columns, and a bias is the
weight of one more input that is always 1:

    columns  # (blocks, inputs / blocks, batch)   the last input is 1; blocks: see kernels.py
    W[0]     # (trials, inputs, n_out)            the last row holds the biases
    hidden   # (trials, n_out + 1, batch)         the last row is 1
    scores   # (trials, classes, batch)

The layers between two affine layers are in layers.py. np.matmul multiplies one trial after another, so a trial's
numbers are the same to the bit alone or in a stack.
"""

from collections.abc import Iterator

import numpy as np

from core.training.kernels import gradient_of_blocks, product, product_of_blocks, transposed
from core.training.parameters import Parameters
from core.training.workspace import Workspace


def forward(params: Parameters, columns: np.ndarray, work: Workspace) -> np.ndarray:
    """Scores of a batch before the softmax, (trials, classes, batch); `work` keeps what `backward` needs.

    Normalisation and dropout are those of training in a workspace for training, else those of a trained network.

    columns: (blocks, inputs / blocks, batch), or (blocks, batches, inputs / blocks, batch) for one trial and many
    batches at a time: the batches then take the place of the trials.
    """
    sums = product_of_blocks(params.layers[0], columns, work.sums[0], work.partial)  # (trials, n, batch)
    for layer, hidden in enumerate(work.hidden):
        hidden_layer(params, layer, work)
        hidden[:, -1] = 1
        sums = product(params.layers[layer + 1].swapaxes(1, 2), hidden, work.sums[layer + 1])  # (trials, n, batch)
    return sums


def hidden_layer(params: Parameters, layer: int, work: Workspace) -> None:
    """From the sums of a hidden layer to what its neurons put out, in `work.units[layer]` (trials, n, batch)."""
    units = work.units[layer]
    if work.normalisation is not None:
        work.normalisation.forward(layer, params.gamma_beta[layer], params.running[layer], units)
    elif params.gamma_beta:
        factor, shift = params.normalised(layer)  # (trials, n) each
        units *= factor[..., None]
        units += shift[..., None]
    work.activation.forward(units)
    if work.dropout is not None:
        work.dropout.forward(layer, units)
    elif params.hidden_layer_spec.dropout:
        units *= params.kept


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities from scores, in place, over the classes of (trials, classes, batch)."""
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def loss_gradient(scores: np.ndarray, labels: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The gradient of the cross-entropy by the scores, (trials, classes, batch), in place of them.

    That is probability - 1 for the image's class and probability for all others, times `scale`. The loss itself is
    neither needed nor computed.

    labels: (batch,)    scale: (trials, 1, batch or 1), what an image's gradient is multiplied by
    """
    delta = softmax(scores)
    delta[:, labels, np.arange(len(labels))] -= 1
    delta *= scale
    return delta


def backward(
    params: Parameters, images: np.ndarray, delta: np.ndarray, work: Workspace
) -> Iterator[tuple[int, np.ndarray]]:
    """(place, gradient) of everything that is learned, from the last layer to the first.

    `forward` has scored the same batch before. A gradient has the shape of the array at its place in `params.learned`:
    of a layer (trials, n_in + 1, n_out), of a normalisation (trials, 2, n). It is overwritten by the next one. The
    array may change as soon as its gradient is handed out: nothing below needs it any more.

    images: (blocks, batch, inputs / blocks)    delta: (trials, classes, batch), the gradient by the scores
    """
    normalisation, last = work.normalisation, len(params.layers) - 1
    for layer in reversed(range(last + 1)):
        gradient = work.gradient[layer]  # (trials, n_in + 1, n_out)
        delta_rows = transposed(delta, work.transposed[layer])  # (trials, batch, n_out)
        if layer == 0:
            gradient_of_blocks(images, delta_rows, gradient)
        else:
            product(work.hidden[layer - 1], delta_rows, gradient)
            delta = product(params.layers[layer][:, :-1], delta, work.deltas[layer % 2])  # (trials, n_in, batch)
            work.activation.backward(delta, work.units[layer - 1])
        if normalisation is not None and layer < last:
            gradient[:, -1] = 0  # normalisation subtracts the mean, and with it the bias
        yield layer, gradient
        if normalisation is not None and layer:
            yield last + layer, normalisation.backward(layer - 1, delta)


def predicted_classes(scores: np.ndarray) -> np.ndarray:
    """The class of the highest score, (..., batch) of (..., classes, batch); of scores that are nan the first."""
    return scores.argmax(axis=-2)

"""Fully connected networks, many of them side by side: the first axis is always the trial.

All trials of a stack see the same images, each through its own weights. Images stand in columns, and a bias is the
weight of one more input that is always 1:

    columns  # (blocks, inputs / blocks, batch)   the last input is 1
    W[0]     # (trials, inputs, n_out)            the last row holds the biases
    hidden   # (trials, n_out + 1, batch)         the last row is 1
    scores   # (trials, classes, batch)

What stands between two of its affine layers is in layers.py: ReLU alone, unless a plan asks for more.

np.matmul multiplies one trial after another, so a trial's numbers are the same to the bit alone or in a stack.

Where the time goes, and what is done about it: BLAS has a fast path for products of up to 100 x 100 x 100, a third
faster than anything just above, so the pixels come in blocks of up to 100, the first layer adds up its blocks, and a
product that is a little too large is done in two halves. With images in columns the forward pass is W^T H, the fastest
form there is (H W takes a tenth longer, H W^T more than half), and the biases cost no pass of their own (adding
them took a fifth of the time of the product before). A pass over an array costs little when both operands are arrays
(np.maximum with a scalar takes four times as long), and nothing is allocated inside the loop.
"""

import math
from collections.abc import Iterator

import numpy as np

from core.layers import ACTIVATIONS, FLOAT, PLAIN, BatchNormalisation, Between, Dropout
from core.parameters import Parameters

FAST = 1_000_000  # multiplications of the largest product on BLAS's fast path


class Workspace:
    """Memory for one pass over a batch, made once and used for every batch of that size.

    What a layer needs only for a moment is shared by all layers of that shape: less memory, more of it in the cache.

    blocks: how many blocks the inputs come in    sizes: units a layer, pixels first
    training: False if there will be no gradients    between: what is between the layers, in training
    memory: that of a workspace for larger batches, to share it
    """

    def __init__(
        self,
        trials: int,
        batch: int,
        blocks: int,
        sizes: list[int],
        training: bool = True,
        between: Between = PLAIN,
        memory: dict[str, np.ndarray] | None = None,
    ) -> None:
        self._kind = trials, blocks, sizes, between
        self._memory = {} if memory is None else memory
        self._smaller: dict[int, Workspace] = {}
        inputs, units, layers = (sizes[0] + 1) // blocks, sizes[1], len(sizes) - 1
        kept = layers if training else 2  # without gradients a layer is forgotten as soon as the next one is done
        self.hidden = [self._array(f"hidden {layer % kept}", trials, units + 1, batch) for layer in range(layers - 1)]
        self.units = [below[:, :-1] for below in self.hidden]  # what the neurons put out
        self.sums = [*self.units, self._array("scores", trials, sizes[-1], batch)]  # what the products write
        self.partial = self._array("partial", trials, units, batch)  # the first layer's product with one block
        self.activation = ACTIVATIONS[between.activation](self._array, units, batch)
        self.normalisation: BatchNormalisation | None = None
        self.dropout: Dropout | None = None
        if training:
            self.images = self._array("images", blocks, batch, inputs)
            self.columns = self._array("columns", blocks, inputs, batch)
            self.deltas = [self._array(f"delta {parity}", trials, units, batch) for parity in range(2)]
            self.transposed = [self._array(f"transposed {n_out}", trials, batch, n_out) for n_out in sizes[1:]]
            shapes = [(n_in + 1, n_out) for n_in, n_out in zip(sizes, sizes[1:], strict=False)]
            self.gradient = [self._array(f"gradient {shape}", trials, *shape) for shape in shapes]
            shapes += [(2, units)] * (layers - 1) if between.batch_normalisation else []
            self.spare = [self._array(f"spare {shape}", trials, *shape) for shape in shapes]  # for the optimizer
        if training and between.batch_normalisation:
            self.normalisation = BatchNormalisation(self._array, layers - 1, trials, units, batch)
            self.sums[:-1] = self.normalisation.centred
        if training and between.dropout:
            self.dropout = Dropout(self._array, between.dropout, layers - 1, trials, units, batch)

    def _array(self, name: str, *shape: int) -> np.ndarray:
        """The memory of that name in that shape."""
        size = math.prod(shape)
        if name not in self._memory:
            self._memory[name] = np.empty(size, FLOAT)
        return self._memory[name][:size].reshape(shape)

    def size(self) -> int:
        """Bytes of its memory."""
        return sum(array.nbytes for array in self._memory.values())

    def smaller(self, batch: int) -> "Workspace":
        """The same memory for batches of fewer images."""
        if batch not in self._smaller:
            trials, blocks, sizes, between = self._kind
            self._smaller[batch] = Workspace(trials, batch, blocks, sizes, between=between, memory=self._memory)
        return self._smaller[batch]


def forward(params: Parameters, columns: np.ndarray, work: Workspace) -> np.ndarray:
    """Scores of a batch before the softmax, (trials, classes, batch); `work` remembers what the gradients need.

    Normalisation and dropout are those of training in a workspace for training, else those of a trained network.

    columns: (blocks, inputs / blocks, batch), or (blocks, batches, inputs / blocks, batch) for one trial and many
    batches at a time: the batches then stand in the place of the trials.
    """
    first = in_blocks(params.layers[0], len(columns)).swapaxes(2, 3)
    sums = product(first[:, 0], columns[0], work.sums[0])
    for block in range(1, len(columns)):
        sums += product(first[:, block], columns[block], work.partial)
    for layer, below in enumerate(work.hidden, start=1):
        between(params, layer - 1, work)
        below[:, -1] = 1
        sums = product(params.layers[layer].swapaxes(1, 2), below, work.sums[layer])
    return sums


def between(params: Parameters, layer: int, work: Workspace) -> None:
    """From the sums of a hidden layer to what its neurons put out."""
    units = work.units[layer]
    if work.normalisation is not None:
        work.normalisation.forward(layer, params.normals[layer], params.running[layer], units)
    elif params.normals:
        factor, shift = params.normalised(layer)
        units *= factor[..., None]
        units += shift[..., None]
    work.activation.forward(units)
    if work.dropout is not None:
        work.dropout.forward(layer, units)
    elif params.between.dropout:
        units *= FLOAT(1 - params.between.dropout)


def in_blocks(layer: np.ndarray, blocks: int) -> np.ndarray:
    """The first layer (trials, inputs, n_out) seen as (trials, blocks, inputs / blocks, n_out)."""
    trials, inputs, n_out = layer.shape
    return layer.reshape(trials, blocks, inputs // blocks, n_out)


def product(left: np.ndarray, right: np.ndarray, out: np.ndarray) -> np.ndarray:
    """left @ right, in two halves where it is just too large for BLAS's fast path."""
    rows = left.shape[-2]
    if FAST < rows * left.shape[-1] * right.shape[-1] <= 2 * FAST:
        half = rows // 2
        np.matmul(left[..., :half, :], right, out=out[..., :half, :])
        np.matmul(left[..., half:, :], right, out=out[..., half:, :])
        return out
    return np.matmul(left, right, out=out)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities from scores, in place, over the classes of (trials, classes, batch)."""
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def gradients(
    params: Parameters, images: np.ndarray, labels: np.ndarray, scale: np.ndarray, work: Workspace
) -> Iterator[tuple[int, np.ndarray]]:
    """(place, gradient) of the cross-entropy, every image times its `scale`, from the last layer to the first.

    `forward` has scored the same batch before. A gradient has the shape of the array at its place in `params.learned`:
    of a layer (trials, n_in + 1, n_out), of a normalisation (trials, 2, n). It is overwritten by the next one. The
    array may change as soon as its gradient is handed out: nothing below needs it any more.

    images: (blocks, batch, inputs / blocks)    labels: (batch,)    scale: (trials, 1, batch or 1)
    """
    normalisation, last = work.normalisation, len(params.layers) - 1
    delta = softmax(work.sums[-1])
    delta[:, labels, np.arange(len(labels))] -= 1
    delta *= scale
    for layer in reversed(range(last + 1)):
        transposed, gradient = work.transposed[layer], work.gradient[layer]
        np.copyto(transposed, delta.swapaxes(1, 2))  # faster than to multiply by the transposed view
        if layer:
            product(work.hidden[layer - 1], transposed, gradient)
            delta = product(params.layers[layer][:, :-1], delta, work.deltas[layer % 2])
            work.activation.backward(delta, work.units[layer - 1])
        else:
            product(images.swapaxes(1, 2), transposed[:, None], in_blocks(gradient, len(images)))
        if normalisation is not None and layer < last:
            gradient[:, -1] = 0  # the mean is subtracted, and the bias with it
        yield layer, gradient
        if normalisation is not None and layer:
            yield last + layer, normalisation.backward(layer - 1, delta)


def predict(scores: np.ndarray) -> np.ndarray:
    """The class of the highest score, (..., batch) of (..., classes, batch); of the scores that are nan the first."""
    return scores.argmax(axis=-2)

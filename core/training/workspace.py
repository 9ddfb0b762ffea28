"""Memory for training and scoring, allocated once for every shape: nothing is allocated inside the training loop.

Arrays that a layer needs only for a moment are shared by all layers of that shape: less memory, more of it in the
processor's cache.
"""

import math
from collections.abc import Hashable

import numpy as np

from core.training.layers import ACTIVATIONS, FLOAT, PLAIN, BatchNormalisation, Dropout, HiddenLayerSpec
from core.training.parameters import Parameters

WORKSPACE_LIMIT = 48 * 2**20  # bytes; once the workspaces hold more, all are dropped before the next one is made


class Workspace:
    """The arrays of one pass over a batch, used again for every batch of that size.

    trials: networks side by side    batch: images    blocks: how many blocks the inputs come in
    sizes: units of each layer, pixels first    training: False if there will be no gradients
    hidden_layer_spec: what follows each hidden layer    memory: of a workspace for larger batches, to be shared
    """

    def __init__(
        self,
        trials: int,
        batch: int,
        blocks: int,
        sizes: list[int],
        training: bool = True,
        hidden_layer_spec: HiddenLayerSpec = PLAIN,
        memory: dict[str, np.ndarray] | None = None,
    ) -> None:
        self._kind = trials, blocks, sizes, hidden_layer_spec
        self._memory = {} if memory is None else memory
        self._smaller: dict[int, Workspace] = {}
        units, layers = sizes[1], len(sizes) - 1
        kept = layers if training else 2  # without gradients a layer is not needed once the next one is done
        # (trials, units + 1, batch) a hidden layer: what its neurons put out, and a last row for the input of 1
        self.hidden = [self._array(f"hidden {layer % kept}", trials, units + 1, batch) for layer in range(layers - 1)]
        self.units = [below[:, :-1] for below in self.hidden]  # (trials, units, batch) a hidden layer
        self.sums = [*self.units, self._array("scores", trials, sizes[-1], batch)]  # (trials, n_out, batch) a layer
        self.partial = self._array("partial", trials, units, batch)  # the first layer's product with one block
        self.activation = ACTIVATIONS[hidden_layer_spec.activation](self._array, units, batch)
        self.normalisation: BatchNormalisation | None = None
        self.dropout: Dropout | None = None
        if training:
            self._add_training_arrays(trials, batch, blocks, sizes)
            self._add_training_layers(trials, batch, units, layers - 1)

    def _add_training_arrays(self, trials: int, batch: int, blocks: int, sizes: list[int]) -> None:
        """The arrays of the batch and of the backward pass."""
        inputs, units, shapes = (sizes[0] + 1) // blocks, sizes[1], list(zip(sizes, sizes[1:], strict=False))
        self.images = self._array("images", blocks, batch, inputs)
        self.columns = self._array("columns", blocks, inputs, batch)
        self.deltas = [self._array(f"delta {parity}", trials, units, batch) for parity in range(2)]
        self.transposed = [self._array(f"transposed {n_out}", trials, batch, n_out) for n_out in sizes[1:]]
        layers = [(n_in + 1, n_out) for n_in, n_out in shapes]
        normalised = [(2, units)] * (len(layers) - 1) if self._kind[-1].batch_normalisation else []
        self.gradient = [self._array(f"gradient {shape}", trials, *shape) for shape in layers]  # a layer
        # for the optimizer, (trials, ...) for each array of Parameters.learned
        self.scratch = [self._array(f"scratch {shape}", trials, *shape) for shape in layers + normalised]

    def _add_training_layers(self, trials: int, batch: int, units: int, hidden_layers: int) -> None:
        """Batch normalisation and dropout as they are in training."""
        spec = self._kind[-1]
        if spec.batch_normalisation:
            self.normalisation = BatchNormalisation(self._array, hidden_layers, trials, units, batch)
            self.sums[:-1] = self.normalisation.centred
        if spec.dropout:
            self.dropout = Dropout(self._array, hidden_layers, trials, units, batch)

    def _array(self, name: str, *shape: int) -> np.ndarray:
        """The memory of that name in that shape."""
        size = math.prod(shape)
        if name not in self._memory:
            self._memory[name] = np.empty(size, FLOAT)
        return self._memory[name][:size].reshape(shape)

    def nbytes(self) -> int:
        """Bytes of its memory."""
        return sum(array.nbytes for array in self._memory.values())

    def for_batch(self, batch: int) -> "Workspace":
        """The same memory for batches of as many images or fewer."""
        if batch not in self._smaller:
            trials, blocks, sizes, spec = self._kind
            self._smaller[batch] = Workspace(trials, batch, blocks, sizes, True, spec, self._memory)
        return self._smaller[batch]

    def load(self, blocks: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Copy a mini-batch: as rows (blocks, batch, inputs / blocks), and as columns (blocks, inputs / blocks, batch).

        blocks: all images, (blocks, images, inputs / blocks)    places: (batch,) which of them
        """
        np.take(blocks, places, axis=1, out=self.images, mode="clip")  # "clip" writes without a buffer between
        np.copyto(self.columns, self.images.swapaxes(1, 2))
        return self.images, self.columns


class Workspaces:
    """The workspaces of a process, one for each shape that it has recently trained or scored."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Workspace] = {}

    def for_training(self, params: Parameters, batch: int, blocks: int) -> Workspace:
        """A workspace to train `params` with mini-batches of that many images."""
        return self._get(params, len(params.layers[0]), batch, blocks, True)

    def for_scoring(self, params: Parameters, batches: int, batch: int, blocks: int) -> Workspace:
        """A workspace to score that many batches at a time by one trial of `params`."""
        return self._get(params, batches, batch, blocks, False)

    def _get(self, params: Parameters, trials: int, batch: int, blocks: int, training: bool) -> Workspace:
        sizes = [params.layers[0].shape[1] - 1, *(layer.shape[2] for layer in params.layers)]
        key = (training, params.hidden_layer_spec, trials, batch, blocks, *sizes)
        if key not in self._made:
            if sum(work.nbytes() for work in self._made.values()) > WORKSPACE_LIMIT:
                self._made.clear()
            self._made[key] = Workspace(trials, batch, blocks, sizes, training, params.hidden_layer_spec)
        return self._made[key]

"""Plain stochastic gradient descent with weight decay over stacked parameters.

One update of a weight is  W <- W - rate * (dW + decay * W)  =  (1 - rate * decay) * W - rate * dW, of a bias
b <- b - rate * db. In the lesson's ranges rate * decay is below 1e-6, near the step of float32 at 1 (6e-8), and a
factor applied update by update would mostly round away. So the factor is multiplied up in float64, one number a
trial, and reaches the weights whenever it differs from 1 by WORTH_APPLYING, many float32 steps at once. (Plain numbers,
not arrays: for a few trials NumPy takes several times as long.)
"""

from collections.abc import Sequence

import numpy as np

from core.network import Parameters

WORTH_APPLYING = 2.0**-17


class SGD:
    """The state of plain SGD for a stack.

    learning_rate, weight_decay: (trials,) float64
    """

    def __init__(self, learning_rate: np.ndarray, weight_decay: np.ndarray) -> None:
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.shrink = (1 - learning_rate * weight_decay).tolist()  # what an update multiplies the weights by
        self.pending = [1.0] * len(self.shrink)  # decay not yet applied to the weights

    def scale(self, batch: int) -> np.ndarray:
        """What gradients are to be multiplied by so that `step` only subtracts: rate / batch, (trials, 1, 1)."""
        return (self.learning_rate / batch).astype(np.float32)[:, None, None]

    def decay(self) -> dict[int, np.float32]:
        """Count one update's weight decay; the factors that are due now, by trial, for `step` to apply."""
        due = {}
        for trial, shrink in enumerate(self.shrink):
            self.pending[trial] *= shrink
            if abs(self.pending[trial] - 1) >= WORTH_APPLYING:
                due[trial] = factor = np.float32(self.pending[trial])
                self.pending[trial] = self.pending[trial] / float(factor) if factor else 1.0
        return due

    def step(self, params: Parameters, layer: int, gradient: np.ndarray, due: dict[int, np.float32]) -> None:
        """Update one layer, biases and all, with its scaled gradient and the weights' decay that is due."""
        for trial, factor in due.items():
            params.weights[layer][trial] *= factor
        params.layers[layer] -= gradient

    def keep(self, which: np.ndarray) -> "SGD":
        """Only the trials at the places `which`."""
        kept = SGD(self.learning_rate[which], self.weight_decay[which])
        kept.pending = np.array(self.pending)[which].tolist()
        return kept

    @classmethod
    def join(cls, parts: Sequence["SGD"]) -> "SGD":
        """The trials of several stacks, one behind the other."""
        joined = cls(
            np.concatenate([part.learning_rate for part in parts]),
            np.concatenate([part.weight_decay for part in parts]),
        )
        joined.pending = [waiting for part in parts for waiting in part.pending]
        return joined

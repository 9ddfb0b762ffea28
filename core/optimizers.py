"""SGD, Momentum, AdaGrad and Adam with weight decay over stacked parameters, as in chapter 6 of the book.

    SGD       W <- W - rate dW
    Momentum  v <- momentum v - rate dW              W <- W + v
    AdaGrad   h <- h + dW^2                          W <- W - rate dW / (sqrt(h) + 1e-7)
    Adam      m <- m + (1 - beta1) (dW - m)          W <- W - rate' m / (sqrt(v) + 1e-7)
              v <- v + (1 - beta2) (dW^2 - v)        rate' = rate sqrt(1 - beta2^t) / (1 - beta1^t)

Weight decay is L2: with it dW is the gradient plus decay * W. Biases, gamma and beta do not decay.

SGD then shrinks the weights by 1 - rate * decay at every update. In the lesson's ranges rate * decay is below 1e-6,
near the step of float32 at 1 (6e-8), and such a factor would mostly round away. So the factors are multiplied up in
float64, one number a trial, and reach the weights when they differ from 1 by WORTH_APPLYING. Momentum can be written in
the same way, see there. AdaGrad and Adam add decay * W to the gradient as it stands: they divide by the gradient's
size, so what float32 rounds away of the sum is as small in the weights as any rounding.
"""

import math
from collections.abc import Sequence
from copy import copy
from typing import Self

import numpy as np

from core.layers import FLOAT
from core.parameters import Parameters
from core.plan import RoundPlan

WORTH_APPLYING = 2.0**-17  # many steps of float32 at 1 at once
EPSILON = 1e-7  # added to a root, which may be 0


class Optimizer:
    """What all of them share: the trials' learning rates and weight decays, and what is remembered of every array.

    learning_rate, weight_decay: (trials,) float64
    """

    def __init__(self, learning_rate: np.ndarray, weight_decay: np.ndarray) -> None:
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.pending = [1.0] * len(learning_rate)  # decay not yet applied to the weights, where it is a factor
        self.memory: list[np.ndarray] = []  # (trials, ...) each
        self._derive()

    def _derive(self) -> None:
        """Compute what follows from the trials' values."""

    def scale(self, batch: int) -> np.ndarray:
        """What gradients are to be multiplied by before `step` gets them, (trials, 1, 1): here for the mean."""
        return np.full((len(self.learning_rate), 1, 1), 1 / batch, FLOAT)

    def count(self) -> None:
        """Count an update; the steps that follow, one an array, are its parts."""

    def step(self, params: Parameters, place: int, gradient: np.ndarray, spare: np.ndarray) -> None:
        """Update the array at `place` of `params.learned`. Uses up `gradient` and `spare`, which have its shape."""
        raise NotImplementedError

    def keep(self, which: np.ndarray) -> Self:
        """Only the trials at the places `which`."""
        return self._of(*(array[which] for array in self._arrays()))

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """The trials of several stacks, one behind the other; all have counted as many updates."""
        return parts[0]._of(*map(np.concatenate, zip(*(part._arrays() for part in parts), strict=True)))

    def _arrays(self) -> list[np.ndarray]:
        return [self.learning_rate, self.weight_decay, np.array(self.pending), *self.memory]

    def _of(
        self, learning_rate: np.ndarray, weight_decay: np.ndarray, pending: np.ndarray, *memory: np.ndarray
    ) -> Self:
        """The same for other trials."""
        other = copy(self)
        other.learning_rate, other.weight_decay = learning_rate, weight_decay
        other.pending, other.memory = pending.tolist(), list(memory)
        other._derive()
        return other


class SGD(Optimizer):
    """Plain stochastic gradient descent."""

    def _derive(self) -> None:
        self.shrink = (1 - self.learning_rate * self.weight_decay).tolist()  # what an update multiplies the weights by
        self.due: dict[int, np.float32] = {}

    def scale(self, batch: int) -> np.ndarray:
        """So that `step` only subtracts: rate / batch."""
        return (self.learning_rate / batch).astype(FLOAT)[:, None, None]

    def count(self) -> None:
        """Save up one update's weight decay, and see by which factors it is due now, by trial.

        (Plain numbers, not arrays: for a few trials NumPy takes several times as long.)
        """
        self.due = {}
        for trial, shrink in enumerate(self.shrink):
            self.pending[trial] *= shrink
            if abs(self.pending[trial] - 1) >= WORTH_APPLYING:
                self.due[trial] = factor = FLOAT(self.pending[trial])
                self.pending[trial] = self.pending[trial] / float(factor) if factor else 1.0

    def step(self, params: Parameters, place: int, gradient: np.ndarray, spare: np.ndarray) -> None:
        array = params.learned[place]
        if place < len(params.layers):
            for trial, factor in self.due.items():
                array[trial, :-1] *= factor
        array -= gradient


class Momentum(SGD):
    """Goes on in the direction it has been going.

    Its decay is no factor: with a = rate * decay,  v <- momentum v - rate dW - a W,  W <- W + v.  But there is a number
    f just below 1 with f + momentum / f = 1 + momentum - a, and in V = W / f^t  the same updates read

        u <- (momentum / f^2) u - (rate / f^t) dW        V <- V + u        where u began as (1 - f) W, not as 0.

    So V has no decay, and f is applied to W and u as SGD's factor is to W. Where rate * decay is so large that there is
    no such f, float32 has no trouble with subtracting a W as it stands.
    """

    def __init__(
        self, learning_rate: np.ndarray, weight_decay: np.ndarray, momentum: float, params: Parameters
    ) -> None:
        self.momentum = momentum
        super().__init__(learning_rate, weight_decay)
        self.memory = [np.zeros_like(array) for array in params.learned]  # u
        for velocity, weights in zip(self.memory, params.weights, strict=False):
            np.multiply(weights, self.lost.astype(FLOAT)[:, None, None], out=velocity[:, :-1])

    def _derive(self) -> None:
        product = self.learning_rate * self.weight_decay
        factor = decays_by_a_factor(product, self.momentum)
        room = 1 - self.momentum + product
        root = np.sqrt(np.maximum(room**2 - 4 * product, 0))
        self.lost = np.where(factor, 2 * product / (room + root), 0)  # 1 - f
        self.shrink = (1 - self.lost).tolist()
        self.friction = (self.momentum / (1 - self.lost) ** 2).astype(FLOAT)[:, None, None]
        self.plainly = {int(trial): FLOAT(product[trial]) for trial in np.flatnonzero(~factor)}  # a
        self.due = {}

    def step(self, params: Parameters, place: int, gradient: np.ndarray, spare: np.ndarray) -> None:
        array, velocity = params.learned[place], self.memory[place]
        if place < len(params.layers):
            for trial, factor in self.due.items():
                array[trial, :-1] *= factor
                velocity[trial, :-1] *= factor
            velocity[:, :-1] *= self.friction
            velocity[:, -1] *= FLOAT(self.momentum)
            for trial, decay in self.plainly.items():
                velocity[trial, :-1] -= np.multiply(array[trial, :-1], decay, out=spare[trial, :-1])
        else:
            velocity *= FLOAT(self.momentum)
        velocity -= gradient
        array += velocity


def decays_by_a_factor(product: np.ndarray, momentum: float) -> np.ndarray:
    """Whether there is such a factor and it is told well apart from the other root. product: rate * decay"""
    return product < (1 - math.sqrt(momentum)) ** 2 / 4


class AdaGrad(Optimizer):
    """Takes smaller steps where the gradients so far were large (J. Duchi et al. 2011)."""

    def __init__(self, learning_rate: np.ndarray, weight_decay: np.ndarray, params: Parameters) -> None:
        super().__init__(learning_rate, weight_decay)
        self.memory = [np.zeros_like(array) for array in params.learned]  # h

    def _derive(self) -> None:
        self.rate = self.learning_rate.astype(FLOAT)[:, None, None]
        self.decay = self.weight_decay.astype(FLOAT)[:, None, None]

    def step(self, params: Parameters, place: int, gradient: np.ndarray, spare: np.ndarray) -> None:
        array, squares = params.learned[place], self.memory[place]
        if place < len(params.layers):
            gradient[:, :-1] += np.multiply(array[:, :-1], self.decay, out=spare[:, :-1])
        squares += np.multiply(gradient, gradient, out=spare)
        np.sqrt(squares, out=spare)
        spare += FLOAT(EPSILON)
        gradient /= spare
        gradient *= self.rate
        array -= gradient


class Adam(Optimizer):
    """A running mean of the gradients, divided by their running size (D. Kingma, J. Ba 2015).

    What is remembered are m / (1 - beta1) and v / (1 - beta2), which saves two passes over the arrays.
    """

    def __init__(
        self, learning_rate: np.ndarray, weight_decay: np.ndarray, beta1: float, beta2: float, params: Parameters
    ) -> None:
        self.beta1, self.beta2, self.updates = beta1, beta2, 0
        super().__init__(learning_rate, weight_decay)
        self.memory = [np.zeros_like(array) for _ in range(2) for array in params.learned]

    def _derive(self) -> None:
        self.decay = self.weight_decay.astype(FLOAT)[:, None, None]
        self.rate: np.ndarray = np.empty(0)  # of this update, by `count`

    def count(self) -> None:
        """The first gradients count for more: both means begin at 0."""
        self.updates += 1
        grown = math.sqrt(1 - self.beta2**self.updates) / (1 - self.beta1**self.updates)
        grown *= (1 - self.beta1) / math.sqrt(1 - self.beta2)
        self.rate = (self.learning_rate * grown).astype(FLOAT)[:, None, None]

    def step(self, params: Parameters, place: int, gradient: np.ndarray, spare: np.ndarray) -> None:
        array, mean = params.learned[place], self.memory[place]
        squares = self.memory[place + len(self.memory) // 2]
        if place < len(params.layers):
            gradient[:, :-1] += np.multiply(array[:, :-1], self.decay, out=spare[:, :-1])
        mean *= FLOAT(self.beta1)
        mean += gradient
        squares *= FLOAT(self.beta2)
        squares += np.multiply(gradient, gradient, out=gradient)
        np.sqrt(squares, out=spare)
        spare += FLOAT(EPSILON / math.sqrt(1 - self.beta2))
        np.divide(mean, spare, out=spare)
        spare *= self.rate
        array -= spare


def optimizer_of(plan: RoundPlan, learning_rate: np.ndarray, weight_decay: np.ndarray, params: Parameters) -> Optimizer:
    """The plan's optimizer for a stack. learning_rate, weight_decay: (trials,) float64"""
    if plan.optimizer == "momentum":
        return Momentum(learning_rate, weight_decay, plan.momentum, params)
    if plan.optimizer == "adagrad":
        return AdaGrad(learning_rate, weight_decay, params)
    if plan.optimizer == "adam":
        return Adam(learning_rate, weight_decay, plan.beta1, plan.beta2, params)
    return SGD(learning_rate, weight_decay)

"""SGD, Momentum, AdaGrad and Adam with weight decay over stacked parameters.

    SGD       W <- W - rate dW
    Momentum  v <- momentum v - rate dW              W <- W + v
    AdaGrad   h <- h + dW^2                          W <- W - rate dW / (sqrt(h) + 1e-7)
    Adam      m <- m + (1 - beta1) (dW - m)          W <- W - rate' m / (sqrt(v) + 1e-7)
              v <- v + (1 - beta2) (dW^2 - v)        rate' = rate sqrt(1 - beta2^t) / (1 - beta1^t)

They are those of chapter 6 of "Deep Learning from Scratch". Weight decay is L2: dW is the gradient plus
decay * W. Biases, gamma and beta do not decay.

All arrays are float32, whose relative step is 6e-8 at 1. In the lesson's ranges rate * decay is below 1e-6, and SGD,
which shrinks the weights by 1 - rate * decay at every update, would lose most of that to rounding: see SGD for what it
does instead. The others add decay * W to the gradient. AdaGrad and Adam divide by the gradient's size, so
what rounding takes of the sum is as small in the weights as any rounding. For Momentum it was measured, see there.
"""

import math
from collections.abc import Iterable, Sequence
from copy import copy
from typing import Self

import numpy as np

from core.plan import RoundPlan
from core.training.layers import FLOAT
from core.training.parameters import Parameters

APPLIED_FROM = 2.0**-17  # relative change of the weights from which on SGD applies decay: 128 steps of float32 at 1
EPSILON = 1e-7  # added to a root, which may be 0


class Optimizer:
    """What all of them share: the trials' hyperparameters, and state for every array.

    learning_rate, weight_decay, momentum: (trials,) float64; only one of the optimizers has a momentum
    """

    decay: np.ndarray  # (trials, 1, 1) float32: what weights are multiplied by before they are added to a gradient

    def __init__(self, learning_rate: np.ndarray, weight_decay: np.ndarray, momentum: np.ndarray | None = None) -> None:
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.momentum: np.ndarray = np.zeros(len(learning_rate)) if momentum is None else momentum
        self.state: list[np.ndarray] = []  # (trials, ...) each
        self._derive()

    def _derive(self) -> None:
        """Compute what follows from the trials' values."""
        self.decay = per_trial(self.weight_decay)

    def scale(self, batch: int) -> np.ndarray:
        """What gradients are to be multiplied by before `step` takes them, (trials, 1, 1): here for the mean."""
        return np.full((len(self.learning_rate), 1, 1), 1 / batch, FLOAT)

    def step(
        self, params: Parameters, gradients: Iterable[tuple[int, np.ndarray]], scratch: Sequence[np.ndarray]
    ) -> None:
        """One update of all that is learned, in place.

        gradients: (place, gradient) of the arrays in `params.learned`, multiplied by `scale`; they are overwritten
        scratch: memory in the shape of each array in `params.learned`
        """
        self._begin_step()
        for place, gradient in gradients:
            self._update(params, place, gradient, scratch[place])

    def _begin_step(self) -> None:
        """What is done once an update, before the arrays are updated one after another."""

    def _update(self, params: Parameters, place: int, gradient: np.ndarray, scratch: np.ndarray) -> None:
        """Update the array at `place` of `params.learned`. `gradient` and `scratch` have its shape, and are used up."""
        raise NotImplementedError

    def _add_decay(self, params: Parameters, place: int, gradient: np.ndarray, scratch: np.ndarray) -> None:
        """Add decay * W to the gradient of a layer's weights."""
        if place < len(params.layers):
            weights = params.layers[place][:, :-1]
            gradient[:, :-1] += np.multiply(weights, self.decay, out=scratch[:, :-1])

    def select(self, which: np.ndarray) -> Self:
        """Only the trials at the places `which`."""
        return self._with(*(array[which] for array in self._arrays()))

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """The trials of several stacks, one behind the other; all have made as many updates."""
        return parts[0]._with(*map(np.concatenate, zip(*(part._arrays() for part in parts), strict=True)))

    def _arrays(self) -> list[np.ndarray]:
        return [self.learning_rate, self.weight_decay, self.momentum, *self.state]

    def _with(self, *arrays: np.ndarray) -> Self:
        """The same for other trials."""
        other = copy(self)
        other.learning_rate, other.weight_decay, other.momentum, *other.state = arrays
        other._derive()
        return other


def per_trial(values: np.ndarray) -> np.ndarray:
    """Values (trials,) as float32 (trials, 1, 1), to be multiplied by stacked arrays."""
    return values.astype(FLOAT)[:, None, None]


class SGD(Optimizer):
    """Plain stochastic gradient descent.

    Every update shrinks the weights by 1 - rate * decay. These factors are multiplied up in float64, one number a
    trial, and reach the weights once they differ from 1 by APPLIED_FROM. That also saves a pass over the weights at
    every update.
    """

    def __init__(self, learning_rate: np.ndarray, weight_decay: np.ndarray) -> None:
        super().__init__(learning_rate, weight_decay)
        self.state = [np.ones(len(learning_rate))]  # the decay that has not been applied to the weights yet
        self._due: list[tuple[int, np.float32]] = []  # (trial, factor) to be applied in this update

    def _derive(self) -> None:
        self.shrink = 1 - self.learning_rate * self.weight_decay  # what an update multiplies the weights by

    def scale(self, batch: int) -> np.ndarray:
        """So that `step` only subtracts: rate / batch."""
        return per_trial(self.learning_rate / batch)

    def _begin_step(self) -> None:
        """Add one update's decay to what waits, and see which trials' decay is to be applied now."""
        waiting = self.state[0]
        waiting *= self.shrink
        self._due = []
        for trial, share in enumerate(waiting.tolist()):  # for a few plain numbers a loop is faster than NumPy
            if abs(share - 1) >= APPLIED_FROM:
                factor = FLOAT(share)
                waiting[trial] = share / float(factor) if factor else 1.0
                self._due.append((trial, factor))

    def _update(self, params: Parameters, place: int, gradient: np.ndarray, scratch: np.ndarray) -> None:
        array = params.learned[place]
        if place < len(params.layers):
            for trial, factor in self._due:
                array[trial, :-1] *= factor
        array -= gradient


class Momentum(Optimizer):
    """Adds a share of the last step to each: v <- momentum v - rate (dW + decay W), W <- W + v.

    Measured against float64, relative to the weights, with momentum 0.9 after 4,000 updates: 1.6e-6 off at rate 1e-2
    and decay 1e-4, where decay moves the weights by 3.9e-2, and as much wherever rate * dW is not lost to rounding
    itself. Weights without any gradient were up to 1e-4 off (rate * decay of 1e-7, decay moves them by 4e-3).
    """

    def __init__(
        self, learning_rate: np.ndarray, weight_decay: np.ndarray, momentum: np.ndarray, params: Parameters
    ) -> None:
        super().__init__(learning_rate, weight_decay, momentum)
        self.state = [np.zeros_like(array) for array in params.learned]  # v

    def _derive(self) -> None:
        self.decay = per_trial(self.learning_rate * self.weight_decay)
        all_equal = len(set(self.momentum.tolist())) == 1  # one number for all is multiplied faster than one a trial
        self._kept = FLOAT(self.momentum[0]) if all_equal else per_trial(self.momentum)

    def scale(self, batch: int) -> np.ndarray:
        """So that `step` gets rate * dW: rate / batch."""
        return per_trial(self.learning_rate / batch)

    def _update(self, params: Parameters, place: int, gradient: np.ndarray, scratch: np.ndarray) -> None:
        array, velocity = params.learned[place], self.state[place]
        self._add_decay(params, place, gradient, scratch)
        velocity *= self._kept
        velocity -= gradient
        array += velocity


class AdaGrad(Optimizer):
    """Takes smaller steps where the gradients so far were large (J. Duchi et al. 2011)."""

    def __init__(self, learning_rate: np.ndarray, weight_decay: np.ndarray, params: Parameters) -> None:
        super().__init__(learning_rate, weight_decay)
        self.state = [np.zeros_like(array) for array in params.learned]  # h

    def _derive(self) -> None:
        super()._derive()
        self.rate = per_trial(self.learning_rate)

    def _update(self, params: Parameters, place: int, gradient: np.ndarray, scratch: np.ndarray) -> None:
        array, squares = params.learned[place], self.state[place]
        self._add_decay(params, place, gradient, scratch)
        squares += np.multiply(gradient, gradient, out=scratch)
        np.sqrt(squares, out=scratch)
        scratch += FLOAT(EPSILON)
        gradient /= scratch
        gradient *= self.rate
        array -= gradient


class Adam(Optimizer):
    """A running mean of the gradients, divided by their running size (D. Kingma, J. Ba 2015).

    The state holds m / (1 - beta1) and v / (1 - beta2), which saves two passes over the arrays.
    """

    def __init__(
        self, learning_rate: np.ndarray, weight_decay: np.ndarray, beta1: float, beta2: float, params: Parameters
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.beta1, self.beta2, self.updates = beta1, beta2, 0
        self.rate: np.ndarray = np.empty(0)  # (trials, 1, 1), of this update
        self.state = [np.zeros_like(array) for _ in range(2) for array in params.learned]  # all m, then all v

    def _begin_step(self) -> None:
        """The rate of this update: both means begin at 0 and are too small at first."""
        self.updates += 1
        factor = math.sqrt(1 - self.beta2**self.updates) / (1 - self.beta1**self.updates)
        factor *= (1 - self.beta1) / math.sqrt(1 - self.beta2)
        self.rate = per_trial(self.learning_rate * factor)

    def _update(self, params: Parameters, place: int, gradient: np.ndarray, scratch: np.ndarray) -> None:
        array, mean = params.learned[place], self.state[place]
        squares = self.state[place + len(self.state) // 2]
        self._add_decay(params, place, gradient, scratch)
        mean *= FLOAT(self.beta1)
        mean += gradient
        squares *= FLOAT(self.beta2)
        squares += np.multiply(gradient, gradient, out=gradient)
        np.sqrt(squares, out=scratch)
        scratch += FLOAT(EPSILON / math.sqrt(1 - self.beta2))
        np.divide(mean, scratch, out=scratch)
        scratch *= self.rate
        array -= scratch


def optimizer_of(
    plan: RoundPlan,
    learning_rate: np.ndarray,
    weight_decay: np.ndarray,
    params: Parameters,
    momentum: np.ndarray | None = None,
) -> Optimizer:
    """The plan's optimizer for a stack. learning_rate, weight_decay: (trials,) float64    momentum: None: the plan's"""
    if plan.optimizer == "momentum":
        same = np.full(len(learning_rate), plan.momentum)
        return Momentum(learning_rate, weight_decay, same if momentum is None else momentum, params)
    if plan.optimizer == "adagrad":
        return AdaGrad(learning_rate, weight_decay, params)
    if plan.optimizer == "adam":
        return Adam(learning_rate, weight_decay, plan.beta1, plan.beta2, params)
    return SGD(learning_rate, weight_decay)

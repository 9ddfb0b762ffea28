"""What trained networks make of images that were not there when they were trained: the final test's part of training.

The training leaves pixels out that are zero in all of its images (see training.py); in other images they may not be.
Their weights have had no gradient, only the weight decay of every update, so what became of them does not depend on
anything else and is made up for here.
"""

from dataclasses import dataclass

import numpy as np

from core.layers import ACTIVATIONS, FLOAT
from core.optimizers import optimizer_of
from core.parameters import Parameters
from core.plan import RoundPlan
from core.training import RoundData, Stack, untrained

NONE = 255  # stands for the answer of a trial that was not trained to its end
BATCH = 500  # images classified at once


@dataclass(frozen=True)
class Answers:
    """The classes that some trials see in the images."""

    trials: np.ndarray  # (stack,) their indices in the round
    classes: np.ndarray  # (stack, images) uint8


def answer(plan: RoundPlan, stack: Stack, data: RoundData, images: np.ndarray) -> Answers:
    """Let every trial of a stack classify images.

    images: (images, pixels) float32, 0 to 1, all pixels
    """
    classes = np.empty((len(stack.trials), len(images)), np.uint8)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):  # about to diverge
        params = whole(plan, stack, data)
        for place in range(len(stack.trials)):
            for start in range(0, len(images), BATCH):
                part = slice(start, start + BATCH)
                classes[place, part] = classify(params.alone(place), images[part])
    return Answers(stack.trials, classes)


def whole(plan: RoundPlan, stack: Stack, data: RoundData) -> Parameters:
    """The trained parameters for whole images, with the weights of the pixels that the training left out."""
    first = untrained(plan, stack.trials.tolist()).layers[0]
    left_out = np.setdiff1d(np.arange(first.shape[1] - 1), data.pixels)
    first[:, left_out] = decayed(plan, stack, first[:, [*left_out, -1]])[:, :-1]
    first[:, [*data.pixels, -1]] = stack.params.layers[0]  # the biases last
    trained = stack.params
    return Parameters([first, *trained.layers[1:]], trained.between, trained.normals, trained.running)


def decayed(plan: RoundPlan, stack: Stack, layer: np.ndarray) -> np.ndarray:
    """What weights without a gradient became in the stack's training. layer: (trials, n_in + 1, n_out) as it began"""
    rate, decay, updates = stack.optimizer.learning_rate, stack.optimizer.weight_decay, plan.updates() * stack.epoch
    if plan.optimizer == "sgd":
        return layer * ((1 - rate * decay) ** updates).astype(FLOAT)[:, None, None]
    weights = Parameters([layer])
    optimizer, gradient, spare = optimizer_of(plan, rate, decay, weights), np.empty_like(layer), np.empty_like(layer)
    for _ in range(updates):
        optimizer.count()
        gradient[:] = 0
        optimizer.step(weights, 0, gradient, spare)
    return weights.layers[0]


def classify(params: Parameters, images: np.ndarray) -> np.ndarray:
    """The class with the highest score, (images,), by a stack of one trial. images: (images, pixels)"""
    below, last = images, len(params.layers) - 1
    activation = ACTIVATIONS[params.between.activation](_fresh, len(images), params.layers[0].shape[2])
    for layer, (weight, bias) in enumerate(zip(params.weights, params.biases, strict=True)):
        below = below @ weight[0] + bias[0]
        if layer == last:
            break
        if params.normals:
            factor, shift = params.normalised(layer)
            below = below * factor + shift
        activation.forward(below)
        if params.between.dropout:
            below *= FLOAT(1 - params.between.dropout)
    return below.argmax(axis=1)


def _fresh(name: str, *shape: int) -> np.ndarray:
    return np.empty(shape, FLOAT)

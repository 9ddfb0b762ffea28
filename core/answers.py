"""What trained networks make of images that were not there when they were trained: the final test's part of training.

The training leaves pixels out that are zero in all of its images (see training.py); in other images they may not be.
Their weights have had no gradient, only the weight decay of every update, so they come back as what they began with,
decayed by as much.
"""

from dataclasses import dataclass

import numpy as np

from core.network import Parameters, initialise
from core.plan import RoundPlan
from core.training import WEIGHTS, RoundData, Stack, generator

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
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):  # a trial that is about to diverge
        params = whole(plan, stack, data)
        for place in range(len(stack.trials)):
            for start in range(0, len(images), BATCH):
                part = slice(start, start + BATCH)
                classes[place, part] = classify(params.alone(place), images[part])
    return Answers(stack.trials, classes)


def whole(plan: RoundPlan, stack: Stack, data: RoundData) -> Parameters:
    """The trained parameters for whole images, with the weights of the pixels that the training left out."""
    first = initialise(plan.sizes(), [generator(plan, WEIGHTS, trial) for trial in stack.trials]).layers[0]
    updates = plan.updates() * stack.epoch
    decay = (1 - stack.optimizer.learning_rate * stack.optimizer.weight_decay) ** updates
    first *= decay.astype(np.float32)[:, None, None]
    first[:, [*data.pixels, -1]] = stack.params.layers[0]  # the biases last
    return Parameters([first, *stack.params.layers[1:]])


def classify(params: Parameters, images: np.ndarray) -> np.ndarray:
    """The class with the highest score, (images,), by a stack of one trial. images: (images, pixels)"""
    below = images
    last = len(params.weights) - 1
    for layer, (weight, bias) in enumerate(zip(params.weights, params.biases, strict=True)):
        below = below @ weight[0] + bias[0]
        if layer < last:
            below = np.maximum(below, 0)
    return below.argmax(axis=1)

"""Classification of images that were not there in training, for the final test.

Training leaves out pixels that are zero in all of its images (see round_data.py); in other images they may not be zero.
The weights of those pixels have no gradient, only the weight decay of every update, so what training would have made of
them is computed here.
"""

from dataclasses import dataclass, replace

import numpy as np

from core.plan import RoundPlan
from core.training.layers import ACTIVATIONS, FLOAT
from core.training.optimizers import optimizer_of
from core.training.parameters import Parameters
from core.training.round_data import RoundData
from core.training.stacks import Stack, untrained

NO_PREDICTION = 255  # the class of a trial that was not trained to its end
BATCH = 500  # images classified at once


@dataclass(frozen=True)
class Predictions:
    """The classes that some trials predict."""

    trials: np.ndarray  # (stack,) their indices in the round
    classes: np.ndarray  # (stack, images) uint8
    network: Parameters | None = None  # of a round that has one trial alone, for whole images


def predict(plan: RoundPlan, stack: Stack, data: RoundData, images: np.ndarray) -> Predictions:
    """Let every trial of a stack classify images.

    images: (images, pixels) float32, 0 to 1, all pixels
    """
    classes = np.empty((len(stack.trials), len(images)), np.uint8)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):  # large weights overflow
        params = full_parameters(plan, stack, data)
        for place in range(len(stack.trials)):
            for start in range(0, len(images), BATCH):
                part = slice(start, start + BATCH)
                classes[place, part] = classify(params.trial(place), images[part])
    network = params.trial(0) if plan.trials == 1 else None
    return Predictions(stack.trials, classes, network)


def full_parameters(plan: RoundPlan, stack: Stack, data: RoundData) -> Parameters:
    """The trained parameters for whole images, with the weights of the pixels that the training left out."""
    first = untrained(plan, stack.trials.tolist()).layers[0]
    left_out = np.setdiff1d(np.arange(first.shape[1] - 1), data.pixels)
    first[:, left_out] = decayed(plan, stack, first[:, [*left_out, -1]])[:, :-1]
    first[:, [*data.pixels, -1]] = stack.params.layers[0]  # the biases last
    trained = stack.params
    return replace(trained, layers=[first, *trained.layers[1:]])


def decayed(plan: RoundPlan, stack: Stack, layer: np.ndarray) -> np.ndarray:
    """What weights without a gradient became in the stack's training. layer: (trials, n_in + 1, n_out) as it began"""
    rate, decay = stack.optimizer.learning_rate, stack.optimizer.weight_decay
    updates = plan.updates(stack.batch_size) * stack.epoch
    if plan.optimizer == "sgd":
        return layer * ((1 - rate * decay) ** updates).astype(FLOAT)[:, None, None]
    weights = Parameters([layer])
    optimizer = optimizer_of(plan, rate, decay, weights, stack.optimizer.momentum)
    gradient, scratch = np.empty_like(layer), np.empty_like(layer)
    for _ in range(updates):
        gradient[:] = 0
        optimizer.step(weights, [(0, gradient)], [scratch])
    return weights.layers[0]


def classify(params: Parameters, images: np.ndarray) -> np.ndarray:
    """The class with the highest score, (images,), by a stack of one trial. images: (images, pixels)"""
    below, last = images, len(params.layers) - 1
    activation = ACTIVATIONS[params.hidden_layer_spec.activation](_new_array, len(images), params.layers[0].shape[2])
    for layer, (weight, bias) in enumerate(zip(params.weights, params.biases, strict=True)):
        below = below @ weight[0] + bias[0]
        if layer == last:
            break
        if params.gamma_beta:
            factor, shift = params.normalised(layer)
            below = below * factor + shift
        activation.forward(below)
        if params.hidden_layer_spec.dropout:
            below *= params.kept[0]
    return below.argmax(axis=1)


def _new_array(name: str, *shape: int) -> np.ndarray:
    return np.empty(shape, FLOAT)

"""The lesson's network once more, written as plainly as a textbook: float64, one trial at a time, every pixel.

It shares nothing with core/network.py, core/optimizers.py and the loop in core/training.py; only the random numbers
come from the plan's own generators, so that both train the same trial.

    W[layer]  # (n_in, n_out)      b[layer]  # (n_out,)      x  # (images, pixels)      scores  # (images, classes)
"""

from dataclasses import dataclass

import numpy as np

from core.datasets import TrainingImages
from core.plan import RoundPlan
from core.training import BATCHES, SPLIT, VALUES, WEIGHTS, generator

Layers = list[np.ndarray]


@dataclass
class Run:
    """One trial, trained."""

    weights: Layers
    biases: Layers
    train_accuracy: list[float]  # one an epoch
    validation_accuracy: list[float]


def forward(weights: Layers, biases: Layers, x: np.ndarray) -> Layers:
    """What every layer puts out: the images, the hidden layers after the ReLU, the scores."""
    outputs = [x]
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        z = outputs[-1] @ weight + bias
        outputs.append(z if layer == len(weights) - 1 else np.where(z > 0, z, 0))
    return outputs


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities, (images, classes)."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def loss(weights: Layers, biases: Layers, x: np.ndarray, labels: np.ndarray) -> float:
    """Cross-entropy, the mean over the images."""
    probabilities = softmax(forward(weights, biases, x)[-1])
    return float(-np.log(probabilities[np.arange(len(x)), labels]).mean())


def gradients(weights: Layers, biases: Layers, x: np.ndarray, labels: np.ndarray) -> tuple[Layers, Layers]:
    """Derivatives of the loss by all weights and biases."""
    outputs = forward(weights, biases, x)
    delta = (softmax(outputs[-1]) - np.eye(10)[labels]) / len(x)
    by_weight, by_bias = [np.empty(0)] * len(weights), [np.empty(0)] * len(weights)
    for layer in reversed(range(len(weights))):
        by_weight[layer] = outputs[layer].T @ delta
        by_bias[layer] = delta.sum(axis=0)
        delta = (delta @ weights[layer].T) * (outputs[layer] > 0)
    return by_weight, by_bias


def accuracy(weights: Layers, biases: Layers, x: np.ndarray, labels: np.ndarray) -> float:
    """Share of images whose highest score is their label's."""
    return float((forward(weights, biases, x)[-1].argmax(axis=1) == labels).mean())


def initial_weights(plan: RoundPlan, trial: int) -> tuple[Layers, Layers]:
    """He initialisation from the trial's own generator, biases zero."""
    rng, sizes = generator(plan, WEIGHTS, trial), plan.sizes()
    weights = [
        rng.standard_normal((n_in, n_out), np.float32).astype(float) * (2 / n_in) ** 0.5
        for n_in, n_out in zip(sizes, sizes[1:], strict=False)
    ]
    return weights, [np.zeros(n_out) for n_out in sizes[1:]]


def hyperparameters(plan: RoundPlan, trial: int) -> tuple[float, float]:
    """The trial's learning rate and weight decay."""
    rng, space = generator(plan, VALUES, trial), plan.space
    rate = 10 ** rng.uniform(space.learning_rate.low, space.learning_rate.high)
    return rate, 10 ** rng.uniform(space.weight_decay.low, space.weight_decay.high)


def parts(
    plan: RoundPlan, source: TrainingImages
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(training images, labels), (validation images, labels), pixels from 0 to 1."""
    order = generator(plan, SPLIT).permutation(plan.images)
    held_out = round(plan.images * plan.validation_rate)
    x, labels = source.images.astype(float) / source.full_scale, source.labels.astype(int)
    return (x[order[held_out:]], labels[order[held_out:]]), (x[order[:held_out]], labels[order[:held_out]])


def train(plan: RoundPlan, trial: int, source: TrainingImages, decay: bool = True) -> Run:
    """The whole training of one trial; `decay=False` leaves the weight decay out."""
    (x, labels), validation = parts(plan, source)
    rate, weight_decay = hyperparameters(plan, trial)
    run = Run(*initial_weights(plan, trial), [], [])
    for epoch in range(plan.epochs):
        drawn = generator(plan, BATCHES, epoch).integers(len(x), size=(plan.updates(), plan.batch_size))
        for batch in drawn:
            by_weight, by_bias = gradients(run.weights, run.biases, x[batch], labels[batch])
            for layer, weight in enumerate(run.weights):
                run.weights[layer] = weight - rate * (by_weight[layer] + weight_decay * weight * decay)
                run.biases[layer] = run.biases[layer] - rate * by_bias[layer]
        run.train_accuracy.append(accuracy(run.weights, run.biases, x, labels))
        run.validation_accuracy.append(accuracy(run.weights, run.biases, *validation))
    return run

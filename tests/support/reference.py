"""A reference for core/training, written as in a textbook: float64, one trial at a time, every pixel.

It shares nothing with core/training but the random numbers, so that both train the same trial.

    x  # (images, pixels)      scores  # (images, classes)
"""

from dataclasses import dataclass, field

import numpy as np

from core.data.datasets import TrainingImages
from core.plan import RoundPlan
from core.training.random_streams import RoundPurpose, generator

Layers = list[np.ndarray]


@dataclass
class Model:
    """A network, or its gradients."""

    weights: Layers  # (n_in, n_out) each
    biases: Layers  # (n_out,) each
    gammas: Layers = field(default_factory=list)  # (n,) a hidden layer, if it has batch normalisation
    betas: Layers = field(default_factory=list)
    means: Layers = field(default_factory=list)  # the running averages
    variances: Layers = field(default_factory=list)
    activation: str = "relu"
    ratio: float = 0.0  # of the neurons, dropped

    def learned(self) -> Layers:
        """Every array that has a gradient."""
        return self.weights + self.biases + self.gammas + self.betas


@dataclass
class Run:
    """One trial, trained."""

    model: Model
    train_accuracy: list[float]  # one an epoch
    validation_accuracy: list[float]


# ---------------------------------------------------------------------------------------------------- scores


def forward(model: Model, x: np.ndarray) -> Layers:
    """Every layer's outputs after training: the images, the hidden layers, the scores."""
    outputs = [x]
    for layer, (weight, bias) in enumerate(zip(model.weights, model.biases, strict=True)):
        z = outputs[-1] @ weight + bias
        if layer < len(model.weights) - 1:
            if model.gammas:
                normalised = (z - model.means[layer]) / np.sqrt(model.variances[layer] + 10e-7)
                z = model.gammas[layer] * normalised + model.betas[layer]
            z = activate(model, z) * (1 - model.ratio)
        outputs.append(z)
    return outputs


def activate(model: Model, z: np.ndarray) -> np.ndarray:
    """The activation function."""
    return 1 / (1 + np.exp(-z)) if model.activation == "sigmoid" else np.where(z > 0, z, 0)


def slope(model: Model, z: np.ndarray) -> np.ndarray:
    """Its derivative."""
    y = activate(model, z)
    return y * (1 - y) if model.activation == "sigmoid" else (z > 0).astype(float)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities, (images, classes)."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def accuracy(model: Model, x: np.ndarray, labels: np.ndarray) -> float:
    """Share of images whose highest score is their label's."""
    return float((forward(model, x)[-1].argmax(axis=1) == labels).mean())


# ---------------------------------------------------------------------------------------------------- training


@dataclass
class Pass:
    """What the backward pass needs of a mini-batch's forward pass: an entry a hidden layer in every list."""

    inputs: Layers  # (images, n) of every affine layer, the images first
    sums: Layers  # before the normalisation
    before: Layers  # the activation
    scores: np.ndarray


def training_pass(model: Model, x: np.ndarray, masks: Layers | None) -> Pass:
    """Scores as in training: normalised by the mini-batch's own averages, without the neurons that are dropped.

    masks: True where a neuron is kept, (images, n) a hidden layer; None: all are kept
    """
    seen = Pass([x], [], [], np.empty(0))
    for layer in range(len(model.weights) - 1):
        z = seen.inputs[-1] @ model.weights[layer] + model.biases[layer]
        seen.sums.append(z)
        if model.gammas:
            normalised = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 10e-7)
            z = model.gammas[layer] * normalised + model.betas[layer]
        seen.before.append(z)
        out = activate(model, z)
        seen.inputs.append(out if masks is None else out * masks[layer])
    seen.scores = seen.inputs[-1] @ model.weights[-1] + model.biases[-1]
    return seen


def loss(model: Model, x: np.ndarray, labels: np.ndarray, masks: Layers | None = None) -> float:
    """Cross-entropy in training, the mean over the images."""
    probabilities = softmax(training_pass(model, x, masks).scores)
    return float(-np.log(probabilities[np.arange(len(x)), labels]).mean())


def gradients(model: Model, x: np.ndarray, labels: np.ndarray, masks: Layers | None = None) -> Model:
    """Derivatives of the loss by all parameters."""
    seen = training_pass(model, x, masks)
    found = Model([], [])
    delta = (softmax(seen.scores) - np.eye(10)[labels]) / len(x)
    for layer in reversed(range(len(model.weights))):
        found.weights.insert(0, seen.inputs[layer].T @ delta)
        found.biases.insert(0, delta.sum(axis=0))
        if layer == 0:
            break
        delta = delta @ model.weights[layer].T
        if masks is not None:
            delta = delta * masks[layer - 1]
        delta = delta * slope(model, seen.before[layer - 1])
        if model.gammas:
            z = seen.sums[layer - 1]
            deviation = np.sqrt(z.var(axis=0) + 10e-7)
            normalised = (z - z.mean(axis=0)) / deviation
            found.gammas.insert(0, (delta * normalised).sum(axis=0))
            found.betas.insert(0, delta.sum(axis=0))
            by_normalised = delta * model.gammas[layer - 1]
            by_deviation = (by_normalised * normalised).mean(axis=0) * normalised
            delta = (by_normalised - by_normalised.mean(axis=0) - by_deviation) / deviation
    return found


class Optimizer:
    """The book's four, over a list of arrays."""

    def __init__(self, plan: RoundPlan, rate: float) -> None:
        self.plan, self.rate, self.updates = plan, rate, 0
        self.first: dict[int, np.ndarray] = {}  # v of Momentum, h of AdaGrad, m of Adam
        self.second: dict[int, np.ndarray] = {}  # v of Adam

    def update(self, arrays: Layers, by_array: Layers) -> None:
        """One step, in place."""
        self.updates += 1
        for place, (array, gradient) in enumerate(zip(arrays, by_array, strict=True)):
            array += getattr(self, self.plan.optimizer)(place, gradient)

    def sgd(self, place: int, gradient: np.ndarray) -> np.ndarray:
        return -self.rate * gradient

    def momentum(self, place: int, gradient: np.ndarray) -> np.ndarray:
        self.first[place] = self.plan.momentum * self.first.get(place, 0) - self.rate * gradient
        return self.first[place]

    def adagrad(self, place: int, gradient: np.ndarray) -> np.ndarray:
        self.first[place] = self.first.get(place, 0) + gradient**2
        return -self.rate * gradient / (np.sqrt(self.first[place]) + 1e-7)

    def adam(self, place: int, gradient: np.ndarray) -> np.ndarray:
        beta1, beta2 = self.plan.beta1, self.plan.beta2
        m, v = self.first.get(place, 0), self.second.get(place, 0)
        self.first[place] = m + (1 - beta1) * (gradient - m)
        self.second[place] = v + (1 - beta2) * (gradient**2 - v)
        rate = self.rate * np.sqrt(1 - beta2**self.updates) / (1 - beta1**self.updates)
        return -rate * self.first[place] / (np.sqrt(self.second[place]) + 1e-7)


def train(plan: RoundPlan, trial: int, source: TrainingImages, decay: bool = True) -> Run:
    """The whole training of one trial; `decay=False` leaves the weight decay out."""
    (x, labels), validation = parts(plan, source)
    rate, weight_decay = hyperparameters(plan, trial)
    run, optimizer = Run(initial_model(plan, trial), [], []), Optimizer(plan, rate)
    for epoch in range(plan.epochs):
        drawn = generator(plan.seed, RoundPurpose.BATCHES, epoch).integers(
            len(x), size=(plan.updates(), plan.batch_size)
        )
        dropout_rng = generator(plan.seed, RoundPurpose.DROPOUT, trial, epoch)
        for batch in drawn:
            shape = plan.hidden_layers, plan.neurons, plan.batch_size
            masks = dropout_masks(dropout_rng, plan.dropout, *shape) if plan.dropout else None
            found = gradients(run.model, x[batch], labels[batch], masks)
            if plan.batch_normalisation:
                for layer, z in enumerate(training_pass(run.model, x[batch], masks).sums):
                    run.model.means[layer] = 0.9 * run.model.means[layer] + 0.1 * z.mean(axis=0)
                    run.model.variances[layer] = 0.9 * run.model.variances[layer] + 0.1 * z.var(axis=0)
            for gradient, weight in zip(found.weights, run.model.weights, strict=True):
                gradient += weight_decay * weight * decay
            optimizer.update(run.model.learned(), found.learned())
        run.train_accuracy.append(accuracy(run.model, x, labels))
        run.validation_accuracy.append(accuracy(run.model, *validation))
    return run


# ---------------------------------------------------------------------------------------------------- what is drawn


def initial_model(plan: RoundPlan, trial: int) -> Model:
    """Normal weights from the trial's own generator, biases zero; a normalisation that changes nothing yet."""
    rng, sizes = generator(plan.seed, RoundPurpose.WEIGHTS, trial), plan.sizes()
    spread = {"he": lambda n: (2 / n) ** 0.5, "xavier": lambda n: (1 / n) ** 0.5, "deviation": lambda n: plan.deviation}
    weights = [
        rng.standard_normal((n_in, n_out), np.float32).astype(float) * spread[plan.initial_weights](n_in)
        for n_in, n_out in zip(sizes, sizes[1:], strict=False)
    ]
    model = Model(weights, [np.zeros(n) for n in sizes[1:]], activation=plan.activation, ratio=plan.dropout)
    if plan.batch_normalisation:
        model.gammas, model.betas = [np.ones(n) for n in sizes[1:-1]], [np.zeros(n) for n in sizes[1:-1]]
        model.means, model.variances = [np.zeros(n) for n in sizes[1:-1]], [np.zeros(n) for n in sizes[1:-1]]
    return model


def dropout_masks(rng: np.random.Generator, ratio: float, layers: int, units: int, images: int) -> Layers:
    """Which neurons are kept in the next mini-batch, by 16 random bits a neuron and image."""
    count = layers * units * images
    words = rng.integers(2**64, size=-(-count // 4), dtype=np.uint64).tolist()
    bits = [word >> shift & 0xFFFF for word in words for shift in (0, 16, 32, 48)]
    kept = np.array(bits[:count]).reshape(layers, units, images) / 2**16 >= ratio
    return [layer.T for layer in kept]


def hyperparameters(plan: RoundPlan, trial: int) -> tuple[float, float]:
    """The trial's learning rate and weight decay."""
    rng, space = generator(plan.seed, RoundPurpose.VALUES, trial), plan.space
    rate = 10 ** rng.uniform(space.learning_rate.low, space.learning_rate.high)
    return rate, 10 ** rng.uniform(space.weight_decay.low, space.weight_decay.high)


def parts(
    plan: RoundPlan, source: TrainingImages
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(training images, labels), (validation images, labels), pixels from 0 to 1."""
    order = generator(plan.seed, RoundPurpose.SPLIT, 0).permutation(plan.images)
    held_out = round(plan.images * plan.validation_rate)
    x, labels = source.images.astype(float) / source.full_scale, source.labels.astype(int)
    return (x[order[held_out:]], labels[order[held_out:]]), (x[order[:held_out]], labels[order[:held_out]])

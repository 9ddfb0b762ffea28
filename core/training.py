"""Training of a few trials side by side: begin a stack, advance it by an epoch, read its scores.

What a trial does depends on the plan and its index alone. Its hyperparameters and initial weights come from a
generator of its own; the split and the mini-batches come from the round's seed and are the same for every trial.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.datasets import Split, TrainingImages, split
from core.network import Parameters, Workspace, forward, gradients, initialise, predict
from core.optimizers import SGD
from core.plan import RoundPlan

EVALUATION_BATCH, EVALUATION_BATCHES = 100, 5  # images scored at once: batches like mini-batches, so many together
PIXELS_A_BLOCK = 100  # see network.py
WORKSPACES = 16  # shapes of batches whose memory is kept

# what a seed is spent on: SeedSequence(seed, spawn_key=(purpose, index))
SPLIT, BATCHES, VALUES, WEIGHTS = range(4)


@dataclass(frozen=True)
class RoundData:
    """The images of a round as its networks see them, training images first.

    Pixels that are zero in every image of the round are left out of the products: they would add nothing to a score
    and have no gradient, so the rest of the network cannot tell. (A few stay in, to fill up the blocks.)
    """

    images: np.ndarray  # (blocks, images, pixels in use / blocks) float32, 0 to 1
    labels: np.ndarray  # (images,) int64
    train: int  # how many of them are for training
    pixels: np.ndarray  # (pixels in use,) their places in the whole image


@dataclass
class Stack:
    """A few trials in training."""

    trials: np.ndarray  # (stack,) their indices in the round
    params: Parameters
    optimizer: SGD
    epoch: int = 0


@dataclass(frozen=True)
class Scores:
    """What one epoch brought for the trials of a stack, as they were before diverged ones left it."""

    trials: np.ndarray  # (stack,)
    epoch: int  # 0 for the first
    train_accuracy: np.ndarray  # (stack,)
    validation_accuracy: np.ndarray  # (stack,)
    diverged: np.ndarray  # (stack,) bool: scores that are no finite numbers; such a trial is not trained any further


def generator(plan: RoundPlan, purpose: int, index: int = 0) -> np.random.Generator:
    """The plan's random numbers for one purpose, independent of all others."""
    return np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=(purpose, index)))


def trial_values(plan: RoundPlan) -> tuple[np.ndarray, np.ndarray]:
    """The round's hyperparameters: learning rates (trials,) and weight decays (trials,), float64."""
    drawn = np.array([plan.space.sample(generator(plan, VALUES, trial)) for trial in range(plan.trials)])
    return drawn[:, 0], drawn[:, 1]


def prepare(plan: RoundPlan, source: TrainingImages) -> RoundData:
    """Split the plan's images and scale them to 0-1."""
    parts: Split = split(plan.images, plan.validation_rate, generator(plan, SPLIT))
    order = np.concatenate([parts.train, parts.validation])
    pixels = pixels_in_use(source.images[: plan.images])
    images = source.images[np.ix_(order, pixels)].astype(np.float32, order="C") / np.float32(source.full_scale)
    blocks = images.reshape(plan.images, -1, block_size(len(pixels))).swapaxes(0, 1)
    return RoundData(np.ascontiguousarray(blocks), source.labels[order].astype(np.int64), len(parts.train), pixels)


def block_size(pixels: int) -> int:
    """Pixels a block when so many come in blocks of at most PIXELS_A_BLOCK."""
    return math.ceil(pixels / math.ceil(pixels / PIXELS_A_BLOCK))


def pixels_in_use(images: np.ndarray) -> np.ndarray:
    """The places of the pixels that differ from zero in some image, and of as many others as fill up the blocks.

    images: (images, pixels)
    """
    used = np.asarray(images.any(axis=0))
    size = block_size(int(used.sum()))
    wanted = math.ceil(used.sum() / size) * size
    used[np.flatnonzero(~used)[: wanted - used.sum()]] = True
    return np.flatnonzero(used)


def begin(plan: RoundPlan, trials: Sequence[int], pixels: np.ndarray) -> Stack:
    """A stack of untrained networks.

    trials: their indices in the round    pixels: the pixels in use, as in RoundData
    """
    learning_rate, weight_decay = trial_values(plan)
    params = initialise(plan.sizes(), [generator(plan, WEIGHTS, trial) for trial in trials])
    params.weights[0] = np.take(params.weights[0], pixels, axis=1)
    chosen = np.array(trials)
    return Stack(chosen, params, SGD(learning_rate[chosen], weight_decay[chosen]))


def advance(plan: RoundPlan, stack: Stack, data: RoundData, workspaces: "Workspaces") -> Scores:
    """Train a stack for one epoch, in place, then score it on all training and all validation images."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        train_epoch(plan, stack, data, workspaces)
        right, finite = evaluate(stack.params, data, workspaces)
    scores = Scores(
        stack.trials,
        stack.epoch,
        right[:, : data.train].mean(axis=1),
        right[:, data.train :].mean(axis=1),
        ~finite,
    )
    stack.epoch += 1
    if not finite.all():
        stack.trials = stack.trials[finite]
        stack.params = stack.params.keep(finite)
        stack.optimizer = stack.optimizer.keep(finite)
    return scores


def train_epoch(plan: RoundPlan, stack: Stack, data: RoundData, workspaces: "Workspaces") -> None:
    """One epoch of mini-batches, drawn with replacement."""
    drawn = generator(plan, BATCHES, stack.epoch).integers(data.train, size=(plan.updates(), plan.batch_size))
    work = workspaces.of(stack.params, plan.batch_size, len(data.images))
    scale = stack.optimizer.scale(plan.batch_size)
    for batch in drawn:
        images = np.take(data.images, batch, axis=1, out=work.images, mode="clip")
        forward(stack.params, images, work)
        due = stack.optimizer.decay()
        for layer, gradient in gradients(stack.params, images, data.labels[batch], scale, work):
            stack.optimizer.step(stack.params, layer, gradient, due)


def evaluate(params: Parameters, data: RoundData, workspaces: "Workspaces") -> tuple[np.ndarray, np.ndarray]:
    """(right, finite): which images are classified rightly (trials, images), and whose scores are finite (trials,)."""
    trials = len(params.biases[0])
    blocks, count, pixels = data.images.shape
    right = np.empty((trials, count), bool)
    finite = np.ones(trials, bool)
    for part, batches in evaluation_parts(count):
        images = data.images[:, part].reshape(blocks, batches, -1, pixels)
        labels = data.labels[part].reshape(batches, -1)
        for trial in range(trials):  # one after the other: its weights stay in the cache for all batches
            alone = params.alone(trial)
            scores = forward(alone, images, workspaces.of(alone, labels.shape[1], blocks, batches))
            finite[trial] &= bool(np.isfinite(scores).all())
            np.equal(predict(scores), labels, out=right[trial, part].reshape(labels.shape))
    return right, finite


def evaluation_parts(count: int) -> Iterator[tuple[slice, int]]:
    """Which images to score in one pass, and in how many batches: a few full ones each time, then the rest."""
    full = count // EVALUATION_BATCH
    for first in range(0, full, EVALUATION_BATCHES):
        batches = min(EVALUATION_BATCHES, full - first)
        yield slice(first * EVALUATION_BATCH, (first + batches) * EVALUATION_BATCH), batches
    if count % EVALUATION_BATCH:
        yield slice(full * EVALUATION_BATCH, count), 1


class Workspaces:
    """The memory a worker trains in, one piece for each shape it has met lately."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, ...], Workspace] = {}

    def of(self, params: Parameters, batch: int, blocks: int, stack: int | None = None) -> Workspace:
        """A workspace for `params` and batches of that size; `stack` of them at a time, one a trial if None."""
        sizes = [params.weights[0].shape[1], *(weight.shape[2] for weight in params.weights)]
        stack = stack or len(params.biases[0])
        key = (stack, batch, blocks, *sizes)
        if key not in self._made:
            if len(self._made) >= WORKSPACES:
                self._made.clear()
            self._made[key] = Workspace(stack, batch, blocks, sizes)
        return self._made[key]


def operations(plan: RoundPlan, pixels: int) -> int:
    """Floating-point operations of one epoch of one trial: its matrix products, a multiplication and an addition each.

    pixels: the pixels in use
    """
    sizes = [pixels, *plan.sizes()[1:]]
    layers = [n_in * n_out for n_in, n_out in zip(sizes, sizes[1:], strict=False)]
    forward_pass = 2 * sum(layers)
    backward_pass = 2 * sum(layers) + 2 * sum(layers[1:])
    return plan.updates() * plan.batch_size * (forward_pass + backward_pass) + plan.images * forward_pass

"""Training of a few trials side by side: begin a stack, advance it by an epoch, read its scores.

What a trial does depends on the plan and its index alone. Its hyperparameters and initial weights come from a
generator of its own; the split and the mini-batches come from the round's seed and are the same for every trial.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.datasets import Split, TrainingImages, split, unshuffled
from core.layers import FLOAT, Between
from core.network import Workspace, forward, gradients, predict
from core.optimizers import Optimizer, optimizer_of
from core.parameters import Parameters, initialise
from core.plan import RoundPlan

EVALUATION_BATCH, EVALUATION_BATCHES = 100, 5  # images scored at once: batches like mini-batches, so many together
INPUTS_A_BLOCK = 100  # see network.py
WORKSPACES = 48 * 2**20  # bytes of memory for shapes of batches beyond which no more is kept

# what a seed is spent on: SeedSequence(seed, spawn_key=(purpose, index)); again.py has two more purposes
SPLIT, BATCHES, VALUES, WEIGHTS = range(4)
DROPOUT = 6


@dataclass(frozen=True)
class Inputs:
    """Images as networks see them, in the order of their data set: the same for all rounds, however those split them.

    Pixels that are zero in every image are left out of the products: they would add nothing to a score and have no
    gradient, so the rest of the network cannot tell. (A few stay in, to fill up the blocks.) Behind the pixels comes
    the input that is always 1; all of them together are the inputs.
    """

    blocks: np.ndarray  # (blocks, images, inputs / blocks) float32, 0 to 1
    columns: list[np.ndarray]  # the same for evaluation, an array a part: (blocks, batches, inputs / blocks, batch)
    pixels: np.ndarray  # (pixels in use,) their places in the whole image


@dataclass(frozen=True)
class RoundData:
    """The images of a round, training images first."""

    inputs: Inputs
    order: np.ndarray  # (images,) int64, where each of them stands in the data set
    labels: np.ndarray  # (images,) int64
    train: int  # how many of them are for training

    @property
    def pixels(self) -> np.ndarray:
        return self.inputs.pixels


@dataclass
class Stack:
    """A few trials in training."""

    trials: np.ndarray  # (stack,) their indices in the round
    params: Parameters
    optimizer: Optimizer
    epoch: int = 0

    def keep(self, which: np.ndarray) -> "Stack":
        """Only the trials at the places `which`."""
        return Stack(self.trials[which], self.params.keep(which), self.optimizer.keep(which), self.epoch)


@dataclass(frozen=True)
class Scores:
    """What one epoch brought for the trials of a stack, as they were before diverged ones left it."""

    trials: np.ndarray  # (stack,)
    epoch: int  # 0 for the first
    train_accuracy: np.ndarray  # (stack,)
    validation_accuracy: np.ndarray  # (stack,)
    diverged: np.ndarray  # (stack,) bool: scores that are no finite numbers; such a trial is not trained any further

    def keep(self, which: np.ndarray) -> "Scores":
        """Only those of the trials at the places `which`."""
        accuracies = self.train_accuracy[which], self.validation_accuracy[which]
        return Scores(self.trials[which], self.epoch, *accuracies, self.diverged[which])


def generator(plan: RoundPlan, purpose: int, *index: int) -> np.random.Generator:
    """The plan's random numbers for one purpose, independent of all others. index: of what; 0 if left out"""
    return np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=(purpose, *(index or (0,)))))


def trial_values(plan: RoundPlan) -> tuple[np.ndarray, np.ndarray]:
    """The round's hyperparameters: learning rates (trials,) and weight decays (trials,), float64."""
    if plan.values is not None:
        given = np.array(plan.values)
        return given[:, 0], given[:, 1]
    drawn = np.array([plan.space.sample(generator(plan, VALUES, trial)) for trial in range(plan.trials)])
    return drawn[:, 0], drawn[:, 1]


def prepare(plan: RoundPlan, source: TrainingImages, inputs: Inputs | None = None) -> RoundData:
    """Split the plan's images. inputs: what inputs_of makes of so many of the same source, if that is there"""
    parts = split_of(plan, source.labels)
    order = np.concatenate([parts.train, parts.validation])
    labels = source.labels[order].astype(np.int64)
    return RoundData(inputs or inputs_of(source, plan.images), order, labels, len(parts.train))


def inputs_of(source: TrainingImages, count: int) -> Inputs:
    """The first `count` images, scaled to 0-1."""
    pixels = pixels_in_use(source.images[:count])
    images = np.ones((count, len(pixels) + 1), np.float32)
    images[:, :-1] = source.images[:count, pixels] / np.float32(source.full_scale)
    size = block_size(images.shape[1])
    blocks = np.ascontiguousarray(images.reshape(count, -1, size).swapaxes(0, 1))
    columns = [
        np.ascontiguousarray(blocks[:, part].reshape(len(blocks), batches, -1, size).swapaxes(2, 3))
        for part, batches in evaluation_parts(count)
    ]
    return Inputs(blocks, columns, pixels)


def split_of(plan: RoundPlan, labels: np.ndarray) -> Split:
    """Which of the plan's images train and which validate. labels: (images,) of at least as many"""
    if not plan.shuffle:
        return unshuffled(labels[: plan.images], plan.validation_rate)
    return split(plan.images, plan.validation_rate, generator(plan, SPLIT))


def block_size(inputs: int) -> int:
    """Inputs a block when so many come in blocks of at most INPUTS_A_BLOCK; all in one if they do not fill them up."""
    size = math.ceil(inputs / math.ceil(inputs / INPUTS_A_BLOCK))
    return inputs if inputs % size else size


def pixels_in_use(images: np.ndarray) -> np.ndarray:
    """The places of the pixels that differ from zero in some image, and of as many others as fill up the blocks.

    images: (images, pixels)
    """
    used = np.asarray(images.any(axis=0))
    inputs = int(used.sum()) + 1
    blocks = math.ceil(inputs / INPUTS_A_BLOCK)
    used[np.flatnonzero(~used)[: -inputs % blocks]] = True  # as many as there are, if there are too few
    return np.flatnonzero(used)


def begin(plan: RoundPlan, trials: Sequence[int], pixels: np.ndarray) -> Stack:
    """A stack of untrained networks.

    trials: their indices in the round    pixels: the pixels in use, as in RoundData
    """
    chosen = np.array(trials)
    learning_rate, weight_decay = (values[chosen] for values in trial_values(plan))
    params = untrained(plan, trials)
    params.layers[0] = np.take(params.layers[0], [*pixels, -1], axis=1)
    return Stack(chosen, params, optimizer_of(plan, learning_rate, weight_decay, params))


def untrained(plan: RoundPlan, trials: Sequence[int]) -> Parameters:
    """The initial parameters of some trials, for whole images."""
    between = Between(plan.activation, plan.batch_normalisation, plan.dropout)
    generators = [generator(plan, WEIGHTS, trial) for trial in trials]
    return initialise(plan.sizes(), generators, between, plan.initial_weights, plan.deviation)


def join(stacks: Sequence[Stack]) -> Stack:
    """The trials of several stacks as one, in that order; all have trained for the same number of epochs."""
    if len({stack.epoch for stack in stacks}) != 1:
        raise ValueError("stacks are joined after the same epoch")
    return Stack(
        np.concatenate([stack.trials for stack in stacks]),
        Parameters.join([stack.params for stack in stacks]),
        type(stacks[0].optimizer).join([stack.optimizer for stack in stacks]),
        stacks[0].epoch,
    )


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
    blocks = data.inputs.blocks
    whole = workspaces.of(stack.params, plan.batch_size, len(blocks))
    scale = stack.optimizer.scale(plan.batch_size)
    luck = [generator(plan, DROPOUT, int(trial), stack.epoch) for trial in stack.trials] if plan.dropout else []
    for batch, times in mini_batches(plan, data.train, stack.epoch):
        work = whole.smaller(len(batch))
        images = np.take(blocks, data.order[batch], axis=1, out=work.images, mode="clip")
        np.copyto(work.columns, images.swapaxes(1, 2))
        if work.dropout is not None:
            work.dropout.draw(luck)
        forward(stack.params, work.columns, work)
        stack.optimizer.count()
        for place, gradient in gradients(stack.params, images, data.labels[batch], scale * times, work):
            stack.optimizer.step(stack.params, place, gradient, work.spare[place])


@lru_cache(maxsize=16)  # all stacks of a round draw the same
def mini_batches(plan: RoundPlan, train: int, epoch: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """An epoch's mini-batches, drawn with replacement: (the images in it, how many times each was drawn) each.

    Of 100 images drawn from 400, 11 have been drawn before. What an image adds to the gradient is computed once and
    counts as often as it was drawn. Not so where that depends on the draw: batch normalisation takes its averages over
    the whole mini-batch, dropout lets other neurons sit out each time.
    """
    drawn = generator(plan, BATCHES, epoch).integers(train, size=(plan.updates(), plan.batch_size))
    if plan.batch_normalisation or plan.dropout:
        return [(batch, np.ones(len(batch), FLOAT)) for batch in drawn]
    distinct = [np.unique(batch, return_counts=True) for batch in drawn]
    return [(images, times.astype(np.float32)) for images, times in distinct]


def evaluate(params: Parameters, data: RoundData, workspaces: "Workspaces") -> tuple[np.ndarray, np.ndarray]:
    """(right, finite): which images are classified rightly (trials, images), and whose scores are finite (trials,)."""
    trials = len(params.layers[0])
    blocks, count, _ = data.inputs.blocks.shape
    seen = np.empty((trials, count), np.int64)
    finite = np.ones(trials, bool)
    for (part, batches), columns in zip(evaluation_parts(count), data.inputs.columns, strict=True):
        size = columns.shape[-1]
        work = workspaces.of(params, size, blocks, batches)
        scores = np.empty((trials, *work.sums[-1].shape), np.float32)
        for trial in range(trials):  # one after the other: its weights stay in the cache for all batches
            scores[trial] = forward(params.alone(trial), columns, work)
        finite &= np.isfinite(scores).all(axis=(1, 2, 3))
        seen[:, part] = predict(scores).reshape(trials, batches * size)
    return seen[:, data.order] == data.labels, finite


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
        self._made: dict[tuple[object, ...], Workspace] = {}

    def of(self, params: Parameters, batch: int, blocks: int, batches: int | None = None) -> Workspace:
        """A workspace to train `params` with batches of that size, or to score so many `batches` at a time."""
        sizes = [params.layers[0].shape[1] - 1, *(layer.shape[2] for layer in params.layers)]
        trials = batches or len(params.layers[0])
        key = (batches is None, params.between, trials, batch, blocks, *sizes)
        if key not in self._made:
            if sum(work.size() for work in self._made.values()) > WORKSPACES:
                self._made.clear()
            self._made[key] = Workspace(trials, batch, blocks, sizes, batches is None, params.between)
        return self._made[key]


def operations(plan: RoundPlan, pixels: int, batch: float | None = None) -> int:
    """Floating-point operations of one epoch of one trial: its matrix products, a multiplication and an addition each.

    Biases are not counted, nor is what has no products: optimizers, batch normalisation, dropout. All of them together
    make an epoch last one and a half times as long (the benchmark training.knobs). What this number is for, the size
    of stacks and the time that a round will still take, is known no better than that.

    pixels: how many count    batch: images of a mini-batch that count, on average; None: all that are drawn, although
    one that is drawn twice is computed once
    """
    batch = plan.batch_size if batch is None else batch
    sizes = [pixels, *plan.sizes()[1:]]
    layers = [n_in * n_out for n_in, n_out in zip(sizes, sizes[1:], strict=False)]
    forward_pass = 2 * sum(layers)
    backward_pass = 2 * sum(layers) + 2 * sum(layers[1:])
    return round(plan.updates() * batch * (forward_pass + backward_pass)) + plan.images * forward_pass


def distinct_images(plan: RoundPlan) -> float:
    """How many different images a mini-batch of the round holds, on average over all of its draws."""
    train = plan.images - plan.validation_images()
    sizes = [len(images) for epoch in range(plan.epochs) for images, _ in mini_batches(plan, train, epoch)]
    return sum(sizes) / len(sizes)

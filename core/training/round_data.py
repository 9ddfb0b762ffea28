"""The images of a round as networks train on them: scaled, split, in blocks, and in mini-batches.

Pixels that are zero in every image of the round are left out of the products: they would add nothing to a score and
have no gradient.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.data.datasets import Split, TrainingImages, split, split_unshuffled
from core.plan import RoundPlan
from core.training.kernels import INPUTS_PER_BLOCK, block_size, distinct_images
from core.training.layers import FLOAT
from core.training.random_streams import RoundPurpose, generator

EVALUATION_BATCH = 100  # images: batches are scored fastest when they have the size of mini-batches
EVALUATION_BATCHES = 5  # scored in one pass


@dataclass(frozen=True)
class Inputs:
    """Images as networks see them, in the order of their data set: the same for all rounds, however those split them.

    The inputs are the pixels in use and, behind them, the input that is always 1.
    """

    blocks: np.ndarray  # (blocks, images, inputs / blocks) float32, 0 to 1
    columns: list[np.ndarray]  # the same for evaluation, an array a part: (blocks, batches, inputs / blocks, batch)
    pixels: np.ndarray  # (pixels in use,) their places in the whole image


@dataclass(frozen=True)
class RoundData:
    """The images of a round, training images first."""

    inputs: Inputs
    order: np.ndarray  # (images,) int64, the index of each in the data set
    labels: np.ndarray  # (images,) int64
    train: int  # how many of them are for training

    @property
    def pixels(self) -> np.ndarray:
        """The places of the pixels in use in the whole image."""
        return self.inputs.pixels


def prepare(plan: RoundPlan, source: TrainingImages, inputs: Inputs | None = None) -> RoundData:
    """Split the plan's images. inputs: what inputs_of makes of as many images of the same source, if it is there"""
    parts = split_of(plan, source.labels)
    order = np.concatenate([parts.train, parts.validation])
    labels = source.labels[order].astype(np.int64)
    return RoundData(inputs or inputs_of(source, plan.images), order, labels, len(parts.train))


def images_key(plan: RoundPlan) -> tuple[str, int, int]:
    """Equal for plans that use the same images: data set, number, and where it matters the order."""
    return plan.dataset, plan.images, plan.image_order if plan.dataset == "digits" else 0


def split_of(plan: RoundPlan, labels: np.ndarray) -> Split:
    """Which of the plan's images train and which validate. labels: (images,) of at least as many"""
    if not plan.shuffle:
        return split_unshuffled(labels[: plan.images], plan.validation_rate)
    return split(plan.images, plan.validation_rate, generator(plan.seed, RoundPurpose.SPLIT, 0))


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


def pixels_in_use(images: np.ndarray) -> np.ndarray:
    """The places of the pixels that differ from zero in some image, and of as many others as fill up the blocks.

    images: (images, pixels)
    """
    used = np.asarray(images.any(axis=0))
    inputs = int(used.sum()) + 1
    blocks = math.ceil(inputs / INPUTS_PER_BLOCK)
    used[np.flatnonzero(~used)[: -inputs % blocks]] = True  # as many as there are, if there are too few
    return np.flatnonzero(used)


def evaluation_parts(count: int) -> Iterator[tuple[slice, int]]:
    """(images, number of batches) of each pass that scores `count` images: a few full batches each, then the rest."""
    full = count // EVALUATION_BATCH
    for first in range(0, full, EVALUATION_BATCHES):
        batches = min(EVALUATION_BATCHES, full - first)
        yield slice(first * EVALUATION_BATCH, (first + batches) * EVALUATION_BATCH), batches
    if count % EVALUATION_BATCH:
        yield slice(full * EVALUATION_BATCH, count), 1


def mini_batches(
    plan: RoundPlan, train: int, epoch: int, batch_size: int | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """An epoch's mini-batches, drawn with replacement: (images, how often each was drawn) of each.

    An image that is drawn twice is in the list once, with a count of 2. Not so with batch normalisation, which
    takes its averages over all that was drawn, nor with dropout, which drops other neurons each time: then all images
    are listed as drawn, with counts of 1.

    train: number of training images    batch_size: of the trials where it is searched; None: the plan's
    """
    size = plan.updates(batch_size), batch_size or plan.batch_size
    return _drawn(plan.seed, epoch, train, size, plan.batch_normalisation or plan.uses_dropout)


@lru_cache(maxsize=16)  # all stacks of a round draw the same
def _drawn(
    seed: int, epoch: int, train: int, size: tuple[int, int], as_drawn: bool
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The mini-batches of an epoch. size: how many, and images in each    as_drawn: whether each draw counts alone"""
    drawn = generator(seed, RoundPurpose.BATCHES, epoch).integers(train, size=size)
    if as_drawn:
        return [(batch, np.ones(len(batch), FLOAT)) for batch in drawn]
    return [distinct_images(batch) for batch in drawn]

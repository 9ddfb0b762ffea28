"""Random numbers that follow from a seed, with an independent generator for every purpose and index.

A generator is made from SeedSequence(seed, spawn_key=(purpose, *index)). Draws for one purpose therefore never shift
those for another, and a trial's numbers do not depend on which other trials are trained. The numbers of the purposes
decide what is drawn: to change one changes results.
"""

from enum import IntEnum, unique

import numpy as np


@unique
class RoundPurpose(IntEnum):
    """What is drawn inside a round; the index behind each is a part of its key."""

    SPLIT = 0  # which images train and which validate; index 0
    BATCHES = 1  # an epoch's mini-batches; index: the epoch
    VALUES = 2  # a trial's learning rate and weight decay; index: the trial
    WEIGHTS = 3  # a trial's initial weights; index: the trial
    DROPOUT = 6  # the neurons dropped in a trial's epoch; index: trial, epoch


@unique
class SeedPurpose(IntEnum):
    """What further seeds, or further trials, are drawn for from a round's seed.

    RACE and RoundPurpose.DROPOUT have the same number. Their keys differ in length, so their random numbers differ.
    """

    SEED_REPEAT = 4  # seeds on which chosen trials are trained again; no index
    FINAL_TEST = 5  # seeds on which the chosen network is trained for the final test; no index
    RACE = 6  # seeds of a race's repeats; no index, or the contestant whose trials are drawn
    WINNERS = 7  # seeds on which the best trials of a race are trained again; no index


def generator(seed: int, purpose: RoundPurpose | SeedPurpose, *index: int) -> np.random.Generator:
    """The random numbers of a seed for one purpose, and of what it is drawn for: index, see the purposes."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(purpose, *index)))

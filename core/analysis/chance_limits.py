"""How large a mean difference chance makes: of a class's students, and between validation and test images.

Of the same networks on both kinds of images, among which nobody has chosen, three parts of chance are added:

    each network's validation images, of its own seed    variance of its differences / networks
    the test images, which all networks share            variance over images of the share of networks right / images
    the images that all validation images come from      the same variance / images of the round

The first is known from a few networks only, so the quantile is Student's t with the degrees of freedom of
F. Satterthwaite, An approximate distribution of estimates of variance components, Biometrics Bulletin 2, 1946.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from core.analysis.statistics import ERROR_LEVEL, standard_error


def mean_limit(sample: np.ndarray, least_error: float) -> float:
    """What chance explains of the mean of independent differences: beyond it with a probability of ERROR_LEVEL.

    Student's t. sample: (n,), two at least    least_error: of one difference, so that a few equal ones prove nothing
    """
    count = len(sample)
    error = max(float(np.std(sample, ddof=1)), least_error) / np.sqrt(count)
    return float(stdtrit(count - 1, 1 - ERROR_LEVEL / 2) * error)


@dataclass(frozen=True)
class Gap:
    """How much better the networks are on their validation images than on the test images."""

    mean: float
    error: float  # standard error of the mean
    limit: float  # what chance explains: the mean is beyond it, on either side, with a probability of ERROR_LEVEL

    @property
    def is_chance(self) -> bool:
        """Whether chance explains it."""
        return abs(self.mean) <= self.limit


def validation_gap(validation: np.ndarray, right: np.ndarray, validation_images: int, images: int) -> Gap:
    """Compare the accuracies of some networks on their validation images with those on the test images.

    validation: (networks,) two at least    right: (networks, test images) bool
    validation_images: of each network    images: of the round, which each network splits in its own way
    """
    networks, tested = right.shape
    differences = np.asarray(validation, float) - right.mean(axis=1)
    between = differences.var(ddof=1) / networks
    # never less than what a count of right images varies by: a few equal differences prove nothing
    between = max(between, standard_error(float(np.mean(validation)), validation_images) ** 2 / networks / 2)
    per_image = max(
        right.mean(axis=0).var(ddof=1), standard_error(float(right.mean()), tested) ** 2 * tested / networks
    )
    shared = per_image * (1 / tested + 1 / images)
    variance = between + shared
    freedom = variance**2 / (between**2 / (networks - 1) + shared**2 / (tested - 1))
    error = float(np.sqrt(variance))
    return Gap(float(differences.mean()), error, float(stdtrit(freedom, 1 - ERROR_LEVEL / 2)) * error)

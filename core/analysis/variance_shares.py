"""What may be said about the shares of the variance: only what holds whatever surface goes with the trials."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from core.analysis.functional_anova import Importance

CERTAIN = 0.985  # of the surfaces that go with the trials must agree: either of two could lead by chance
TAIL = 0.025  # of the surfaces lie below an interval, and as many above


class Leading(Enum):
    """What explains most of the variance."""

    LEARNING_RATE = "learning_rate"
    WEIGHT_DECAY = "weight_decay"
    INTERACTION = "interaction"


@dataclass(frozen=True)
class LeadingShare:
    """The part that explains most: the learning rate or the weight decay more than the other, or both together."""

    part: Leading
    least: float  # its share of the variance is at least that


def leading_share(shares: Importance) -> LeadingShare | None:
    """The part that leads on nearly all surfaces; None if the trials do not show which one does."""
    rate, decay, both = shares.learning_rate, shares.weight_decay, shares.interaction
    leads = {
        Leading.INTERACTION: both > np.maximum(rate, decay),
        Leading.LEARNING_RATE: rate > decay,
        Leading.WEIGHT_DECAY: decay > rate,
    }
    for part, ahead in leads.items():
        if ahead.mean() >= CERTAIN:
            return LeadingShare(part, float(np.quantile(getattr(shares, part.value), TAIL)))
    return None


def interval(share: np.ndarray) -> tuple[float, float]:
    """Between what a share lies on 95% of the surfaces. share: (surfaces,)"""
    low, high = np.quantile(share, [TAIL, 1 - TAIL])
    return float(low), float(high)

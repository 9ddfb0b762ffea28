"""What may be said about the shares of the variance: only what holds whatever surface goes with the trials."""

from dataclasses import dataclass

import numpy as np

from core.analysis.functional_anova import Importance

# Of the surfaces that go with the trials so many may disagree, over the number of axes: any of these could lead by
# chance.
UNCERTAIN = 0.03
WORTH = 0.05  # the least share of two together that is worth a sentence where more than two are searched
TAIL = 0.025  # of the surfaces lie below an interval, and as many above


@dataclass(frozen=True)
class LeadingShare:
    """The part that explains most: one axis more than any other, or two together more than any alone."""

    part: tuple[str, ...]  # the axis, or both
    least: float  # its share of the variance is at least that


def leading_share(shares: Importance) -> LeadingShare | None:
    """The part that leads on nearly all surfaces; None if the trials do not show which one does.

    Two together lead if they explain more than each axis alone and than any other two, an axis if it alone explains
    more than any other alone.
    """
    certain = 1 - UNCERTAIN / len(shares.main)
    for part, share in sorted(shares.parts.items(), key=lambda entry: -len(entry[0])):
        others = [other for name, other in shares.parts.items() if name != part and len(name) <= len(part)]
        if (share > np.max(others, axis=0)).mean() >= certain:
            return LeadingShare(part, float(np.quantile(share, TAIL)))
    return None


def strongest_pair(shares: Importance) -> LeadingShare | None:
    """The two of three or more axes that explain most together: more than any other two, and worth a sentence."""
    certain = 1 - UNCERTAIN / len(shares.main)
    for pair, share in shares.pairs.items():
        others = [other for name, other in shares.pairs.items() if name != pair]
        least = float(np.quantile(share, TAIL))
        if others and least >= WORTH and (share > np.max(others, axis=0)).mean() >= certain:
            return LeadingShare(pair, least)
    return None


def interval(share: np.ndarray) -> tuple[float, float]:
    """Between what a share lies on 95% of the surfaces. share: (surfaces,)"""
    low, high = np.quantile(share, [TAIL, 1 - TAIL])
    return float(low), float(high)

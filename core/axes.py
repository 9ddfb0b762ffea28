"""The hyperparameters that a round can search, each an axis with a scale, a reach and words of its own."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np

from core.errors import N_
from core.ranges import STEP, LogRange, exponent, plain, power, value


class Scale(Enum):
    """How a place on an axis becomes a value."""

    TEN = "10 ** exponent"
    TEN_FROM_ONE = "1 - 10 ** exponent"
    TWO = "2 ** exponent, both whole numbers"
    PLAIN = "the value itself"


@dataclass(frozen=True)
class Axis:
    """A hyperparameter that can be searched. Places on it are exponents, or values where its scale is plain."""

    scale: Scale
    reach: LogRange  # of places: no range may go further
    start: LogRange  # the range of a round that begins to search it
    step: float  # of sliders
    unit: float  # a width that counts as a decade of the learning rate does, where ranges are widened or narrowed
    key: str  # in a link
    short: str  # in the list of the best trials
    label: str  # as the next one English, marked for the catalogue
    help: str

    def value(self, place: float) -> float | int:
        """The value of a place: an int where values are whole."""
        match self.scale:
            case Scale.TEN:
                return value(place)
            case Scale.TEN_FROM_ONE:
                return 1 - value(place)
            case Scale.TWO:
                return round(2.0**place)
            case Scale.PLAIN:
                return float(place)

    def places(self, values: np.ndarray) -> np.ndarray:
        """The places of values, any shape."""
        match self.scale:
            case Scale.TEN:
                return exponent(values)
            case Scale.TEN_FROM_ONE:
                return exponent(1 - np.asarray(values))
            case Scale.TWO:
                return np.log2(values)
            case Scale.PLAIN:
                return np.asarray(values, float)

    def place(self, of: float) -> float:
        """The place of a value."""
        return float(self.places(np.array(of)))

    @property
    def has_exponents(self) -> bool:
        """Whether its places are exponents."""
        return self.scale is not Scale.PLAIN

    @property
    def is_decades(self) -> bool:
        """Whether its places are exponents of ten."""
        return self.scale is Scale.TEN

    @property
    def is_reversed(self) -> bool:
        """Whether a higher place is a lower value."""
        return self.scale is Scale.TEN_FROM_ONE

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers."""
        return self.scale is Scale.TWO

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and the highest value in reach."""
        ends = sorted((self.value(self.reach.low), self.value(self.reach.high)))
        return ends[0], ends[1]

    def allows(self, given: object) -> bool:
        """Whether something is a value that a trial may have, not a place."""
        low, high = self.limits
        return type(given) is (int if self.is_whole else float) and low <= given <= high

    def sample(self, range_: LogRange, rng: np.random.Generator) -> float | int:
        """One value, its place uniform in a range: of exponents of two among the whole ones."""
        if not self.is_whole:
            return self.value(range_.sample(rng))
        return self.value(min(math.floor(rng.uniform(range_.low, range_.high + 1)), range_.high))

    def within(self, range_: LogRange) -> LogRange:
        """A range on the grid of steps and in reach."""
        return range_.within(self.reach, self.step)

    def place_text(self, place: float) -> str:
        """A place as an end of a range: 10⁻², 64, 0.25; of momentum its value."""
        return power(place) if self.is_decades else self.written(self.value(place))

    def in_text(self, of: float) -> str:
        """A value as a person writes it: 0.0092, 3.86 × 10⁻⁷, 0.9968, 64."""
        return plain(of) if self.is_decades else self.written(of)

    def written(self, of: float) -> str:
        """A value as in the lists of best trials: 0.0092, 3.86e-07, 0.9968, 64."""
        if self.is_whole:
            return f"{of:g}"
        if self.scale is Scale.TEN_FROM_ONE:
            return f"{1 - float(f'{1 - of:.2g}'):.6g}"
        return f"{of:.3g}"


AXES: Mapping[str, Axis] = {
    "learning_rate": Axis(
        Scale.TEN, LogRange(-8, 1), LogRange(-6, -2), STEP, 1.0, "lr", "lr", N_("learning rate"),
        N_("How far an update moves the weights against the gradient. If it is too small, the network learns too "
           "slowly; if it is too large, the weights grow without limit."),
    ),
    "weight_decay": Axis(
        Scale.TEN, LogRange(-10, 0), LogRange(-8, -4), STEP, 1.0, "wd", "weight decay", N_("weight decay"),
        N_("How much every update shrinks the weights. It keeps the network from depending on a few large ones."),
    ),
    "momentum": Axis(
        Scale.TEN_FROM_ONE, LogRange(-3, 0), LogRange(-2.5, -0.3), STEP, 0.5, "momentum", "momentum", N_("momentum"),
        N_("How much of the last step every update keeps; closer to 1, earlier gradients count for longer."),
    ),
    "dropout": Axis(
        Scale.PLAIN, LogRange(0, 0.9), LogRange(0, 0.5), 0.05, 0.2, "dropout", "dropout", N_("dropout ratio"),
        N_("The share of hidden neurons that are switched off at random for an image in training; more of it works "
           "against overfitting, but slows learning."),
    ),
    "deviation": Axis(
        Scale.TEN, LogRange(-4, 0), LogRange(-3, 0), STEP, 1.0, "deviation", "std", N_("standard deviation"),
        N_("How far initial weights typically lie from 0; too near or too far, and the network does not learn."),
    ),
    "batch_size": Axis(
        Scale.TWO, LogRange(4, 8), LogRange(4, 7), 1.0, 2.0, "batch", "batch size", N_("batch size"),
        N_("How many images one update looks at; larger mini-batches are steadier, but give fewer updates."),
    ),
    "neurons": Axis(
        Scale.TWO, LogRange(1, 8), LogRange(4, 7), 1.0, 2.0, "neurons", "neurons", N_("neurons a layer"),
        N_("How many neurons a hidden layer has; a network with more of them can learn more, but takes longer."),
    ),
}  # fmt: skip

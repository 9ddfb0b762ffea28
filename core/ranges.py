"""Ranges of exponents, and exponents as values: the only module that turns one into the other.

A hyperparameter that spans decades is searched by its exponent: value = 10 ** exponent, the exponent uniform in a
range. Other hyperparameters have other scales (axes.py); their ranges are of the same kind.
"""

import sys
from dataclasses import dataclass

import numpy as np

from core.errors import N_, LessonError

ROUNDING = 1e-9  # decades: a value on the edge is inside
SUPERSCRIPTS = str.maketrans("-0123456789.", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹·")
STEP = 0.1  # decades: exponents of ten are set in tenths, on the sliders and in the number fields


@dataclass(frozen=True)
class LogRange:
    """A range on an axis' scale, both ends included: of exponents, or plain. low = high holds the value fixed."""

    low: float
    high: float

    def __post_init__(self) -> None:
        for end in (self.low, self.high):
            if isinstance(end, bool) or not isinstance(end, int | float) or not abs(end) <= sys.float_info.max:
                raise LessonError(N_("A range needs two numbers, the exponents of its ends."))
        if self.low > self.high:
            raise LessonError(
                N_("A range goes from its lower exponent to its higher one; {low} is above {high}."),
                low=self.low,
                high=self.high,
            )
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))

    @property
    def width(self) -> float:
        """Decades between the ends; of a plain scale their difference."""
        return self.high - self.low

    @property
    def is_fixed(self) -> bool:
        """Whether it holds one value alone."""
        return self.low == self.high

    def sample(self, rng: np.random.Generator) -> float:
        """One exponent, uniform between the ends."""
        return float(rng.uniform(self.low, self.high))

    def holds(self, position: float) -> bool:
        """Whether an exponent lies inside, ends included."""
        return self.low - ROUNDING <= position <= self.high + ROUNDING

    def widened(self, margin: float) -> "LogRange":
        """The range with `margin` decades more on either side."""
        return LogRange(self.low - margin, self.high + margin)

    def within(self, reach: "LogRange", step: float = STEP) -> "LogRange":
        """The range on the grid of steps and inside `reach`, at least one step wide."""
        low, high = (snap(min(max(end, reach.low), reach.high), step) for end in (self.low, self.high))
        if high - low < step / 2:
            low, high = (low, low + step) if snap(low + step, step) <= reach.high else (high - step, high)
        return LogRange(snap(low, step), snap(high, step))


def snap(exponent: float, step: float = STEP) -> float:
    """The nearest exponent on the grid of steps, tenths unless another is given."""
    return round(exponent / step) / round(1 / step) + 0.0  # never -0.0


def value(exponent: float) -> float:
    """10 ** exponent."""
    return float(10.0**exponent)


def exponent(value: np.ndarray) -> np.ndarray:
    """log10 of values, any shape."""
    return np.log10(value)


def written(exponent: float) -> str:
    """The value of an exponent in two digits, as a person writes it: 0.013, 7.9 × 10⁻⁷."""
    return plain(value(exponent), 2)


def power(exponent: float) -> str:
    """An exponent as a power of ten: 10⁻², 10⁻²·³."""
    return "10" + f"{snap(exponent):g}".translate(SUPERSCRIPTS)


def plain(value: float, digits: int = 3) -> str:
    """A value as a person writes it: 0.0092, and below 0.0001 as 3.86 × 10⁻⁷. typed_numbers.py reads both."""
    factor, _e, exponent = f"{value:.{digits}g}".partition("e")
    if not exponent:
        return factor
    raised = "10" + str(int(exponent)).translate(SUPERSCRIPTS)
    return raised if factor == "1" else f"{factor} × {raised}"

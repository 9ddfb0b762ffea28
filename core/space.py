"""Ranges on a logarithmic scale: where a round looks for a learning rate and a weight decay.

A hyperparameter that spans decades is searched by its exponent: value = 10 ** exponent, the exponent uniform in a
range. This is the only module that turns one into the other.
"""

import json
import sys
from dataclasses import dataclass, replace

import numpy as np

from core.errors import N_, LessonError

ROUNDING = 1e-9  # decades: a value on the edge is inside
SUPERSCRIPTS = str.maketrans("-0123456789.", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹·")
STEP = 0.1  # decades: exponents are set in tenths, on the sliders and in the number fields


@dataclass(frozen=True)
class LogRange:
    """A range of exponents, both ends included. low = high holds the value fixed."""

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
        """Decades between the ends."""
        return self.high - self.low

    @property
    def is_fixed(self) -> bool:
        """Whether it holds one value alone."""
        return self.low == self.high

    def sample(self, rng: np.random.Generator) -> float:
        """One exponent, uniform between the ends."""
        return float(rng.uniform(self.low, self.high))

    def widened(self, margin: float) -> "LogRange":
        """The range with `margin` decades more on either side."""
        return LogRange(self.low - margin, self.high + margin)

    def within(self, reach: "LogRange") -> "LogRange":
        """The range on the 0.1 grid and inside `reach`, at least one step wide."""
        low, high = (snap(min(max(end, reach.low), reach.high)) for end in (self.low, self.high))
        if high - low < STEP / 2:
            low, high = (low, low + STEP) if snap(low + STEP) <= reach.high else (high - STEP, high)
        return LogRange(snap(low), snap(high))


LEARNING_RATE_REACH = LogRange(-8, 1)
WEIGHT_DECAY_REACH = LogRange(-10, 0)
REACHES = {"learning_rate": LEARNING_RATE_REACH, "weight_decay": WEIGHT_DECAY_REACH}


@dataclass(frozen=True)
class SearchSpace:
    """The box a round draws its trials from, on the log plane."""

    learning_rate: LogRange = LogRange(-6, -2)
    weight_decay: LogRange = LogRange(-8, -4)

    def __post_init__(self) -> None:
        for axis, range_ in self.ranges().items():
            reach = REACHES[axis]
            if not isinstance(range_, LogRange):
                raise LessonError(N_("A range needs two numbers, the exponents of its ends."))
            if range_.low < reach.low or range_.high > reach.high:
                raise LessonError(
                    N_("The exponent of the {axis} may lie between {low} and {high}."),
                    axis=axis.replace("_", " "),
                    low=f"{reach.low:g}",
                    high=f"{reach.high:g}",
                )

    def ranges(self) -> dict[str, LogRange]:
        """Both ranges by the name of their axis."""
        return {"learning_rate": self.learning_rate, "weight_decay": self.weight_decay}

    @property
    def is_fixed(self) -> bool:
        """Whether it holds one pair of values alone."""
        return all(range_.is_fixed for range_ in self.ranges().values())

    def sample(self, rng: np.random.Generator) -> tuple[float, float]:
        """One trial: (learning rate, weight decay), each uniform in its exponent."""
        return value(self.learning_rate.sample(rng)), value(self.weight_decay.sample(rng))

    def holds(self, learning_rate: float, weight_decay: float) -> bool:
        """Whether a trial's values lie inside, ends included."""
        exponents = exponent(np.array([learning_rate, weight_decay]))
        return all(
            range_.low - ROUNDING <= one <= range_.high + ROUNDING
            for one, range_ in zip(exponents, self.ranges().values(), strict=True)
        )

    def widened(self, margin: float) -> "SearchSpace":
        """The box with `margin` decades more on every side, as far as the reach goes."""
        return SearchSpace(
            **{axis: range_.widened(margin).within(REACHES[axis]) for axis, range_ in self.ranges().items()}
        )

    def with_range(self, axis: str, range_: LogRange) -> "SearchSpace":
        """The same box with one range replaced."""
        return replace(self, **{axis: range_})


def value(exponent: float) -> float:
    """10 ** exponent."""
    return float(10.0**exponent)


def exponent(value: np.ndarray) -> np.ndarray:
    """log10 of values, any shape."""
    return np.log10(value)


def snap(exponent: float) -> float:
    """The nearest exponent on the grid of tenths."""
    return round(exponent / STEP) / round(1 / STEP) + 0.0  # never -0.0


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


def within_reach(pair: object) -> bool:
    """Whether something is a trial's (learning rate, weight decay), values that a search may reach, not exponents."""
    return (
        isinstance(pair, tuple)
        and len(pair) == len(REACHES)
        and all(
            type(one) is float and value(reach.low) <= one <= value(reach.high)
            for one, reach in zip(pair, REACHES.values(), strict=True)
        )
    )


def spaces_to_json(spaces: list[SearchSpace]) -> str:
    """Ranges as JSON: a list of {axis: [low, high]}."""
    return json.dumps([{axis: [one.low, one.high] for axis, one in space.ranges().items()} for space in spaces])


def spaces_from_json(text: str) -> list[SearchSpace]:
    """What `spaces_to_json` wrote."""
    return [SearchSpace(**{axis: LogRange(*ends) for axis, ends in space.items()}) for space in json.loads(text)]

"""Search spaces: where a round looks for a learning rate and a weight decay, as ranges of exponents."""

import json
from dataclasses import dataclass, replace

import numpy as np

from core.errors import N_, LessonError
from core.ranges import ROUNDING as ROUNDING
from core.ranges import STEP as STEP
from core.ranges import LogRange as LogRange
from core.ranges import exponent as exponent
from core.ranges import plain as plain
from core.ranges import power as power
from core.ranges import snap as snap
from core.ranges import value as value
from core.ranges import written as written

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

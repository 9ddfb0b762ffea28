"""Search spaces: which hyperparameters a round searches, and in which ranges of exponents.

axes.py declares the hyperparameters that can be searched; ranges.py turns exponents into values.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.axes import AXES as AXES
from core.axes import Axis as Axis
from core.axes import Scale as Scale
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

LEAST_AXES, MOST_AXES = 2, 5  # that a round searches
DEFAULT_AXES = ("learning_rate", "weight_decay")
REACHES = {name: AXES[name].reach for name in DEFAULT_AXES}  # of the axes of the lesson
LEARNING_RATE_REACH, WEIGHT_DECAY_REACH = REACHES.values()


@dataclass(frozen=True, init=False, repr=False)
class SearchSpace:
    """The box a round draws its trials from: two to five axes in the order of AXES, each with a range of places.

    SearchSpace() is the lesson's. SearchSpace(rate, decay, momentum=...) has those two and others, and
    SearchSpace.of({"dropout": ..., "neurons": ...}) only those that are named.
    """

    items: tuple[tuple[str, LogRange], ...]

    def __init__(
        self,
        learning_rate: LogRange = AXES["learning_rate"].start,
        weight_decay: LogRange = AXES["weight_decay"].start,
        **others: LogRange,
    ) -> None:
        self._set({"learning_rate": learning_rate, "weight_decay": weight_decay, **others})

    @classmethod
    def of(cls, ranges: Mapping[str, LogRange]) -> "SearchSpace":
        """The space with these axes. Raises LessonError for what no space may be."""
        space = cls.__new__(cls)
        space._set(ranges)
        return space

    def _set(self, ranges: Mapping[str, LogRange]) -> None:
        if not LEAST_AXES <= len(ranges) <= MOST_AXES:
            raise LessonError(
                N_("A round searches {least} to {most} hyperparameters."), least=LEAST_AXES, most=MOST_AXES
            )
        for name, range_ in ranges.items():
            _check(name, range_)
        object.__setattr__(self, "items", tuple((name, ranges[name]) for name in AXES if name in ranges))

    def __repr__(self) -> str:
        return f"SearchSpace.of({dict(self.items)})"

    @property
    def axes(self) -> tuple[str, ...]:
        """The names of its axes, in order."""
        return tuple(name for name, _ in self.items)

    def __contains__(self, axis: object) -> bool:
        """Whether an axis is searched, with a range that may hold one value alone."""
        return axis in self.axes

    def __getitem__(self, axis: str) -> LogRange:
        """The range of an axis that is searched; KeyError for another."""
        return dict(self.items)[axis]

    @property
    def learning_rate(self) -> LogRange:
        """The learning rate's range; KeyError where it is not searched."""
        return self["learning_rate"]

    @property
    def weight_decay(self) -> LogRange:
        """The weight decay's range; KeyError where it is not searched."""
        return self["weight_decay"]

    def ranges(self) -> dict[str, LogRange]:
        """All ranges by the names of their axes, in order."""
        return dict(self.items)

    @property
    def is_fixed(self) -> bool:
        """Whether it holds one value of each alone."""
        return all(range_.is_fixed for _, range_ in self.items)

    def sample(self, rng: np.random.Generator) -> tuple[float | int, ...]:
        """One trial: a value of every axis, in order, each uniform on its scale."""
        return tuple(AXES[name].sample(range_, rng) for name, range_ in self.items)

    def holds(self, *values: float) -> bool:
        """Whether a trial's values, one for every axis in order, lie inside, ends included."""
        pairs = zip(self.items, values, strict=True)
        return all(range_.holds(AXES[name].place(one)) for (name, range_), one in pairs)

    def widened(self, margin: float) -> "SearchSpace":
        """The box with `margin` decades more on every side, or what counts as such, as far as the reach goes."""
        wider = {name: range_.widened(margin * AXES[name].unit) for name, range_ in self.items}
        return SearchSpace.of({name: AXES[name].within(range_) for name, range_ in wider.items()})

    def with_range(self, axis: str, range_: LogRange) -> "SearchSpace":
        """The same box with one range replaced."""
        return SearchSpace.of(self.ranges() | {axis: range_})

    def with_axes(self, axes: tuple[str, ...]) -> "SearchSpace":
        """These axes: those that it has with their ranges, others with the ranges in which they begin."""
        return SearchSpace.of({name: self[name] if name in self else AXES[name].start for name in axes})


def _check(name: str, range_: object) -> None:
    """Raise LessonError where an axis cannot have a range."""
    if name not in AXES:
        raise LessonError(
            N_("There is no such hyperparameter to search; choose from {choices}."), choices=", ".join(AXES)
        )
    if not isinstance(range_, LogRange):
        raise LessonError(N_("A range needs two numbers, the exponents of its ends."))
    axis = AXES[name]
    if range_.low < axis.reach.low or range_.high > axis.reach.high:
        raise LessonError(
            N_("The exponent of the {axis} may lie between {low} and {high}.")
            if axis.has_exponents
            else N_("The {axis} may lie between {low} and {high}."),
            axis=name.replace("_", " "),
            low=f"{axis.reach.low:g}",
            high=f"{axis.reach.high:g}",
        )
    if axis.is_whole and not (range_.low.is_integer() and range_.high.is_integer()):
        raise LessonError(N_("The exponents of the {axis} are whole numbers."), axis=name.replace("_", " "))


def spaces_to_json(spaces: list[SearchSpace]) -> str:
    """Ranges as JSON: a list of {axis: [low, high]}."""
    return json.dumps([space_record(space) for space in spaces])


def spaces_from_json(text: str) -> list[SearchSpace]:
    """What `spaces_to_json` wrote."""
    return [space_of_record(space) for space in json.loads(text)]


def space_record(space: SearchSpace) -> dict[str, list[float]]:
    """{axis: [low, high]} for JSON, in order."""
    return {axis: [one.low, one.high] for axis, one in space.ranges().items()}


def space_of_record(record: Mapping[str, Any]) -> SearchSpace:
    """The space of such a record, of an empty one the lesson's. Raises LessonError, TypeError or AttributeError."""
    return SearchSpace() if record == {} else SearchSpace.of({axis: LogRange(*ends) for axis, ends in record.items()})


def axes_of(spaces: Iterable[SearchSpace]) -> tuple[str, ...]:
    """What any of some spaces searches, in the order of AXES."""
    searched = {axis for space in spaces for axis in space.axes}
    return tuple(axis for axis in AXES if axis in searched)

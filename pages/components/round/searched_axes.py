"""Which of the searched hyperparameters the charts of a round show, and what they are called in tables and charts."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from core.progress import RoundProgress
from core.settings import settings_of
from core.space import AXES, DEFAULT_AXES, LogRange, SearchSpace, written
from pages.components.round.chart_style import Domain, axis_domain


class ShownAxes(NamedTuple):
    """The axes that the charts of a round show, in order, with what of them is shown, and the two of the map."""

    domains: tuple[tuple[str, Domain], ...]
    x: str
    y: str
    guesses: bool = False  # whether a student's own guesses are drawn

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, in order."""
        return tuple(name for name, _domain in self.domains)

    def domain(self, axis: str) -> Domain:
        """What is shown of an axis."""
        return dict(self.domains)[axis]

    @property
    def further(self) -> tuple[str, ...]:
        """Those that the map does not show."""
        return tuple(name for name in self.names if name not in (self.x, self.y))


def shown_axes(
    spaces: Iterable[SearchSpace], names: Sequence[str], chosen: tuple[str, str] | None, guesses: bool = False
) -> ShownAxes:
    """What charts show of these axes: all of these ranges, and those in which the lesson begins.

    names: two at least    chosen: the axes of the map, across and up; if they are not among them, the first two are
    """
    known = list(spaces)
    domains = []
    for name in names:
        ranges = [space[name] for space in known if name in space]
        ranges += [AXES[name].start] if name in DEFAULT_AXES or not ranges else []
        domains.append((name, axis_domain(ranges, AXES[name].reach, AXES[name].unit)))
    x, y = chosen if chosen is not None and set(chosen) <= set(names) and chosen[0] != chosen[1] else tuple(names[:2])
    return ShownAxes(tuple(domains), x, y, guesses)


def default_shown(space: SearchSpace) -> ShownAxes:
    """What is shown of one space."""
    return shown_axes([space], space.axes, None)


def place_field(axis: str) -> str:
    """The column of a table that holds places on an axis."""
    return AXES[axis].key


def value_field(axis: str) -> str:
    """The column that holds values."""
    return f"{AXES[axis].key}_value"


def applies(progress: RoundProgress, axis: str) -> bool:
    """Whether a hyperparameter changes anything in a round, searched or not."""
    plan = progress.plan
    return axis in plan.space or settings_of(type(plan))[axis].is_met(plan)


def values_text(axis: str, range_: LogRange) -> str:
    """A range by its values: 1e-06 … 0.01, 16 … 128."""
    low, high = (
        written(end) if AXES[axis].is_decades else AXES[axis].written(AXES[axis].value(end))
        for end in (range_.low, range_.high)
    )
    return f"{low} … {high}"


def brush_param(axis: str) -> str:
    """The name of the brush of an axis' strip."""
    return f"brush_{AXES[axis].key}"


def strip_view(axis: str) -> str:
    """The name of the view of an axis' strip."""
    return f"by_{AXES[axis].key}"

"""Brushes: boxes drawn on the map and ranges drawn on strips, and the ranges of the next round that they leave."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from core.space import AXES, LogRange, SearchSpace
from pages.components.round.searched_axes import ShownAxes, brush_param, place_field

MIN_BOX = 0.2  # decades, or what counts as such on an axis; a narrower one comes from a click or a scroll that moved

Brush = dict[str, tuple[float, float]]  # by axis: the lower and the higher end


def brushes_of(selection: Mapping[str, Any], shown: ShownAxes) -> dict[str, Brush]:
    """The brushes that a chart says are drawn on it, by name; without what no chart sends."""
    wanted = {"brush": (shown.x, shown.y)} | {brush_param(axis): (axis,) for axis in shown.names}
    found = {}
    for name, axes in wanted.items():
        with suppress(TypeError, ValueError, LookupError, AttributeError):
            drawn = selection[name]
            ends = {axis: _sorted(drawn[place_field(axis)]) for axis in axes}
            if all(high - low >= MIN_BOX * AXES[axis].unit for axis, (low, high) in ends.items()):
                found[name] = ends
    return found


def box_of(brushes: Mapping[str, Brush], before: Mapping[str, Brush], space: SearchSpace) -> SearchSpace | None:
    """The ranges that brushes leave; None if none was drawn.

    Along an axis that several brushes limit, what they have in common is left, or else the one that was just drawn.

    before: those that were there before    space: the next round's; axes that no new brush limits keep its ranges
    """
    drawn = {name: brush for name, brush in brushes.items() if before.get(name) != brush}
    left = {}
    for name, brush in drawn.items():
        for axis, own in brush.items():
            others = [one[axis] for other, one in brushes.items() if other != name and axis in one]
            low = max([own[0], *(end for end, _ in others)])
            high = min([own[1], *(end for _, end in others)])
            left[axis] = (low, high) if high - low >= MIN_BOX * AXES[axis].unit else own
    box = space
    with suppress(ValueError, LookupError):
        for axis, ends in left.items():
            if axis in space:
                box = box.with_range(axis, AXES[axis].within(LogRange(*ends)))
        return box if any(axis in space for axis in left) else None
    return None


def _sorted(ends: Any) -> tuple[float, float]:
    one, other = (float(end) for end in ends)
    return min(one, other), max(one, other)

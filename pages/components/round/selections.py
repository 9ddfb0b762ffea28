"""What is selected in the charts of a round: ranges that are brushed, and a trial that is clicked."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from core.lab.lab import Lab
from pages.components.frame.session import attempt, session, viewed_round
from pages.components.round.brushes import box_of, brushes_of
from pages.components.round.choosing import point_at
from pages.components.round.parallel_chart import parallel_brush
from pages.components.round.searched_axes import ShownAxes


def take_selection(lab: Lab, key: str, found: Mapping[str, Any], shown: ShownAxes) -> None:
    """Make what brushes leave the next round's ranges, and remember a trial that was clicked.

    key: of the chart    found: its selections by name    shown: its axes
    """
    viewed, before = viewed_round(lab), session().brushes.get(key, {})
    brushes = brushes_of(found, shown)
    if viewed is not None:
        brushes |= parallel_brush(found, shown, viewed.progress)
    session().brushes[key] = brushes
    if (box := box_of(brushes, before, lab.plan.space)) is not None:
        attempt(lab.set_ranges, box)
        session().redraw = True
    round_, trial = viewed_round(lab), trial_of(found)
    if (
        round_ is not None
        and trial is not None
        and (session().pointed != (round_.number, trial) or session().draft is not None)
    ):
        point_at(round_, trial)
        session().redraw = True


def trial_of(selection: Mapping[str, Any]) -> int | None:
    """The trial that was clicked; None if there is none, or for anything that a chart does not send."""
    with suppress(TypeError, ValueError, LookupError, AttributeError, OverflowError):
        trial = int(selection["picked"][0]["trial"])
        return trial if trial >= 0 else None
    return None

"""The ranges of the next round: which hyperparameters it searches, and a slider and two fields for each of them."""

import streamlit as st

from core.lab.lab import Lab
from core.settings import settings_of
from core.space import AXES, LEAST_AXES, MOST_AXES, LogRange, Scale, power, written
from core.typed_numbers import exponent_from
from pages.components.frame.number_field import number_field, refusals
from pages.components.frame.session import attempt
from pages.components.frame.translation import _
from pages.components.frame.widgets import on_change, widget_key
from pages.components.round.searched_axes import values_text

END_WIDTH = 76  # pixels of the field of a range's end
FORMATS = {Scale.TEN: "%.1f", Scale.TEN_FROM_ONE: "%.1f", Scale.TWO: "%.0f", Scale.PLAIN: "%.2f"}  # of a slider's ends


def range_controls(lab: Lab) -> None:
    """The ranges of all hyperparameters that the next round searches."""
    for axis in lab.plan.space.axes:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key=f"{axis}_row"):
            range_control(lab, axis)
        refusals(f"{axis}_low", f"{axis}_high")


def range_control(lab: Lab, axis: str) -> None:
    """One hyperparameter's range: a slider for the hand, two fields for the keyboard."""
    declared, range_ = AXES[axis], lab.plan.space[axis]
    reach = declared.reach
    slider = widget_key(f"{axis}_slider", (range_.low, range_.high))

    def take_low(end: float) -> None:
        take(end, max(end, now().high))  # an end that is typed beyond the other pushes it along

    def take_high(end: float) -> None:
        take(min(end, now().low), end)

    def take_moved(ends: tuple[float, float]) -> None:
        low, high = ends
        if low == range_.low:
            take_high(high)
        elif high == range_.high:
            take_low(low)
        else:
            take(low, high)

    def now() -> LogRange:
        ranges = lab.plan.space.ranges()  # the other end may have been changed since this was drawn
        return ranges.get(axis, range_)

    def take(low: float, high: float) -> None:
        if axis in lab.plan.space:
            lab.set_ranges(lab.plan.space.with_range(axis, declared.within(LogRange(low, high))))

    st.slider(
        f"{_(declared.label)}:  {values_text(axis, range_)}",
        reach.low, reach.high, (range_.low, range_.high), step=declared.step, format=FORMATS[declared.scale],
        key=slider, help=_(declared.help), on_change=on_change(slider, lambda ends: attempt(take_moved, ends)),
    )  # fmt: skip
    for name, label, end, take_end in zip(
        ("low", "high"), end_labels(declared.scale), (range_.low, range_.high), (take_low, take_high), strict=True
    ):
        number_field(
            f"{axis}_{name}", label, f"{end:g}", lambda text: exponent_from(text, axis), take_end,
            lambda end: described_end(axis, end), width=END_WIDTH,
        )  # fmt: skip


def end_labels(scale: Scale) -> tuple[str, str]:
    """What the fields of the two ends are called."""
    return {
        Scale.TEN: (_("from 10^"), _("to 10^")),
        Scale.TEN_FROM_ONE: (_("1−10^, from"), _("1−10^, to")),
        Scale.TWO: (_("from 2^"), _("to 2^")),
        Scale.PLAIN: (_("from"), _("to")),
    }[scale]


def described_end(axis: str, end: float) -> str:
    """An end of a range in words: 10⁻³ = 0.001."""
    declared = AXES[axis]
    if declared.is_decades:
        return f"{power(end)} = {written(end)}"
    return declared.written(declared.value(end))


def searched_axes_field(lab: Lab) -> None:
    """Which hyperparameters the next round searches."""
    searched = list(lab.plan.space.axes)
    key = widget_key("searched_axes", searched)
    st.pills(
        _("Search also…"), list(AXES), selection_mode="multi", default=searched, key=key, wrap=True,
        format_func=lambda axis: _(settings_of(type(lab.plan))[axis].name),
        on_change=on_change(key, lambda chosen: attempt(search_axes, lab, tuple(chosen))),
        help=_("A round searches {least} to {most} hyperparameters. The others have one value in all of its trials.")
        .format(least=LEAST_AXES, most=MOST_AXES),
    )  # fmt: skip


def search_axes(lab: Lab, axes: tuple[str, ...]) -> None:
    """Search these hyperparameters in the next round, with the settings that they need, which `undo` leaves.

    Raises LessonError where no round can search them.
    """
    lab.set_ranges(lab.plan.searching(axes).space)

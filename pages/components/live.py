"""The live part of the page: progress, Best-5, what to see, and the chart. It alone is drawn again and again."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from html import escape
from typing import Any

import numpy as np
import pyarrow as pa
import streamlit as st

from core.lab import Lab
from core.lab_round import LabRound
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.remarks import BEST, remarks
from core.space import REACHES, LogRange, SearchSpace
from pages.components import charts, tables
from pages.components.choosing import point_at, pointed
from pages.components.pace import ticking
from pages.components.remembered import remembered
from pages.components.session import attempt, session, unsaved, viewed_round
from pages.components.text import _, language, listen, said, told
from pages.components.waiting import first_points, see_out
from pages.components.widgets import entered

CHART = "live_chart"
AXES_OF_BRUSH = {"learning_rate": "lr", "weight_decay": "wd"}
SLIP = 0.2  # decades: a narrower box is a click that slipped, or a finger that meant to scroll


NOTHING = RoundProgress.of(RoundPlan(trials=1))  # before the first round
NO_POINT = tables.arrow(tables.pointed_table(NOTHING, None))
NO_REPEATS = tables.arrow(tables.repeats_table(NOTHING, {}))

# of a version that is over nothing is kept: it would stay as long as the lab does
once_a_version = remembered(lambda progress: not progress.status.over)


def live(lab: Lab, width: int) -> None:
    """Draw the round in view, again every second or so while it runs."""
    running = moving(lab)
    if running is Status.RUNNING:
        first_points(lab)
    with st.container(key="live"):
        ticking(draw, running, lab, width)


def moving(lab: Lab) -> Status | None:
    """The status of the lab's latest round, in view or not, while it moves on by itself."""
    status = lab.latest.progress.status if lab.latest else None
    return status if status in (Status.WAITING, Status.RUNNING) else None


def draw(lab: Lab, width: int, running: Status | None) -> None:
    """One tick. What it does not draw disappears. running: what the rest of the page was drawn for"""
    state = session()
    listen()
    round_ = viewed_round(lab)
    progress = round_.progress if round_ else None
    if state.moved or running != moving(lab):
        state.moved = False
        st.rerun()
    line = st.empty()

    def say() -> None:
        line.html(words(round_, charts.layout(width).aside) + (not_saved() if running else ""))

    say()
    spaces = boxes(lab, round_)
    lr, wd = charts.domains([*spaces.values(), SearchSpace()])
    plan = progress.plan if progress else lab.plan
    panels = min(tables.PANELS, plan.trials)
    dark = st.context.theme.type == "dark"
    spec = charts.live_spec(width, plan.epochs, panels, lr, wd, language(), dark, plan.give_up)
    st.vega_lite_chart(
        {**spec, "datasets": datasets(lab, round_, spaces)},
        key=CHART,
        on_select=entered(CHART, lambda event: selected(lab, event.selection)),
        selection_mode=["brush", "picked"],
        alt=_("Map of trials by learning rate and weight decay, and the accuracy curves of the best of them"),
    )
    if running is Status.RUNNING and round_ is not None and round_ is lab.latest:
        see_out(round_, say)


def datasets(lab: Lab, round_: LabRound | None, spaces: dict[str, SearchSpace]) -> dict[str, bytes]:
    """The chart's tables as Arrow bytes; those that a tick does not change are kept."""
    progress = round_.progress if round_ else RoundProgress.of(lab.plan)
    before = [earlier.progress for earlier in lab.rounds if round_ and earlier.number < round_.number]
    return {
        "points": points_bytes(progress),
        "curves": curves_bytes(progress),
        "earlier": as_before("earlier", before, lambda: tables.earlier_table(before)),
        "boxes": as_before("boxes", spaces, lambda: tables.boxes_table(spaces)),
        "repeats": repeats_bytes(round_, lab.repeats),
        "pointed": pointed_bytes(round_),
    }


@once_a_version
def points_bytes(progress: RoundProgress) -> bytes:
    """The trials, encoded."""
    return tables.arrow(tables.points_table(progress))


@once_a_version
def curves_bytes(progress: RoundProgress) -> bytes:
    """The curves of the best, encoded."""
    return tables.arrow(tables.curves_table(progress))


def as_before(name: str, of: object, make: Callable[[], pa.Table]) -> bytes:
    """A table that seldom changes, encoded again in this tab when what it is made of has changed."""
    kept = session().encoded
    if name not in kept or kept[name][0] != of:
        kept[name] = of, tables.arrow(make())
    return kept[name][1]


def pointed_bytes(round_: LabRound | None) -> bytes:
    """The trial pointed at; most tabs have none."""
    trial = pointed(round_) if round_ else None
    return NO_POINT if round_ is None or trial is None else tables.arrow(tables.pointed_table(round_.progress, trial))


def repeats_bytes(round_: LabRound | None, repeats: dict[tuple[int, int], np.ndarray]) -> bytes:
    """The trials of the round in view that were trained again on other seeds; most rounds have none."""
    found = {trial: accuracy for (number, trial), accuracy in repeats.items() if round_ and number == round_.number}
    return tables.arrow(tables.repeats_table(round_.progress, found)) if round_ and found else NO_REPEATS


def boxes(lab: Lab, round_: LabRound | None) -> dict[str, SearchSpace]:
    """The ranges of the rounds up to the one in view, and the next round's where they differ."""
    numbers: dict[SearchSpace, list[int]] = {}  # rounds in the same ranges share a box, and its label
    for earlier in lab.rounds:
        if round_ and earlier.number <= round_.number:
            numbers.setdefault(earlier.progress.plan.space, []).append(earlier.number)
    shown = {_("round {number}").format(number=listed(found)): space for space, found in numbers.items()}
    if lab.plan.space not in shown.values():
        shown[_("next round")] = lab.plan.space
    return shown


def listed(numbers: list[int]) -> str:
    """Numbers of rounds in the room that a label has: 2 / 1, 2, 3 / 1, …, 7."""
    return ", ".join(map(str, numbers if len(numbers) <= 3 else [numbers[0], "…", numbers[-1]]))


def selected(lab: Lab, found: Mapping[str, Any]) -> None:
    """A box drawn on the map becomes the next round's ranges; a trial that was clicked is pointed at."""
    if (box := box_of(found)) is not None:
        attempt(lab.look_in, box)
        session().moved = True
    round_, trial = viewed_round(lab), trial_of(found)
    if (
        round_ is not None
        and trial is not None
        and (session().pointed != (round_.number, trial) or session().draft is not None)
    ):
        point_at(round_, trial)
        session().moved = True


def box_of(selection: Mapping[str, Any]) -> SearchSpace | None:
    """The box drawn on the map; None without one, and for what no chart sends."""
    with suppress(TypeError, ValueError, LookupError, AttributeError):
        drawn = selection["brush"]
        ends = {axis: [float(end) for end in drawn[name]] for axis, name in AXES_OF_BRUSH.items()}
        if min(max(pair) - min(pair) for pair in ends.values()) >= SLIP:
            return SearchSpace(
                **{axis: LogRange(min(pair), max(pair)).within(REACHES[axis]) for axis, pair in ends.items()}
            )
    return None


def trial_of(selection: Mapping[str, Any]) -> int | None:
    """The trial that was clicked; None without one, and for what no chart sends."""
    with suppress(TypeError, ValueError, LookupError, AttributeError, OverflowError):
        trial = int(selection["picked"][0]["trial"])
        return trial if trial >= 0 else None
    return None


def words(round_: LabRound | None, aside: int) -> str:
    """Progress, Best-5 and what to see, as HTML. aside: pixels free beside the map, 0 for none."""
    return progress_line(round_) + findings(round_.progress if round_ else NOTHING, aside, language())


@once_a_version
def findings(progress: RoundProgress, aside: int, lang: str) -> str:
    """Best-5 and what to see. lang: the page's language, so that each has its own."""
    style = f'class="aside beside" style="width: {aside - 24}px"' if aside else 'class="aside"'
    return f"<div {style}>{best_lines(progress)}{what_to_see(progress)}</div>"


def not_saved() -> str:
    """A line while a round runs that is not being saved; an idle page says it above."""
    return f'<div class="unsaved" role="alert">{escape(told(trouble))}</div>' if (trouble := unsaved()) else ""


def progress_line(round_: LabRound | None) -> str:
    """How far the round is, in words and as a bar."""
    if round_ is None:
        nothing = _("Nothing has been trained yet.")
        return f'<div class="progress-line"><span>{escape(nothing)}</span></div>'
    progress = round_.progress
    done, total = int(progress.epochs_done.sum()), max(progress.epochs_expected(), 1)
    text = _STATES[progress.status](round_, done, total)
    bar = f'<div class="bar"><div style="width: {100 * done / total:.1f}%"></div></div>'
    return f'<div class="progress-line"><span role="status">{escape(text)}</span>{bar}</div>'


def best_lines(progress: RoundProgress) -> str:
    """Best-1 to Best-5 in the lesson's form."""
    accuracy = progress.last_validation()
    lines = [
        f"Best-{rank} (val acc:{accuracy[trial]:.2f}) | lr:{progress.learning_rate[trial]:.3g}, "
        f"weight decay:{progress.weight_decay[trial]:.3g}"
        for rank, trial in enumerate(progress.ranking()[:BEST], start=1)
    ]
    items = "".join(f"<li>{escape(line)}</li>" for line in lines) or f'<li class="none">Best-1 … Best-{BEST}</li>'
    title = _("The best so far")
    return f"<section><h4>{escape(title)}</h4><ol>{items}</ol></section>"


def what_to_see(progress: RoundProgress) -> str:
    """The remarks on a round."""
    found = [said(remark) for remark in remarks(progress)]
    body = "".join(f"<li>{escape(sentence)}</li>" for sentence in found)
    title, nothing = _("What to see"), _("It will say here what the round shows.")
    shown = f"<ul>{body}</ul>" if body else f'<p class="none">{escape(nothing)}</p>'
    return f"<section><h4>{escape(title)}</h4>{shown}</section>"


def _waiting(round_: LabRound, done: int, total: int) -> str:
    left = round_.handle.remaining()  # asked, since no new version comes while a round waits
    return _("Waiting, number {place} in the queue{estimate}").format(
        place=round_.progress.position, estimate=_estimate(left)
    )


def _running(round_: LabRound, done: int, total: int) -> str:
    return _("{done} of {total} epochs · {seconds:.0f} s{estimate}").format(
        done=done, total=total, seconds=round_.progress.seconds, estimate=_estimate(round_.progress.remaining)
    )


def _paused(round_: LabRound, done: int, total: int) -> str:
    return _("Paused at {done} of {total} epochs").format(done=done, total=total)


def _finished(round_: LabRound, done: int, total: int) -> str:
    progress = round_.progress
    if progress.given_up.any():
        return _("Round {number}: {done} of {total} epochs in {seconds:.1f} s; giving up saved {saved}").format(
            number=round_.number,
            done=done,
            total=done + progress.epochs_saved,
            seconds=progress.seconds,
            saved=progress.epochs_saved,
        )
    return _("Round {number}: {total} epochs in {seconds:.1f} s").format(
        number=round_.number, total=total, seconds=round_.progress.seconds
    )


def _stopped(round_: LabRound, done: int, total: int) -> str:
    return _("Round {number} was stopped at {done} of {total} epochs").format(
        number=round_.number, done=done, total=total
    )


def _failed(round_: LabRound, done: int, total: int) -> str:
    return told(round_.handle.fault) if round_.handle.fault else _stopped(round_, done, total)


def _estimate(seconds: float | None) -> str:
    """How long it will still take, to be put behind a sentence."""
    return "" if seconds is None else _(" · about {seconds:.0f} s left").format(seconds=max(seconds, 1))


_STATES = {
    Status.WAITING: _waiting,
    Status.RUNNING: _running,
    Status.PAUSED: _paused,
    Status.FINISHED: _finished,
    Status.STOPPED: _stopped,
    Status.FAILED: _failed,
}

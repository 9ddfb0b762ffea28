"""The trail, a table of all rounds with the student's notes and a field for them, and all trials of one round."""

from html import escape
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis.statistics import mean_and_deviation
from core.lab.lab import NOTE_LENGTH, Lab
from core.lab.lab_round import LabRound
from core.lab.own_guess import is_guess, latest_search
from core.progress import RoundProgress
from core.space import AXES, DEFAULT_AXES, SearchSpace, axes_of, power
from pages.components.frame.session import attempt, session, viewed_round, wait_until_saved
from pages.components.frame.translation import _
from pages.components.frame.widgets import on_change, widget_key
from pages.components.round.choosing import point_at
from pages.components.round.searched_axes import applies, values_text
from pages.components.round.trial_words import further_axes

LATEST = 0  # stands for the latest round where a number is expected


def round_switch(lab: Lab) -> None:
    """Choose which round to look at, once there are two.

    The latest round has an option of its own, so that a new round does not replace the widget: Streamlit keeps data of
    every widget that a tab has had.
    """
    latest = latest_search(lab) or lab.latest
    earlier = [round_.number for round_ in lab.rounds if round_ is not latest]
    if not earlier:
        return
    state = session()
    shown = state.viewed if state.viewed in earlier else LATEST
    options = [*earlier, LATEST]
    key = widget_key("viewed_round", shown)

    def look(chosen: int) -> None:
        state.viewed = chosen or None

    st.selectbox(
        _("Look at round"), options, options.index(shown), key=key, on_change=on_change(key, look),
        label_visibility="collapsed", width=160, format_func=round_label,
    )  # fmt: skip


def round_label(number: int) -> str:
    """The option for a round; LATEST stands for whichever is the latest."""
    return _("round {number}").format(number=number) if number != LATEST else _("latest round")


def trail(lab: Lab) -> None:
    """A field for the note on the viewed round, and all rounds as a table."""
    st.subheader(_("Your rounds so far"), anchor=False)
    if not lab.rounds:
        st.caption(_("Each round adds a line here: its ranges, its epochs, its best accuracy and your note."))
        return
    note_field(lab)
    table = trail_frame(lab)
    names = {
        "round": _("round"), **{axis: _(AXES[axis].label) for axis in searched_by(lab)}, "trials": _("trials"),
        "spent": _("epochs spent"), "best": _("best"), "seed": _("seed"), "why": _("why (your note)"),
    }  # fmt: skip
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = names | {
        **{name: number(names[name], width=60) for name in ("round", "trials", "seed")},
        "spent": number(names["spent"], width=90),
        "best": number(names["best"], format="%.2f", width=60),
        "why": st.column_config.TextColumn(names["why"], width="large"),
    }
    st.dataframe(table, column_config=columns, hide_index=True, key="trail", width="stretch")
    st.html(printable_table(table.round(3), [names[name] for name in table]))


def note_field(lab: Lab) -> None:
    """The field for the note on the viewed round.

    It stands beside the table and is no cell of it: a cell loses the first letter of what an input method puts together
    (Korean, Japanese, Chinese), and what is typed into one when a new round begins.
    """
    round_ = viewed_round(lab)
    if round_ is None:
        return
    key = widget_key(f"note_{round_.number}", round_.note)

    def write(note: str) -> None:
        lab.note(round_.number, note)
        wait_until_saved(lab)

    st.text_input(
        _("Your note on round {number}: why these ranges?").format(number=round_.number), round_.note, NOTE_LENGTH, key,
        on_change=on_change(key, lambda written: attempt(write, written)), autocomplete="off",
    )  # fmt: skip


def printable_table(table: pd.DataFrame, names: list[str]) -> str:
    """The trail as an HTML table for printing; the one on screen is a canvas that scrolls."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    cells = table.astype(object).where(table.notna(), "")  # a round without any result has no best
    rows = ("".join(f"<td>{escape(str(cell))}</td>" for cell in row) for row in cells.itertuples(index=False))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="printed"><table><tr>{head}</tr>{body}</table></div>'


def trail_frame(lab: Lab) -> pd.DataFrame:
    """One row a round: number, ranges as text, trials, epochs spent over all trials, best, seed, note."""
    axes = searched_by(lab)
    return pd.DataFrame([_trail_row(round_, axes) for round_ in lab.rounds])


def searched_by(lab: Lab) -> tuple[str, ...]:
    """What any round of a lab has searched, in the order of all axes; learning rate and weight decay in any case."""
    return axes_of([SearchSpace(), *(one.progress.plan.space for one in lab.rounds)])


def _trail_row(round_: LabRound, axes: tuple[str, ...]) -> dict[str, object]:
    progress = round_.progress
    ranking = progress.ranking()
    # nan and not None: a column of another type would make Streamlit replace the table
    best = progress.last_validation()[ranking[0]] if len(ranking) else np.nan
    return {
        "round": round_.number,
        **{axis: range_text(round_, axis) for axis in axes},
        "trials": progress.plan.trials,
        "spent": int(progress.epochs_done.sum()),
        "best": best,
        "seed": progress.plan.seed,
        "why": round_.note,
    }


def range_text(round_: LabRound, axis: str) -> str:
    """The range of an axis; where it was not searched its one value, or nothing if it changed nothing."""
    progress, space = round_.progress, round_.progress.plan.space
    if not applies(progress, axis):
        return ""
    if axis not in space or is_guess(round_):
        return AXES[axis].in_text(progress.hyperparameters[axis][0].item())
    range_ = space[axis]
    return f"{power(range_.low)} … {power(range_.high)}" if AXES[axis].is_decades else values_text(axis, range_)


def all_trials(lab: Lab, round_: LabRound | None) -> None:
    """All trials of a round that has ended; a click on a row points at its trial."""
    if round_ is None or not round_.progress.status.is_final:
        return
    ranking = round_.progress.ranking()

    def pointed(event: Any) -> None:
        rows = event.selection.rows
        if rows and 0 <= rows[0] < len(ranking):
            point_at(round_, int(ranking[rows[0]]))

    with st.expander(_("All trials of round {number}").format(number=round_.number), icon=":material/table:"):
        number = st.column_config.NumberColumn
        columns: dict[str, Any] = {
            "rank": number(_("rank"), width=60),
            "validation": number(_("validation accuracy"), format="%.3f"),
            "again": st.column_config.TextColumn(_("on other seeds")),
            "training": number(_("training accuracy"), format="%.3f"),
            **{axis: _(AXES[axis].label) for axis in AXES},
            "epochs": number(_("epochs")),
            "given_up": st.column_config.CheckboxColumn(_("given up")),
            "diverged": st.column_config.CheckboxColumn(_("diverged")),
        }
        table = trials_frame(round_.progress, repeats_of(lab, round_))
        values = {axis: AXES[axis].in_text for axis in AXES if axis in table}
        shown = table.style.format(values)  # sorted as numbers
        st.dataframe(
            shown, column_config=columns, hide_index=True, width="stretch", key="all_trials",
            on_select=on_change("all_trials", pointed), selection_mode="single-row",
        )  # fmt: skip


def repeats_of(lab: Lab, round_: LabRound) -> dict[int, np.ndarray]:
    """Accuracies (seeds,) of the trials of a round that were trained again on other seeds."""
    return {trial: accuracy for (number, trial), accuracy in lab.repeats.items() if number == round_.number}


def trials_frame(progress: RoundProgress, repeats: dict[int, np.ndarray]) -> pd.DataFrame:
    """One row a trial with an accuracy, best first; `again` is mean ± standard deviation of its repeats.

    The columns `again` and `given_up` are there only if some trial was.
    """
    ranking = progress.ranking()
    again = [
        "{:.3f} ± {:.3f}".format(*mean_and_deviation(repeats[trial])) if trial in repeats else "" for trial in ranking
    ]
    frame = pd.DataFrame(
        {
            "rank": range(1, len(ranking) + 1),
            "validation": progress.last_validation()[ranking],
            "again": again,
            "training": progress.last_train()[ranking],
            **{axis: progress.hyperparameters[axis][ranking] for axis in (*DEFAULT_AXES, *further_axes(progress))},
            "epochs": progress.epochs_measured[ranking],
            "given_up": progress.given_up[ranking],
            "diverged": progress.diverged[ranking],
        }
    )
    absent = {"again": not repeats, "given_up": not progress.given_up.any()}
    return frame.drop(columns=[name for name, missing in absent.items() if missing])

"""The trail: every round in a line, with the student's reason beside it; and all trials of one round in a table."""

from html import escape
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.again import spread
from core.lab import NOTE_LENGTH, Lab
from core.lab_round import LabRound
from core.progress import RoundProgress
from core.space import LogRange, power
from pages.components.choosing import point_at
from pages.components.session import session
from pages.components.text import _
from pages.components.widgets import entered, widget_key

LATEST = 0  # in place of a round's number


def round_switch(lab: Lab) -> None:
    """Choose which round to look at, once there are two.

    The latest has a name that stays, so that the widget does, too: Streamlit keeps something of every widget that a
    tab has had, and the more of it the more options there were.
    """
    if len(lab.rounds) < 2:
        return
    earlier = [round_.number for round_ in lab.rounds[:-1]]
    state = session()
    shown = state.viewed if state.viewed in earlier else LATEST
    options = [*earlier, LATEST]
    key = widget_key("viewed_round", shown)

    def look(chosen: int) -> None:
        state.viewed = chosen or None

    st.selectbox(
        _("Look at round"), options, options.index(shown), key=key, on_change=entered(key, look),
        label_visibility="collapsed", width=160, format_func=round_name,
    )  # fmt: skip


def round_name(number: int) -> str:
    """What a round is called; LATEST is the one that is the latest at any time."""
    return _("round {number}").format(number=number) if number != LATEST else _("latest round")


def trail(lab: Lab) -> None:
    """All rounds, with a field for the reason."""
    st.subheader(_("The trail"), anchor=False)
    if not lab.rounds:
        st.caption(_("Every round will leave a line here: its ranges, what it cost, its best, and your reason."))
        return
    table = trail_frame(lab)
    names = {
        "round": _("round"), "learning_rate": _("learning rate"), "weight_decay": _("weight decay"),
        "trials": _("trials"), "spent": _("epochs spent"), "best": _("best"), "seed": _("seed"),
        "why": _("why (your note)"),
    }  # fmt: skip
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = names | {
        **{name: number(names[name], width=60) for name in ("round", "trials", "seed")},
        "spent": number(names["spent"], width=90),
        "best": number(names["best"], format="%.2f", width=60),
        "why": st.column_config.TextColumn(names["why"], max_chars=NOTE_LENGTH, width="large"),
    }
    locked = [name for name in table if name != "why"]
    st.data_editor(
        table, column_config=columns, disabled=locked, hide_index=True, key="trail", width="stretch", on_change=noted,
        args=(lab, len(table)),
    )  # fmt: skip
    st.html(printed(table.round(3), [names[name] for name in table]))


def noted(lab: Lab, rows: int) -> None:
    """Take over what was written into a trail of so many rows.

    Streamlit keeps what is called, and all it holds, for every table that a tab has shown: not the table, for that.
    """
    for row, changes in st.session_state.get("trail", {}).get("edited_rows", {}).items():
        if "why" in changes and int(row) < rows:  # a note may come late, when another lab is here
            lab.note(lab.rounds[int(row)].number, str(changes["why"] or ""))


def printed(table: pd.DataFrame, names: list[str]) -> str:
    """The trail as a table for paper, shown only there: the one on screen is a canvas that scrolls."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    cells = table.astype(object).where(table.notna(), "")  # a round without a point has no best
    rows = ("".join(f"<td>{escape(str(cell))}</td>" for cell in row) for row in cells.itertuples(index=False))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="printed"><table><tr>{head}</tr>{body}</table></div>'


def trail_frame(lab: Lab) -> pd.DataFrame:
    """One row a round: number, ranges as text, trials, epochs spent over all trials, best, seed, note."""
    return pd.DataFrame([_trail_row(round_) for round_ in lab.rounds])


def _trail_row(round_: LabRound) -> dict[str, object]:
    progress = round_.progress
    ranking = progress.ranking()
    # a number also where there is none: a column of another type would be another table
    best = progress.last_validation()[ranking[0]] if len(ranking) else np.nan
    return {
        "round": round_.number,
        "learning_rate": _powers(progress.plan.space.learning_rate),
        "weight_decay": _powers(progress.plan.space.weight_decay),
        "trials": progress.plan.trials,
        "spent": int(progress.epochs_done.sum()),
        "best": best,
        "seed": progress.plan.seed,
        "why": round_.note,
    }


def _powers(range_: LogRange) -> str:
    return f"{power(range_.low)} … {power(range_.high)}"


def all_trials(lab: Lab, round_: LabRound | None) -> None:
    """Every trial of the round in view, sortable by a click, a row's click points at it; once the round is over."""
    if round_ is None or not round_.progress.status.over:
        return
    ranking = round_.progress.ranking()

    def pointed(event: Any) -> None:
        rows = event.selection.rows
        if rows and 0 <= rows[0] < len(ranking):
            point_at(round_, int(ranking[rows[0]]))

    with st.expander(_("All trials of round {number}").format(number=round_.number), icon=":material/table:"):
        number = st.column_config.NumberColumn
        columns = {
            "rank": number(_("rank"), width=60),
            "validation": number(_("validation accuracy"), format="%.3f"),
            "again": st.column_config.TextColumn(_("on other seeds")),
            "training": number(_("training accuracy"), format="%.3f"),
            "learning_rate": number(_("learning rate"), format="%.3e"),
            "weight_decay": number(_("weight decay"), format="%.3e"),
            "epochs": number(_("epochs")),
            "given_up": st.column_config.CheckboxColumn(_("given up")),
            "diverged": st.column_config.CheckboxColumn(_("diverged")),
        }
        table = trials_frame(round_.progress, repeats_of(lab, round_))
        st.dataframe(
            table, column_config=columns, hide_index=True, width="stretch", key="all_trials",
            on_select=entered("all_trials", pointed), selection_mode="single-row",
        )  # fmt: skip


def repeats_of(lab: Lab, round_: LabRound) -> dict[int, np.ndarray]:
    """The trials of a round that were trained again, with their accuracies."""
    return {trial: accuracy for (number, trial), accuracy in lab.repeats.items() if number == round_.number}


def trials_frame(progress: RoundProgress, repeats: dict[int, np.ndarray]) -> pd.DataFrame:
    """One row a trial with a score, best first; `again` is mean ± standard deviation where it was trained again.

    The columns `again` and `given_up` are there only if some trial was.
    """
    ranking = progress.ranking()
    again = ["{:.3f} ± {:.3f}".format(*spread(repeats[trial])) if trial in repeats else "" for trial in ranking]
    frame = pd.DataFrame(
        {
            "rank": range(1, len(ranking) + 1),
            "validation": progress.last_validation()[ranking],
            "again": again,
            "training": progress.last_train()[ranking],
            "learning_rate": progress.learning_rate[ranking],
            "weight_decay": progress.weight_decay[ranking],
            "epochs": progress.epochs_done[ranking],
            "given_up": progress.given_up[ranking],
            "diverged": progress.diverged[ranking],
        }
    )
    absent = {"again": not repeats, "given_up": not progress.given_up.any()}
    return frame.drop(columns=[name for name, missing in absent.items() if missing])

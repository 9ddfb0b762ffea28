"""One value trained by hand: the button beside the fields of a choice, and the marks of all guesses on the charts."""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import streamlit as st

from core.analysis.comparable_rounds import settings
from core.errors import LessonError
from core.lab.choice import Choice
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.own_guess import is_guess, train_value
from core.progress import RoundProgress
from core.space import DEFAULT_AXES
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt, session, wait_until_saved
from pages.components.frame.translation import _
from pages.components.refresh.pace import ticking
from pages.components.round.searched_axes import place_field
from pages.components.round.tables import points_table
from pages.components.round.trial_words import values_in_words, values_of_trial

SHOWN = 3  # latest guesses that are told


def guesses_of(lab: Lab, round_: LabRound | None) -> tuple[LabRound, ...]:
    """The student's own guesses that can be compared with a round and have an accuracy."""
    made = [one for one in lab.rounds if is_guess(one) and one.progress.started and one is not round_]
    if round_ is None or not made:
        return ()
    like = settings(round_.progress.plan)
    return tuple(one for one in made if settings(one.progress.plan) == like)


def guess_of(lab: Lab, round_: LabRound, choice: Choice) -> LabRound | None:
    """The guess of just these values that can be compared with a round; None if they were not trained by hand."""
    comparable = (*guesses_of(lab, round_), *([round_] if is_guess(round_) else []))
    alike = (one for one in comparable if Choice.of_trial(0, one.progress, 0).values == choice.values)
    return next(alike, None)


def train_button(lab: Lab, shown: Callable[[], Choice], number: int) -> None:
    """The button that trains the values that the fields show by the settings of a round.

    shown: gives them, or raises LessonError    number: of the round
    """
    state = session()

    def train() -> None:
        attempt(lambda: train_value(lab, server().engine, shown(), number))
        state.choice_fault, state.fault = state.fault, None  # shown beside the fields, not at the top
        wait_until_saved(lab)

    st.button(
        _("Train this value"), icon=":material/play_circle:", on_click=train, key="train_value",
        disabled=lab.busy or lab.final is not None or not may_start(lab),
        help=_("One trial with the settings and the split of round {number}; its epochs count like those of a round.")
        .format(number=number),
    )  # fmt: skip


def may_start(lab: Lab) -> bool:
    """Whether the teacher lets rounds be started."""
    try:
        lab.check_start()
    except LessonError:
        return False
    return True


def guess_sentences(lab: Lab, round_: LabRound) -> list[str]:
    """What the latest guesses have reached, the newest last, beside the best of the round."""
    ranking = round_.progress.ranking()
    best = float(round_.progress.last_validation()[ranking[0]]) if len(ranking) else np.nan
    return [
        _("Your guess ({values}): validation accuracy {accuracy:.2f}; Best-1 of round {number} has {best:.2f}.").format(
            values=values_in_words(values_of_trial(one.progress, 0)), number=round_.number, best=best,
            accuracy=float(one.progress.last_validation()[0]),
        )
        for one in guesses_of(lab, round_)[-SHOWN:]
        if one.progress.status.is_final
    ]  # fmt: skip


def guesses(lab: Lab, round_: LabRound) -> None:
    """How far the guess in training is, and what guesses have reached."""
    ticking(guess_progress, lab.busy and lab.latest is not None and is_guess(lab.latest), lab)
    for sentence in guess_sentences(lab, round_):
        st.markdown(f"- {sentence}")


def guess_progress(lab: Lab, running: bool) -> None:
    """A progress bar of a guess in training."""
    latest = lab.latest
    training = latest is not None and lab.busy and is_guess(latest)
    if running and not training:
        redraw_page()
    if latest is not None and training:
        share = float(latest.progress.epochs_done.sum()) / max(latest.progress.epochs_expected(), 1)
        st.progress(share, _("Your value is being trained"))


def guesses_table(guesses: Sequence[RoundProgress], axes: Sequence[str] = DEFAULT_AXES) -> pa.Table:
    """One row a guess: places on the axes, validation accuracy, and that in words."""
    nothing = pa.table({name: pa.array([], pa.float32()) for name in [*map(place_field, axes), "validation"]})
    rows = [points_table(one, axes).select(nothing.column_names) for one in guesses]
    table, sentence = pa.concat_tables([nothing, *rows]), _("your guess: validation accuracy {accuracy:.3f}")
    said = [sentence.format(accuracy=accuracy) for accuracy in table["validation"].to_pylist()]
    return table.append_column("said", pa.array(said, pa.string()))

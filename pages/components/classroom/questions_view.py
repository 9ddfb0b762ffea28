"""The questions about the lesson at the teacher's desk and on the board: who is asked, and what the class answered."""

from datetime import date
from html import escape

import numpy as np
import streamlit as st

from core.analysis.learning_gain import FEWEST, LearningGain
from core.classroom.class_questions import QUESTIONS, ClassAnswers, QuestionsOpen
from core.classroom.classroom import Classroom
from core.classroom.learning_results import LearningResults, learning_results
from core.export.answer_table import answers_csv
from core.server.classes import BOARD_SECONDS
from pages.components.classroom.teacher_locks import LockState, lock_state, poll_once
from pages.components.frame.assets import style
from pages.components.frame.deferred_files import download_button
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt
from pages.components.frame.translation import _, detect_language
from pages.components.frame.widgets import on_change, widget_key
from pages.components.refresh.cache import memoize_on
from pages.components.refresh.pace import ticking

STYLE = style(__file__, "questions_view.css")


def questions_view(classroom: Classroom, secret: str) -> None:
    """The switch for the questions, what they are, and the results so far."""
    positions = {
        QuestionsOpen.OFF: _("not asked"),
        QuestionsOpen.BEFORE: _("asked before the lesson"),
        QuestionsOpen.AFTER: _("asked after the lesson"),
        QuestionsOpen.RESULTS: _("results on the board"),
    }
    key = widget_key("class_questions", classroom.questions)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control(
            _("five questions"), list(positions), default=classroom.questions, key=key, required=True,
            format_func=positions.__getitem__, disabled=classroom.ended is not None,
            help=_("The same five before and after the lesson, so that the class sees what it has learned. Optional "
                   "and anonymous."),
            on_change=on_change(key, lambda opened: attempt(classroom.open_questions, secret, opened)),
        )  # fmt: skip
        download_button(
            _("Answers as a table (CSV)"), lambda: answer_table(classroom), f"answers-{date.today().isoformat()}.csv",
            "text/csv", ":material/table:",
        )  # fmt: skip
    ticking(draw_results, lock_state(classroom), classroom, shortest=BOARD_SECONDS)
    with st.expander(_("The questions"), icon=":material/quiz:"):
        for number, question in enumerate(QUESTIONS, 1):
            options = "\n".join(
                f"- **{_(text)}** ✓" if place == question.right else f"- {_(text)}"
                for place, text in enumerate(question.options)
            )
            st.markdown(f"{number}. {_(question.text)}\n\n{options}")


def answer_table(classroom: Classroom) -> bytes:
    """The answers as CSV in UTF-8."""
    return answers_csv(server().labs.classes.answers.of(classroom)).encode("utf-8-sig")


def draw_results(classroom: Classroom, drawn_for: LockState | None) -> None:
    """One tick at the desk. drawn_for: the class's state that the switches were drawn for"""
    detect_language()
    poll_once(classroom, drawn_for)
    st.html(STYLE + results_html(results_of(server().labs.classes.answers.of(classroom))))


def draw_on_board(classroom: Classroom) -> None:
    """The results on the board, while the teacher shows them."""
    st.html(STYLE + results_html(results_of(server().labs.classes.answers.of(classroom))))


@memoize_on()
def results_of(answers: ClassAnswers) -> LearningResults:
    """The results of a class, computed once for everybody who looks at them."""
    return learning_results(answers)


def results_html(results: LearningResults) -> str:
    """Shares of right answers as bars, before and after, and the gain in a sentence."""
    counts = _("answers before the lesson: {before}, after it: {after}").format(
        before=results.count_before, after=results.count_after
    )
    if results.before is None and results.after is None:
        few = _("Results are shown from {fewest} students on, so that nobody's answers can be told.").format(
            fewest=FEWEST
        )
        return f'<div class="learning"><p>{escape(counts)}</p><p>{escape(few)}</p></div>'
    rows = "".join(
        f"<tr><th>{escape(_(question.subject))}</th><td>{_bars(results, number)}</td></tr>"
        for number, question in enumerate(QUESTIONS)
    )
    key = f'<p class="key"><b class="before"></b>{escape(_("before"))} <b class="after"></b>{escape(_("after"))}</p>'
    gain = f'<p class="gain">{escape(gain_sentence(results.gain))}</p>'
    return f'<div class="learning"><p>{escape(counts)}</p>{gain}{key}<table>{rows}</table></div>'


def _bars(results: LearningResults, number: int) -> str:
    """The bars of a question."""
    shares: dict[str, np.ndarray | None] = {"before": results.before, "after": results.after}
    words = {"before": _("before"), "after": _("after")}
    return "".join(
        f'<div class="line"><div class="bar {phase}" style="width:{70 * float(found[number]):.1f}%"></div>'
        f'<span aria-label="{escape(words[phase])}">{found[number]:.0%}</span></div>'
        for phase, found in shares.items()
        if found is not None
    )


def gain_sentence(gain: LearningGain | None) -> str:
    """What the class has gained, in questions of the five."""
    if gain is None:
        return _("A gain is said once {fewest} students have answered before and after the lesson.").format(
            fewest=FEWEST
        )
    count = len(QUESTIONS)
    who = (
        _("{students} students answered both times.").format(students=gain.students)
        if gain.is_paired
        else _("Few answered both times, so the two groups are compared.")
    )
    numbers = _(
        "Right answers of {count}: {before:.1f} before, {after:.1f} after; the difference is {gain:+.1f} (95% interval "
        "{low:+.1f} to {high:+.1f})."
    ).format(
        count=count, before=count * gain.before, after=count * gain.after, gain=count * gain.gain,
        low=count * (gain.gain - gain.limit), high=count * (gain.gain + gain.limit),
    )  # fmt: skip
    return f"{who} {numbers} {gain_verdict(gain)}"


def gain_verdict(gain: LearningGain) -> str:
    """Whether the difference is more than chance explains."""
    if gain.is_chance:
        return _("Chance alone can make this difference.")
    if gain.gain > 0:
        return _("The class knows more than before: chance does not explain it.")
    return _("The class answers fewer correctly than before: chance does not explain it.")

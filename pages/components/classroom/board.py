"""The class board: a map of all trials, everybody's progress, the ranking, the best trials, and the final tests.

It is drawn again and again for everybody who looks at it; its tables are computed and encoded once for all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import pyarrow as pa
import streamlit as st

from core.classroom.class_questions import QuestionsOpen
from core.classroom.classroom import Classroom, FinalTestAccess, RankingVisibility
from core.classroom.leaderboard import Board
from core.classroom.ranking import EqualBudgetRanking
from core.server.classes import BOARD_SECONDS
from core.space import AXES
from pages.components.classroom import board_charts as charts
from pages.components.classroom import board_tables as tables
from pages.components.classroom.board_text import (
    best_trial_sentence,
    final_test_sentences,
    joining_html,
    progress_sentence,
    ranking_html,
    title_html,
    totals_html,
)
from pages.components.classroom.invitation import STYLE as INVITATION_STYLE
from pages.components.classroom.invitation import invitation_html, invites, qr_html, shown_link
from pages.components.classroom.questions_view import draw_on_board
from pages.components.classroom.shown_names import shown_names
from pages.components.classroom.teacher_locks import LockState, lock_state, poll_once
from pages.components.classroom.teacher_notice import NOTICE_STYLE, draw_notice
from pages.components.frame.assets import style
from pages.components.frame.running_server import server
from pages.components.frame.theme import is_dark
from pages.components.frame.translation import _, detect_language, language
from pages.components.refresh.cache import memoize, memoize_on
from pages.components.refresh.pace import ticking
from pages.components.round.chart_style import WIDE
from pages.components.round.searched_axes import ShownAxes
from pages.components.round.tables import arrow

BEST, BEST_ON_PROJECTOR = 20, 5  # of the class's best trials whose curves are drawn; nobody scrolls a projector
ROOM_FOR_NAMES = 500  # pixels of a page on which names stand beside the lines; a narrower one has room for figures
STYLE = style(__file__, "board.css")

NamePairs = tuple[tuple[int, str], ...]  # seat and name of each student


@dataclass(frozen=True)
class View:
    """What one tick draws."""

    classroom: Classroom
    board: Board
    ranking: EqualBudgetRanking | None  # None while the ranking is hidden
    all_names: NamePairs
    width: int  # pixels of the page
    alone: bool  # whether the page is the board alone, as on a projector

    @property
    def wide(self) -> bool:
        """Whether there are two columns."""
        return self.width >= WIDE

    @property
    def size(self) -> int:
        """Pixels of a chart's type."""
        return charts.type_size(self.width)

    @property
    def names(self) -> NamePairs:
        """The names that may be shown beside accuracies: all while the ranking is shown, else none."""
        return self.all_names if self.classroom.ranking is RankingVisibility.SHOWN else ()


def live_board(classroom: Classroom, width: int, own_seat: int | None = None, alone: bool = False) -> None:
    """Draw the board every BOARD_SECONDS while the class is open, less often while very many pages are running.

    width: pixels of the page    own_seat: of the student who looks
    alone: whether the page is the board alone, which then has the class's title and how to join
    """
    st.html(STYLE + (NOTICE_STYLE if alone else ""))  # else the page has drawn it
    with st.container(key="board"):
        ticking(draw_board, lock_state(classroom), classroom, width, own_seat, alone, shortest=BOARD_SECONDS)


def draw_board(
    classroom: Classroom, width: int, own_seat: int | None, alone: bool, drawn_for: LockState | None
) -> None:
    """One tick. drawn_for: the class's state that the rest of the page was drawn for"""
    detect_language()
    poll_once(classroom, drawn_for)
    names = tuple(shown_names(classroom).items())
    classes = server().labs.classes
    view = View(classroom, classes.board(classroom), classes.visible_ranking(classroom), names, width, alone)
    revealed = classroom.final_tests is FinalTestAccess.REVEALED and bool(view.board.finals)
    invited = alone and invites(classroom) and not revealed
    draw_head(view, invited and bool(view.board.rounds))
    if alone:
        draw_notice(classroom)
    if classroom.questions is QuestionsOpen.RESULTS:
        draw_on_board(classroom)
        return
    if invited and not view.board.rounds:
        st.html(INVITATION_STYLE + invitation_html(classroom))
        return
    left, right = st.columns(2, gap="medium") if view.wide else (st.container(), st.container())
    with left:
        if revealed:
            draw_finals(view)
        else:
            draw_map(view)
    with right:
        frozen = classroom.ranking is RankingVisibility.FROZEN
        st.html(ranking_html(view.ranking, frozen, dict(view.all_names), own_seat, view.board.guessing))
        draw_lines(view)
    if not (alone and revealed):  # the sentences about the final tests need the room
        draw_best(view)


def draw_head(view: View, invited: bool) -> None:
    """Title and totals of a class. invited: whether to show how to join, as students come late or lose their link"""
    totals = f'<div class="board-line">{totals_html(view.classroom, view.board)}</div>'
    if not view.alone:
        st.html(totals)
        return
    title = f'<div class="board-line">{title_html(view.classroom)}</div>'
    join = f'<div class="board-line">{joining_html(view.classroom, shown_link(view.classroom))}</div>'
    lines, code = (title + join + totals, qr_html(view.classroom)) if invited else (title + totals, "")
    st.html(f'<div class="board-head"><div>{lines}</div>{code}</div>')


def draw_map(view: View) -> None:
    """All trials of the class, and the ranges of everybody's latest round."""
    board = view.board
    shown = map_shown(board)
    datasets = {
        "ranges": table_bytes(board, tables.ranges_table, view.all_names),
        "points": table_bytes(board, tables.points_table, view.names),
    }
    best = best_trial_sentence(board)
    st.vega_lite_chart(
        {
            **charts.map_spec(view.wide, view.size, shown, bool(view.names), language(), is_dark()),
            "datasets": datasets,
        },
        key="board_map",
        width="stretch",
        alt=_("Map of the class's trials by {across} and {up}. {best}").format(
            across=_(AXES[shown.x].label), up=_(AXES[shown.y].label), best=best
        ),
    )
    legend = _("○ the class's Best-20   × diverged   □ where everybody looks now")
    if len(board.map_sample) < len(board.validation):
        legend += "   · " + _("{drawn} of {trials} trials drawn, picked at random").format(
            drawn=f"{len(board.map_sample):,}", trials=f"{len(board.validation):,}"
        )
    st.html(f'<p class="board-marks">{escape(legend)}</p>')


def draw_lines(view: View) -> None:
    """Everybody's best accuracy so far against the epochs spent."""
    budget, names = view.ranking.budget if view.ranking else 0, view.names if view.width >= ROOM_FOR_NAMES else ()
    datasets = {
        "lines": table_bytes(view.board, tables.lines_table, names),
        "budget": budget_bytes(budget, _("equal budget: {budget}").format(budget=f"{budget:,}")),
    }
    end, where = tables.epoch_axis_end(view.board), progress_sentence(view.board)
    st.vega_lite_chart(
        {**charts.lines_spec(view.wide, view.size, end, bool(names), language(), is_dark()), "datasets": datasets},
        key="board_lines",
        width="stretch",
        alt=_("Best accuracy so far against epochs spent, a line a student. {where}").format(where=where),
    )


def draw_best(view: View) -> None:
    """The accuracy curves of the class's best trials."""
    board, best = view.board, BEST_ON_PROJECTOR if view.alone else BEST
    if not len(board.best):
        return
    datasets = {"curves": table_bytes(board, tables.curves_table, view.names)}
    st.vega_lite_chart(
        {**charts.best_spec(view.width, best, most_epochs_of_best(board), language(), is_dark()), "datasets": datasets},
        key="board_best",
        alt=_("Accuracy curves of the class's best {count} trials").format(count=min(best, len(board.best))),
    )


def draw_finals(view: View) -> None:
    """Everybody's test accuracy against the validation accuracy that led to the choice."""
    datasets = {"finals": table_bytes(view.board, tables.finals_table, view.names)}
    sentences = final_test_sentences(view.board.finals)
    st.vega_lite_chart(
        {**charts.finals_spec(view.wide, view.size, bool(view.names), language(), is_dark()), "datasets": datasets},
        key="board_finals",
        width="stretch",
        alt=" ".join(sentences),
    )
    st.html(f'<ul class="optimism">{"".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)}</ul>')


@memoize_on()
def map_shown(board: Board) -> ShownAxes:
    """What the map shows."""
    return tables.map_shown(board)


@memoize_on()
def most_epochs_of_best(board: Board) -> int:
    """Epochs of the longest round that one of the best trials is from."""
    return max(board.curve(int(place))[0].plan.epochs for place in board.best)


@memoize(16)
def budget_bytes(budget: int, label: str) -> bytes:
    """The table of the equal budget as Arrow bytes."""
    return arrow(tables.budget_table(budget, label))


@memoize_on()
def table_bytes(board: Board, table: Callable[[Board, tables.Names], pa.Table], names: NamePairs) -> bytes:
    """A table of a board as Arrow bytes, encoded once for everybody who looks at it."""
    return arrow(table(board, dict(names)))

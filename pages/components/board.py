"""The class board: drawn again every two seconds for whoever looks, computed and encoded once for all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from statistics import median_high

import pyarrow as pa
import streamlit as st

from core import codes
from core.board import NEVER, Board, Final, optimism
from core.classes import PERIOD
from core.classroom import Classroom, Finals, Member, Rank, Ranking, Standing
from core.space import plain, value
from pages.components import board_charts as charts
from pages.components.charts import WIDE, Domain
from pages.components.closed import State, look, state
from pages.components.pace import ticking
from pages.components.remembered import remembered
from pages.components.session import classes
from pages.components.tables import arrow
from pages.components.text import LANGUAGES, _, catalogue, language, listen

LINES = 16  # of the ranking that are shown
CLOSE = 0.9  # of the equal budget: who has spent less is told apart
LEFT, RIGHT = 3, 2  # shares of a wide page
KEPT = 16  # of the tables of equal budgets, each of which is small

STYLE = """
<style>
.stMainBlockContainer {max-width: none;}
.board-line {display: flex; flex-wrap: wrap; gap: .2rem 2rem; align-items: baseline; font-size: 1.35rem;
  font-variant-numeric: tabular-nums;}
.board-line .title {font-size: 1.7rem; font-weight: 700; line-height: 1.2;}
.board-line .code {font: 700 1.5rem/1.4 "Source Code Pro", monospace;}
.ranking h3 {font-size: 1.25rem; padding: 0; margin: 0;}
.ranking p {font-size: 1rem; margin: 0 0 .4rem 0;}
.ranking ol {list-style: none; padding: 0; margin: 0; columns: 2; column-gap: 2rem;}
.ranking li {margin: 0; padding: .05rem 0; font-size: 1.25rem; line-height: 1.5; display: flex; gap: .6rem;
  break-inside: avoid; font-variant-numeric: tabular-nums;}
.ranking .place {min-width: 2.6rem; font-weight: 700;}
.ranking .who {flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;}
.ranking .mine {font-weight: 700; text-decoration: underline;}
.board-marks, .optimism {margin: 0;}
.board-marks {font-size: 1rem; opacity: .8;}
.optimism {font-size: 1.25rem; line-height: 1.5; padding-left: 1.2rem; margin: 0;}
@media (max-width: 640px) {.ranking ol {columns: 1;} .board-line, .ranking li {font-size: 1.05rem;}}
</style>
"""


def live_board(classroom: Classroom, width: int, mine: int | None = None, titled: bool = False) -> None:
    """Draw the board, every PERIOD while the class is open, less often while very many pages are running.

    width: pixels of the page    mine: the seat of the student who looks    titled: whether it says what class it is
    """
    st.html(STYLE)
    with st.container(key="board"):
        ticking(draw, state(classroom), classroom, width, mine, titled, shortest=PERIOD)


@dataclass(frozen=True)
class View:
    """What one tick draws from."""

    classroom: Classroom
    board: Board
    standing: Standing | None  # None while the ranking is hidden
    names: tuple[tuple[int, str], ...]  # what the page calls everybody, by seat
    wide: bool

    @property
    def told(self) -> tuple[tuple[int, str], ...]:
        """The names that stand beside accuracies: none while the ranking is not to be known."""
        return self.names if self.classroom.ranking is Ranking.SHOWN else ()


def draw(classroom: Classroom, width: int, mine: int | None, titled: bool, before: State | None) -> None:
    """One tick. before: the class's state as the rest of the page was drawn for it"""
    listen()
    look(classroom, before)
    names = tuple((seat, name(member)) for seat, member in classroom.members.items())
    view = View(classroom, classes().board(classroom), classes().standing(classroom), names, width >= WIDE)
    st.html(f'<div class="board-line">{title(classroom) if titled else ""}{totals(classroom, view.board)}</div>')
    left, right = st.columns([LEFT, RIGHT], gap="medium") if view.wide else (st.container(), st.container())
    with left:
        if classroom.finals is Finals.REVEALED and view.board.finals:
            finals(view)
        else:
            the_map(view)
    with right:
        st.html(ranking(view, mine))
        lines(view)
    best(view, width)


# ---------------------------------------------------------------------------------------------------- names


def name(member: Member, lang: str | None = None) -> str:
    """What others call a student: the nickname, else the pseudonym in a language, that of the page by default."""
    return member.shown_nickname or spelled(member.pseudonym, lang or language())


@lru_cache(maxsize=4096)
def spelled(pseudonym: str, lang: str) -> str:
    """A pseudonym in a language."""
    return " ".join(catalogue(lang).gettext(word) for word in pseudonym.split())


def spellings(pseudonym: str) -> list[str]:
    """A pseudonym in all languages."""
    return [spelled(pseudonym, lang) for lang in LANGUAGES]


# ---------------------------------------------------------------------------------------------------- words


def title(classroom: Classroom) -> str:
    """What class it is, and its code for who comes late."""
    code = f'<span class="code">{codes.written(classroom.code)}</span>' if classroom.ended is None else ""
    return f'<span class="title"><bdi>{escape(classroom.title)}</bdi></span>{code}'


def totals(classroom: Classroom, board: Board) -> str:
    """What the class has done so far, in a line."""
    said = [
        _("students: {count}").format(count=board.joined),
        _("rounds: {count}").format(count=board.rounds),
        _("trials: {count}").format(count=f"{len(board.validation):,}"),
        _("epochs: {count}").format(count=f"{board.epochs:,}"),
    ]
    if board.running:
        said.append(_("learning now: {count}").format(count=board.running))
    if board.left_out:
        said.append(_("left out, on other images: {count}").format(count=board.left_out))
    if classroom.ended is not None:
        said.append(_("the class has ended"))
    elif not classroom.rounds_open:
        said.append(_("rounds are closed"))
    return "".join(f"<span>{escape(one)}</span>" for one in said)


def ranking(view: View, mine: int | None) -> str:
    """The ranking at equal budget, as far as the class may see it."""
    standing, title = view.standing, _("Best at equal budget")
    if standing is None:
        said = _("The ranking is hidden for now.")
        return f'<section class="ranking"><h3>{escape(title)}</h3><p>{escape(said)}</p></section>'
    if view.classroom.ranking is Ranking.FROZEN:
        title += " · " + _("frozen")
    if not standing.ranks:
        said = _("Nobody has trained anything yet.")
        return f'<section class="ranking"><h3>{escape(title)}</h3><p>{escape(said)}</p></section>'
    said = _("after at most {budget} epochs each; = is a tie, within one standard error ({error:.2f})").format(
        budget=f"{standing.budget:,}", error=standing.error
    )
    shown, names = standing.ranks[:LINES], dict(view.names)
    items = "".join(rank_line(rank, names.get(rank.seat, ""), rank.seat == mine, standing.budget) for rank in shown)
    if more := len(standing.ranks) - len(shown):
        items += f"<li>{escape(_('and {count} more').format(count=more))}</li>"
    own = next((rank for rank in standing.ranks[LINES:] if rank.seat == mine), None)
    if own is not None:
        items += rank_line(own, names.get(own.seat, ""), True, standing.budget)
    return f'<section class="ranking"><h3>{escape(title)}</h3><p>{escape(said)}</p><ol>{items}</ol></section>'


def rank_line(rank: Rank, who: str, own: bool, budget: int) -> str:
    """One student's line; who is clearly short of the budget has the epochs beside the accuracy."""
    behind = _("after {spent}").format(spent=f"{rank.spent:,}") if rank.spent < CLOSE * budget else ""
    short = f" <small>{escape(behind)}</small>" if behind else ""
    place = f"{rank.place} =" if rank.tied else f"{rank.place}"
    you = f"{escape(_('you'))}: " if own else ""
    return (
        f'<li{" class=mine" if own else ""}><span class="place">{place}</span>'
        f'<span class="who">{you}<bdi>{escape(who)}</bdi></span><span>{rank.accuracy:.2f}{short}</span></li>'
    )


def about_finals(finals: tuple[Final, ...]) -> list[str]:
    """What the final tests of a class say together."""
    said = [_("Final tests: {count}").format(count=len(finals))]
    found = optimism(finals)
    if found is None:
        return said
    if others := len(finals) - found.count:
        said[0] += _(", of values that were not chosen by a trial: {count}").format(count=others)
    gap = f"{found.led - found.again:.3f}" + (f" ± {found.error:.3f}" if found.count > 1 else "")
    said.append(
        _(
            "The accuracy that led to a choice was {led:.3f} on average. On other seeds the same values reach "
            "{again:.3f}: choosing the best had flattered by {gap}. On the test images they reach {test:.3f}."
        ).format(led=found.led, again=found.again, gap=gap, test=found.test)
    )
    said.append(
        _("{below} of {count} lie below the line; without flattery, on images as hard, about half would.").format(
            below=found.below, count=found.count
        )
    )
    return said


# ---------------------------------------------------------------------------------------------------- charts


def dark() -> bool:
    """Whether the page is dark."""
    return st.context.theme.type == "dark"


def the_map(view: View) -> None:
    """All trials of the class, and where everybody looks."""
    board = view.board
    lr, wd = domains(board)
    datasets = {
        "ranges": encoded(board, charts.ranges_table, view.names),
        "points": encoded(board, charts.points_table, view.told),
    }
    st.vega_lite_chart(
        {**charts.map_spec(view.wide, lr, wd, bool(view.told), language(), dark()), "datasets": datasets},
        key="board_map",
        width="stretch",
        alt=_("Map of the class's trials by learning rate and weight decay. {best}").format(best=best_in_words(board)),
    )
    said = _("○ the class's Best-20   × diverged   □ where everybody looks now")
    if len(board.drawn) < len(board.validation):
        said += "   · " + _("{drawn} of {trials} trials drawn, picked at random").format(
            drawn=f"{len(board.drawn):,}", trials=f"{len(board.validation):,}"
        )
    st.html(f'<p class="board-marks">{escape(said)}</p>')


def best_in_words(board: Board) -> str:
    """The class's best trial in a sentence."""
    if not len(board.best):
        return _("Nobody has trained anything yet.")
    place = board.best[0]
    return _("The best has {accuracy:.2f} at learning rate {rate}, weight decay {decay}.").format(
        accuracy=board.validation[place], rate=plain(value(board.lr[place])), decay=plain(value(board.wd[place]))
    )


def lines(view: View) -> None:
    """Everybody's best so far against the epochs spent."""
    budget = view.standing.budget if view.standing else 0
    label = _("equal budget: {budget}").format(budget=f"{budget:,}")
    datasets = {
        "lines": encoded(view.board, charts.lines_table, view.told),
        "budget": budget_bytes(budget, label),
    }
    spec = charts.lines_spec(view.wide, charts.most_epochs(view.board), bool(view.told), language(), dark())
    st.vega_lite_chart(
        {**spec, "datasets": datasets},
        key="board_lines",
        width="stretch",
        alt=_("Best accuracy so far against epochs spent, a line a student. {where}").format(where=where(view.board)),
    )


def where(board: Board) -> str:
    """How far the students are, in a sentence."""
    found = [float(one.best[-1]) for one in board.tracks if one.best[-1] > NEVER]
    if not found:
        return _("All trials diverged.") if board.tracks else _("Nobody has trained anything yet.")
    spent = [one.total for one in board.tracks if one.best[-1] > NEVER]
    return _(
        "Students: {count}; epochs spent: {least} to {most}; best accuracy: {lowest:.2f} to {highest:.2f}, median "
        "{median:.2f}."
    ).format(
        least=f"{min(spent):,}", most=f"{max(spent):,}", count=len(found), lowest=min(found), highest=max(found),
        median=median_high(found),
    )  # fmt: skip


def best(view: View, width: int) -> None:
    """The class's own Best-20. width: pixels of the page"""
    board = view.board
    if not len(board.best):
        return
    datasets = {"curves": encoded(board, charts.curves_table, view.told)}
    st.vega_lite_chart(
        {**charts.best_spec(width, longest(board), language(), dark()), "datasets": datasets},
        key="board_best",
        alt=_("Accuracy curves of the class's best {count} trials").format(count=len(board.best)),
    )


def finals(view: View) -> None:
    """What the test set made of everybody's choice."""
    datasets = {"finals": encoded(view.board, charts.finals_table, view.told)}
    said = about_finals(view.board.finals)
    st.vega_lite_chart(
        {**charts.finals_spec(view.wide, bool(view.told), language(), dark()), "datasets": datasets},
        key="board_finals",
        width="stretch",
        alt=" ".join(said),
    )
    st.html(f'<ul class="optimism">{"".join(f"<li>{escape(sentence)}</li>" for sentence in said)}</ul>')


@remembered()
def domains(board: Board) -> tuple[Domain, Domain]:
    """What the map shows, found out once a board."""
    return charts.map_domains(board)


@remembered()
def longest(board: Board) -> int:
    """Epochs of the longest round among those of the best trials."""
    return max(board.curve(int(place))[0].plan.epochs for place in board.best)


@lru_cache(maxsize=KEPT)
def budget_bytes(budget: int, label: str) -> bytes:
    """The table of the equal budget."""
    return arrow(charts.budget_table(budget, label))


@remembered()
def encoded(
    board: Board, table: Callable[[Board, charts.Names], pa.Table], names: tuple[tuple[int, str], ...]
) -> bytes:
    """A table of a board, encoded once for everybody who looks at it."""
    return arrow(table(board, dict(names)))

"""The text of the class board: totals, ranking, results of the final tests, and the charts in words."""

from html import escape
from statistics import median_high

from core.analysis.insight import Insight
from core.classroom import join_codes as codes
from core.classroom.classroom import Classroom, FinalTestAccess
from core.classroom.leaderboard import NEVER, Board, FinalResult, SelectionOptimism, selection_optimism
from core.classroom.ranking import EqualBudgetRanking, Rank
from pages.components.frame.layout import PRODUCT
from pages.components.frame.translation import _, translate_insight
from pages.components.round.trial_words import values_in_words, values_of_trial

MAX_RANKS = 11  # students shown in the ranking
NEARLY = 0.9  # of the equal budget; the epochs of a student who has spent less are shown


def title_html(classroom: Classroom) -> str:
    """The title of a class, and the product's name."""
    return f'<span class="title"><bdi>{escape(classroom.title)}</bdi></span><span>{PRODUCT}</span>'


def joining_html(classroom: Classroom, link: str) -> str:
    """How to join, in a line. link: the address to be typed"""
    code = f'<span class="code">{codes.grouped(classroom.code)}</span>'
    return f'<span>{escape(_("Join:"))}</span><span class="link">{escape(link)}</span>{code}'


def totals_html(classroom: Classroom, board: Board) -> str:
    """The numbers of students, rounds, trials and epochs of a class so far, in a line."""
    items = [
        _("students: {count}").format(count=board.joined),
        _("rounds: {count}").format(count=board.rounds),
        _("trials: {count}").format(count=f"{len(board.validation):,}"),
        _("epochs: {count}").format(count=f"{board.epochs:,}"),
    ]
    if board.running:
        items.append(_("learning now: {count}").format(count=board.running))
    if board.finals and classroom.final_tests is not FinalTestAccess.REVEALED:
        items.append(_("final tests done: {count}").format(count=len(board.finals)))
    if board.left_out:
        items.append(_("left out, on other images: {count}").format(count=board.left_out))
    if classroom.ended is not None:
        items.append(_("the class has ended"))
    elif not classroom.rounds_open:
        items.append(_("rounds are closed"))
    return "".join(f"<span>{escape(one)}</span>" for one in items)


def ranking_html(
    ranking: EqualBudgetRanking | None,
    frozen: bool,
    names: dict[int, str],
    own_seat: int | None,
    guessing: Insight | None = None,
) -> str:
    """The ranking at equal budget as a list.

    ranking: None while it is hidden    names: by seat    own_seat: of the student who looks
    guessing: what is said instead of it while nobody's trials are better than guessing
    """
    heading = _("Best at equal budget")
    if ranking is None:
        sentence = _("The ranking is hidden for now.")
        return f'<section class="ranking"><h3>{escape(heading)}</h3><p>{escape(sentence)}</p></section>'
    if frozen:
        heading += " · " + _("frozen")
    if not ranking.ranks:
        sentence = _("Nobody has trained anything yet.")
        return f'<section class="ranking"><h3>{escape(heading)}</h3><p>{escape(sentence)}</p></section>'
    if guessing is not None and not frozen:
        sentence = translate_insight(guessing)
        return f'<section class="ranking"><h3>{escape(heading)}</h3><p>{escape(sentence)}</p></section>'
    sentence = _("After at most {budget} epochs each; = is a tie (less than {least:.2f} apart).").format(
        budget=f"{ranking.budget:,}", least=ranking.least_difference
    )
    shown = ranking.ranks[:MAX_RANKS]
    items = "".join(rank_html(rank, names.get(rank.seat, ""), rank.seat == own_seat, ranking.budget) for rank in shown)
    if more := len(ranking.ranks) - len(shown):
        items += f"<li>{escape(_('and {count} more').format(count=more))}</li>"
    own = next((rank for rank in ranking.ranks[MAX_RANKS:] if rank.seat == own_seat), None)
    if own is not None:
        items += rank_html(own, names.get(own.seat, ""), True, ranking.budget)
    return f'<section class="ranking"><h3>{escape(heading)}</h3><p>{escape(sentence)}</p><ol>{items}</ol></section>'


def rank_html(rank: Rank, name: str, own: bool, budget: int) -> str:
    """One student's place, name and accuracy; also the epochs spent if they are clearly below the budget."""
    behind = _("after {spent}").format(spent=f"{rank.spent:,}") if rank.spent < NEARLY * budget else ""
    short = f" <small>{escape(behind)}</small>" if behind else ""
    place = f"{rank.place} =" if rank.tied else f"{rank.place}"
    you = f"{escape(_('you'))}: " if own else ""
    return (
        f'<li{" class=mine" if own else ""}><span class="place">{place}</span>'
        f'<span class="who">{you}<bdi>{escape(name)}</bdi></span><span>{rank.accuracy:.2f}{short}</span></li>'
    )


def final_test_sentences(finals: tuple[FinalResult, ...]) -> list[str]:
    """What the final tests of a class show together."""
    sentences = [_("Final tests: {count}").format(count=len(finals))]
    optimism = selection_optimism(finals)
    if optimism is None:
        return sentences
    if others := len(finals) - optimism.count:
        sentences[0] += _(", of values that were not chosen by a trial: {count}").format(count=others)
    lost = optimism.selection_accuracy - optimism.repeat_accuracy
    gap = f"{lost:+.3f}" + (f" ± {optimism.error:.3f}" if optimism.count > 1 else "")
    sentences.append(
        _(
            "The accuracy that led to a choice was {led:.3f} on average. On other seeds the same values reach "
            "{again:.3f} (difference {gap}), and on the test images {test:.3f}."
        ).format(led=optimism.selection_accuracy, again=optimism.repeat_accuracy, gap=gap, test=optimism.test_accuracy)
    )
    sentences.append(
        _("The best of so many trials is expected to look {expected:.3f} better than it is.").format(
            expected=optimism.expected
        )
        + " "
        + optimism_verdict(optimism)
    )
    sentences.append(
        _("{below} of {count} lie below the line. If nobody had chosen by an accuracy, about half would.").format(
            below=optimism.below, count=optimism.count
        )
    )
    return sentences


def optimism_verdict(optimism: SelectionOptimism) -> str:
    """Whether the class's difference is more than chance explains, and more than choosing explains."""
    if optimism.is_chance:
        return _("These final tests are too few to show it: chance alone can make this difference.")
    if optimism.selection_accuracy < optimism.repeat_accuracy:
        return _("Here it is the other way round, more than chance explains.")
    if optimism.is_expected:
        return _("The difference is more than chance makes, and choosing explains it.")
    return _("The difference is more than choosing and chance explain.")


def best_trial_sentence(board: Board) -> str:
    """The class's best trial in a sentence."""
    if not len(board.best):
        return _("Nobody has trained anything yet.")
    place = int(board.best[0])
    return _("The best has {accuracy:.2f} at {values}.").format(
        accuracy=board.validation[place], values=values_in_words(values_of_trial(*board.curve(place)))
    )


def progress_sentence(board: Board) -> str:
    """How many epochs the students have spent, and how good their best trials are, in a sentence."""
    best = [float(one.best[-1]) for one in board.histories if one.best[-1] > NEVER]
    if not best:
        return _("All trials diverged.") if board.histories else _("Nobody has trained anything yet.")
    spent = [one.total for one in board.histories if one.best[-1] > NEVER]
    return _(
        "Students: {count}; epochs spent: {least} to {most}; best accuracy: {lowest:.2f} to {highest:.2f}, median "
        "{median:.2f}."
    ).format(
        least=f"{min(spent):,}", most=f"{max(spent):,}", count=len(best), lowest=min(best), highest=max(best),
        median=median_high(best),
    )  # fmt: skip

"""A round as HTML: a sentence and a bar of progress, its best trials, and insights."""

from html import escape

from core.analysis.hints import values_line
from core.analysis.insight import Insight
from core.analysis.insights import BEST, insights
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.own_guess import latest_search
from core.lab.search import best_so_far, search_of
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.server.labs import SLEEP_LIMIT
from pages.components.frame.translation import _, language, translate_error, translate_insight
from pages.components.refresh.cache import memoize_on
from pages.components.round.first_steps import how_it_works_html
from pages.components.round.round_names import round_names
from pages.components.round.trial_words import further_axes

LONG_SECONDS = 60.0  # left: the page says that nobody has to wait in front of it
NO_ROUND = RoundProgress.of(RoundPlan(trials=1))  # what is shown before the first round
# The results of a round in progress go with its version. Those of a finished round would stay as long as the lab.
memoize_unfinished = memoize_on(lambda progress: not progress.status.is_final)


def round_html(lab: Lab, round_: LabRound | None, marks: str = "") -> str:
    """Progress, Best-5 and insights of a round of a lab. marks: the legend of the map, as HTML"""
    if round_ is None:
        return progress_html(None) + marks + f'<div class="aside">{how_it_works_html(lab.plan)}</div>'
    is_latest = round_ is (latest_search(lab) or lab.latest)
    together = search_html(lab) if is_latest and round_.progress.status.is_final else ""
    shown = best_and_insights(round_.progress, round_.number, best_html(lab, round_.number), together, language())
    return progress_html(round_) + marks + shown


@memoize_unfinished
def best_and_insights(progress: RoundProgress, number: int, best: str, together: str, lang: str) -> str:
    """Best-5 and insights of a round. number: of the round    lang: a key of what is kept

    best, together: what is said of the whole search, as HTML
    """
    shown = best_trials_html(progress, number, best) + together + insights_html(progress, number)
    return f'<div class="aside">{shown}{_may_leave(progress)}</div>'


def progress_html(round_: LabRound | None) -> str:
    """How far the round is, as a sentence and a bar."""
    if round_ is None:
        nothing = _("Nothing has been trained yet.")
        return f'<div class="progress-line"><span>{escape(nothing)}</span></div>'
    progress = round_.progress
    done, total = int(progress.epochs_done.sum()), max(progress.epochs_expected(), 1)
    text = _SENTENCES[progress.status](round_, done, total)
    bar = f'<div class="bar"><div style="width: {100 * done / total:.1f}%"></div></div>'
    return f'<div class="progress-line"><span role="status">{escape(text)}</span>{bar}</div>'


def best_trials_html(progress: RoundProgress, number: int, best: str) -> str:
    """Best-1 to Best-5 of a round, a line each in the form that the book prints, and the best of the search."""
    lines = [
        f"Best-{rank} {trial_text(progress, int(trial))}"
        for rank, trial in enumerate(progress.ranking()[:BEST], start=1)
    ]
    is_long = bool(further_axes(progress))
    items = "".join(f"<li>{wrapped_html(line) if is_long else escape(line)}</li>" for line in lines)
    items = items or f'<li class="none">Best-1 … Best-{BEST}</li>'
    title = _("The best of {rounds}").format(rounds=round_names([number]))
    form = ' class="wrapped"' if is_long else ""
    return f'<section class="best"><h4>{escape(title)}</h4>{best}<ol{form}>{items}</ol></section>'


def wrapped_html(line: str) -> str:
    """The line of a trial with many values, to be broken between them only."""
    return ", ".join(f"<span>{escape(part)}</span>" for part in line.split(", "))


def best_html(lab: Lab, number: int) -> str:
    """The best trial so far of all rounds with the same settings; empty while there is only one such round.

    number: of the round whose best trials stand above
    """
    best = best_so_far(lab) if len(lab.rounds) > 1 else None
    if best is None or len(best.numbers) < 2:
        return ""
    if best.number == number:
        return f"<p>{escape(_('Best-1 is the best of {rounds}.').format(rounds=round_names(best.numbers)))}</p>"
    said = _("Best so far, {rounds}: {trial}, from round {number}").format(
        rounds=round_names(best.numbers), trial=trial_text(best.progress, best.trial), number=best.number
    )
    return f"<p>{escape(said)}</p>"


def trial_text(progress: RoundProgress, trial: int) -> str:
    """A trial's accuracy and values in the form that the book prints."""
    return f"(val acc:{progress.last_validation()[trial]:.2f}) | {values_line(progress, trial)}"


def search_html(lab: Lab) -> str:
    """What all rounds with the same settings show together, as a list; empty where they show nothing."""
    search = search_of(lab)
    if search is None or not search.insights:
        return ""
    numbers = search.trials.numbers
    title = _("What {rounds} show together") if len(numbers) > 1 else _("Where to look next")
    return _section(title.format(rounds=round_names(numbers)), search.insights)


def insights_html(progress: RoundProgress, number: int) -> str:
    """The insights on a round as a list. number: of the round"""
    found = insights(progress)
    title = _("What {rounds} shows").format(rounds=round_names([number]))
    if found:
        return _section(title, found)
    nothing = _("No findings in this round.") if progress.status.is_final else _("Findings will appear here.")
    return f'<section class="findings"><h4>{escape(title)}</h4><p class="none">{escape(nothing)}</p></section>'


def _section(title: str, found: list[Insight]) -> str:
    body = "".join(f"<li>{escape(translate_insight(remark))}</li>" for remark in found)
    return f'<section class="findings"><h4>{escape(title)}</h4><ul>{body}</ul></section>'


def _may_leave(progress: RoundProgress) -> str:
    """That a long round goes on without its page."""
    if progress.status is not Status.RUNNING or progress.remaining is None or progress.remaining < LONG_SECONDS:
        return ""
    sentence = _(
        "You can lock your phone or close this page. The round continues for up to {minutes} minutes, as long as the "
        "other rounds leave it time."
    )
    return f'<section><p class="none">{escape(sentence.format(minutes=round(SLEEP_LIMIT / 60)))}</p></section>'


def _waiting(round_: LabRound, done: int, total: int) -> str:
    left = round_.remaining()  # asked of the engine: progress does not change while a round waits
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
    return translate_error(round_.fault) if round_.fault else _stopped(round_, done, total)


def _estimate(seconds: float | None) -> str:
    """The time that is left, to be appended to a sentence."""
    return "" if seconds is None else _(" · about {seconds:.0f} s left").format(seconds=max(seconds, 1))


_SENTENCES = {
    Status.WAITING: _waiting,
    Status.RUNNING: _running,
    Status.PAUSED: _paused,
    Status.FINISHED: _finished,
    Status.STOPPED: _stopped,
    Status.FAILED: _failed,
}

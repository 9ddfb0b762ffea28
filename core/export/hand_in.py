"""What a student hands in: one HTML page that needs no other file, asks no other site, and prints well.

    rounds at a glance, settings -> each round: reason, charts, best trials -> choice -> final test -> how to repeat it

Every text is escaped, whoever wrote it. The page forbids itself scripts and whatever would have to be fetched.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path

from core.analysis.statistics import mean_and_deviation
from core.errors import N_
from core.export.hand_in_charts import (
    axis_title,
    curves_chart,
    final_test_chart,
    range_charts,
)
from core.export.hand_in_tables import best_trials_table, rounds_table, settings_in_words
from core.lab.lab_view import FinalTestView, LabView, RoundView
from core.progress import Status
from core.space import AXES, SearchSpace

Translate = Callable[[str], str]

STYLE = Path(__file__).with_name("hand_in.css").read_text(encoding="utf-8")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
LEGEND = N_(
    "Points: trials, darker the better, the five best ringed. Crosses: diverged. Box: this round's ranges, dashed the "
    "next round's. Curves: validation accuracy of the five best, training accuracy of the best dashed."
)
REPEAT = """\
from core.plan import RoundPlan
from core.rounds import run_round

print(run_round(RoundPlan.from_json(open("plan.json").read())).last_validation())"""


def hand_in_name(view: LabView, day: date, translate: Translate = str) -> str:
    """The file's name: pseudonym and date."""
    return f"narrowing-lab-{pseudonym(view, translate).replace(' ', '-')}-{day.isoformat()}.html"


def pseudonym(view: LabView, translate: Translate) -> str:
    """The lab's pseudonym in a language."""
    return " ".join(map(translate, view.pseudonym.split()))


def hand_in(view: LabView, day: date, language: str = "en", translate: Translate = str) -> str:
    """The page. day: that it is made on    language: of the page    translate: a sentence in that language"""
    title = translate(N_("Narrowing Lab: {name}")).format(name=pseudonym(view, translate))
    parts = [*_head(view, day, translate), *_overview(view, translate)]
    for place, round_ in enumerate(view.rounds):
        coming = view.rounds[place + 1].progress.plan.space if place + 1 < len(view.rounds) else None
        parts += _round(view, round_, coming, translate)
    parts += [*_choice(view, translate), *_test(view.test, translate), *_repeat(view, translate)]
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)} · {day.isoformat()}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _head(view: LabView, day: date, translate: Translate) -> Iterator[str]:
    yield f"<h1>{escape(translate(N_('Finding hyperparameters by hand')))}</h1>"
    who = [f"<span><b>{escape(pseudonym(view, translate))}</b></span>"]
    if view.class_title:
        who.append(f'<span dir="auto">{escape(view.class_title)}</span>')
    who += [f"<span>{day.isoformat()}</span>", f'<span class="name">{escape(translate(N_("Name:")))}</span>']
    yield f'<div class="by">{"".join(who)}</div>'


def _overview(view: LabView, translate: Translate) -> Iterator[str]:
    """All rounds as a table, and the settings that they have in common."""
    yield f"<h2>{escape(translate(N_('The rounds')))}</h2>"
    if not view.rounds:
        yield f"<p>{escape(translate(N_('No round has been trained yet.')))}</p>"
        return
    yield rounds_table(view.rounds, translate)
    settings = "; ".join(settings_in_words(view.rounds, translate))
    common = translate(N_("Settings: {settings}.")).format(settings=settings)
    yield f'<p class="faint">{escape(common)}</p>'


def _round(view: LabView, round_: RoundView, coming: SearchSpace | None, translate: Translate) -> Iterator[str]:
    """One round: why, what was found, charts, the best trials."""
    progress = round_.progress
    yield f"<h2>{escape(translate(N_('Round {number}')).format(number=round_.number))}</h2>"
    if round_.note:
        yield f'<div class="why" dir="auto">{escape(round_.note)}</div>'
    if not progress.status.is_final:
        yield f"<p>{escape(translate(N_('This round is not over yet.')))}</p>"
        return
    if progress.status is not Status.FINISHED:
        yield f"<p>{escape(translate(N_('This round was stopped before its end.')))}</p>"
    shown = [one.progress.plan.space for one in view.rounds]
    charts = [f"<figure>{chart}</figure>" for chart in range_charts(progress, shown, coming, translate)]
    charts.append(f"<figure>{curves_chart(progress, translate)}</figure>")
    yield f'<div class="charts">{"".join(charts)}</div>'
    if round_ is view.rounds[0]:
        yield f'<p class="faint">{escape(translate(LEGEND))}</p>'
    yield best_trials_table(view, round_, translate)


def _choice(view: LabView, translate: Translate) -> Iterator[str]:
    """The value that was chosen, and what it was taken from."""
    yield f"<h2>{escape(translate(N_('The choice')))}</h2>"
    chosen = view.chosen
    if chosen is None:
        yield f"<p>{escape(translate(N_('No value has been chosen yet.')))}</p>"
        return
    said = ", ".join(
        f"{axis_title(axis, translate)} {AXES[axis].in_text(value)}" for axis, value in chosen.values.items()
    )
    yield f'<p class="result">{escape(said)}</p>'
    round_ = next((one for one in view.rounds if one.number == chosen.number), None)
    if round_ is not None and chosen.trial is not None:
        found = translate(N_("Taken from round {number}, where its validation accuracy was {accuracy:.2f}."))
        accuracy = float(round_.progress.last_validation()[chosen.trial])
        yield f"<p>{escape(found.format(number=round_.number, accuracy=accuracy))}</p>"
        if round_.note:
            yield f'<div class="why" dir="auto">{escape(round_.note)}</div>'


def _test(test: FinalTestView | None, translate: Translate) -> Iterator[str]:
    """The final test."""
    yield f"<h2>{escape(translate(N_('The final test')))}</h2>"
    if test is None:
        yield f"<p>{escape(translate(N_('The test set has not been opened.')))}</p>"
        return
    opened = datetime.fromtimestamp(test.opened, UTC).strftime("%Y-%m-%d %H:%M UTC")
    yield f"<p>{escape(translate(N_('The test set was opened once, on {time}.')).format(time=opened))}</p>"
    if test.validation is None or test.test is None:
        yield f"<p>{escape(translate(N_('Its networks are still in training.')))}</p>"
        return
    for sentence, accuracies in (
        (N_("Test accuracy {mean:.3f} ± {deviation:.3f}"), test.test),
        (N_("Validation accuracy of the same networks {mean:.3f} ± {deviation:.3f}"), test.validation),
    ):
        mean, deviation = mean_and_deviation(accuracies)
        kind = ' class="result"' if accuracies is test.test else ""
        yield f"<p{kind}>{escape(translate(sentence).format(mean=mean, deviation=deviation))}</p>"
    about = translate(N_("{seeds} networks, each on a seed of its own, {epochs} epochs; ± is one standard deviation."))
    yield f'<p class="faint">{escape(about.format(seeds=len(test.test), epochs=test.plan.epochs))}</p>'
    yield f'<div class="charts"><figure>{final_test_chart(test, translate)}</figure></div>'


def _repeat(view: LabView, translate: Translate) -> Iterator[str]:
    """The plans of all rounds, and how to train them again."""
    if not view.rounds:
        return
    yield f"<h2>{escape(translate(N_('How to repeat it')))}</h2>"
    how = translate(
        N_("Every number here follows from the plans below: the same plan gives the same round, to the bit on a "
           "processor of the same kind. In a copy of Narrowing Lab save a plan as plan.json and run this:")
    )  # fmt: skip
    yield f"<p>{escape(how)}</p><pre>{escape(REPEAT)}</pre>"
    if any(one.progress.given_up.any() or one.progress.status is not Status.FINISHED for one in view.rounds):
        early = translate(
            N_("Rounds that were stopped, and trials that were given up by hand, are then trained to their end.")
        )
        yield f'<p class="faint">{escape(early)}</p>'
    for one in view.rounds:
        name = translate(N_("Plan of round {number}")).format(number=one.number)
        yield f'<p class="faint">{escape(name)}</p><pre class="plan">{escape(one.progress.plan.to_json())}</pre>'
    if view.test is not None:
        name = translate(N_("Plan of the final test, whose seeds follow from this one"))
        yield f'<p class="faint">{escape(name)}</p><pre class="plan">{escape(view.test.plan.to_json())}</pre>'

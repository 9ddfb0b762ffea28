"""The tables of a hand-in, and its settings in words."""

from collections.abc import Callable, Collection, Iterator, Sequence
from html import escape

from core.analysis.statistics import mean_and_deviation
from core.errors import N_
from core.export.hand_in_charts import BEST, axis_title
from core.lab.lab_view import LabView, RoundView
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.settings import Choice, Switch, settings_of
from core.space import AXES, axes_of

Translate = Callable[[str], str]

OF_ROUNDS = ("trials", "epochs", "seed")  # settings that the table of rounds shows


def rounds_table(rounds: Sequence[RoundView], translate: Translate) -> str:
    """One row a round: ranges, cost, best."""
    axes = axes_of(one.progress.plan.space for one in rounds)
    names = [
        translate(N_("round")), *(axis_title(axis, translate) for axis in axes), translate(N_("trials")),
        translate(N_("epochs")), translate(N_("epochs spent")), translate(N_("seed")), translate(N_("best")),
    ]  # fmt: skip
    rows = []
    for one in rounds:
        progress, plan = one.progress, one.progress.plan
        best = progress.ranking()[:1].tolist()
        accuracy = f"{progress.last_validation()[best[0]]:.2f}" if best else "–"
        ranges = [_range_text(progress, axis) for axis in axes]
        rows.append(
            [str(one.number), *ranges, str(plan.trials), str(plan.epochs), str(int(progress.epochs_done.sum())),
             str(plan.seed), accuracy]
        )  # fmt: skip
    return table(names, rows, words=range(1, len(axes) + 1))


def best_trials_table(view: LabView, round_: RoundView, translate: Translate) -> str:
    """The best trials of a round as a table, with their repeats on other seeds if there are any."""
    progress = round_.progress
    axes, best = progress.plan.space.axes, progress.ranking()[:BEST].tolist()
    names = [
        translate(N_("rank")), translate(N_("validation accuracy")), translate(N_("training accuracy")),
        *(axis_title(axis, translate) for axis in axes),
    ]  # fmt: skip
    rows = [
        [str(rank), f"{progress.last_validation()[trial]:.3f}", f"{progress.last_train()[trial]:.3f}",
         *(AXES[axis].in_text(float(progress.hyperparameters[axis][trial])) for axis in axes)]
        for rank, trial in enumerate(best, 1)
    ]  # fmt: skip
    repeats = [view.repeats.get((round_.number, trial)) for trial in best]
    if any(one is not None for one in repeats):
        names.append(translate(N_("on other seeds")))
        for row, one in zip(rows, repeats, strict=True):
            row.append("{:.3f} ± {:.3f}".format(*mean_and_deviation(one)) if one is not None else "")
    return table(names, rows)


def settings_in_words(rounds: Sequence[RoundView], translate: Translate) -> Iterator[str]:
    """The settings of all rounds: once if they are the same, else by round."""
    plans = [one.progress.plan for one in rounds]
    for name, setting in settings_of(type(plans[0])).items():
        unused = setting.group == "give_up" and not any(plan.give_up for plan in plans)
        if name in OF_ROUNDS or unused or not any(map(setting.applies, plans)):
            continue
        words = [_setting_text(plan, name, translate) for plan in plans]
        if len(set(words)) == 1:
            yield f"{translate(setting.label)} {words[0]}"
        else:
            by_round = ", ".join(f"{one.number}: {word}" for one, word in zip(rounds, words, strict=True))
            yield f"{translate(setting.label)} {translate(N_('by round'))} {by_round}"


def _setting_text(plan: RoundPlan, name: str, translate: Translate) -> str:
    """A setting's value as it is read."""
    value, kind = getattr(plan, name), settings_of(type(plan))[name].kind
    if isinstance(kind, Choice):
        return translate(kind.options[value])
    if isinstance(kind, Switch):
        return translate(N_("yes")) if value else translate(N_("no"))
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or translate(N_("none"))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _range_text(progress: RoundProgress, axis: str) -> str:
    """The range of an axis; a dash where a round did not search it, the value where its trials were given one."""
    space = progress.plan.space
    if axis not in space:
        return "–"
    if progress.plan.is_one_value:
        return AXES[axis].in_text(float(progress.hyperparameters[axis][0]))
    return f"{AXES[axis].place_text(space[axis].low)} … {AXES[axis].place_text(space[axis].high)}"


def table(names: Sequence[str], rows: Sequence[Sequence[str]], words: Collection[int] = ()) -> str:
    """A table. words: places of columns that hold words or ranges, and not numbers"""

    def cell(tag: str, place: int, content: str) -> str:
        kind = "ranges" if place in words else "number"
        return f'<{tag} class="{kind}">{escape(content)}</{tag}>'

    head = "".join(cell("th", place, name) for place, name in enumerate(names))
    body = "".join(
        f"<tr>{''.join(cell('td', place, content) for place, content in enumerate(row))}</tr>" for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'

"""A race in sentences: its terms and rules, its progress, and its results."""

from html import escape

import numpy as np

from core.analysis.comparisons import groups_behind, rank_by_mean, was_overestimated
from core.analysis.guessing import guessing_insight
from core.analysis.observations import MIN_FITTED
from core.analysis.statistics import mean_and_deviation
from core.lab.contestants import BATCH, CONTESTANTS, MAX_NETWORKS, STUDENT, RaceSetup
from core.lab.search_race import Race
from core.lab.seed_repeats import SEEDS
from core.plan import CLASSES
from core.space import AXES
from pages.components.comparison import race_chart
from pages.components.frame.translation import _, listed, translate_error, translate_insight
from pages.components.round.searched_axes import values_text


def race_terms(entry: RaceSetup) -> str:
    """The ranges and the budget of a race."""
    searched = entry.plan.space.ranges()
    ranges = (
        _("All look in the ranges of all your rounds together ({ranges}).")
        if entry.all_ranges
        else _("All look in the ranges of your first round ({ranges}).")
    ).format(ranges=listed(f"{_(AXES[axis].label)} {values_text(axis, one)}" for axis, one in searched.items()))
    budget = _(
        "They train for as many epochs as you did: {budget}, or {trials} networks. Who is ahead, and when?"
    ).format(budget=entry.budget, trials=entry.trials)
    return f"{ranges} {budget}"


def progress_html(race: Race | None) -> str:
    """How far a race is, as a sentence and a bar in HTML."""
    share, sentence = 1.0, _("The race is over.")
    if race is None:
        sentence = _("Your line is drawn; the race has not begun.")
    elif race.is_done and race.stopped:
        share, sentence = progress_share(race), _("The race was stopped; what was found until then stays.")
    elif not race.is_done and race.winner_rounds is not None and not race.winner_rounds.is_done:
        share = race.winner_rounds.share
        sentence = _("The winners are being trained on {seeds} fresh seeds").format(seeds=SEEDS)
    elif not race.is_done:
        share = progress_share(race)
        names = race_chart.racer_names(_)
        spent = " · ".join(f"{names[one.name]} {one.spent} / {one.goal}" for one in race.current_run)
        sentence = _("Epochs spent: {spent}").format(spent=spent)
        if race.current_run and race.current_run[0].run:
            sentence = (
                _("Repeat {number} of {repeats}").format(number=race.current_run[0].run, repeats=SEEDS)
                + " · "
                + sentence
            )
    bar = f'<div class="bar"><div style="width: {100 * share:.1f}%"></div></div>' if share < 1 else ""
    return f'<div class="progress-line"><span role="status">{escape(sentence)}</span>{bar}</div>'


def progress_share(race: Race) -> float:
    """The share of the latest run that is done, 0 to 1."""
    return sum(one.spent for one in race.current_run) / max(sum(one.goal for one in race.current_run), 1)


def fault_sentences(race: Race | None) -> list[str]:
    """A sentence for each contestant that failed, and for the race if it did."""
    if race is None:
        return []
    names = race_chart.racer_names(_)
    sentences = [
        f"{names[one.name]}: {translate_error(one.fault)}" for one in race.current_run if one.fault is not None
    ]
    return [*sentences, *([translate_error(race.fault)] if race.fault is not None else [])]


def final_accuracies(race: Race) -> dict[str, float]:
    """Validation accuracy of everybody's best trial at the end of the first race."""
    return {STUDENT: race.setup.trajectory.final} | {one.name: one.trajectory.final for one in race.runs[0]}


def guessing_sentence(race: Race) -> str | None:
    """The one sentence about a race in which nobody beats guessing; else None."""
    searched = [one for contestant in race.runs.get(0, ()) for one in contestant.rounds]
    guessing = guessing_insight([*race.setup.rounds, *searched])
    return None if guessing is None else translate_insight(guessing)


def leader_sentences(race: Race) -> list[str]:
    """Who is ahead at the end; a difference that chance can explain among all their trials is called a tie."""
    if 0 not in race.complete_runs:
        return []
    if (guessing := guessing_sentence(race)) is not None:
        return [guessing]
    names, found, images = race_chart.racer_names(_), final_accuracies(race), images_of(race)
    lines = {STUDENT: race.setup.trajectory} | {one.name: one.trajectory for one in race.runs[0]}
    behind = groups_behind([lines[name].accuracy for name in found], images)
    level = [names[name] for name, is_behind in zip(found, behind, strict=True) if not is_behind]
    reached_text = listed(f"{names[name]} {reached:.2f}" for name, reached in found.items())
    sentences = [
        _("Best validation accuracy in the end, on the splits of your rounds: {reached}.").format(reached=reached_text)
    ]
    if len(level) > 1:
        end = _("A tie, chance alone can make the best of so many trials differ as much: {names}.")
    else:
        end = _("Ahead by more than chance explains: {names}.")
    sentences[0] += " " + end.format(names=listed(level))
    if outside := race.setup.outside():
        sentences.append(
            _(
                "{count} of your {trials} trials lie outside the ranges of the race, where the others may not look."
            ).format(count=outside, trials=len(race.setup.trajectory.values))
        )
    return sentences


def spread_sentences(race: Race) -> list[str]:
    """Mean and spread over the races on other seeds."""
    if len(race.complete_runs) < 2 or guessing_sentence(race) is not None:
        return []
    names = race_chart.racer_names(_)
    ends = {place: np.array([line.final for line in race.trajectories(name)]) for place, name in enumerate(CONTESTANTS)}
    reached_text = listed(
        "{} {:.2f} ± {:.2f}".format(names[CONTESTANTS[place]], *mean_and_deviation(end)) for place, end in ends.items()
    )
    sentence = _("Over {races} races, mean and standard deviation: {reached}.").format(
        races=len(race.complete_runs), reached=reached_text
    )
    return [
        f"{sentence} {comparison_sentence(ends, [names[name] for name in CONTESTANTS], images_of(race))}",
        _("Your own line is one race: no spread."),
    ]


def fresh_seed_sentences(race: Race) -> list[str]:
    """How the winners compare on fresh seeds, and how much higher their accuracies in the race were."""
    if guessing_sentence(race) is not None:
        return []
    names = [race_chart.racer_names(_)[name] for name in race.fresh]
    sentences = [comparison_sentence(dict(enumerate(race.fresh.values())), names, images_of(race))]
    selected, fresh = np.array([final_accuracies(race)[name] for name in race.fresh]), np.stack([*race.fresh.values()])
    if was_overestimated(selected, fresh, images_of(race)):
        sentences.append(
            _(
                "In the race the same values had {gap:.2f} more on average, more than chance explains: the best of "
                "many trials is also a lucky one."
            ).format(gap=float(selected.mean() - fresh.mean()))
        )
    return sentences


def images_of(race: Race) -> int:
    """How many images validate."""
    return race.setup.plan.validation_images()


def comparison_sentence(found: dict[int, np.ndarray], names: list[str], images: int) -> str:
    """Who is ahead, seed by seed, and who ties. found: accuracies (seeds,) by place in `names`, on so many images"""
    leader, even, behind = rank_by_mean(found, images)
    if even:
        sentence = _("On the same seeds these tie, chance can explain the difference: {names}.").format(
            names=listed(names[one] for one in [leader, *even])
        )
    else:
        sentence = _("On the same seeds ahead of all others: {name}.").format(name=names[leader])
    if even and behind:
        sentence += " " + _("Behind: {names}.").format(names=listed(names[one] for one in behind))
    return sentence


def rule_sentences(entry: RaceSetup) -> list[str]:
    """What makes a race fair, and what it cannot show."""
    sentences = [
        _(
            "**You**: all your rounds with the settings of the latest, trial by trial. One that was given up costs its "
            "epochs, one that diverged counts as guessing ({chance:.2f})."
        ).format(chance=1 / CLASSES),
        _(
            "**Grid**: {side} × {side} = {count} networks, the largest square that the budget pays for, in a shuffled "
            "order; otherwise its order would decide who is ahead when."
        ).format(side=entry.side, count=entry.side**2),
        _(
            "**Bayesian search**: {first} random trials of its own, then {batch} at a time where a model of its "
            "trials so far expects the most."
        ).format(first=MIN_FITTED, batch=BATCH),
        _(
            "Your rounds each have a split of their own; after as many epochs, the others train and validate on the "
            "same images as you did. The best of many trials is still partly luck, of split and weights, so every "
            "winner is trained again on {seeds} fresh seeds, and that is the figure to trust."
        ).format(seeds=SEEDS),
        _(
            "Do not expect too much of the model: where good values fill a broad region, random search ties with it. "
            "It is ahead where they are rare: in a corner of the ranges, or before a cliff beyond which networks "
            "diverge."
        ),
    ]
    if entry.spent > entry.budget:
        sentences.append(
            _("A race is {most} networks each at most, so your first {most} count.").format(most=MAX_NETWORKS)
        )
    if entry.trials <= MIN_FITTED:
        sentences.append(
            _("With {trials} networks the Bayesian search is a random search: its model begins after {first}.").format(
                trials=entry.trials, first=MIN_FITTED
            )
        )
    return sentences

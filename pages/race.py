"""Race: the student's own rounds against random search, a grid and a Bayesian search, at the same cost."""

from html import escape

import numpy as np
import streamlit as st

from core.again import SEEDS, spread, standing
from core.contestants import BATCH, CONTESTANTS, MOST, YOU, Entry
from core.lab import Lab
from core.plan import CLASSES
from core.race import Race
from core.remarks import standard_error
from core.space import plain, written
from core.surrogate import FEWEST
from pages.components import race_chart
from pages.components.layout import header, onward, page_width
from pages.components.pace import ticking
from pages.components.pictures import save_charts
from pages.components.racing import begin_race, lab_race
from pages.components.session import attempt, engine, lab, tell_fault
from pages.components.tables import arrow
from pages.components.text import _, language, listen, told


def the_race() -> None:
    """The page."""
    engine()
    mine = lab()
    width = page_width()
    header(mine, _("Race: you against random search, a grid and a Bayesian search."))
    tell_fault()
    entry = Entry.of([round_.progress for round_ in mine.rounds])
    race = lab_race(mine)
    busy = race is not None and not race.over
    shown = race.entry if race is not None else entry
    if shown is not None:
        st.write(terms(shown))
    buttons(mine, entry, race)
    if shown is None:
        st.info(_("Your own rounds are one of the lines, and set the ranges and the budget: finish a round first."))
        st.page_link("pages/narrow.py", label=_("On to the rounds"), icon=":material/zoom_in_map:")
        chart([], mine.plan.trials * mine.plan.epochs, width)
        return
    ticking(watched, busy, shown, race, width)
    if race is not None and (race.over or race.fresh):  # also while it is repeated
        results(race)
        if entry is not None and (entry.plan, entry.spent) != (race.entry.plan, race.entry.spent):
            st.caption(_("You have trained more since then; a new race counts that, too."))
    rules(shown)
    with st.container(horizontal=True, vertical_alignment="center"):
        onward("race")
        save_charts("race")


def terms(entry: Entry) -> str:
    """Where the race takes place and what it costs."""
    rate, decay = entry.plan.space.learning_rate, entry.plan.space.weight_decay
    return _(
        "All look in the ranges of your first round (learning rate {rate_low} … {rate_high}, weight decay "
        "{decay_low} … {decay_high}) and spend as many epochs as you did: {budget}, or {trials} networks. Who is "
        "ahead, and when?"
    ).format(
        rate_low=written(rate.low), rate_high=written(rate.high), decay_low=written(decay.low),
        decay_high=written(decay.high), budget=entry.budget, trials=entry.trials,
    )  # fmt: skip


def buttons(mine: Lab, entry: Entry | None, race: Race | None) -> None:
    """Start, stop, repeat."""
    busy = race is not None and not race.over
    with st.container(horizontal=True, gap="small"):
        st.button(
            _("Start the race"), icon=":material/sports_score:", type="primary", key="race_start",
            disabled=entry is None or busy, on_click=attempt, args=(begin_race, mine, entry),
        )  # fmt: skip
        if race is not None and busy:
            st.button(_("Stop"), icon=":material/stop:", key="race_stop", on_click=race.stop)
        if race is not None and not busy and 0 in race.done and len(race.done) <= SEEDS:
            st.button(
                _("Repeat on {seeds} more seeds").format(seeds=1 + SEEDS - len(race.done)), icon=":material/repeat:",
                key="race_repeat", on_click=attempt, args=(repeat, mine, race),
                help=_("Random search, grid and Bayesian search once more on each; your line stays one line."),
            )  # fmt: skip


def repeat(mine: Lab, race: Race) -> None:
    """Race again on other seeds. Raises LessonError while the teacher lets nobody."""
    mine.check_start()
    race.repeat()


def watched(entry: Entry, race: Race | None, width: int, busy: bool) -> None:
    """One tick: how far the race is, and the lines."""
    listen()
    if race is not None and busy and race.over:
        st.rerun()
    st.html(progress_line(race) + "".join(f"<div>{escape(one)}</div>" for one in faults(race)))
    chart(race_chart.curves(entry, race), entry.budget, width)


def chart(drawn: list[race_chart.Curve], budget: int, width: int) -> None:
    """Best accuracy so far; before anything is there, the axes on which it will stand."""
    datasets = {"lines": arrow(race_chart.lines_table(drawn)), "bands": arrow(race_chart.bands_table(drawn))}
    dark = st.context.theme.type == "dark"
    st.vega_lite_chart(
        {**race_chart.race_spec(width, budget, language(), dark), "datasets": datasets},
        key="race_chart",
        alt=_("Best validation accuracy so far against epochs spent, a line each for you and the three searches"),
    )


def progress_line(race: Race | None) -> str:
    """How far the race is, in words and as a bar."""
    share, said = 1.0, _("The race is over.")
    if race is None:
        said = _("Your line is drawn; the race has not begun.")
    elif race.over and race.stopped:
        share, said = share_raced(race), _("The race was stopped; what was found until then stays.")
    elif not race.over and race.again is not None and not race.again.over:
        share = race.again.share
        said = _("The winners are being trained on {seeds} fresh seeds").format(seeds=SEEDS)
    elif not race.over:
        share = share_raced(race)
        called = race_chart.names(_)
        spent = " · ".join(f"{called[one.name]} {one.spent} / {one.goal}" for one in race.racing)
        said = _("Epochs spent: {spent}").format(spent=spent)
        if race.racing and race.racing[0].run:
            said = _("Repeat {number} of {repeats}").format(number=race.racing[0].run, repeats=SEEDS) + " · " + said
    bar = f'<div class="bar"><div style="width: {100 * share:.1f}%"></div></div>' if share < 1 else ""
    return f'<div class="progress-line"><span role="status">{escape(said)}</span>{bar}</div>'


def share_raced(race: Race) -> float:
    """How much of the latest run is done, 0 to 1."""
    return sum(one.spent for one in race.racing) / max(sum(one.goal for one in race.racing), 1)


def faults(race: Race | None) -> list[str]:
    """What went wrong, a sentence each."""
    if race is None:
        return []
    called = race_chart.names(_)
    said = [f"{called[one.name]}: {told(one.fault)}" for one in race.racing if one.fault is not None]
    return [*said, *([told(race.fault)] if race.fault is not None else [])]


def results(race: Race) -> None:
    """What the race shows, and what of it holds on seeds that nobody has chosen by."""
    st.markdown(listed([*best_so_far(race), *repeated(race)]))
    if not race.fresh:
        return
    st.markdown(f"##### {_('The winners on fresh seeds')}")
    st.caption(
        _(
            "Each one's best trial, trained again on {seeds} seeds: dots, their mean and standard deviation; diamonds: "
            "what it had in the race."
        ).format(seeds=SEEDS)
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.altair_chart(race_chart.fresh_chart(race, language(), st.context.theme.type == "dark"), width="stretch")
    with right:
        winners(race)
    st.markdown(listed(on_fresh_seeds(race)))


def listed(sentences: list[str]) -> str:
    """Sentences as a list in Markdown."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def finals(race: Race) -> dict[str, float]:
    """What everybody reached in the race."""
    return {YOU: race.entry.line.final} | {one.name: one.line.final for one in race.runs[0]}


def best_so_far(race: Race) -> list[str]:
    """Who is ahead in the race, a tie named as one."""
    if 0 not in race.done:
        return []
    called, found, images = race_chart.names(_), finals(race), race.entry.plan.validation_images()
    top = max(found.values())
    error = standard_error(top, images)
    level = [called[name] for name, reached in found.items() if top - reached <= error]
    told_ = ", ".join(f"{called[name]} {reached:.2f}" for name, reached in found.items())
    said = [_("Best validation accuracy in the end, on the splits of your rounds: {reached}.").format(reached=told_)]
    if len(level) > 1:
        end = _("Within one standard error ({error:.2f} with {images} validation images) of the best: {names}. A tie.")
    else:
        end = _("Ahead by more than one standard error ({error:.2f} with {images} validation images): {names}.")
    said[0] += " " + end.format(error=error, images=images, names=", ".join(level))
    if outside := race.entry.outside():
        said.append(
            _(
                "{count} of your {trials} trials lie outside the ranges of the race, where the others may not look."
            ).format(count=outside, trials=len(race.entry.line.values))
        )
    return said


def repeated(race: Race) -> list[str]:
    """What the races on other seeds show together."""
    if len(race.done) < 2:
        return []
    called = race_chart.names(_)
    ends = {place: np.array([line.final for line in race.lines(name)]) for place, name in enumerate(CONTESTANTS)}
    told_ = ", ".join(
        "{} {:.2f} ± {:.2f}".format(called[CONTESTANTS[place]], *spread(end)) for place, end in ends.items()
    )
    said = _("Over {races} races, mean and standard deviation: {reached}.").format(races=len(race.done), reached=told_)
    return [
        f"{said} {ranked(ends, [called[name] for name in CONTESTANTS])}",
        _("Your own line is one race: no spread."),
    ]


def on_fresh_seeds(race: Race) -> list[str]:
    """What the winners show when luck has no say any more."""
    called = race_chart.names(_)
    said = [ranked(dict(enumerate(race.fresh.values())), [called[name] for name in race.fresh])]
    gap = float(np.mean([finals(race)[name] - found.mean() for name, found in race.fresh.items()]))
    if gap > 0:
        said.append(
            _(
                "In the race the same values had {gap:.2f} more on average: the best of many trials is a lucky one, "
                "too."
            ).format(gap=gap)
        )
    return said


def ranked(found: dict[int, np.ndarray], called: list[str]) -> str:
    """Who is ahead, seed by seed, and who ties. found: accuracies (seeds,) of the racers called so"""
    leader, even, behind = standing(found)
    if even:
        said = _("Seed by seed these cannot be told apart: {names}. A tie.").format(
            names=", ".join(called[one] for one in [leader, *even])
        )
    else:
        said = _("Seed by seed ahead of all others: {name}.").format(name=called[leader])
    if even and behind:
        said += " " + _("Behind: {names}.").format(names=", ".join(called[one] for one in behind))
    return said


def winners(race: Race) -> None:
    """Everybody's best trial as a table."""
    called, had = race_chart.names(_), finals(race)
    rows = [
        {
            _("who"): called[name],
            _("in the race"): f"{had[name]:.2f}",
            _("on fresh seeds"): "{:.2f} ± {:.2f}".format(*spread(found)),
            _("learning rate"): plain(race.winners[name][0]),
            _("weight decay"): plain(race.winners[name][1]),
        }
        for name, found in race.fresh.items()
    ]
    st.dataframe(rows, hide_index=True, width="stretch")


def rules(entry: Entry) -> None:
    """The rules, folded up."""
    with st.expander(_("The rules of the race"), icon=":material/gavel:"):
        st.markdown(listed(rules_of(entry)))


def rules_of(entry: Entry) -> list[str]:
    """What makes the race fair, and what it cannot show."""
    said = [
        _(
            "**You**: all your rounds with the settings of the latest, trial by trial. One that was given up costs its "
            "epochs, one that diverged counts as guessing ({chance:.2f})."
        ).format(chance=1 / CLASSES),
        _(
            "**Grid**: {side} × {side} = {count} networks, the largest square that the budget pays for, in a shuffled "
            "order; otherwise its order would decide who is ahead when."
        ).format(side=entry.side, count=entry.side**2),
        _(
            "**Bayesian search**: {first} random trials of its own, then {batch} at a time where a model of its trials "
            "so far promises most."
        ).format(first=FEWEST, batch=BATCH),
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
        said.append(_("A race is {most} networks each at most, so your first {most} count.").format(most=MOST))
    if entry.trials <= FEWEST:
        said.append(
            _("With {trials} networks the Bayesian search is a random search: its model begins after {first}.").format(
                trials=entry.trials, first=FEWEST
            )
        )
    return said


if __name__ == "__main__":
    the_race()

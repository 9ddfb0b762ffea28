"""Race: the student's own rounds against random search, a grid and a Bayesian search, at the same cost."""

from html import escape

import streamlit as st

from core.analysis.guessing import guessing_insight
from core.analysis.statistics import mean_and_deviation
from core.lab.contestants import RaceSetup
from core.lab.lab import Lab
from core.lab.search_race import Race
from core.lab.seed_repeats import SEEDS
from core.space import AXES
from pages.components.classroom.teacher_locks import rounds_lock
from pages.components.comparison import race_chart
from pages.components.comparison.race_text import (
    fault_sentences,
    final_accuracies,
    fresh_seed_sentences,
    guessing_sentence,
    leader_sentences,
    progress_html,
    race_terms,
    rule_sentences,
    spread_sentences,
)
from pages.components.comparison.racing import begin_race, race_of
from pages.components.frame.faults import show_faults
from pages.components.frame.layout import header, next_page_link, page_width
from pages.components.frame.pictures import save_charts
from pages.components.frame.redraw import redraw_page
from pages.components.frame.session import attempt, lab
from pages.components.frame.theme import is_dark
from pages.components.frame.translation import _, detect_language, language, translate_insight
from pages.components.refresh.pace import ticking
from pages.components.round.tables import arrow


def race_page() -> None:
    """The page."""
    mine = lab()
    width = page_width()
    header(mine, _("Race: you against random search, a grid and a Bayesian search."))
    show_faults()
    closed = rounds_lock(mine)
    race = race_of(mine)
    busy = race is not None and not race.is_done
    entry = race_setup(mine, busy)
    shown = race.setup if race is not None else entry
    guessing = guessing_insight(shown.rounds) if shown is not None and race is None else None
    if guessing is not None:
        st.info(translate_insight(guessing))
        st.page_link("narrow.py", label=_("On to the rounds"), icon=":material/zoom_in_map:")
        return
    if shown is not None:
        st.write(race_terms(shown))
    buttons(mine, entry, race, closed)
    if entry is not None and entry.plan.space.is_fixed:
        st.info(_("Every range holds a single value: there is nothing to search for. Widen a range first."))
    if shown is None:
        st.info(_("Your own rounds are one of the lines, and set the ranges and the budget: finish a round first."))
        st.page_link("narrow.py", label=_("On to the rounds"), icon=":material/zoom_in_map:")
        chart([], mine.plan.trials * mine.plan.epochs, width)
        return
    ticking(race_progress, busy, shown, race, width)
    if race is not None and (race.is_done or race.fresh):  # also while it is being repeated
        results(race)
        if entry is not None and (entry.rounds[0].plan, entry.spent) != (race.setup.rounds[0].plan, race.setup.spent):
            st.caption(_("You have trained more since then. Start a new race to count that too."))
    rules(shown)
    with st.container(horizontal=True, vertical_alignment="center"):
        next_page_link("race")
        save_charts("race")


def race_setup(mine: Lab, busy: bool) -> RaceSetup | None:
    """The student's rounds as they enter the next race, in the ranges that are chosen here; None before there are any.

    There is nothing to choose as long as all rounds had the ranges of the first.
    """
    rounds = [round_.progress for round_ in mine.rounds]
    entry = RaceSetup.of(rounds)
    if entry is None or entry.widest_space == entry.plan.space:
        return entry
    captions = {
        False: _("Everybody begins where you began. But the others may not go where you went later."),
        True: _("The others may look wherever you looked. But you had to find out where that is."),
    }
    all_ranges = st.radio(
        _("Ranges of the race"), [False, True], key="race_ranges", disabled=busy, captions=list(captions.values()),
        format_func=lambda all_: _("of all your rounds together") if all_ else _("of your first round"),
        persist_state="session",
    )  # fmt: skip
    return RaceSetup.of(rounds, bool(all_ranges))


def buttons(mine: Lab, entry: RaceSetup | None, race: Race | None, closed: bool) -> None:
    """The buttons that start, stop and repeat the race. closed: whether the teacher has closed the rounds"""
    busy = race is not None and not race.is_done
    with st.container(horizontal=True, gap="small"):
        st.button(
            _("Start the race"), icon=":material/sports_score:", type="primary", key="race_start",
            disabled=entry is None or entry.plan.space.is_fixed or busy or closed,
            on_click=attempt, args=(begin_race, mine, entry),
        )  # fmt: skip
        if race is not None and busy:
            st.button(_("Stop"), icon=":material/stop:", key="race_stop", on_click=race.stop)
        if race is not None and not busy and 0 in race.complete_runs and len(race.complete_runs) <= SEEDS:
            st.button(
                _("Repeat on {seeds} more seeds").format(seeds=1 + SEEDS - len(race.complete_runs)),
                icon=":material/repeat:", key="race_repeat", disabled=closed,
                on_click=attempt, args=(repeat, mine, race),
                help=_("Random search, grid and Bayesian search once more on each; your line stays one line."),
            )  # fmt: skip


def repeat(mine: Lab, race: Race) -> None:
    """Race again on other seeds. Raises LessonError while the teacher has closed the rounds."""
    mine.check_start()
    race.repeat()


def race_progress(entry: RaceSetup, race: Race | None, width: int, busy: bool) -> None:
    """One tick: progress, faults and the chart. busy: whether the page was drawn for a running race"""
    detect_language()
    if race is not None and busy and race.is_done:
        redraw_page()
    st.html(progress_html(race) + "".join(f"<div>{escape(one)}</div>" for one in fault_sentences(race)))
    chart(race_chart.race_curves(entry, race), entry.budget, width)


def chart(curves: list[race_chart.Curve], budget: int, width: int) -> None:
    """Best accuracy so far against epochs spent; without curves only the axes. budget: end of the axis, epochs"""
    datasets = {"lines": arrow(race_chart.lines_table(curves)), "bands": arrow(race_chart.bands_table(curves))}
    dark = is_dark()
    st.vega_lite_chart(
        {**race_chart.race_spec(width, budget, language(), dark), "datasets": datasets},
        key="race_chart",
        alt=_("Best validation accuracy so far against epochs spent, a line each for you and the three searches"),
    )


def results(race: Race) -> None:
    """What the race shows, and how its winners do on seeds that were not used to choose them."""
    if (guessing := guessing_sentence(race)) is not None:
        st.info(guessing)
        return
    st.markdown(listed([*leader_sentences(race), *spread_sentences(race)]))
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
        st.altair_chart(race_chart.fresh_chart(race, language(), is_dark()), width="stretch")
    with right:
        winners(race)
    st.markdown(listed(fresh_seed_sentences(race)))


def listed(sentences: list[str]) -> str:
    """Sentences as a list in Markdown."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def winners(race: Race) -> None:
    """A table of everybody's best trial."""
    names, in_race = race_chart.racer_names(_), final_accuracies(race)
    rows = [
        {
            _("who"): names[name],
            _("in the race"): f"{in_race[name]:.2f}",
            _("on fresh seeds"): "{:.2f} ± {:.2f}".format(*mean_and_deviation(found)),
            **{
                _(AXES[axis].label): AXES[axis].in_text(value)
                for axis, value in zip(race.setup.plan.space.axes, race.winners[name], strict=True)
            },
        }
        for name, found in race.fresh.items()
    ]
    st.dataframe(rows, hide_index=True, width="stretch")


def rules(entry: RaceSetup) -> None:
    """The rules in an expander."""
    with st.expander(_("The rules of the race"), icon=":material/gavel:"):
        st.markdown(listed(rule_sentences(entry)))


if __name__ == "__main__":
    race_page()

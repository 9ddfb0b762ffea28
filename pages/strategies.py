"""Grid or random: as many trials on a grid as at random, trained and drawn side by side."""

from dataclasses import replace

import streamlit as st

from core.analysis.comparisons import groups_behind
from core.analysis.guessing import guessing_insight
from core.analysis.hints import not_diverged
from core.analysis.sampling import at_random, distinct, grid
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.space import AXES, DEFAULT_AXES
from core.training.random_streams import RoundPurpose, generator
from pages.components.classroom.teacher_locks import rounds_lock
from pages.components.comparison.pair import Plans, draw_pair, seed_field, train_button, training_pair
from pages.components.frame.faults import show_faults
from pages.components.frame.layout import header, next_page_link, page_width
from pages.components.frame.number_field import show_faults_of
from pages.components.frame.pictures import save_charts
from pages.components.frame.redraw import redraw_page
from pages.components.frame.session import lab
from pages.components.frame.translation import _, detect_language, listed, translate_insight
from pages.components.refresh.pace import ticking

SIDES = range(2, 8)  # trials along a side of the grid
FEWEST, USUAL, MOST = 8, 25, 125  # trials each
EPOCHS = 20
PAGE = "versus"


def strategies() -> None:
    """The page."""
    mine = lab()
    width = page_width()
    header(mine, _("Grid or random? Same budget, different coverage."))
    show_faults()
    closed = rounds_lock(mine)
    st.write(
        _(
            "A grid looks orderly, but its trials stand in rows: seen along one hyperparameter alone, many of them "
            "tell the same thing. Random trials never repeat a value. Train both in the ranges of your next round."
        )
    )
    if mine.plan.space.is_fixed:
        st.info(_("Your ranges hold a single value each: there is nothing to search for. Widen a range first."))
        st.page_link("narrow.py", label=_("On to the rounds"), icon=":material/zoom_in_map:")
        return
    axes = len(mine.plan.space.axes)
    if axes == 2 and any(range_.is_fixed for range_ in mine.plan.space.ranges().values()):
        st.caption(_("One of your ranges holds a single value, so the grid repeats no value of the other one either."))
    busy, base = training_pair(PAGE), mine.plan
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        side = st.select_slider(
            _("trials each"), sides(axes), usual_side(axes), format_func=lambda one: side_text(one, axes), width=280,
            key=side_key(axes), persist_state="session",
            help=_("How many values of each hyperparameter the grid has. Random search gets as many trials."),
        )  # fmt: skip
        seed, faults = seed_field(PAGE)

        def planned(seed: int) -> Plans:
            return plans(base, int(st.session_state.get(side_key(axes), side)), seed)

        train_button(mine, PAGE, planned, disabled=busy or closed or bool(faults))
    show_faults_of(faults)
    if axes > 2:
        st.caption(
            _("Over {axes} hyperparameters a grid of {trials} trials has only {side} values of each.").format(
                axes=axes, trials=side**axes, side=side
            )
        )
    if any(AXES[axis].is_whole for axis in mine.plan.space.axes):
        st.caption(_("Whole numbers are few, so that random trials repeat them too."))
    ticking(comparison_chart, busy, planned(seed), width)
    with st.container(horizontal=True, vertical_alignment="center"):
        next_page_link("strategies")
        save_charts("grid-or-random")


def sides(axes: int) -> list[int]:
    """How many values of each hyperparameter a grid may have: fewer, the more hyperparameters there are."""
    return [side for side in SIDES if FEWEST <= side**axes <= MOST]


def usual_side(axes: int) -> int:
    """The one whose grid comes nearest to the usual number of trials."""
    return min(sides(axes), key=lambda side: abs(side**axes - USUAL))


def side_text(side: int, axes: int) -> str:
    """A grid in figures: 3 × 3 × 3 = 27."""
    return f"{' × '.join([str(side)] * axes)} = {side**axes}"


def side_key(axes: int) -> str:
    """The key of its field: grids over more hyperparameters have other sides."""
    return "versus_side" if axes == 2 else f"versus_side_{axes}"


def plans(base: RoundPlan, side: int, seed: int) -> Plans:
    """A round on a grid and one at random: same ranges, same number of trials, same split."""
    values = grid(base.space, side)
    on_grid = replace(base.to_the_end(), trials=len(values), epochs=EPOCHS, seed=seed, values=values)
    random_values = at_random(base.space, len(values), generator(on_grid.seed, RoundPurpose.VALUES, 0))
    return on_grid, replace(on_grid, values=random_values)


def comparison_chart(planned: Plans, width: int, busy: bool) -> None:
    """Both rounds as a chart, and once they are trained, what they show."""
    detect_language()
    if busy and not training_pair(PAGE):
        redraw_page()
    alt = _("Trials on a grid and at random, and their accuracy along each hyperparameter")
    pair = draw_pair(PAGE, (_("on a grid"), _("at random")), planned, width, alt)
    if pair is None:
        st.caption(_("Grey: not trained yet. Along one hyperparameter alone, count how many different values you see."))
    elif pair.is_done:
        with st.container(key="result_strategies"):
            for sentence in verdict(pair.first.progress, pair.second.progress):
                st.markdown(f"- {sentence}")


def verdict(on_grid: RoundProgress, at_random: RoundProgress) -> list[str]:
    """What the two rounds show; a difference that chance can explain among so many trials is called a tie."""
    guessing = guessing_insight([on_grid, at_random])
    if guessing is not None:
        return [translate_insight(guessing)]
    sentences = [coverage_sentence(on_grid, at_random)]
    found = [one.last_validation()[not_diverged(one)] for one in (on_grid, at_random)]
    if not all(map(len, found)):
        return sentences
    behind = groups_behind(found, on_grid.plan.validation_images())
    sentence = _("Best on the grid {grid:.2f}, best at random {random:.2f}: ").format(
        grid=found[0].max(), random=found[1].max()
    )
    if not behind.any():
        return [*sentences, sentence + _("a tie, the best of so many trials may differ as much by chance.")]
    winner = _("random search is ahead this time.") if behind[0] else _("the grid is ahead this time.")
    return [*sentences, sentence + winner, _("Another seed may give another result: try some.")]


def coverage_sentence(on_grid: RoundProgress, at_random: RoundProgress) -> str:
    """How many different values of each hyperparameter the two rounds have seen."""
    axes, trials = on_grid.plan.space.axes, on_grid.plan.trials
    if axes == DEFAULT_AXES:
        return _(
            "The grid shows {grid} different learning rates, random search {random}, for {trials} trials each."
        ).format(grid=distinct(on_grid.learning_rate), random=distinct(at_random.learning_rate), trials=trials)
    counts = listed(
        _("{axis} {grid} and {random}").format(
            axis=_(AXES[axis].label), grid=distinct(on_grid.hyperparameters[axis]),
            random=distinct(at_random.hyperparameters[axis]),
        )
        for axis in axes
    )  # fmt: skip
    return _("Different values among {trials} trials each, on the grid and at random: {counts}.").format(
        trials=trials, counts=counts
    )


if __name__ == "__main__":
    strategies()

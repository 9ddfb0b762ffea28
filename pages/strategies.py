"""Grid or random: the same number of trials either way, both trained for real, side by side."""

from dataclasses import replace

import streamlit as st

from core.plan import RoundPlan
from core.progress import RoundProgress
from core.remarks import standard_error
from core.strategies import at_random, distinct, grid
from core.training import VALUES, generator
from pages.components.layout import header, onward, page_width
from pages.components.pace import ticking
from pages.components.pair import Plans, pair_chart, train_pair, training_pair
from pages.components.pictures import save_charts
from pages.components.session import engine, lab, tell_fault
from pages.components.text import _, listen

SIDES = [3, 4, 5, 6, 7]  # of the grid
SIDE, EPOCHS = 5, 20
PAGE = "versus"


def grid_or_random() -> None:
    """The page."""
    engine()
    mine = lab()
    width = page_width()
    header(mine, _("Grid or random? Equal budget, different eyes."))
    tell_fault()
    st.write(
        _(
            "A grid looks orderly, but its trials stand in rows: seen along one hyperparameter alone, many of them "
            "tell the same thing. Random trials never repeat a value. Train both in the ranges of your next round."
        )
    )
    busy = training_pair(PAGE)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        side = st.select_slider(
            _("trials each"), SIDES, SIDE, format_func=lambda one: f"{one} × {one} = {one * one}", width=280,
            key="versus_side",
        )  # fmt: skip
        seed = st.number_input(_("seed"), 0, 9999, 0, width=130, key="versus_seed")
        st.button(
            _("Train both"), icon=":material/play_arrow:", type="primary", disabled=busy, key="versus_train",
            on_click=train_pair, args=(mine, PAGE, plans(mine.plan, int(side), int(seed))),
        )  # fmt: skip
    ticking(compared, busy, plans(mine.plan, int(side), int(seed)), width)
    with st.container(horizontal=True, vertical_alignment="center"):
        onward("strategies")
        save_charts("grid-or-random")


def plans(base: RoundPlan, side: int, seed: int) -> Plans:
    """A round on a grid and one at random in the same ranges, of equal size and on the same split."""
    on_grid = replace(base.to_the_end(), trials=side * side, epochs=EPOCHS, seed=seed, values=grid(base.space, side))
    drawn = at_random(base.space, side * side, generator(on_grid, VALUES))
    return on_grid, replace(on_grid, values=drawn)


def compared(planned: Plans, width: int, busy: bool) -> None:
    """Both as far as they are, and what they show."""
    listen()
    if busy and not training_pair(PAGE):
        st.rerun()
    alt = _("Trials on a grid and at random, and their accuracy along either hyperparameter")
    pair = pair_chart(PAGE, (_("on a grid"), _("at random")), planned, width, alt)
    if pair is None:
        st.caption(
            _("Grey: not trained yet. Along either hyperparameter alone, count how many different values you see.")
        )
    elif pair.over:
        for sentence in verdict(pair.first.progress, pair.second.progress):
            st.markdown(f"- {sentence}")


def verdict(on_grid: RoundProgress, at_random: RoundProgress) -> list[str]:
    """What the two show, a tie named as one."""
    said = [
        _("The grid shows {grid} different learning rates, random search {random}, for {trials} trials each.").format(
            grid=distinct(on_grid.learning_rate), random=distinct(at_random.learning_rate), trials=on_grid.plan.trials
        )
    ]
    best = [float(one.last_validation()[one.ranking()[0]]) for one in (on_grid, at_random) if len(one.ranking())]
    if len(best) < 2:
        return said
    images = on_grid.plan.validation_images()
    error = standard_error(max(best), images)
    told = _("Best on the grid {grid:.2f}, best at random {random:.2f}, one standard error {error:.2f}: ").format(
        grid=best[0], random=best[1], error=error
    )
    if abs(best[0] - best[1]) <= error:
        return [*said, told + _("a tie.")]
    winner = _("the grid is ahead this time.") if best[0] > best[1] else _("random search is ahead this time.")
    return [*said, told + winner, _("Another seed may tell another story: try some.")]


if __name__ == "__main__":
    grid_or_random()

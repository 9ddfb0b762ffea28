"""Grid or random: the same number of trials either way, both trained for real, side by side."""

from dataclasses import replace

import streamlit as st

from core.lab import Lab
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.remarks import standard_error
from core.strategies import at_random, distinct, grid
from core.training import VALUES, generator
from pages.components import figures
from pages.components.charts import arrow, points_table
from pages.components.layout import header, page_width
from pages.components.pictures import save_charts
from pages.components.session import Versus, attempt, engine, lab, session, tell_fault
from pages.components.text import _, language, listen

TICK = 1.0  # seconds
SIDES = [3, 4, 5, 6, 7]  # of the grid
SIDE, EPOCHS = 5, 20


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
    state = session()
    busy = state.versus is not None and not state.versus.over
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        side = st.select_slider(
            _("trials each"), SIDES, SIDE, format_func=lambda one: f"{one} × {one} = {one * one}", width=280,
            key="versus_side",
        )  # fmt: skip
        seed = st.number_input(_("seed"), 0, 9999, 0, width=130, key="versus_seed")
        st.button(
            _("Train both"), icon=":material/play_arrow:", type="primary", disabled=busy, key="versus_train",
            on_click=train, args=(mine, int(side), int(seed)),
        )  # fmt: skip
    st.fragment(compared, run_every=TICK if busy else None)(width, busy)
    save_charts("grid-or-random")


def plans(base: RoundPlan, side: int, seed: int) -> tuple[RoundPlan, RoundPlan]:
    """A round on a grid and one at random in the same ranges, of equal size and on the same split."""
    on_grid = replace(base.to_the_end(), trials=side * side, epochs=EPOCHS, seed=seed, values=grid(base.space, side))
    drawn = at_random(base.space, side * side, generator(on_grid, VALUES))
    return on_grid, replace(on_grid, values=drawn)


def train(mine: Lab, side: int, seed: int) -> None:
    """Let both learn."""

    def begin() -> None:
        both = plans(mine.plan, side, seed)
        first = engine().start(mine.token, both[0], lane="grid")
        try:
            session().versus = Versus(first, engine().start(mine.token, both[1], lane="random"))
        except BaseException:
            first.stop()
            raise

    attempt(begin)


def compared(width: int, busy: bool) -> None:
    """Both as far as they are, and what they show."""
    listen()
    versus = session().versus
    if versus is None:
        return
    if busy and versus.over:
        st.rerun()
    pair = versus.grid.progress, versus.random.progress
    spec = figures.versus_spec(width, pair[0].plan.space, language(), st.context.theme.type == "dark")
    datasets = {name: arrow(points_table(one)) for name, one in zip(("grid", "random"), pair, strict=True)}
    st.vega_lite_chart(
        {**spec, "datasets": datasets},
        key="versus_chart",
        alt=_("Trials on a grid and at random, and their accuracy along either hyperparameter"),
    )
    if versus.over:
        for sentence in verdict(*pair):
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

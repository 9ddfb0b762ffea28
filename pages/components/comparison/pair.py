"""Two rounds side by side on the same axes, trained together and drawn live."""

from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from core.errors import LessonError
from core.lab.lab import Lab
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.settings import settings_of
from pages.components.comparison import pair_chart
from pages.components.frame.number_field import typed_number
from pages.components.frame.running_server import server
from pages.components.frame.session import Pair, attempt, session
from pages.components.frame.theme import is_dark
from pages.components.frame.translation import _, language
from pages.components.frame.widgets import with_value
from pages.components.round.tables import arrow, points_table

MAX_PAIRS = 20  # kept in a tab
SEED_WIDTH = 144  # pixels

Plans = tuple[RoundPlan, RoundPlan]


def train_pair(mine: Lab, page: str, plans: Plans) -> None:
    """Start both rounds. page: which page compares them; its rounds run in two lanes of its own"""

    def begin() -> None:
        mine.check_start()
        first = server().engine.start(mine.token, plans[0], lane=f"{page}-first")
        try:
            second = server().engine.start(mine.token, plans[1], lane=f"{page}-second")
        except BaseException:
            first.stop()
            raise
        pairs = session().pairs
        pairs[plans] = Pair(page, first, second)
        while len(pairs) > MAX_PAIRS:
            del pairs[next(iter(pairs))]

    attempt(begin)


def seed_field(page: str, disabled: bool = False) -> tuple[int, list[LessonError]]:
    """The field for the seed of both rounds of a page: what it shows, 0 if that is refused, and why it is."""
    seed = settings_of(RoundPlan)["seed"]
    given, fault = typed_number(
        _(seed.label), 0, seed.from_typed, f"{page}_seed", width=SEED_WIDTH, help=_(seed.help), disabled=disabled
    )
    return given or 0, [fault] if fault else []


def train_button(mine: Lab, page: str, planned: Callable[[int], Plans], disabled: bool) -> None:
    """The button that trains both rounds. planned: the rounds of a seed, as the page shows them when it is pressed"""

    def train(typed: str) -> None:
        with suppress(LessonError):  # which the field shows
            train_pair(mine, page, planned(settings_of(RoundPlan)["seed"].from_typed(typed)))

    st.button(
        _("Train both"), icon=":material/play_arrow:", type="primary", disabled=disabled, key=f"{page}_train",
        on_click=with_value(f"{page}_seed", train),
    )  # fmt: skip


def training_pair(page: str) -> bool:
    """Whether a pair of this page is being trained."""
    return any(pair.page == page and not pair.is_done for pair in session().pairs.values())


def draw_pair(page: str, titles: tuple[str, str], plans: Plans, width: int, alt: str) -> Pair | None:
    """Draw both rounds as far as they are trained; returns the pair, None before it was started.

    width: pixels of the page    alt: what the chart shows, in words
    """
    pair = session().pairs.get(plans)
    if pair is None:
        both = RoundProgress.of(plans[0]), RoundProgress.of(plans[1])
    else:
        both = pair.first.progress, pair.second.progress
    spec = pair_chart.pair_spec(width, plans[0].space, titles, language(), is_dark())
    tables = {
        name: arrow(points_table(one, one.plan.space.axes, planned=True))
        for name, one in zip(pair_chart.SIDES, both, strict=True)
    }
    st.vega_lite_chart({**spec, "datasets": tables}, key=f"{page}_chart", alt=alt)
    return pair

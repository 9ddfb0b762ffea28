"""Two rounds side by side on the same axes, trained together and drawn live."""

import streamlit as st

from core.lab import Lab
from core.plan import RoundPlan
from core.progress import RoundProgress
from pages.components import figures
from pages.components.session import Pair, attempt, engine, session
from pages.components.tables import arrow, points_table
from pages.components.text import language

KEPT = 20  # pairs a tab remembers

Plans = tuple[RoundPlan, RoundPlan]


def train_pair(mine: Lab, page: str, plans: Plans) -> None:
    """Let both learn. page: whose pair it is; it has two lanes of its own"""

    def begin() -> None:
        mine.check_start()
        first = engine().start(mine.token, plans[0], lane=f"{page}-first")
        try:
            second = engine().start(mine.token, plans[1], lane=f"{page}-second")
        except BaseException:
            first.stop()
            raise
        pairs = session().pairs
        pairs[plans] = Pair(page, first, second)
        while len(pairs) > KEPT:
            del pairs[next(iter(pairs))]

    attempt(begin)


def training_pair(page: str) -> bool:
    """Whether a pair of the page's is being trained."""
    return any(pair.page == page and not pair.over for pair in session().pairs.values())


def pair_chart(page: str, titles: tuple[str, str], plans: Plans, width: int, alt: str) -> Pair | None:
    """Both as far as they are; before their training where their trials will lie. The pair, if there is one.

    width: pixels of the page    alt: what the chart shows, in words
    """
    pair = session().pairs.get(plans)
    if pair is None:
        both = RoundProgress.of(plans[0]), RoundProgress.of(plans[1])
    else:
        both = pair.first.progress, pair.second.progress
    spec = figures.pair_spec(width, plans[0].space, titles, language(), st.context.theme.type == "dark")
    tables = {name: arrow(points_table(one, planned=True)) for name, one in zip(figures.SIDES, both, strict=True)}
    st.vega_lite_chart({**spec, "datasets": tables}, key=f"{page}_chart", alt=alt)
    return pair

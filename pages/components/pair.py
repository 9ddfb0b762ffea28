"""Two rounds side by side on the same axes, trained together and drawn live."""

import streamlit as st

from core.lab import Lab
from core.plan import RoundPlan
from core.progress import RoundProgress
from pages.components import figures
from pages.components.charts import arrow, points_table
from pages.components.session import Pair, attempt, engine, session
from pages.components.text import language

Plans = tuple[RoundPlan, RoundPlan]


def train_pair(mine: Lab, page: str, plans: Plans) -> None:
    """Let both learn. page: whose pair it is; it has two lanes of its own"""

    def begin() -> None:
        first = engine().start(mine.token, plans[0], lane=f"{page}-first")
        try:
            session().pairs[page] = Pair(first, engine().start(mine.token, plans[1], lane=f"{page}-second"))
        except BaseException:
            first.stop()
            raise

    attempt(begin)


def training_pair(page: str) -> bool:
    """Whether the page's pair is being trained."""
    pair = session().pairs.get(page)
    return pair is not None and not pair.over


def pair_chart(page: str, titles: tuple[str, str], planned: Plans, width: int, alt: str) -> Pair | None:
    """Both as far as they are; before the first training where their trials will lie. The pair, if there is one.

    width: pixels of the page    alt: what the chart shows, in words
    """
    pair = session().pairs.get(page)
    if pair is None:
        both = RoundProgress.of(planned[0]), RoundProgress.of(planned[1])
    else:
        both = pair.first.progress, pair.second.progress
    spec = figures.pair_spec(width, both[0].plan.space, titles, language(), st.context.theme.type == "dark")
    tables = {name: arrow(points_table(one, planned=True)) for name, one in zip(figures.SIDES, both, strict=True)}
    st.vega_lite_chart({**spec, "datasets": tables}, key=f"{page}_chart", alt=alt)
    return pair

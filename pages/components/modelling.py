"""Models of the accuracy: one at a time on a server, so that pages stay quick, and of how many trials.

They are kept here and not on their pages, whose files are run anew, and forget, whenever a page is drawn.
"""

import threading
from functools import lru_cache

import streamlit as st

from core.progress import RoundProgress
from core.space import SearchSpace
from core.surrogate import Maps, Observations, Surface, observations, propose, surface
from pages.components.text import _

KEPT = 64  # models, and as many proposals, in memory: some 16 MB at most, beside the rounds

one_model = threading.Lock()


@lru_cache(maxsize=KEPT)
def model_of(rounds: tuple[RoundProgress, ...]) -> tuple[Observations, Surface] | None:
    """The trials of some rounds and the model of them, fitted once; None if they are too few."""
    data = observations(list(rounds))
    if data is None:
        return None
    with one_model:
        return data, surface(data)


@lru_cache(maxsize=KEPT)
def proposed(rounds: tuple[RoundProgress, ...], box: SearchSpace, count: int) -> tuple[Observations, Maps] | None:
    """The trials of some rounds and the next batch, computed once; None if they are too few."""
    data = observations(list(rounds))
    if data is None:
        return None
    with one_model:
        return data, propose(data, box, count)


def fitted_to(data: Observations) -> None:
    """A line when a model leaves trials out."""
    if data.left_out:
        st.caption(
            _(
                "The model is fitted to {fitted} of {trials} trials: the latest, and an even choice of those before."
            ).format(fitted=len(data.y), trials=f"{len(data.y) + data.left_out:,}")
        )

"""Models of the accuracy and proposals from them, computed once for all tabs, each when its lab has its turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st
from cachetools.keys import hashkey

from core.analysis.axis_effects import Effects, effects
from core.analysis.bayesian_search import AcquisitionMaps, propose
from core.analysis.comparable_rounds import comparable_rounds
from core.analysis.functional_anova import Importance, Surface, surface
from core.analysis.guessing import guessing_insight
from core.analysis.insight import Insight
from core.analysis.observations import Observations, observations
from core.analysis.permutation_test import depends_on_values
from core.progress import RoundProgress
from core.space import SearchSpace
from pages.components.comparison.model_queue import ModelQueue, ModelRequest, OutdatedRequestError
from pages.components.frame.redraw import redraw_page
from pages.components.frame.translation import _
from pages.components.refresh.cache import memoize

MAX_MODELS = 64  # kept in memory, and as many proposals: 5 MB together at most

model_queue = ModelQueue()


@dataclass(frozen=True, eq=False)
class Model:
    """What some trials show of how the accuracy depends on the hyperparameters."""

    data: Observations
    surface: Surface | None  # of two axes; None: no more than chance would
    effects: Effects | None = None  # of more axes; None: no more than chance would

    @property
    def shares(self) -> Importance | None:
        """What each hyperparameter explains; None: no more than chance would."""
        shown = self.surface or self.effects
        return shown.shares if shown is not None else None


@dataclass(frozen=True, eq=False)
class Proposal:
    """The next batch of a Bayesian search."""

    data: Observations
    maps: AcquisitionMaps
    beyond_chance: bool  # whether the trials show more than chance would


def model_of(lab: str, rounds: tuple[RoundProgress, ...]) -> Model | None:
    """The model fitted to the trials of some rounds of a lab; None if they are too few. lab: its token"""
    with page_request(lab, rounds) as request:
        return _model_of(request, rounds)


def proposed(lab: str, rounds: tuple[RoundProgress, ...], space: SearchSpace, count: int) -> Proposal | None:
    """A batch of `count` trials proposed in `space` after some rounds of a lab; None if their trials are too few."""
    with page_request(lab, rounds) as request:
        return _proposed(request, rounds, space, count)


@contextmanager
def page_request(lab: str, rounds: tuple[RoundProgress, ...]) -> Iterator[ModelRequest]:
    """What this run of a page asks for: given up when the page has moved on, drawn anew when the lab has."""
    place = st.empty()  # writing to it ends the run of a page that is to be drawn anew, or that nobody looks at
    try:
        yield ModelRequest(lab, sum(one.plan.trials for one in rounds), place.empty)
    except OutdatedRequestError:
        redraw_page()


@memoize(MAX_MODELS, key=lambda request, *given: hashkey(*given))
def _model_of(request: ModelRequest, rounds: tuple[RoundProgress, ...]) -> Model | None:
    data = observations(list(rounds))
    if data is None:
        return None
    with model_queue.turn(request):
        if not depends_on_values(data):
            return Model(data, None)
        if len(data.space.axes) > 2:
            return Model(data, None, effects(data))
        return Model(data, surface(data))


@memoize(MAX_MODELS, key=lambda request, *given: hashkey(*given))
def _proposed(
    request: ModelRequest, rounds: tuple[RoundProgress, ...], space: SearchSpace, count: int
) -> Proposal | None:
    data = observations(list(rounds))
    if data is None or data.space.axes != space.axes:  # nothing has been searched there yet
        return None
    with model_queue.turn(request):
        return Proposal(data, propose(data, space, count), depends_on_values(data))


def nothing_learned_insight(rounds: tuple[RoundProgress, ...]) -> Insight | None:
    """That no trial of the rounds that a model would be fitted to beats guessing, and where to look instead."""
    return guessing_insight(comparable_rounds(list(rounds)))


def fitted_note(data: Observations) -> None:
    """A note if a model was fitted to a part of the trials."""
    if data.left_out:
        st.caption(
            _(
                "The model is fitted to {fitted} of {trials} trials: the latest, and an even choice of those before."
            ).format(fitted=len(data.y), trials=f"{len(data.y) + data.left_out:,}")
        )

"""Models of the accuracy: one at a time on a server, so that pages stay quick, and of how many trials."""

import threading

import streamlit as st

from core.surrogate import Observations
from pages.components.text import _

one_model = threading.Lock()


def fitted_to(data: Observations) -> None:
    """A line when a model leaves trials out."""
    if data.left_out:
        st.caption(
            _(
                "The model is fitted to {fitted} of {trials} trials: the latest, and an even choice of those before."
            ).format(fitted=len(data.y), trials=f"{len(data.y) + data.left_out:,}")
        )

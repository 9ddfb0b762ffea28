"""Which one matters: how much of the accuracy each hyperparameter decides, measured on the lab's own trials."""

import numpy as np
import streamlit as st

from core.surrogate import FEWEST, Importance, importance
from pages.components import figures
from pages.components.layout import header, onward
from pages.components.modelling import fitted_to, model_of
from pages.components.pictures import save_charts
from pages.components.session import lab, tell_fault
from pages.components.text import _

UNSURE = 0.15  # standard deviation of a share from which on nothing is said


def which_matters() -> None:
    """The page."""
    mine = lab()
    header(mine, _("Which one matters: the learning rate or the weight decay?"))
    tell_fault()
    model = model_of(tuple(round_.progress for round_ in mine.rounds if round_.progress.status.over))
    if model is None:
        st.write(
            _(
                "This is measured on your own trials. It takes at least {fewest} that were trained to their end with "
                "the same settings."
            ).format(fewest=FEWEST)
        )
        st.page_link("pages/narrow.py", label=_("On to the rounds"), icon=":material/zoom_in_map:")
        return
    data, found = model
    shares = importance(found.draws)
    st.markdown(verdict(shares, len(data.y)))
    fitted_to(data)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(f"##### {_('A model of the accuracy')}")
        st.caption(
            _("A Gaussian process fitted to {trials} trials (points); it guesses what lies between them.").format(
                trials=len(data.y)
            )
        )
        names = {"lr": _("learning rate"), "wd": _("weight decay"), "accuracy": _("validation accuracy")}
        st.altair_chart(figures.surface_chart(found, data, names), width="stretch")
    with right:
        st.markdown(f"##### {_('Shares of what varies')}")
        st.caption(_("Mean and standard deviation over surfaces that your trials allow."))
        names = {
            "learning_rate": _("learning rate"), "weight_decay": _("weight decay"), "together": _("both together"),
            "share": _("share of the variance"),
        }  # fmt: skip
        st.altair_chart(figures.shares_chart(figures.shares_frame(shares), names), width="stretch")
        st.write(
            _(
                "A share is how much of the accuracy's variance over the ranges you have looked at is explained by "
                "this one alone. Other ranges, other shares: narrow round the best learning rate and the weight "
                "decay may begin to matter."
            )
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        onward("importance")
        save_charts("importance")


def verdict(shares: Importance, trials: int) -> str:
    """What the shares say, or that there are too few trials to say."""
    rate, decay, both = (
        (float(one.mean()), float(one.std())) for one in (shares.learning_rate, shares.weight_decay, shares.together)
    )
    if max(rate[1], decay[1]) > UNSURE:
        return _("{trials} trials are too few to say: the shares are not known to better than {spread:.2f}.").format(
            trials=trials, spread=max(rate[1], decay[1])
        )
    said = _(
        "In the ranges you have looked at, the learning rate alone decides {rate:.0%} of what varies, the weight decay "
        "alone {decay:.0%}, and {both:.0%} only both together."
    ).format(rate=rate[0], decay=decay[0], both=both[0])
    if np.argmax([rate[0], decay[0], both[0]]) == 2:
        said += " " + _("So neither can be narrowed without regard to the other.")
    return said


if __name__ == "__main__":
    which_matters()

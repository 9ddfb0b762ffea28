"""Which one matters: how much of the accuracy's variance each hyperparameter explains over the lab's own trials."""

import streamlit as st

from core.analysis.functional_anova import Importance, Surface
from core.analysis.observations import MIN_FITTED, Observations
from core.analysis.variance_shares import leading_share
from core.space import SearchSpace
from pages.components.comparison import model_charts
from pages.components.comparison.modelling import fitted_note, model_of, nothing_learned_insight
from pages.components.frame.faults import show_faults
from pages.components.frame.layout import header, next_page_link
from pages.components.frame.pictures import save_charts
from pages.components.frame.session import lab
from pages.components.frame.translation import _, translate_insight
from pages.components.round.shown_chart import show_chart


def importance_page() -> None:
    """The page."""
    mine = lab()
    header(mine, _("Which one matters: the learning rate or the weight decay?"))
    show_faults()
    finished = tuple(round_.progress for round_ in mine.rounds if round_.progress.status.is_final)
    guessing = nothing_learned_insight(finished)
    model = None if guessing else model_of(mine.token, finished)
    if guessing is not None:
        st.info(translate_insight(guessing))
    elif model is None:
        st.write(
            _(
                "This is measured on your own trials. It takes at least {fewest} that were trained to their end with "
                "the same settings."
            ).format(fewest=MIN_FITTED)
        )
    elif model.surface is None:
        st.info(nothing_shown(len(model.data.y)))
    if model is None or model.surface is None:
        st.page_link("narrow.py", label=_("On to the rounds"), icon=":material/zoom_in_map:")
        return
    st.markdown(verdict(model.surface.shares, model.data.space, len(model.data.y)))
    fitted_note(model.data)
    left, right = st.columns([3, 2], gap="large")
    with left:
        surface_part(model.surface, model.data)
    with right:
        shares_part(model.surface.shares)
    with st.container(horizontal=True, vertical_alignment="center"):
        next_page_link("importance")
        save_charts("importance")


def surface_part(surface: Surface, data: Observations) -> None:
    """The model of the accuracy as a map."""
    st.markdown(f"##### {_('A model of the accuracy')}")
    st.caption(
        _(
            "A Gaussian process fitted to {trials} trials (points). Between the points it estimates the accuracy."
        ).format(trials=len(data.y))
    )
    names = {"lr": _("learning rate"), "wd": _("weight decay"), "accuracy": _("validation accuracy")}
    show_chart(model_charts.surface_chart(surface, data, names))


def shares_part(shares: Importance) -> None:
    """The shares of the variance as bars, and what a share is."""
    st.markdown(f"##### {_('What explains the differences in accuracy')}")
    st.caption(_("Bars are means. With a probability of 95% the true share lies on the line across the bar."))
    names = {
        "learning_rate": _("learning rate"), "weight_decay": _("weight decay"), "interaction": _("both together"),
        "share": _("share of the variance"),
    }  # fmt: skip
    show_chart(model_charts.shares_chart(model_charts.shares_frame(shares), names))
    st.write(
        _(
            "A share is how much of the accuracy's variance over the ranges you have looked at is explained by this "
            "one alone. Other ranges give other shares: near the best learning rate, the weight decay may begin to "
            "matter."
        )
    )


def nothing_shown(trials: int) -> str:
    """That the trials show no effect. trials: those that were compared"""
    return _(
        "Your {trials} trials do not show that either one matters: their accuracies differ no more than chance allows. "
        "Widen a range or train more trials."
    ).format(trials=trials)


def verdict(shares: Importance, space: SearchSpace, trials: int) -> str:
    """What the shares show beyond doubt. space: that was looked at    trials: those that the model was fitted to"""
    if space.weight_decay.is_fixed:
        return _("The learning rate matters. The weight decay was the same in all trials: nothing can be said of it.")
    if space.learning_rate.is_fixed:
        return _("The weight decay matters. The learning rate was the same in all trials: nothing can be said of it.")
    found = leading_share(shares)
    if found is None:
        return _(
            "The accuracy depends on your two hyperparameters, but {trials} trials do not show which one matters more."
        ).format(trials=trials)
    sentences = {
        ("learning_rate",): _(
            "In the ranges you have looked at, the learning rate matters more than the weight decay: alone it explains "
            "at least {least:.0%} of what varies."
        ),
        ("weight_decay",): _(
            "In the ranges you have looked at, the weight decay matters more than the learning rate: alone it explains "
            "at least {least:.0%} of what varies."
        ),
        ("learning_rate", "weight_decay"): _(
            "In the ranges you have looked at, at least {least:.0%} of what varies depends on both together. So choose "
            "them together, not one after the other."
        ),
    }
    return sentences[found.part].format(least=found.least)


if __name__ == "__main__":
    importance_page()

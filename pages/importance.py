"""Which one matters: how much of the accuracy's variance each hyperparameter explains over the lab's own trials."""

from collections.abc import Iterator

import streamlit as st

from core.analysis.functional_anova import Importance
from core.analysis.observations import MIN_FITTED
from core.analysis.variance_shares import leading_share, strongest_pair
from core.space import AXES, DEFAULT_AXES, SearchSpace
from pages.components.comparison import model_charts
from pages.components.comparison.modelling import Model, fitted_note, model_of, nothing_learned_insight
from pages.components.frame.faults import show_faults
from pages.components.frame.layout import header, next_page_link
from pages.components.frame.pictures import save_charts
from pages.components.frame.session import lab
from pages.components.frame.translation import _, listed, translate_insight
from pages.components.round.shown_chart import show_chart


def importance_page() -> None:
    """The page."""
    mine = lab()
    two = mine.plan.space.axes == DEFAULT_AXES
    header(mine, _("Which one matters: the learning rate or the weight decay?") if two else _("Which one matters?"))
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
    elif model.shares is None:
        st.info(nothing_shown(len(model.data.y)))
    if model is None or model.shares is None:
        st.page_link("narrow.py", label=_("On to the rounds"), icon=":material/zoom_in_map:")
        return
    st.markdown(verdict(model.shares, model.data.space, len(model.data.y)))
    fitted_note(model.data)
    left, right = st.columns([3, 2], gap="large")
    with left:
        model_part(model)
    with right:
        shares_part(model.shares)
    with st.container(horizontal=True, vertical_alignment="center"):
        next_page_link("importance")
        save_charts("importance")


def model_part(model: Model) -> None:
    """The model of the accuracy as a map."""
    data = model.data
    st.markdown(f"##### {_('A model of the accuracy')}")
    st.caption(
        _(
            "A Gaussian process fitted to {trials} trials (points). Between the points it estimates the accuracy."
        ).format(trials=len(data.y))
    )
    names = {"accuracy": _("validation accuracy"), **{axis: _(AXES[axis].label) for axis in data.space.axes}}
    if model.surface is not None:
        show_chart(model_charts.surface_chart(model.surface, data, names))
    if model.effects is not None:
        one, other = (_(AXES[axis].label) for axis in model.effects.strongest)
        st.caption(
            _("Shown are the two that explain most together, {one} and {other}; of all others it is the mean.").format(
                one=one, other=other
            )
        )
        show_chart(model_charts.pair_chart(model.effects, data, names))


def shares_part(shares: Importance) -> None:
    """The shares of the variance as bars, and what a share is."""
    st.markdown(f"##### {_('What explains the differences in accuracy')}")
    st.caption(_("Bars are means. With a probability of 95% the true share lies on the line across the bar."))
    names = {
        **{axis: _(AXES[axis].label) for axis in shares.main}, "interaction": _("both together"),
        **{model_charts.pair_name(pair): " × ".join(_(AXES[axis].label) for axis in pair) for pair in shares.pairs},
        "share": _("share of the variance"),
    }  # fmt: skip
    show_chart(model_charts.shares_chart(model_charts.shares_frame(shares), names))
    if tuple(shares.main) == DEFAULT_AXES:
        st.write(
            _(
                "A share is how much of the accuracy's variance over the ranges you have looked at is explained by "
                "this one alone. Other ranges give other shares: near the best learning rate, the weight decay may "
                "begin to matter."
            )
        )
        return
    st.write(
        _(
            "A share is how much of the accuracy's variance over the ranges you have looked at is explained by this "
            "one alone, or by these two together. Other ranges give other shares."
        )
    )


def nothing_shown(trials: int) -> str:
    """That the trials show no effect. trials: those that were compared"""
    return _(
        "Your {trials} trials do not show that any hyperparameter matters: their accuracies differ no more than chance "
        "allows. Widen a range or train more trials."
    ).format(trials=trials)


def verdict(shares: Importance, space: SearchSpace, trials: int) -> str:
    """What the shares show beyond doubt. space: that was looked at    trials: those that the model was fitted to"""
    if space.axes != DEFAULT_AXES:
        return " ".join(general_sentences(shares, space, trials))
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


def general_sentences(shares: Importance, space: SearchSpace, trials: int) -> Iterator[str]:
    """The same of any hyperparameters, and of the two that depend on each other most."""
    called = {axis: _(AXES[axis].label) for axis in space.axes}
    found, pair = leading_share(shares), strongest_pair(shares)
    if found is None:
        yield _(
            "The accuracy depends on your hyperparameters, but {trials} trials do not show which matters most."
        ).format(trials=trials)
    elif len(found.part) == 1:
        yield _(
            "In the ranges you have looked at, one matters most: {axis}. Alone it explains at least {least:.0%} of "
            "what varies."
        ).format(axis=called[found.part[0]], least=found.least)
    if found is not None and len(found.part) > 1:
        pair = found
    if pair is not None:
        yield _(
            "At least {least:.0%} of what varies depends on these two together: {one} and {other}. So choose them "
            "together, not one after the other."
        ).format(least=pair.least, one=called[pair.part[0]], other=called[pair.part[1]])
    if fixed := [called[axis] for axis in space.axes if space[axis].is_fixed]:
        yield _("The same in all trials, so that nothing can be said of it: {axes}.").format(axes=listed(fixed))


if __name__ == "__main__":
    importance_page()

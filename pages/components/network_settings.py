"""The network's knobs: optimizer, initial weights, activation, batch normalisation, dropout, and its size."""

from collections.abc import Callable

import streamlit as st

from core.errors import N_
from core.plan import CHOICES, FRACTIONS, RoundPlan
from pages.components.text import _
from pages.components.widgets import entered, widget_key

WIDTH = 150  # pixels
CONSTANTS = {"momentum": ("momentum",), "adam": ("beta1", "beta2")}  # of the optimizers that have some
STEPS = {"momentum": 0.05, "beta1": 0.05, "beta2": 0.001, "deviation": 0.01, "dropout": 0.05}
WORDS = {
    "sgd": N_("SGD"), "momentum": N_("Momentum"), "adagrad": N_("AdaGrad"), "adam": N_("Adam"),
    "he": N_("He"), "xavier": N_("Xavier"), "deviation": N_("standard deviation"),
    "relu": N_("ReLU"), "sigmoid": N_("sigmoid"),
}  # fmt: skip

Change = Callable[..., None]


def labels() -> dict[str, str]:
    """What each knob is called."""
    return {
        "optimizer": _("optimizer"), "initial_weights": _("initial weights"), "activation": _("activation"),
        "momentum": _("momentum"), "beta1": _("beta 1"), "beta2": _("beta 2"),
        "deviation": _("standard deviation"), "dropout": _("dropout ratio"),
        "batch_normalisation": _("batch normalisation"),
    }  # fmt: skip


def named(option: str) -> str:
    """An option as a person knows it."""
    return _(WORDS[option])


def network_settings(plan: RoundPlan, change: Change) -> None:
    """All knobs of the network but its size. change: takes the settings that a student has changed, by name"""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        choice(plan, "optimizer", change)
        for name in CONSTANTS.get(plan.optimizer, ()):
            share(plan, name, change)
        choice(plan, "initial_weights", change)
        if plan.initial_weights == "deviation":
            share(plan, "deviation", change)
        choice(plan, "activation", change)
        share(plan, "dropout", change)
        on = widget_key("batch_normalisation", plan.batch_normalisation)
        st.toggle(
            labels()["batch_normalisation"], plan.batch_normalisation, key=on,
            on_change=entered(on, lambda switched: change(batch_normalisation=bool(switched))),
        )  # fmt: skip


def choice(plan: RoundPlan, name: str, change: Change) -> None:
    """One of a few."""
    now = getattr(plan, name)
    key = widget_key(name, now)
    st.selectbox(
        labels()[name], CHOICES[name], CHOICES[name].index(now), key=key, format_func=named, width=WIDTH,
        on_change=entered(key, lambda chosen: change(**{name: chosen})),
    )  # fmt: skip


def share(plan: RoundPlan, name: str, change: Change) -> None:
    """A number between bounds."""
    low, high = FRACTIONS[name]
    now = getattr(plan, name)
    key = widget_key(name, now)
    st.number_input(
        labels()[name], low, high, now, step=STEPS[name], format="%.3f" if name == "beta2" else "%.2f", key=key,
        width=WIDTH - 20, on_change=entered(key, lambda given: change(**{name: float(given)})),
    )  # fmt: skip


def described(plan: RoundPlan) -> str:
    """What differs from the lesson's network, in words; empty when nothing does."""
    usual = RoundPlan()
    said = [named(getattr(plan, name)) for name in CHOICES if getattr(plan, name) != getattr(usual, name)]
    if plan.initial_weights == "deviation":
        said[said.index(named("deviation"))] += f" {plan.deviation:g}"
    if plan.batch_normalisation:
        said.append(_("batch normalisation"))
    if plan.dropout:
        said.append(_("dropout {ratio:g}").format(ratio=plan.dropout))
    sizes = {
        "hidden_layers": _("{count} hidden layers"),
        "neurons": _("{count} neurons"),
        "batch_size": _("batch {count}"),
    }
    said += [
        words.format(count=getattr(plan, name))
        for name, words in sizes.items()
        if getattr(plan, name) != getattr(usual, name)
    ]
    return ", ".join(said)

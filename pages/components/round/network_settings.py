"""The settings of the network beside its size: optimizer, initial weights, activation, normalisation, dropout."""

import streamlit as st

from core.lab.lab import Lab
from core.plan import RoundPlan
from core.settings import Choice, Setting, Switch, settings_in
from pages.components.frame.translation import _, listed
from pages.components.round.plan_fields import option_names, plan_field


def network_settings(lab: Lab) -> None:
    """The fields of those that change something in the next round's network."""
    declared = settings_in(type(lab.plan), ["network"])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for name in switches_last(declared):
            if declared[name].applies(lab.plan):
                plan_field(lab, name)


def switches_last(declared: dict[str, Setting]) -> list[str]:
    """Names of settings in order, but for switches, which are lower than fields and stand at the end of a row."""
    return sorted(declared, key=lambda name: isinstance(declared[name].kind, Switch))


def described(plan: RoundPlan) -> str:
    """What differs from the lesson's network, in words; empty when nothing does."""
    usual = type(plan)()
    words = []
    for group in ("network", "sizes"):
        for name, setting in settings_in(type(plan), [group]).items():
            value, kind = getattr(plan, name), setting.kind
            if value == getattr(usual, name):
                continue
            if isinstance(kind, Choice):
                spread = f" {plan.deviation:g}" if (name, value) == ("initial_weights", "deviation") else ""
                words.append(option_names(kind)(value) + spread)
            elif setting.summary:
                words.append(_(setting.summary).format(value=value))
    return listed(words)

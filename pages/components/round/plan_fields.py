"""Fields for the settings of a plan, each drawn as the table of settings declares it (core/plan.py)."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.data.idx_sets import DATASET_TITLES
from core.lab.lab import Lab
from core.rungs import fitting_rungs
from core.settings import Choice, Number, Setting, Switch, WholeNumber, write_number
from pages.components.frame.number_field import number_field
from pages.components.frame.session import attempt
from pages.components.frame.translation import _
from pages.components.frame.widgets import on_change, widget_key
from pages.components.round.dataset_words import dataset_title, offered_datasets


def chooser(setting: Setting, value: Any, key: str, changed: Callable[[], None] | None = None, **more: Any) -> Any:
    """Draw the field of a setting that is no number, filled in with a value, and give the value that it shows.

    changed: called when another value was entered; inside a form none may be    more: as Streamlit's fields take it
    """
    label, kind = _(setting.label), setting.kind
    shared: dict[str, Any] = {"key": key, "on_change": changed, "help": _(setting.help), **more}
    match kind:
        case Choice(as_buttons=True) if value in DATASET_TITLES:
            return st.segmented_control(
                label, offered_datasets(value), default=value, required=True, format_func=dataset_title, **shared
            )
        case Choice(as_buttons=True):
            return st.segmented_control(
                label, list(kind.options), default=value, required=True, format_func=option_names(kind), **shared
            )
        case Choice():
            options = list(kind.options)
            return st.selectbox(
                label, options, options.index(value), format_func=option_names(kind), width=kind.width, **shared
            )
        case Switch():
            return st.toggle(label, value, **shared)
    raise TypeError(f"no field is known for {kind}")


def option_names(choice: Choice) -> Callable[[str], str]:
    """What turns an option into what it is called."""
    return lambda option: _(choice.options[option])


def plan_field(lab: Lab, name: str, take: Callable[[Any], object] | None = None) -> None:
    """The field of a setting of the next round. take: is given what was entered; else the plan takes it"""
    value, setting = getattr(lab.plan, name), lab.plan.bounded_setting(name)
    if isinstance(setting.kind, WholeNumber | Number):
        number_field(
            f"plan_{name}", _(setting.label), write_number(value), setting.from_typed,
            take or (lambda given: change_setting(lab, name, given)), width=setting.kind.width, help=_(setting.help),
        )  # fmt: skip
        return
    key = widget_key(f"plan_{name}", value)
    entered = on_change(key, take or (lambda given: attempt(change_setting, lab, name, given)))
    chooser(setting, value, key, entered)


def change_setting(lab: Lab, name: str, value: object) -> None:
    """Change a setting of the next round; rungs follow when its epochs change. Raises LessonError."""
    plan, changed = lab.plan, {name: value}
    if name == "epochs" and isinstance(value, int):
        changed["give_up"] = fitting_rungs(plan.give_up, plan.epochs, value)
    lab.change(**changed)

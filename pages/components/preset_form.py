"""The form in which a teacher sets a lesson: for its link, and for a class.

Its widgets have no callbacks, so it may stand alone or inside st.form.
"""

from dataclasses import replace

import streamlit as st

from core.datasets import DATASETS, training_count
from core.plan import CHOICES, FRACTIONS, LIMITS, VALIDATION_RATES, RoundPlan, fitting_rungs, usual_rungs
from core.preset import BUDGET, CONTROLS, PAGES, Preset
from core.remarks import AXES
from core.space import REACHES, STEP, LogRange, SearchSpace
from pages.components.controls import NUMBER_WIDTH, dataset_names
from pages.components.layout import names
from pages.components.network_settings import STEPS, WIDTH, labels, named
from pages.components.text import _


def preset_form(preset: Preset) -> Preset:
    """Draw the form, filled in with a lesson, and give the lesson that it now says.

    Raises LessonError when no round could begin so.
    """
    plan = preset.plan
    space = ranges(plan.space)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        dataset = str(
            st.segmented_control(
                _("data set"), DATASETS, default=plan.dataset, required=True, key="lesson_dataset",
                format_func=dataset_names().__getitem__,
            )
        )  # fmt: skip
        whole = {name: whole_number(name, label, plan) for name, label in first_numbers().items()}
    with st.expander(_("Sizes of split and networks"), icon=":material/tune:"), st.container(horizontal=True):
        whole |= {name: whole_number(name, label, plan) for name, label in sizes().items()}
        rate = st.number_input(
            _("share for validation"), *VALIDATION_RATES, plan.validation_rate, step=0.05, format="%.2f",
            width=NUMBER_WIDTH + 40, key="lesson_share",
        )  # fmt: skip
        network = network_fields(plan)
    rungs = rungs_field(plan, whole["epochs"])
    budget = budget_field(preset.budget)
    pages, hidden = pages_field(preset.pages), hidden_field(preset.hidden)
    whole["images"] = min(whole["images"], training_count(dataset))
    begins = replace(plan, space=space, dataset=dataset, validation_rate=float(rate), give_up=rungs, **whole, **network)  # type: ignore[arg-type]
    return Preset(begins, budget, pages, hidden)


def first_numbers() -> dict[str, str]:
    """What nearly every lesson sets."""
    return {"trials": _("trials"), "epochs": _("epochs"), "seed": _("seed")}


def sizes() -> dict[str, str]:
    """What few lessons set."""
    return {
        "images": _("images"), "hidden_layers": _("hidden layers"), "neurons": _("neurons a layer"),
        "batch_size": _("batch size"),
    }  # fmt: skip


def whole_number(name: str, label: str, plan: RoundPlan) -> int:
    """A whole number of a plan."""
    low, high = LIMITS[name]
    width = NUMBER_WIDTH + (40 if name == "seed" else 0)
    return st.number_input(label, low, high, getattr(plan, name), step=1, width=width, key=f"lesson_{name}")


def network_fields(plan: RoundPlan) -> dict[str, object]:
    """The network's knobs; the optimizers' constants stay as they are."""
    called = labels()
    fields: dict[str, object] = {}
    for name, options in CHOICES.items():
        index = options.index(getattr(plan, name))
        fields[name] = st.selectbox(called[name], options, index, format_func=named, width=WIDTH, key=f"lesson_{name}")
    for name in ("deviation", "dropout"):
        low, high = FRACTIONS[name]
        now, step = getattr(plan, name), STEPS[name]
        given = st.number_input(called[name], low, high, now, step=step, width=WIDTH, key=f"lesson_{name}")
        fields[name] = float(given)
    name = "batch_normalisation"
    fields[name] = bool(st.toggle(called[name], plan.batch_normalisation, key=f"lesson_{name}"))
    return fields


def rungs_field(plan: RoundPlan, epochs: int) -> tuple[int, ...]:
    """The rungs of the rounds: none, or the plan's own as far as they fit."""
    early = st.toggle(_("Give up trials that are behind"), bool(plan.give_up), key="lesson_give_up")
    if not early:
        return ()
    return fitting_rungs(plan.give_up, plan.epochs, epochs) or usual_rungs(epochs)


def ranges(space: SearchSpace) -> SearchSpace:
    """Both ranges of exponents."""
    chosen = {}
    for axis, range_ in space.ranges().items():
        reach = REACHES[axis]
        label = _("{axis}: exponents of ten").format(axis=_(AXES[axis]))
        low, high = st.slider(
            label, reach.low, reach.high, (range_.low, range_.high), step=STEP, format="%.1f", key=f"lesson_{axis}"
        )
        chosen[axis] = LogRange(low, high).within(reach)
    return SearchSpace(**chosen)


def budget_field(budget: int | None) -> int | None:
    """How many epochs a lab may spend; empty for as many as it likes."""
    given = st.number_input(
        _("budget of each student: epochs of all trials of all rounds; empty for no limit"), *BUDGET, budget, step=1,
        placeholder=_("no limit"), key="lesson_budget", width=420,
    )  # fmt: skip
    return None if given is None else int(given)


def pages_field(pages: tuple[str, ...]) -> tuple[str, ...]:
    """Which pages are open."""
    called = {name: title for name, (title, _icon) in names().items()}
    chosen = st.pills(
        _("open pages (the rounds, the glossary and About always are)"), PAGES, selection_mode="multi",
        default=list(pages), format_func=called.__getitem__, key="lesson_pages", wrap=True,
    )  # fmt: skip
    return tuple(chosen)


def hidden_field(hidden: tuple[str, ...]) -> tuple[str, ...]:
    """Which controls students do not see."""
    called = {
        "dataset": _("data set"), "sizes": _("sizes of split and networks"), "seed": _("seed"), "trials": _("trials"),
        "epochs": _("epochs"), "network": _("the network's knobs"), "give_up": _("giving up early"),
    }  # fmt: skip
    chosen = st.pills(
        _("hidden controls (they stay as you set them here)"), list(CONTROLS), selection_mode="multi",
        default=list(hidden), format_func=called.__getitem__, key="lesson_hidden", wrap=True,
    )  # fmt: skip
    return tuple(chosen)


def told_cost(preset: Preset) -> None:
    """What a first round takes of the budget."""
    plan = preset.plan
    needed = plan.trials * plan.epochs
    said = _("A first round of {trials} trials × {epochs} epochs takes {needed} epochs.").format(
        trials=plan.trials, epochs=plan.epochs, needed=needed
    )
    if preset.budget is not None and needed > preset.budget:
        st.warning(f"{said} {_('The budget is too small for it.')}", icon=":material/info:")
        return
    if preset.budget is not None:
        said += " " + _("The budget holds {rounds} of them.").format(rounds=preset.budget // needed)
    st.caption(said)

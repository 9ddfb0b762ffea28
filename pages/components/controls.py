"""The controls of the next round: ranges, trials, epochs, and what is rarely needed, folded away.

The lab's plan is the one truth: a control shows what stands there, and a change goes there at once.
"""

from pathlib import Path

import streamlit as st

from core import hints
from core.datasets import DATASETS, DatasetMissing, download_mnist, mnist_folder, mnist_ready, training_count
from core.errors import LessonError
from core.lab import Lab
from core.plan import LIMITS, VALIDATION_RATES, fitting_rungs
from core.progress import Status
from core.remarks import AXES
from core.space import REACHES, STEP, LogRange, power, written
from pages.components.giving_up import give_up_button, rungs
from pages.components.network_settings import network_settings
from pages.components.session import attempt, engine, saved_soon, session
from pages.components.text import _
from pages.components.trail import round_switch
from pages.components.widgets import entered, folded, widget_key

NUMBER_WIDTH = 104  # pixels: three stand side by side on a phone
RARE = ("dataset", "sizes", "network", "seed")  # controls that are folded away


def controls(lab: Lab, may_start: bool = True) -> None:
    """All controls of the next round. may_start: whether the teacher lets rounds be started"""
    counts = {"learning_rate": ("trials", _("trials")), "weight_decay": ("epochs", _("epochs"))}
    for axis, (count, label) in counts.items():
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            range_control(lab, axis)
            if not lab.preset.hides(count):
                whole_number(lab, count, label)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        start_or_stop(lab, may_start)
        if not all(lab.preset.hides(control) for control in RARE):
            folded(_("More settings"), lambda: more_settings(lab), "more_settings", ":material/tune:")
        if not lab.preset.hides("give_up"):
            rungs(lab)
        round_switch(lab)
        if lab.left is not None:
            with st.container(key="epochs_left", width="content"):
                st.caption(_("{left} of {budget} epochs left").format(left=lab.left, budget=lab.preset.budget))
    if session().offer_mnist:
        offer_mnist(lab)


def range_control(lab: Lab, axis: str) -> None:
    """One hyperparameter's range: a slider for the hand, two numbers for the keyboard."""
    range_, reach = lab.plan.space.ranges()[axis], REACHES[axis]
    slider = widget_key(f"{axis}_slider", (range_.low, range_.high))

    def typed_low(end: float) -> None:
        take(end, max(end, range_.high))  # an end that is typed beyond the other pushes it along

    def typed_high(end: float) -> None:
        take(min(end, range_.low), end)

    def take(low: float, high: float) -> None:
        attempt(lambda: lab.look_in(lab.plan.space.with_range(axis, LogRange(low, high).within(reach))))

    st.slider(
        f"{_(AXES[axis])}:  {power(range_.low)} … {power(range_.high)}  =  {written(range_.low)} … "
        f"{written(range_.high)}",
        reach.low, reach.high, (range_.low, range_.high), step=STEP, format="%.1f", key=slider,
        on_change=entered(slider, lambda ends: take(*ends)),
    )  # fmt: skip
    ends = (("low", _("from 10^"), range_.low, typed_low), ("high", _("to 10^"), range_.high, typed_high))
    for name, label, end, typed in ends:
        key = widget_key(f"{axis}_{name}", end)
        st.number_input(
            label, reach.low, reach.high, end, step=STEP, format="%.1f", key=key, width=NUMBER_WIDTH,
            on_change=entered(key, typed),
        )  # fmt: skip


def whole_number(lab: Lab, name: str, label: str, most: int | None = None) -> None:
    """A whole number of the plan, within its limits."""
    low, high = LIMITS[name]
    now = getattr(lab.plan, name)
    key = widget_key(f"plan_{name}", now)

    def typed(given: int) -> None:
        plan = lab.plan
        also = {"give_up": fitting_rungs(plan.give_up, plan.epochs, given)} if name == "epochs" else {}
        attempt(lab.change, **{name: given}, **also)

    st.number_input(label, low, most or high, now, step=1, key=key, width=NUMBER_WIDTH, on_change=entered(key, typed))


def start_or_stop(lab: Lab, may_start: bool) -> None:
    """The one primary button: Start while nothing runs, else Pause and Stop; and the ways to other ranges."""
    latest = lab.latest
    if latest is not None and lab.busy:
        if latest.progress.status is Status.PAUSED:
            st.button(_("Resume"), icon=":material/play_arrow:", type="primary", on_click=latest.handle.resume)
        elif latest.progress.status is Status.RUNNING:
            st.button(_("Pause"), icon=":material/pause:", on_click=latest.handle.pause)
        st.button(_("Stop"), icon=":material/stop:", on_click=latest.handle.stop)
        give_up_button(latest)
        undo_button(lab)
        return
    number = latest.number + 1 if latest else 1
    moved = latest is not None and lab.plan.space != latest.progress.plan.space
    label = _("Start round {number} in these ranges") if moved else _("Start round {number}")
    label = label.format(number=number)
    st.button(
        label,
        icon=":material/play_arrow:",
        type="primary",
        key="start",
        on_click=start,
        args=(lab,),
        disabled=lab.final is not None or not may_start,
    )
    if latest is not None:
        box = hints.best_box(latest.progress)
        st.button(
            _("Use the Best-{count}'s box").format(count=hints.BEST), icon=":material/select_all:",
            on_click=lambda: attempt(lab.look_in, box), disabled=box is None,
        )  # fmt: skip
        if (beyond := hints.moved(latest.progress)) is not None:
            st.button(
                _("Move as the hints say"), icon=":material/move_up:", key="move",
                on_click=lambda: attempt(lab.look_in, beyond),
            )  # fmt: skip
        undo_button(lab)


def undo_button(lab: Lab) -> None:
    """Back to the ranges before."""
    st.button(
        _("Undo"), icon=":material/undo:", key="undo", on_click=attempt, args=(lab.undo,), disabled=not lab.earlier
    )


def start(lab: Lab) -> None:
    """Begin the next round and look at it."""
    state = session()
    state.viewed = None
    attempt(lab.start, engine())
    saved_soon(lab)
    state.offer_mnist = isinstance(state.fault, DatasetMissing)


def more_settings(lab: Lab) -> None:
    """What a lesson rarely changes."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if not lab.preset.hides("dataset"):
            dataset_control(lab)
        if not lab.preset.hides("sizes"):
            sizes(lab)
        if not lab.preset.hides("seed"):
            whole_number(lab, "seed", _("seed"))
    if not lab.preset.hides("network"):
        network_settings(lab.plan, lambda **settings: attempt(lab.change, **settings))


def dataset_names() -> dict[str, str]:
    """The data sets as a person knows them."""
    return {"digits": _("digits, 8 × 8"), "mnist": _("MNIST, 28 × 28")}


def dataset_control(lab: Lab) -> None:
    """Which images are learned."""
    key = widget_key("dataset", lab.plan.dataset)
    st.segmented_control(
        _("data set"), DATASETS, default=lab.plan.dataset, key=key, required=True,
        format_func=dataset_names().__getitem__, on_change=entered(key, lambda name: choose_dataset(lab, name)),
    )  # fmt: skip


def sizes(lab: Lab) -> None:
    """How many images are split how, and the size of the networks."""
    plan = lab.plan
    rate = widget_key("validation_rate", plan.validation_rate)
    whole_number(lab, "images", _("images"), min(LIMITS["images"][1], training_count(plan.dataset)))
    st.number_input(
        _("share for validation"), *VALIDATION_RATES, plan.validation_rate, step=0.05, format="%.2f", key=rate,
        width=NUMBER_WIDTH + 40,
        on_change=entered(rate, lambda share: attempt(lab.change, validation_rate=float(share))),
    )  # fmt: skip
    whole_number(lab, "hidden_layers", _("hidden layers"))
    whole_number(lab, "neurons", _("neurons a layer"))
    whole_number(lab, "batch_size", _("batch size"))


def choose_dataset(lab: Lab, name: str) -> None:
    """Take the data set chosen, or offer to download it."""
    session().offer_mnist = name == "mnist" and not mnist_ready(mnist_folder())
    if not session().offer_mnist:
        attempt(lambda: lab.change(dataset=name, images=min(lab.plan.images, training_count(name))))


def offer_mnist(lab: Lab) -> None:
    """Download MNIST where it is missing; whatever goes wrong, the digits are there."""
    folder: Path = mnist_folder()
    st.info(_("MNIST is not on this server yet. It is a download of 10 MB, once."), icon=":material/download:")
    if not st.button(_("Download MNIST"), icon=":material/download:"):
        return
    bar = st.progress(0.0, _("Downloading MNIST"))

    def show(done: int, total: int) -> None:
        bar.progress(done / total)

    try:
        download_mnist(folder, show)
        session().offer_mnist = False
        lab.change(dataset="mnist")
    except LessonError as fault:
        session().fault = fault
    st.rerun()

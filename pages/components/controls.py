"""The controls of the next round: ranges, trials, epochs, and what is rarely needed, folded away.

The lab's plan is the one truth: a control shows what stands there, and a change goes there at once.
"""

from pathlib import Path

import streamlit as st

from core.datasets import DATASETS, DatasetMissing, download_mnist, mnist_folder, mnist_ready, training_count
from core.errors import LessonError
from core.lab import Lab
from core.plan import LIMITS, VALIDATION_RATES, fitting_rungs
from core.progress import Status
from core.remarks import AXES
from core.space import REACHES, STEP, LogRange, SearchSpace, written
from pages.components.giving_up import give_up_button, rungs
from pages.components.session import attempt, engine, saved_soon, session, widget_key
from pages.components.text import _
from pages.components.trail import round_switch

NUMBER_WIDTH = 112  # pixels
BEST_BOX = 5  # trials whose box is proposed


def controls(lab: Lab) -> None:
    """All controls of the next round."""
    counts = {"learning_rate": ("trials", _("trials")), "weight_decay": ("epochs", _("epochs"))}
    for axis, (count, label) in counts.items():
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            range_control(lab, axis)
            whole_number(lab, count, label)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        start_or_stop(lab)
        with st.popover(_("More settings"), icon=":material/tune:", width="content"):
            more_settings(lab)
        rungs(lab)
        round_switch(lab)


def range_control(lab: Lab, axis: str) -> None:
    """One hyperparameter's range: a slider for the hand, two numbers for the keyboard."""
    range_, reach = lab.plan.space.ranges()[axis], REACHES[axis]
    slider = widget_key(f"{axis}_slider", (range_.low, range_.high))

    def moved() -> None:
        take(*st.session_state[slider])

    def typed(key: str, is_low: bool) -> None:
        end = st.session_state[key]  # an end that is typed beyond the other pushes it along
        take(end, max(end, range_.high)) if is_low else take(min(end, range_.low), end)

    def take(low: float, high: float) -> None:
        attempt(lambda: lab.look_in(lab.plan.space.with_range(axis, LogRange(low, high).within(reach))))

    st.slider(
        f"{_(AXES[axis])}:  10^{range_.low:.1f} … 10^{range_.high:.1f}  =  {written(range_.low)} … "
        f"{written(range_.high)}",
        reach.low, reach.high, (range_.low, range_.high), step=STEP, format="%.1f", key=slider, on_change=moved,
    )  # fmt: skip
    for name, label, end in (("low", _("from 10^"), range_.low), ("high", _("to 10^"), range_.high)):
        key = widget_key(f"{axis}_{name}", end)
        st.number_input(
            label, reach.low, reach.high, end, step=STEP, format="%.1f", key=key, width=NUMBER_WIDTH,
            on_change=typed, args=(key, name == "low"),
        )  # fmt: skip


def whole_number(lab: Lab, name: str, label: str, most: int | None = None) -> None:
    """A whole number of the plan, within its limits."""
    low, high = LIMITS[name]
    now = getattr(lab.plan, name)
    key = widget_key(f"plan_{name}", now)

    def typed() -> None:
        given = st.session_state[key]
        plan = lab.plan
        also = {"give_up": fitting_rungs(plan.give_up, plan.epochs, given)} if name == "epochs" else {}
        attempt(lab.change, **{name: given}, **also)

    st.number_input(label, low, most or high, now, step=1, key=key, width=NUMBER_WIDTH, on_change=typed)


def start_or_stop(lab: Lab) -> None:
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
        disabled=lab.final is not None,
    )
    if latest is not None:
        st.button(
            _("Use the Best-{count}'s box").format(count=BEST_BOX), icon=":material/select_all:",
            on_click=lambda: attempt(lab.look_in, best_box(lab)), disabled=best_box(lab) is None,
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


def best_box(lab: Lab) -> SearchSpace | None:
    """The box around the latest round's best trials that did not diverge, with a margin."""
    if lab.latest is None:
        return None
    progress = lab.latest.progress
    ranking = progress.ranking()
    best = ranking[~progress.diverged[ranking]][:BEST_BOX]
    if len(best) < 2:
        return None
    return progress.plan.space.around(progress.learning_rate[best], progress.weight_decay[best])


def more_settings(lab: Lab) -> None:
    """What a lesson rarely changes."""
    names = {"digits": _("digits, 8 × 8"), "mnist": _("MNIST, 28 × 28")}
    plan = lab.plan
    dataset = widget_key("dataset", plan.dataset)
    rate = widget_key("validation_rate", plan.validation_rate)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.segmented_control(
            _("data set"), DATASETS, default=plan.dataset, key=dataset, required=True, format_func=names.__getitem__,
            on_change=lambda: choose_dataset(lab, st.session_state[dataset]),
        )  # fmt: skip
        whole_number(lab, "images", _("images"), min(LIMITS["images"][1], training_count(plan.dataset)))
        st.number_input(
            _("share for validation"), *VALIDATION_RATES, plan.validation_rate, step=0.05, format="%.2f", key=rate,
            width=NUMBER_WIDTH + 40,
            on_change=lambda: attempt(lab.change, validation_rate=float(st.session_state[rate])),
        )  # fmt: skip
        whole_number(lab, "hidden_layers", _("hidden layers"))
        whole_number(lab, "neurons", _("neurons a layer"))
        whole_number(lab, "batch_size", _("batch size"))
        whole_number(lab, "seed", _("seed"))
    if session().offer_mnist:
        offer_mnist(lab)


def choose_dataset(lab: Lab, name: str) -> None:
    """Take the data set chosen, or offer to download it."""
    session().offer_mnist = name == "mnist" and not mnist_ready(mnist_folder())
    if not session().offer_mnist:
        attempt(lab.change, dataset=name, images=min(lab.plan.images, training_count(name)))


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

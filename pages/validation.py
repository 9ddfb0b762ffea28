"""Validation: what training, validation and test images are for, how to split, and what selection does."""

import numpy as np
import streamlit as st

from core.analysis.selection_bias import expected_best
from core.data.datasets import load_training
from core.lab.lab import Lab
from core.plan import CLASSES, RoundPlan
from core.progress import RoundProgress
from core.settings import Number, kinds_of, settings_of
from core.training.round_data import split_of
from pages.components.classroom.teacher_locks import rounds_lock
from pages.components.comparison import validation_charts
from pages.components.frame.faults import show_faults
from pages.components.frame.layout import header, next_page_link
from pages.components.frame.pictures import save_charts
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt, lab, session
from pages.components.frame.translation import _, listed
from pages.components.refresh.pace import ticking
from pages.components.round.shown_chart import show_chart

VALUES = (0.03, 1e-6)  # learning rate and weight decay of all networks, good ones for EPOCHS
EPOCHS, NETWORKS = 40, 4
CANDIDATES, IMAGES = 20, 100  # trials and validation images of the lesson's first round
MOST_CANDIDATES = 200
SIZES = [50, 100, 200, 500, 1000, 2000]  # numbers of validation images to choose from
TRUE_ACCURACY = 0.8


def validation() -> None:
    """The page."""
    mine = lab()
    session().seen_split = True
    header(mine, _("Why validation data? The data you choose with can't also be the judge."))
    show_faults()
    closed = rounds_lock(mine)
    st.markdown(
        _(
            "- **Training images** set the weights: every update uses some of them.\n"
            "- **Validation images** help you choose the hyperparameters: no update uses them, but you look at their "
            "accuracy after every round.\n"
            "- **Test images** judge the value you have chosen, once. If you also choose with them, they can't be the "
            "judge any more."
        )
    )
    split_section(mine, closed)
    selection_section()
    with st.container(horizontal=True, vertical_alignment="center"):
        next_page_link("validation")
        save_charts("validation")


def split_section(mine: Lab, closed: bool) -> None:
    """Split the digits, shuffled or not, show the classes of either part, and train networks on the split.

    closed: whether the teacher has closed the rounds
    """
    st.markdown(f"##### {_('Shuffle before you split')}")
    st.write(
        _(
            "500 digits, sorted from 0 to 9. Change the share for validation, turn shuffling off, and see which "
            "digits each part gets. Then train networks on this split."
        )
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        declared = settings_of(RoundPlan)
        share = kinds_of(RoundPlan, Number)["validation_rate"]
        rate = st.slider(
            _("share for validation"),
            share.low,
            share.high,
            0.2,
            step=share.step,
            width=280,
            help=_(declared["validation_rate"].help),
            key="split_rate",
            persist_state="session",
        )
        shuffle = st.toggle(
            _("shuffle"), value=True, key="split_shuffle", persist_state="session",
            help=_("Whether the images are put in random order before they are split."),
        )  # fmt: skip
        plan = plan_of(rate, shuffle)
        job = session().splits.get((rate, shuffle))
        busy = job is not None and not job.progress.status.is_final
        st.button(
            _("Train {networks} networks on this split").format(networks=NETWORKS), icon=":material/play_arrow:",
            type="primary", disabled=busy or closed, key="split_train",
            on_click=lambda: train(mine, plan_of(
                st.session_state.get("split_rate", rate), st.session_state.get("split_shuffle", shuffle)
            )),
        )  # fmt: skip
    labels = load_training(plan.dataset, plan.images).labels
    counts = class_counts(plan, labels)
    names = {"train": _("training"), "validation": _("validation"), "digit": _("digit"), "count": _("images"),
             "part": _("part")}  # fmt: skip
    show_chart(validation_charts.classes_chart(validation_charts.classes_frame(counts), names))
    for sentence in class_sentences(counts):
        st.markdown(f"- {sentence}")
    ticking(split_results, busy)


def plan_of(rate: float, shuffle: bool) -> RoundPlan:
    """A round of a few networks that differ only in their initial weights."""
    return RoundPlan(
        trials=NETWORKS, epochs=EPOCHS, validation_rate=float(rate), shuffle=shuffle, values=(VALUES,) * NETWORKS
    )


def train(mine: Lab, plan: RoundPlan) -> None:
    """Start training on a split."""

    def begin() -> None:
        mine.check_start()
        handle = server().engine.start(mine.token, plan, lane="split")
        session().splits[plan.validation_rate, plan.shuffle] = handle

    attempt(begin)


def class_counts(plan: RoundPlan, labels: np.ndarray) -> np.ndarray:
    """How many images of each digit train and validate, (2, 10). labels: (images,)"""
    parts = split_of(plan, labels)
    return np.stack([np.bincount(labels[part], minlength=CLASSES) for part in (parts.train, parts.validation)])


def class_sentences(counts: np.ndarray) -> list[str]:
    """How many images each part has, and which digits are never trained on. counts: (2, 10), training first"""
    train, held_out = counts
    unseen = [str(digit) for digit in np.flatnonzero((train == 0) & (held_out > 0))]
    sentences = [
        _("{train} images for training, {validation} for validation.").format(
            train=int(train.sum()), validation=int(held_out.sum())
        )
    ]
    if unseen:
        sentences.append(
            _("No training image shows {digits}: the networks are validated on digits they have never seen.").format(
                digits=listed(unseen)
            )
        )
    return sentences


def split_results(busy: bool) -> None:
    """A table of the networks' accuracies on every split that was tried, drawn again while they are trained."""
    jobs = session().splits
    if busy and all(job.progress.status.is_final for job in jobs.values()):
        redraw_page()
    rows = [(rate, shuffle, job.progress) for (rate, shuffle), job in jobs.items() if job.progress.started]
    if not rows:
        return
    table = [result_row(rate, shuffle, progress) for rate, shuffle, progress in rows]
    columns = {
        "shuffle": _("shuffled"), "rate": _("share for validation"), "epochs": _("epochs"),
        "train": _("training accuracy"), "validation": _("validation accuracy"),
    }  # fmt: skip
    st.dataframe(
        [{columns[name]: value for name, value in row.items()} for row in table], hide_index=True, width="content"
    )


def result_row(rate: float, shuffle: bool, progress: RoundProgress) -> dict[str, object]:
    """A row of the table: mean accuracies of a split's networks so far."""
    return {
        "shuffle": shuffle,
        "rate": f"{rate:.0%}",
        "epochs": int(progress.epochs_done.min()),
        "train": f"{np.nanmean(progress.last_train()):.3f}",
        "validation": f"{np.nanmean(progress.last_validation()):.3f}",
    }


def selection_section() -> None:
    """The expected accuracy of the best of many equally good networks, computed exactly."""
    st.markdown(f"##### {_('The winner looks better than it is')}")
    st.write(
        _(
            "Suppose all networks were equally good: each gets {accuracy:.0%} of images right. With few "
            "validation images some of them are lucky, and the luckiest one looks best. The curves are "
            "calculated; nothing is trained for them."
        ).format(accuracy=TRUE_ACCURACY)
    )
    with st.container(horizontal=True, gap="medium"):
        candidates = int(
            st.slider(
                _("networks compared"),
                1,
                MOST_CANDIDATES,
                CANDIDATES,
                width=280,
                help=_("How many networks are tried before the best one is picked."),
                key="candidates",
                persist_state="session",
            )
        )
        images = int(
            st.select_slider(
                _("validation images"),
                SIZES,
                IMAGES,
                width=280,
                key="images_that_validate",
                persist_state="session",
                help=_("How many images the accuracy of each network is measured on."),
            )
        )
    best = float(expected_best(np.array(candidates), images, TRUE_ACCURACY))
    names = {
        "candidates": _("networks compared"), "accuracy": _("expected accuracy of the best"),
        "images": _("validation images"), "true": _("true accuracy"),
    }  # fmt: skip
    frame = validation_charts.optimism_frame(SIZES, MOST_CANDIDATES, TRUE_ACCURACY)
    show_chart(validation_charts.optimism_chart(frame, (candidates, images, best), TRUE_ACCURACY, names))
    st.markdown(
        _(
            "The best of {candidates} equally good networks gets {best:.3f} on average on {images} validation "
            "images: {gap:.3f} more than its true accuracy. More networks make this gap larger, more images make "
            "it smaller. That is why the final test uses images that had no part in the choice."
        ).format(candidates=candidates, best=best, images=images, gap=best - TRUE_ACCURACY)
    )


if __name__ == "__main__":
    validation()

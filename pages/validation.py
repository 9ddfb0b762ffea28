"""Validation data: who uses which images when, and why not the test images for tuning."""

import numpy as np
import streamlit as st

from core.datasets import load_training
from core.lab import Lab
from core.optimism import expected_best
from core.plan import CLASSES, VALIDATION_RATES, RoundPlan
from core.progress import RoundProgress
from core.training import split_of
from pages.components import figures
from pages.components.layout import header, onward
from pages.components.pace import ticking
from pages.components.pictures import save_charts
from pages.components.session import attempt, engine, lab, session, tell_fault
from pages.components.text import _

VALUE = (0.03, 1e-6)  # learning rate and weight decay that learn well in EPOCHS
EPOCHS, NETWORKS = 40, 4
CANDIDATES, IMAGES = 20, 100  # of a round, as the lesson starts
MOST_CANDIDATES = 200
SIZES = [50, 100, 200, 500, 1000, 2000]  # validation images to choose from
TRUE_ACCURACY = 0.8


def validation() -> None:
    """The page."""
    engine()
    mine = lab()
    session().seen_split = True
    header(mine, _("Why validation data? Because what chooses must not also judge."))
    tell_fault()
    st.markdown(
        _(
            "- **Training images** set the weights: every update looks at some of them.\n"
            "- **Validation images** choose the hyperparameters: no update sees them, but you do, round after round.\n"
            "- **Test images** judge the one value that is left, once. Whoever has chosen by them cannot be judged by "
            "them any more."
        )
    )
    splitting(mine)
    optimism()
    with st.container(horizontal=True, vertical_alignment="center"):
        onward("validation")
        save_charts("validation")


def splitting(mine: Lab) -> None:
    """Split the digits, shuffled or not, look at the classes, and train on either split."""
    st.markdown(f"##### {_('Shuffle before you split')}")
    st.write(
        _(
            "500 digits, sorted by what they show. Move the share for validation, switch the shuffling off, and look "
            "at which digits each part gets; then let networks learn on it."
        )
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        rate = st.slider(_("share for validation"), *VALIDATION_RATES, 0.2, step=0.05, width=280, key="split_rate")
        shuffle = st.toggle(_("shuffle"), value=True, key="split_shuffle")
        plan = plan_of(rate, shuffle)
        job = session().splits.get((rate, shuffle))
        busy = job is not None and not job.progress.status.over
        st.button(
            _("Train {networks} networks on this split").format(networks=NETWORKS), icon=":material/play_arrow:",
            type="primary", disabled=busy, on_click=train, args=(mine, plan), key="split_train",
        )  # fmt: skip
    labels = load_training(plan.dataset, plan.images).labels
    counts = class_counts(plan, labels)
    names = {"train": _("training"), "validation": _("validation"), "digit": _("digit"), "count": _("images")}
    st.altair_chart(figures.classes_chart(figures.classes_frame(counts), names), width="stretch")
    for sentence in about_classes(counts):
        st.markdown(f"- {sentence}")
    ticking(results, busy)


def plan_of(rate: float, shuffle: bool) -> RoundPlan:
    """A few networks that differ in their initial weights alone."""
    return RoundPlan(
        trials=NETWORKS, epochs=EPOCHS, validation_rate=float(rate), shuffle=shuffle, values=(VALUE,) * NETWORKS
    )


def train(mine: Lab, plan: RoundPlan) -> None:
    """Let networks learn on a split."""

    def begin() -> None:
        mine.check_start()
        handle = engine().start(mine.token, plan, lane="split")
        session().splits[plan.validation_rate, plan.shuffle] = handle

    attempt(begin)


def class_counts(plan: RoundPlan, labels: np.ndarray) -> np.ndarray:
    """How many images of each digit train and validate, (2, 10). labels: (images,)"""
    parts = split_of(plan, labels)
    return np.stack([np.bincount(labels[part], minlength=CLASSES) for part in (parts.train, parts.validation)])


def about_classes(counts: np.ndarray) -> list[str]:
    """What the split does to the classes. counts: (2, 10)"""
    train, held_out = counts
    unseen = [str(digit) for digit in np.flatnonzero((train == 0) & (held_out > 0))]
    said = [
        _("{train} images train, {validation} validate.").format(train=int(train.sum()), validation=int(held_out.sum()))
    ]
    if unseen:
        said.append(
            _("No training image shows {digits}: the networks are validated on what they have never seen.").format(
                digits=", ".join(unseen)
            )
        )
    return said


def results(busy: bool) -> None:
    """What the networks reached on every split that was tried, live."""
    jobs = session().splits
    if busy and all(job.progress.status.over for job in jobs.values()):
        st.rerun()
    rows = [(rate, shuffle, job.progress) for (rate, shuffle), job in jobs.items() if job.progress.started]
    if not rows:
        return
    table = [result_row(rate, shuffle, progress) for rate, shuffle, progress in rows]
    columns = {
        "shuffle": _("shuffled"), "rate": _("share for validation"), "epochs": _("epochs"),
        "train": _("training accuracy"), "validation": _("validation accuracy"),
    }  # fmt: skip
    st.dataframe(
        [{columns[name]: given for name, given in row.items()} for row in table], hide_index=True, width="content"
    )


def result_row(rate: float, shuffle: bool, progress: RoundProgress) -> dict[str, object]:
    """Mean accuracies of the networks of a split so far."""
    return {
        "shuffle": shuffle,
        "rate": f"{rate:.0%}",
        "epochs": int(progress.epochs_done.min()),
        "train": f"{np.nanmean(progress.last_train()):.3f}",
        "validation": f"{np.nanmean(progress.last_validation()):.3f}",
    }


def optimism() -> None:
    """The best of many flatters itself: exactly computed."""
    st.markdown(f"##### {_('The best of many flatters itself')}")
    st.write(
        _(
            "Suppose all networks were equally good: each classifies {accuracy:.0%} of all images rightly. On a few "
            "validation images some are lucky, and the luckiest is taken for the best. This is computed exactly, "
            "nothing is trained for it."
        ).format(accuracy=TRUE_ACCURACY)
    )
    with st.container(horizontal=True, gap="medium"):
        candidates = int(st.slider(_("networks compared"), 1, MOST_CANDIDATES, CANDIDATES, width=280, key="candidates"))
        images = int(st.select_slider(_("validation images"), SIZES, IMAGES, width=280, key="images_that_validate"))
    best = float(expected_best(np.array(candidates), images, TRUE_ACCURACY))
    names = {
        "candidates": _("networks compared"), "accuracy": _("accuracy of the best, expected"),
        "images": _("validation images"), "true": _("true accuracy"),
    }  # fmt: skip
    frame = figures.optimism_frame(SIZES, MOST_CANDIDATES, TRUE_ACCURACY)
    st.altair_chart(figures.optimism_chart(frame, (candidates, images, best), TRUE_ACCURACY, names), width="stretch")
    st.markdown(
        _(
            "The best of {candidates} equally good networks is expected to show {best:.3f} on {images} validation "
            "images: {gap:.3f} more than it is worth. More networks flatter more, more images less. That is why the "
            "last word belongs to images that had no say in the choice."
        ).format(candidates=candidates, best=best, images=images, gap=best - TRUE_ACCURACY)
    )


if __name__ == "__main__":
    validation()

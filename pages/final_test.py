"""The final test: the chosen value meets the test images, once."""

import numpy as np
import streamlit as st

from core.again import SEEDS, spread
from core.answers import NONE
from core.final_test import FinalTest
from core.lab import Lab
from core.plan import LIMITS
from core.space import plain
from pages.components import figures
from pages.components.choosing import described
from pages.components.closed import Closed, wait_for_teacher
from pages.components.layout import header
from pages.components.pace import ticking
from pages.components.pictures import save_charts
from pages.components.session import attempt, engine, lab, labs, leave_lab, tell_fault
from pages.components.text import _
from pages.components.widgets import entered

MISTAKES = 30  # misclassified digits shown
PICTURE = 56  # pixels


def final_test() -> None:
    """The page."""
    engine()
    mine = lab()
    closed = Closed.of(mine)
    header(mine, what_to_do(mine, closed))
    if mine.final is None:
        wait_for_teacher(mine, closed, closed.tests)
    tell_fault()
    if mine.final is None:
        before(mine, locked=closed.tests is not None)
    elif mine.final.outcome is None:
        ticking(training, True, mine.final)
    else:
        result(mine, mine.final)


def what_to_do(mine: Lab, closed: Closed) -> str:
    """The one sentence that says where the student stands."""
    if mine.final is None:
        if closed.tests is not None:
            return closed.tests
        return _("How good is the value you have chosen, really? The test set tells, once.")
    if mine.final.outcome is None:
        return _("The test set is open. Your value is being trained on {seeds} seeds.").format(seeds=SEEDS)
    return _("The test set has been opened.")


def before(mine: Lab, locked: bool) -> None:
    """What will happen, and the one question. locked: whether the teacher keeps the test set closed"""
    if mine.chosen is None:
        st.write(_("Choose one learning rate and one weight decay first, when your rounds have narrowed them down."))
        st.page_link("pages/narrow.py", label=_("Back to the rounds"), icon=":material/zoom_in_map:")
        return
    st.success(described(mine, mine.chosen), icon=":material/check_circle:")
    plan = mine.plan_of_choice()
    st.markdown(
        _(
            "1. Your value is trained on {seeds} seeds with the settings of its round, on {images} training images of "
            "{dataset}.\n"
            "2. Each of the {seeds} networks is then tested on images that no round has ever seen.\n"
            "3. After that this lab is closed for tuning: who looks at the test set and goes on tuning is tuning on "
            "the test set, and its accuracy is no honest answer any more."
        ).format(seeds=SEEDS, images=plan.images - plan.validation_images(), dataset=plan.dataset)
    )
    low, high = LIMITS["epochs"]
    choice = mine.chosen
    key = f"final_epochs of {choice}"
    st.number_input(
        _("epochs"), low, high, plan.epochs, key=key, width=130, help=_("More than in the rounds is allowed.")
    )
    sure = st.checkbox(_("I have finished tuning. Open the test set, once and for all."), key=f"sure of {choice}")

    def open_it(epochs: int) -> None:
        saver = labs().saver
        enter = saver.enter if saver else lambda lab, final: True
        attempt(mine.open_test, engine(), enter, epochs, choice)

    st.button(
        _("Open the test set"),
        icon=":material/flag:",
        type="primary",
        disabled=locked or not sure,
        on_click=entered(key, open_it),
    )


def training(final: FinalTest, running: bool) -> None:
    """How far the training is."""
    if running and final.outcome is not None:
        st.rerun()
    st.progress(final.share or 0.0, _("Training on {seeds} seeds").format(seeds=SEEDS))


def result(mine: Lab, final: FinalTest) -> None:
    """Accuracy with its spread, beside what led there; the mistakes; and what the temptation would have done."""
    assert final.outcome is not None and final.plan.values is not None
    rate, decay = final.plan.values[0]
    validation, test = final.outcome.validation, final.accuracy()
    led = mine.led_there()
    if lost := final.diverged():
        st.warning(
            _("{lost} of {seeds} networks diverged: they classify nothing rightly.").format(lost=lost, seeds=len(test)),
            icon=":material/warning:",
        )
    with st.container(horizontal=True, gap="medium"):
        st.metric(_("test accuracy"), "{:.3f} ± {:.3f}".format(*spread(test)), border=True)
        st.metric(_("validation accuracy, same networks"), "{:.3f} ± {:.3f}".format(*spread(validation)), border=True)
        if led is not None:
            st.metric(_("validation accuracy that led here"), f"{led:.3f}", border=True)
    st.caption(
        _("learning rate {rate}, weight decay {decay}, {epochs} epochs, {seeds} seeds; ± is one standard deviation.")
        .format(rate=plain(rate), decay=plain(decay), epochs=final.plan.epochs, seeds=len(test))
    )  # fmt: skip
    names = {
        "validation": _("validation images"), "test": _("test images"), "accuracy": _("accuracy"),
        "led": _("the accuracy that led here"),
    }  # fmt: skip
    st.altair_chart(figures.seeds_chart(figures.seeds_frame(validation, test), led, names), width="stretch")
    if lost < len(test):
        for sentence in what_it_says(final, led):
            st.markdown(f"- {sentence}")
        left, right = st.columns(2, gap="large")
        with left:
            mistakes(final)
        with right:
            confusion(final)
    temptation(mine, final)
    with st.container(horizontal=True):
        st.button(_("New lab"), icon=":material/add:", on_click=leave_lab, key="another")
        save_charts("final-test")


def what_it_says(final: FinalTest, led: float | None) -> list[str]:
    """What the numbers say, and how far they can be trusted."""
    assert final.outcome is not None
    validation, test = final.outcome.validation, final.accuracy()
    mean, deviation = spread(test)
    error = final.standard_error()
    said = [
        _("{count} test images: the standard error of an accuracy of {mean:.2f} is {error:.3f}.").format(
            count=len(final.labels()), mean=mean, error=error
        )
    ]
    again, scatter = spread(validation)
    if led is not None:
        lucky = led - again > 2 * scatter * np.sqrt(1 + 1 / len(validation))  # one more seed, against the mean of these
        told = _("In the round it had {led:.3f}, on other seeds the same value reaches {mean:.3f} ± {deviation:.3f}: ")
        end = _("the round's accuracy was partly luck.") if lucky else _("no more luck than chance explains.")
        said.append(told.format(led=led, mean=again, deviation=scatter) + end)
    gap, doubt = again - mean, np.sqrt((scatter**2 + deviation**2) / len(test) + error**2)
    if abs(gap) <= 2 * doubt:
        said.append(_("The same networks do as well on the test images as on their validation images, within chance."))
    elif gap > 0:
        said.append(
            _(
                "The same networks are {gap:.3f} worse on the test images than on their validation images, more than "
                "chance explains: these test images are harder."
            ).format(gap=gap)
        )
    else:
        said.append(
            _(
                "The same networks are {gap:.3f} better on the test images than on their validation images, more than "
                "chance explains: these test images are easier."
            ).format(gap=-gap)
        )
    return said


def mistakes(final: FinalTest) -> None:
    """Digits that the first network took for others."""
    assert final.outcome is not None
    network = int(np.argmax((final.outcome.classes != NONE).any(axis=1)))  # the first that did not diverge
    wrong = np.flatnonzero(~final.right()[network])
    st.markdown(f"##### {_('Misclassified digits')}")
    st.caption(
        _("{wrong} of {count} by the first of the networks; the first {shown}: the digit, and what it was taken for")
        .format(wrong=len(wrong), count=len(final.labels()), shown=min(len(wrong), MISTAKES))
    )  # fmt: skip
    if not len(wrong):
        return
    images, labels, seen = final.images(), final.labels(), final.outcome.classes[network]
    pictures = [picture(images[one]) for one in wrong[:MISTAKES]]
    captions = [f"{labels[one]} → {seen[one]}" for one in wrong[:MISTAKES]]
    st.image(pictures, caption=captions, width=PICTURE, alt=captions)


def picture(pixels: np.ndarray) -> np.ndarray:
    """A digit as dark ink on white, enlarged without smoothing. pixels: (side * side,)"""
    side = int(np.sqrt(len(pixels)))
    ink = pixels.reshape(side, side) / max(int(pixels.max()), 1)
    large = np.kron(255 - 255 * ink, np.ones((max(PICTURE // side, 1),) * 2))
    return np.pad(large, 3, constant_values=255).astype(np.uint8)


def confusion(final: FinalTest) -> None:
    """Which digits are taken for which."""
    st.markdown(f"##### {_('Confusion matrix')}")
    st.caption(_("all {seeds} networks together").format(seeds=SEEDS))
    names = {"seen": _("taken for"), "truth": _("digit")}
    st.altair_chart(figures.confusion_chart(final.confusion(), names), width="content")


def temptation(mine: Lab, final: FinalTest) -> None:
    """What choosing by test accuracy would have done, on request."""
    st.markdown(f"##### {_('What the temptation would have done')}")
    found = final.temptation
    if found is None:
        st.write(
            _(
                "Suppose you had looked at the test accuracy of every trial and taken the best. All trials of your "
                "rounds are trained again for that and tested twice: on the images that were opened, and on fresh ones."
            )
        )
        busy = final.share is not None
        st.button(
            _("Show it"), icon=":material/visibility:", disabled=busy, on_click=lambda: attempt(mine.tempt, engine())
        )
        ticking(tempting, busy, final)
        return
    chosen = (mine.chosen.number, mine.chosen.trial) if mine.chosen and mine.chosen.trial is not None else None
    frame = figures.temptation_frame(found, chosen)  # type: ignore[arg-type]
    best = found.best_by(found.opened)
    st.markdown(
        _(
            "The best of {trials} trials by test accuracy has {opened:.3f} on the opened images; on fresh images it "
            "reaches {fresh:.3f}: a difference of {gap:+.3f}."
        ).format(trials=len(found.opened), opened=found.opened[best], fresh=found.fresh[best],
                 gap=found.opened[best] - found.fresh[best])
    )  # fmt: skip
    by_validation = found.best_by(found.validation)
    if by_validation != best:
        st.markdown(
        _(
            "The best by validation accuracy has {opened:.3f} on the opened images, which had no say in that choice, "
            "and {fresh:.3f} on the fresh ones: a difference of {gap:+.3f}."
        ).format(opened=found.opened[by_validation], fresh=found.fresh[by_validation],
                 gap=found.opened[by_validation] - found.fresh[by_validation])
    )  # fmt: skip
    names = {
        "trial": _("a trial"), "chosen": _("your choice"), "flattered": _("best by test accuracy"),
        "opened": _("accuracy on the opened test images"), "fresh": _("accuracy on fresh test images"),
        "validation": _("validation accuracy"), "number": _("round"),
    }  # fmt: skip
    st.altair_chart(figures.temptation_chart(frame, names), width="stretch")


def tempting(final: FinalTest, running: bool) -> None:
    """How far the training for it is."""
    if running and final.share is None:
        st.rerun()
    if final.share is not None:
        st.progress(final.share, _("All trials are being trained again"))


if __name__ == "__main__":
    final_test()

"""Final test: the chosen value is trained on several seeds and tested on the test images, once."""

import numpy as np
import streamlit as st

from core.analysis.statistics import mean_and_deviation
from core.data.idx_sets import DIGIT_NAMES
from core.lab.extra_training import open_test_set, select_by_test_set
from core.lab.final_evaluation import FinalTest
from core.lab.lab import Lab
from core.lab.next_step import MainButton, Reason, next_step
from core.lab.seed_repeats import SEEDS
from core.lab.selection import selection_accuracy, selection_trials
from core.lab.tested_network import shown_network
from core.settings import Choice, kinds_of
from pages.components.classroom.teacher_locks import TeacherLocks, tests_locked, watch_locks
from pages.components.comparison import final_test_charts
from pages.components.comparison.drawing import drawing_section
from pages.components.comparison.final_test_text import peeking_sentences, result_sentences
from pages.components.frame.faults import show_faults
from pages.components.frame.layout import header
from pages.components.frame.next_step_text import headline
from pages.components.frame.number_field import show_faults_of, typed_number
from pages.components.frame.pictures import save_charts
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt, lab, leave_lab
from pages.components.frame.theme import is_dark
from pages.components.frame.translation import _
from pages.components.frame.widgets import with_value
from pages.components.refresh.pace import ticking
from pages.components.round.choosing import describe_choice
from pages.components.round.dataset_words import label_words
from pages.components.round.seeds_chart import Line, seeds_chart, seeds_frame
from pages.components.round.shown_chart import show_chart
from pages.components.round.trial_words import values_in_words

MAX_MISTAKES = 30  # digits shown
PICTURE_SIZE = 56  # pixels


def final_test() -> None:
    """The page."""
    mine = lab()
    locks = TeacherLocks.of(mine)
    header(mine, what_to_do(mine))
    if mine.final is None:
        watch_locks(mine, locks)
    show_faults()
    if mine.final is None:
        opening(mine, locked=locks.tests is not None)
    elif mine.final.outcome is None:
        ticking(training_progress, True, mine.final)
    else:
        results(mine, mine.final)


def what_to_do(mine: Lab) -> str:
    """The sentence in the header: what comes next."""
    reason = next_step(mine).reason
    if reason is Reason.CHOSEN:
        return _("How good is the value you have chosen? The test set will tell you, just once.")
    if reason is Reason.TESTS_LOCKED and mine.classroom is not None:
        return tests_locked(mine.classroom) or headline(mine)
    return headline(mine)


def opening(mine: Lab, locked: bool) -> None:
    """What opening the test set means, and the button for it. locked: whether the teacher has locked the final tests"""
    if mine.chosen is None:
        st.write(_("Choose one value of each hyperparameter first, when your rounds have narrowed them down."))
        st.page_link("narrow.py", label=_("Back to the rounds"), icon=":material/zoom_in_map:")
        return
    st.success(describe_choice(mine, mine.chosen), icon=":material/check_circle:")
    plan = mine.plan_of_choice()
    dataset = _(kinds_of(type(plan), Choice)["dataset"].options[plan.dataset])
    st.markdown(
        _(
            "1. Your value is trained on {seeds} seeds with the settings of its round, on {images} training "
            "images of {dataset}.\n"
            "2. Each of the {seeds} networks is then tested on images that no round has ever used.\n"
            "3. After that you cannot tune in this lab any more. If you keep tuning after seeing the test set, its "
            "score is no longer honest."
        ).format(seeds=SEEDS, images=plan.images - plan.validation_images(), dataset=dataset)
    )
    choice, declared = mine.chosen, plan.bounded_setting("epochs")
    key = f"final_epochs of {choice}"
    epochs, fault = typed_number(
        _(declared.label), plan.epochs, declared.from_typed, key, help=_("More than in the rounds is allowed.")
    )
    show_faults_of([fault] if fault else [])
    sure = st.checkbox(_("I have finished tuning. Open the test set, once and for all."), key=f"sure of {choice}")

    def open_it(typed: str) -> None:
        epochs = declared.from_typed(typed)
        open_test_set(mine, server().engine, server().saver.record_opening, epochs, choice, plan)

    st.button(
        _("Open the test set"),
        icon=":material/flag:",
        type="primary" if next_step(mine).button is MainButton.TEST else "secondary",
        disabled=locked or not sure or epochs is None,
        on_click=with_value(key, lambda typed: attempt(open_it, typed)),
    )


def training_progress(final: FinalTest, running: bool) -> None:
    """A progress bar of the training."""
    if running and final.outcome is not None:
        redraw_page()
    st.progress(final.share or 0.0, _("Training on {seeds} seeds").format(seeds=SEEDS))


def results(mine: Lab, final: FinalTest) -> None:
    """Test accuracy and spread, the validation accuracies beside it, mistakes, and selection by test accuracy."""
    assert final.outcome is not None and final.plan.values is not None
    trained = dict(zip(final.plan.space.axes, final.plan.values[0], strict=True))
    validation, test = final.outcome.validation, final.accuracy()
    led = selection_accuracy(mine)
    if lost := final.diverged():
        st.warning(
            _("{lost} of {seeds} networks diverged and have learned nothing.").format(lost=lost, seeds=len(test)),
            icon=":material/warning:",
        )
    with st.container(horizontal=True, gap="medium"):
        st.metric(_("test accuracy"), "{:.3f} ± {:.3f}".format(*mean_and_deviation(test)), border=True)
        st.metric(
            _("validation accuracy, same networks"),
            "{:.3f} ± {:.3f}".format(*mean_and_deviation(validation)),
            border=True,
        )
        if led is not None:
            st.metric(_("validation accuracy that led here"), f"{led:.3f}", border=True)
    st.caption(
        _("{values}, {epochs} epochs, {seeds} seeds; ± is one standard deviation.")
        .format(values=values_in_words(trained), epochs=final.plan.epochs, seeds=len(test))
    )  # fmt: skip
    frame = seeds_frame({_("validation images"): validation, _("test images"): test}, {})
    line = Line(led, _("the accuracy that led here:")) if led is not None else None
    show_chart(seeds_chart(frame, line, _("accuracy"), is_dark()))
    st.caption(_("Disc: a seed. Bar: the mean, with one standard deviation to either side."))
    if lost < len(test):
        for sentence in result_sentences(final, led, selection_trials(mine)):
            st.markdown(f"- {sentence}")
        left, right = st.columns(2, gap="large")
        with left:
            misclassified(final)
        with right:
            confusion_matrix(final)
        drawing_section(mine, final)
    test_set_selection(mine, final)
    with st.container(horizontal=True):
        st.button(_("New lab"), icon=":material/add:", on_click=leave_lab, key="another")
        save_charts("final-test")


def misclassified(final: FinalTest) -> None:
    """Digits that the first network classified wrongly."""
    assert final.outcome is not None
    network = shown_network(final.outcome.classes) or 0
    wrong = np.flatnonzero(~final.right()[network])
    words = label_words(final.plan.dataset)
    st.markdown(f"##### {_('Misclassified digits') if words is None else _('Misclassified images')}")
    shown = (
        _("{wrong} of {count} by the first of the networks; the first {shown}: the digit, and what it was taken for")
        if words is None
        else _("{wrong} of {count} by the first of the networks; the first {shown}: the label, and what it was called")
    )
    counts = {"wrong": len(wrong), "count": len(final.labels()), "shown": min(len(wrong), MAX_MISTAKES)}
    st.caption(shown.format(**counts))
    if not len(wrong):
        return
    images, labels, seen = final.images(), final.labels(), final.outcome.classes[network]
    pictures = [digit_picture(images[one]) for one in wrong[:MAX_MISTAKES]]
    called = words or list(DIGIT_NAMES)
    captions = [f"{called[labels[one]]} → {called[seen[one]]}" for one in wrong[:MAX_MISTAKES]]
    st.image(pictures, caption=captions, width=PICTURE_SIZE, alt=captions)


def digit_picture(pixels: np.ndarray) -> np.ndarray:
    """A digit in black on white, enlarged without smoothing. pixels: (side * side,); returns (size, size), 0 to 255"""
    side = int(np.sqrt(len(pixels)))
    ink = pixels.reshape(side, side) / max(int(pixels.max()), 1)
    large = np.kron(255 - 255 * ink, np.ones((max(PICTURE_SIZE // side, 1),) * 2))
    return np.pad(large, 3, constant_values=255).astype(np.uint8)


def confusion_matrix(final: FinalTest) -> None:
    """The confusion matrix of all networks."""
    st.markdown(f"##### {_('Confusion matrix')}")
    st.caption(_("all {seeds} networks together").format(seeds=SEEDS))
    words = label_words(final.plan.dataset)
    names = {"seen": _("taken for"), "truth": _("digit") if words is None else _("label"),
             "count": _("images")}  # fmt: skip
    show_chart(final_test_charts.confusion_chart(final.confusion(), names, words), fills_page=False)


def test_set_selection(mine: Lab, final: FinalTest) -> None:
    """On request: how good the trial would be that has the best test accuracy."""
    st.markdown(f"##### {_('What if you had peeked?')}")
    selection = final.selection
    if selection is None:
        st.write(
            _(
                "Suppose you had looked at the test accuracy of every trial and taken the best. All trials of your "
                "rounds are trained again for that and tested twice: on the images that were opened, and on fresh ones."
            )
        )
        busy = final.share is not None
        st.button(
            _("Show it"),
            icon=":material/visibility:",
            disabled=busy,
            on_click=lambda: attempt(select_by_test_set, mine, server().engine),
        )
        ticking(selection_progress, busy, final)
        return
    chosen = (mine.chosen.number, mine.chosen.trial) if mine.chosen and mine.chosen.trial is not None else None
    frame = final_test_charts.selection_frame(selection, chosen)  # type: ignore[arg-type]
    names = {
        "trial": _("a trial"), "chosen": _("your choice"), "best_by_test": _("best by test accuracy"),
        "opened": _("accuracy on the opened test images"), "fresh": _("accuracy on fresh test images"),
        "validation": _("validation accuracy"), "number": _("round"), "of_trial": _("trial"),
    }  # fmt: skip
    with st.container(key="result_selection"):
        for sentence in peeking_sentences(selection, len(final.labels())):
            st.markdown(f"- {sentence}")
        show_chart(final_test_charts.selection_chart(frame, names))


def selection_progress(final: FinalTest, running: bool) -> None:
    """A progress bar of the training for the selection by test accuracy."""
    if running and final.share is None:
        redraw_page()
    if final.share is not None:
        st.progress(final.share, _("All trials are being trained again"))


if __name__ == "__main__":
    final_test()

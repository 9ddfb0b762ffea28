"""What a final test shows, in sentences."""

import numpy as np

from core.analysis.chance_limits import Gap
from core.analysis.selection_bias import effective_images, expected_best, expected_loss, loss_limit
from core.analysis.statistics import mean_and_deviation
from core.data.image_order import FILE_ORDER
from core.lab.final_evaluation import FinalTest, SelectionByTestSet
from pages.components.frame.translation import _, listed


def result_sentences(final: FinalTest, led: float | None, trials: np.ndarray) -> list[str]:
    """What the accuracies show, with their uncertainty.

    led: the validation accuracy that the value was chosen for; None if it was not chosen by a trial
    trials: (trials,) validation accuracies of all that it was chosen from, none without `led`
    """
    assert final.outcome is not None
    mean, error = float(final.accuracy().mean()), final.standard_error()
    sentences = [
        _("{count} test images: the standard error of an accuracy of {mean:.2f} is {error:.3f}.").format(
            count=len(final.labels()), mean=mean, error=error
        )
    ]
    if led is not None:
        sentences += loss_sentences(led, final.outcome.validation, trials, final.plan.validation_images())
    return [*sentences, gap_sentence(final.validation_gap(), final)]


def loss_sentences(led: float, repeats: np.ndarray, trials: np.ndarray, images: int) -> list[str]:
    """What the value's accuracy lost on other seeds, and what choosing it was expected to cost.

    led: in its round    repeats: (seeds,) on other seeds    trials: (trials,) chosen from    images: that validate
    """
    repeated, spread = mean_and_deviation(repeats)
    sentences = [
        _("In the round it had {led:.3f}, on other seeds the same value reaches {mean:.3f} ± {deviation:.3f}.").format(
            led=led, mean=repeated, deviation=spread
        )
    ]
    lost = led - repeated
    if len(trials) > 1:
        sentences.append(
            _(
                "The best of your {trials} trials is expected to look {expected:.3f} better than it is, because it was "
                "chosen for its accuracy."
            ).format(trials=len(trials), expected=expected_loss(trials, effective_images(images, repeats)).mean)
        )
    if lost > loss_limit(trials, images, repeats):
        sentences.append(
            _("Here it is {lost:.3f}: more than choosing and chance explain. The value does well on some seeds only.")
            .format(lost=lost)
        )  # fmt: skip
    elif lost > 0:
        sentences.append(_("Here it is {lost:.3f}: choosing and chance explain that.").format(lost=lost))
    else:
        sentences.append(_("Here nothing was lost: this time, chance went the other way."))
    return sentences


def gap_sentence(gap: Gap, final: FinalTest) -> str:
    """Whether the networks do better on validation or on test images; nobody has chosen among them."""
    if gap.is_chance:
        return _(
            "Nobody chose among these {seeds} networks, so their validation accuracy can be trusted, too: it and the "
            "test accuracy differ by no more than chance explains."
        ).format(seeds=len(final.accuracy()))
    worse = _("The same networks are {gap:.3f} worse on the test images than on their validation images.")
    better = _("The same networks are {gap:.3f} better on the test images than on their validation images.")
    sentence = (worse if gap.mean > 0 else better).format(gap=abs(gap.mean))
    if final.plan.dataset == "digits" and final.plan.image_order == FILE_ORDER:
        return sentence + " " + _("In this older lab, other people wrote the test images than those of the rounds.")
    return sentence + " " + _(
        "Choosing is not the reason, since nobody chose among them. Chance alone does this in one lab of 20."
    )  # fmt: skip


def peeking_sentences(selection: SelectionByTestSet, images: int) -> list[str]:
    """What choosing by test accuracy costs: in this lab's opening, on average over many, and if it is too small.

    images: in the half that was opened
    """
    trials, best = len(selection.opened), selection.best_by(selection.opened)
    loss = float(selection.opened[best] - selection.fresh[best])
    sentences = [
        _(
            "The best of {trials} trials by the {images} opened test images has {opened:.3f} on them, and {fresh:.3f} "
            "on fresh ones: {loss:+.3f}."
        ).format(trials=trials, images=images, opened=selection.opened[best], fresh=selection.fresh[best], loss=-loss)
    ]
    if not len(selection.losses):
        sentences.append(
            _("On average over both halves, chosen by one and tested on the other, it loses {loss:.3f}.")
            .format(loss=selection.mean_loss)
        )  # fmt: skip
    else:
        sentences.append(
            _(
                "One opening is partly chance. Over hundreds of openings, each of {images} test images drawn at "
                "random, the best loses {loss:.3f} on average on the images that were not opened: this is what "
                "peeking costs."
            ).format(images=images, loss=selection.mean_loss)
        )
        fewer = [
            _("{loss:.3f} with {images} images").format(loss=lost, images=count)
            for count, lost in zip(selection.looked[:-1], selection.losses, strict=False)
        ]
        sentences.append(_("Chosen by fewer images: {list}.").format(list=listed(fewer)))
    if not selection.shows_loss:
        accuracy = min(max(float(selection.fresh[best]), 1 / images), 1 - 1 / images)
        equal = float(expected_best(np.array(trials), images, accuracy)) - accuracy
        sentences.append(
            _(
                "Your trials are too few, or too different, to show it well. Among {trials} equally good ones, each "
                "tested on {images} images of its own, the best would look {loss:.3f} better than it is."
            ).format(trials=trials, images=images, loss=equal)
        )
    return sentences

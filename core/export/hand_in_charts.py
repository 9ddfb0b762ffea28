"""The charts of a hand-in as SVG: where a round's trials lie, how its best ones learned, and the final test."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from core.errors import N_
from core.export.svg import Axis, Frame, cross, line, point, rectangle
from core.lab.lab_view import FinalTestView
from core.progress import RoundProgress
from core.space import AXES, SearchSpace

Translate = Callable[[str], str]

BEST = 5  # trials of a round that are ringed, listed, and whose curves are drawn
RAMP = ("#b9c4cf", "#7fa8cd", "#4585bd", "#1f5f9e", "#0b3566")  # an accuracy from 0 to 1, darker the better
RING, DIVERGED, BOX, NEXT_BOX, TRAINING = "#c2417c", "#b45309", "#31333f", "#2563a8", "#d97706"
ACCURACIES = [(fifth / 5, f"{fifth / 5:g}") for fifth in range(6)]
MAX_TICKS = 7  # of an axis of epochs or of exponents


def axis_title(axis: str, translate: Translate) -> str:
    """What an axis is called."""
    return translate(AXES[axis].label)


def range_charts(
    progress: RoundProgress, shown: Sequence[SearchSpace], coming: SearchSpace | None, translate: Translate
) -> Iterator[str]:
    """Where the trials of a round lie: a chart of the first axis with every other one.

    shown: ranges that the axes reach over    coming: those of the round after it
    """
    names = progress.plan.space.axes
    first, others = names[0], names[1:]
    has_same = coming is not None and set(coming.axes) == set(names)
    spaces = [progress.plan.space, *([coming] if coming is not None and has_same else [])]
    for other in others:
        vertical = _exponents_axis(other, shown, translate)
        frame = Frame(_exponents_axis(first, shown, translate), vertical)
        boxes = [_box(frame, space, first, other, place) for place, space in enumerate(spaces)]
        alt = translate(N_("Trials by {first} and {second}")).format(
            first=axis_title(first, translate), second=vertical.title
        )
        yield frame.chart([*boxes, *_trials(frame, progress, first, other)], alt)


def _exponents_axis(axis: str, shown: Sequence[SearchSpace], translate: Translate) -> Axis:
    """An axis of exponents that reaches over all the spaces, to whole ones."""
    ranges = [space[axis] for space in shown if axis in space]
    low, high = math.floor(min(one.low for one in ranges)), math.ceil(max(one.high for one in ranges))
    low, high = (low, high) if low < high else (low - 1, high + 1)
    step = math.ceil((high - low) / MAX_TICKS)
    ticks = [(float(tick), AXES[axis].place_text(tick)) for tick in range(low, high + 1, step)]
    return Axis(axis_title(axis, translate), low, high, ticks)


def _accuracy_axis(translate: Translate) -> Axis:
    return Axis(translate(N_("validation accuracy")), 0, 1, ACCURACIES)


def _box(frame: Frame, space: SearchSpace, first: str, other: str, place: int) -> str:
    """The ranges of a round as a rectangle. place: 0 for the round itself, 1 for the one after it"""
    across = space.ranges()[first]
    down = space.ranges()[other]
    colour, dashes = (BOX, "") if not place else (NEXT_BOX, "5 3")
    return rectangle(frame.x(across.low), frame.y(down.high), frame.x(across.high), frame.y(down.low), colour, dashes)


def _trials(frame: Frame, progress: RoundProgress, first: str, other: str) -> Iterator[str]:
    """The trials as points, darker the better, the best ones ringed; crosses for those that diverged."""
    accuracy = np.nan_to_num(progress.last_validation())
    across = AXES[first].places(progress.hyperparameters[first])
    down = AXES[other].places(progress.hyperparameters[other])
    best = set(progress.ranking()[:BEST].tolist())
    for trial in np.argsort(accuracy, kind="stable").tolist():  # the best on top
        x, y = frame.x(float(across[trial])), frame.y(float(down[trial]))
        title = f"{accuracy[trial]:.2f}: " + ", ".join(
            AXES[axis].in_text(float(progress.hyperparameters[axis][trial])) for axis in progress.plan.space.axes
        )
        if progress.diverged[trial]:
            yield cross(x, y, DIVERGED, title)
        else:
            yield point(x, y, shade(float(accuracy[trial])), title, RING if trial in best else "")


def shade(accuracy: float) -> str:
    """The colour of an accuracy."""
    return RAMP[min(max(int(accuracy * len(RAMP)), 0), len(RAMP) - 1)]


def curves_chart(progress: RoundProgress, translate: Translate) -> str:
    """Validation accuracy of the best trials by epoch, the training accuracy of the best one dashed."""
    epochs = progress.plan.epochs
    step = math.ceil(epochs / MAX_TICKS)
    ticks = [(float(epoch), str(epoch)) for epoch in range(step, epochs + 1, step)]
    frame = Frame(Axis(translate(N_("epoch")), 0 if epochs == 1 else 1, epochs, ticks), _accuracy_axis(translate))
    best = progress.ranking()[:BEST].tolist()
    marks = []
    for rank, trial in reversed(list(enumerate(best))):
        marks += _course(frame, progress.validation_accuracy[trial], RAMP[-1 - rank], 2.2 if rank == 0 else 1.2)
    if best:
        marks += _course(frame, progress.train_accuracy[best[0]], TRAINING, 1.4, "4 3")
    return frame.chart(marks, translate(N_("The accuracy curves of the best trials")))


def _course(frame: Frame, accuracies: np.ndarray, colour: str, width: float, dashes: str = "") -> list[str]:
    """A curve, as far as the trial was trained."""
    known = [(epoch, float(one)) for epoch, one in enumerate(accuracies, 1) if not np.isnan(one)]
    if len(known) == 1:  # no line can be drawn through one point
        return [point(frame.x(known[0][0]), frame.y(known[0][1]), colour, f"{known[0][1]:.2f}")]
    return [line([(frame.x(epoch), frame.y(one)) for epoch, one in known], colour, width, dashes)] if known else []


def final_test_chart(test: FinalTestView, translate: Translate) -> str:
    """Each seed's validation and test accuracy, joined by a line. The results have to be there."""
    assert test.validation is not None and test.test is not None
    names = [(0.25, translate(N_("validation images"))), (0.75, translate(N_("test images")))]
    accuracy = Axis(translate(N_("accuracy")), *_around(np.concatenate([test.validation, test.test])))
    frame = Frame(Axis("", 0, 1, names), accuracy)
    marks = []
    for pair in zip(test.validation.tolist(), test.test.tolist(), strict=True):
        places = [(frame.x(at), frame.y(one)) for (at, _), one in zip(names, pair, strict=True)]
        marks += [line(list(ends), BOX, 0.8) for ends in pairwise(places)]
        marks += [point(x, y, RAMP[-2], f"{one:.3f}") for (x, y), one in zip(places, pair, strict=True)]
    return frame.chart(marks, translate(N_("Accuracies of the final test by seed")))


def _around(accuracies: np.ndarray) -> tuple[float, float, list[tuple[float, str]]]:
    """Ends and labels of an axis that holds some accuracies, in steps of 0.05 or, if they lie apart, of 0.2."""
    step = 0.05 if np.ptp(accuracies) < 0.25 else 0.2
    low, high = math.floor(float(accuracies.min()) / step), math.ceil(float(accuracies.max()) / step)
    low, high = (low, high) if low < high else (low - 1, high)
    return low * step, high * step, [(tick * step, f"{tick * step:.2f}") for tick in range(low, high + 1)]

"""What there is to see in a round: sentences computed from its numbers, none when the numbers say nothing.

A remark is a sentence with gaps and what fills them, so that a page can translate it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.errors import N_
from core.hints import BEST, GUESSING, Edge, above_guessing, edges, healthy, spread, standard_error
from core.progress import RoundProgress

SETTLED = 0.5  # of a round's epochs: before, the order still changes too much to speak of ranges
AXES = {"learning_rate": N_("learning rate"), "weight_decay": N_("weight decay")}


@dataclass(frozen=True)
class Remark:
    """A sentence with {named} gaps; values that are sentences of the catalogue themselves are in `terms`."""

    sentence: str
    values: dict[str, object]
    terms: dict[str, str]


def remark(sentence: str, terms: dict[str, str] | None = None, **values: object) -> Remark:
    """A remark from keyword values."""
    return Remark(sentence, values, terms or {})


def remarks(progress: RoundProgress) -> list[Remark]:
    """All that can be said of a round now, the most useful first."""
    ranking, well = progress.ranking(), healthy(progress)
    if not len(ranking):
        return []
    accuracy = progress.last_validation()
    images = progress.plan.validation_images()
    said = [*_divergence(progress, ranking), *_given_up(progress)]
    if not len(well):
        return [*said, remark(N_("Nothing has learned: move the learning rate down."))]
    top = float(accuracy[well[0]])
    if not above_guessing(top, images):
        return [remark(N_("No trial is better than guessing ({chance:.2f}) yet."), chance=GUESSING), *said]
    worst = float(accuracy[well[-1]])
    racing = ~progress.given_up
    flat = racing.all() and len(well) >= BEST and top - worst <= 2 * standard_error(top, images)
    if flat:
        said.append(
            remark(
                N_(
                    "From the best to the worst trial it is {images} of {count} images: inside these ranges the "
                    "hyperparameters hardly matter, narrowing further shows only noise."
                ),
                images=round((top - worst) * images),
                count=images,
            )
        )
    else:
        done = progress.epochs_done[racing] if racing.any() else progress.epochs_done
        settled = progress.status.over or done.mean() >= SETTLED * progress.plan.epochs
        found = edges(progress)
        hints = [hint for axis in AXES for hint in _range_hints(progress, axis, found.get(axis))]
        said = [*hints, *said] if settled else said
    return [*said, *_ties(accuracy[[trial for trial in well[:BEST] if racing[trial]]], images)]


def _range_hints(progress: RoundProgress, axis: str, edge: Edge | None) -> Iterator[Remark]:
    """Which way to move a range whose edge the best trials crowd at, or that they do not agree on it at all."""
    if edge is not None:
        sentence = (_EDGE_AT_THE_END if edge.reached else _EDGE)[edge.upper]
        yield remark(sentence, {"axis": AXES[axis]}, touching=edge.touching, outer=edge.outer, best=edge.best)
    elif share := spread(progress, axis):
        yield remark(
            N_("{axis}: the Best-{best} are spread over {share:.0%} of the range, so it decides little here."),
            {"axis": AXES[axis]},
            best=BEST,
            share=share,
        )


_EDGE = {
    True: N_(
        "{axis}: {outer} of the Best-{best} lie in the upper quarter of the range, {touching} within 5% of its edge. "
        "Better values may lie above: move the range up."
    ),
    False: N_(
        "{axis}: {outer} of the Best-{best} lie in the lower quarter of the range, {touching} within 5% of its edge. "
        "Better values may lie below: move the range down."
    ),
}
_EDGE_AT_THE_END = {
    True: N_("{axis}: {outer} of the Best-{best} lie in the upper quarter of the range, which goes no higher here."),
    False: N_("{axis}: {outer} of the Best-{best} lie in the lower quarter of the range, which goes no lower here."),
}


def _ties(accuracy: np.ndarray, images: int) -> Iterator[Remark]:
    """How far down from Best-1 the differences are noise. accuracy: (best,), the best first."""
    error = standard_error(float(accuracy.max(initial=0)), images)
    tied = int((accuracy.max(initial=0) - accuracy <= error).sum())
    if tied > 1:
        yield remark(
            N_(
                "Best-1 to Best-{last} differ by {difference} of {count} validation images, the standard error is "
                "{error:.1f}: a tie."
            ),
            last=tied,
            difference=round(float(accuracy[0] - accuracy[tied - 1]) * images),
            count=images,
            error=error * images,
        )


def _given_up(progress: RoundProgress) -> Iterator[Remark]:
    """How many trials were given up, and how to know them."""
    count = int(progress.given_up.sum())
    if count:
        yield remark(
            N_(
                "{count} of {trials} trials were given up early (hollow circles on the map; their curves end there). "
                "They rank below all that went on."
            ),
            count=count,
            trials=progress.plan.trials,
        )


def _divergence(progress: RoundProgress, ranking: np.ndarray) -> Iterator[Remark]:
    """Where trials diverged."""
    diverged = progress.learning_rate[ranking[progress.diverged[ranking]]]
    if len(diverged):
        yield remark(
            N_(
                "{count} of {trials} trials diverged (crosses on the map), all of them at learning rates from "
                "{lowest:.2g} up."
            ),
            count=len(diverged),
            trials=progress.plan.trials,
            lowest=float(diverged.min()),
        )

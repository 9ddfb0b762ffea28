"""The values of a trial in words, those of further hyperparameters behind learning rate and weight decay."""

from collections.abc import Mapping

from core.progress import RoundProgress
from core.space import AXES, DEFAULT_AXES
from pages.components.frame.translation import _, listed


def further_axes(progress: RoundProgress) -> tuple[str, ...]:
    """What a round searches besides learning rate and weight decay."""
    return tuple(axis for axis in progress.plan.space.axes if axis not in DEFAULT_AXES)


def values_in_words(values: Mapping[str, float]) -> str:
    """Values by axis as a list: learning rate 0.0092, weight decay 3.86 × 10⁻⁷, momentum 0.95."""
    return listed(f"{_(AXES[axis].label)} {AXES[axis].in_text(value)}" for axis, value in values.items())


def values_of_trial(progress: RoundProgress, trial: int) -> dict[str, float]:
    """Those of a trial that its round searches, by axis; learning rate and weight decay first."""
    searched = progress.plan.space.axes
    axes = (*(axis for axis in DEFAULT_AXES if axis in searched), *further_axes(progress))
    return {axis: float(progress.hyperparameters[axis][trial]) for axis in axes}

"""The value that a student chooses from what the rounds have shown: one of each hyperparameter that was searched."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.plan import RoundPlan, needed_settings
from core.progress import RoundProgress
from core.space import AXES, DEFAULT_AXES, LEAST_AXES, SearchSpace


@dataclass(frozen=True)
class Choice:
    """A learning rate, a weight decay and whatever else was searched, and the trial that they come from, if any."""

    learning_rate: float
    weight_decay: float
    number: int | None = None  # of the round
    trial: int | None = None
    others: tuple[tuple[str, float], ...] = ()  # (axis, value) of each further hyperparameter that was searched

    @classmethod
    def of_trial(cls, number: int, progress: RoundProgress, trial: int) -> "Choice":
        """The values of a trial. number: of its round"""
        searched = dict(zip(progress.plan.space.axes, progress.values(trial), strict=True))
        return cls.of_values(searched, progress.plan, number, trial)

    @classmethod
    def of_values(
        cls, values: Mapping[str, float], plan: RoundPlan, number: int | None = None, trial: int | None = None
    ) -> "Choice":
        """Values by axis; a learning rate or weight decay that is not among them is the plan's."""
        rate, decay = (float(values.get(axis, getattr(plan, axis))) for axis in DEFAULT_AXES)
        others = tuple((axis, value) for axis, value in values.items() if axis not in DEFAULT_AXES)
        return cls(rate, decay, number, trial, others)

    @property
    def values(self) -> dict[str, float]:
        """All values by axis."""
        return {"learning_rate": self.learning_rate, "weight_decay": self.weight_decay, **dict(self.others)}

    def to_json(self) -> str:
        record = {axis: self.values[axis] for axis in DEFAULT_AXES} | {"number": self.number, "trial": self.trial}
        return json.dumps(record | dict(self.others))

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Choice":
        """The choice of what `to_json` wrote, parsed. Raises TypeError for anything else."""
        others = {name: value for name, value in record.items() if name in AXES and name not in DEFAULT_AXES}
        return cls(
            **{name: value for name, value in record.items() if name not in others}, others=tuple(others.items())
        )

    def plan(self, settings: RoundPlan) -> RoundPlan:
        """A round of this value alone with some settings. Raises LessonError when no round could train it."""
        values, others = self.values, dict(self.others)
        axes = tuple(axis for axis in values if axis in settings.space or axis in others)
        if len(axes) < LEAST_AXES:
            axes = tuple({*axes, *DEFAULT_AXES})
        space = settings.space.with_axes(axes)
        fixed = {axis: values[axis] for axis in DEFAULT_AXES if axis not in axes} | needed_settings(axes)
        given = tuple(values[axis] for axis in space.axes)
        return replace(settings, space=space, trials=1, values=(given,), **fixed)

    def is_in(self, space: SearchSpace) -> bool:
        """Whether the ranges of a space hold it, as far as it has a value there."""
        values = self.values
        return all(axis in values and range_.holds(AXES[axis].place(values[axis])) for axis, range_ in space.items)

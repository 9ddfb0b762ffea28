"""A round's plan: everything that decides its result, checked once, written down as JSON and read back unchanged.

Its settings are declared in one table, see core/plan_settings.py.
"""

import json
import math
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from core.data.datasets import training_count
from core.data.idx_sets import IDX_SETS
from core.data.image_order import FILE_ORDER, IMAGE_ORDERS
from core.errors import N_, LessonError
from core.plan_settings import PlanSettings
from core.settings import Choice, PlanError, Setting, WholeNumber, kinds_of, settings_of
from core.space import AXES, DEFAULT_AXES, SearchSpace, plain, space_of_record, space_record

CLASSES = 10
PIXELS = {"digits": 64} | dict.fromkeys(IDX_SETS, 784)
OPTIMIZER_STATE = {"sgd": 0, "momentum": 1, "adagrad": 1, "adam": 2}  # numbers kept beside each one that is updated
MEMORY_LIMIT = 256 * 2**20  # bytes of weights, and of what optimizers keep beside them, that one round may hold


@dataclass(frozen=True)
class RoundPlan(PlanSettings):
    """What one round trains, apart from its results since those follow from it."""

    def __post_init__(self) -> None:
        if not isinstance(self.space, SearchSpace):
            raise PlanError(N_("A plan needs a search space."))
        searched = self.space.axes
        for name, declared in settings_of(type(self)).items():
            self.bounded_setting(name).check(getattr(self, name))
            if declared.axis in searched:  # it changes nothing, so that it has its default
                object.__setattr__(self, name, getattr(type(self), name))
                _check_needs(declared, self)
        if type(self.shuffle) is not bool:
            raise PlanError(N_("Images are shuffled or they are not: true or false."))
        if type(self.image_order) is not int or self.image_order not in IMAGE_ORDERS:
            raise PlanError(N_("This is not the plan of a round."))
        if self.values is not None:
            self._check_values()
        if self.memory() > MEMORY_LIMIT:
            raise PlanError(
                N_("These networks need {needed} MB of memory, a round may use {limit} MB: fewer trials or neurons."),
                needed=self.memory() // 2**20, limit=MEMORY_LIMIT // 2**20,
            )  # fmt: skip

    def bounded_setting(self, name: str) -> Setting:
        """A setting within the bounds that this plan sets it: the images of its data set, the epochs of its round."""
        declared = settings_of(type(self))[name]
        if name == "images" and isinstance(declared.kind, WholeNumber):
            return _bounded(declared, high=min(declared.kind.high, training_count(self.dataset)))
        if name == "give_up":
            return _bounded(declared, epochs=self.epochs)
        return declared

    def _check_values(self) -> None:
        given = self.values if isinstance(self.values, tuple) else ()
        axes = [AXES[name] for name in self.space.axes]

        def is_allowed(one: object) -> bool:
            if not isinstance(one, tuple) or len(one) != len(axes):
                return False
            return all(axis.allows(value) for axis, value in zip(axes, one, strict=True))

        if len(given) == self.trials and all(map(is_allowed, given)):
            return
        if self.space.axes == DEFAULT_AXES:
            (low_rate, high_rate), (low_decay, high_decay) = (axis.limits for axis in axes)
            raise PlanError(
                N_("Every trial needs a learning rate from {low_rate} to {high_rate} and a weight decay from "
                   "{low_decay} to {high_decay}."),
                low_rate=plain(low_rate, 2), high_rate=plain(high_rate, 2),
                low_decay=plain(low_decay, 2), high_decay=plain(high_decay, 2),
            )  # fmt: skip
        raise PlanError(N_("Every trial needs a value of each hyperparameter that is searched, within its limits."))

    def searching(self, axes: tuple[str, ...]) -> "RoundPlan":
        """The same round that searches these hyperparameters, with the optimizer and initial weights that they need.

        Axes that it searches already keep their ranges. Raises LessonError where a round cannot search them, PlanError
        where another optimizer was chosen, or other initial weights, than they need.
        """
        needed = {
            name: value
            for name, value in needed_settings(axes).items()
            if getattr(self, name) == getattr(type(self), name)
        }
        return replace(self, space=self.space.with_axes(axes), values=None, **needed)

    def with_values(self, values: dict[str, float]) -> "RoundPlan":
        """The round of one trial with these values of all axes: those beside the default ones become settings."""
        pair = tuple(values[axis] for axis in DEFAULT_AXES)
        others = {axis: value for axis, value in values.items() if axis not in DEFAULT_AXES}
        return replace(self, space=SearchSpace(), trials=1, values=(pair,), **others)  # type: ignore[arg-type]

    @property
    def is_one_value(self) -> bool:
        """Whether it trains one trial of given values, which no range was searched for."""
        return self.trials == 1 and self.values is not None

    @property
    def uses_dropout(self) -> bool:
        """Whether its networks are trained with dropout."""
        return self.dropout > 0 or "dropout" in self.space

    def sizes(self, neurons: int | None = None) -> list[int]:
        """Units a layer: pixels, the hidden layers, classes. neurons: of a hidden layer; None: the most of a trial"""
        if neurons is None:
            neurons = (
                int(AXES["neurons"].value(self.space["neurons"].high)) if "neurons" in self.space else self.neurons
            )
        return [PIXELS[self.dataset], *[neurons] * self.hidden_layers, CLASSES]

    def validation_images(self) -> int:
        """How many images are split off for validation."""
        return round(self.images * self.validation_rate)

    def updates(self, batch_size: int | None = None) -> int:
        """Mini-batches an epoch. batch_size: of a trial where it is searched; None: the plan's"""
        return max(1, (self.images - self.validation_images()) // (batch_size or self.batch_size))

    def survivors(self) -> list[int]:
        """How many trials go on at each rung, one at least."""
        counts, count = [], self.trials
        for _ in self.give_up:
            count = math.ceil(round(count * self.keep, 9))  # 0.1 * 30 is a little more than 3
            counts.append(count)
        return counts

    def stages(self) -> list[tuple[int, int, int]]:
        """(epochs before, epochs after, trials that may be trained) from rung to rung."""
        bounds = [0, *self.give_up, self.epochs]
        return list(zip(bounds[:-1], bounds[1:], [self.trials, *self.survivors()], strict=True))

    def to_the_end(self) -> "RoundPlan":
        """The same round, in which no trial is given up."""
        return replace(self, give_up=(), keep=RoundPlan.keep)

    def memory(self) -> int:
        """Bytes of float32 that all trials are made of, at most: see `trial_memory`."""
        if "neurons" in self.space and self.values is not None:
            column = self.space.axes.index("neurons")
            return sum(self.trial_memory(int(values[column])) for values in self.values)
        return self.trials * self.trial_memory()

    def trial_memory(self, neurons: int | None = None) -> int:
        """Bytes of float32 of one trial: what it learns, what goes with it, running averages. neurons: as in `sizes`"""
        sizes = self.sizes(neurons)
        learned = sum((n_in + 1) * n_out for n_in, n_out in zip(sizes, sizes[1:], strict=False))
        normalised = 2 * sum(sizes[1:-1]) if self.batch_normalisation else 0
        return 4 * ((learned + normalised) * (1 + OPTIMIZER_STATE[self.optimizer]) + normalised)

    def to_json(self) -> str:
        """The plan as JSON, ranges as [low, high]. Without an order of images it is that of the files, as at first.

        A learning rate or weight decay outside the space is there only if it is not the default.
        """
        record: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        record["space"] = space_record(self.space)
        if self.image_order == FILE_ORDER:
            del record["image_order"]
        for name in DEFAULT_AXES:
            if record[name] == getattr(type(self), name):
                del record[name]
        return json.dumps(record)

    @classmethod
    def from_json(cls, text: str) -> "RoundPlan":
        """The plan that `to_json` wrote. Anything else raises LessonError."""
        try:
            record = json.loads(text)
            named = record.pop("space")
            space = space_of_record(named)
            if (values := record.pop("values", None)) is not None:
                order = [list(named or space.axes).index(axis) for axis in space.axes]
                record["values"] = tuple(
                    tuple(given[place] for place in order) if len(given) == len(order) else tuple(given)
                    for given in values
                )
            record["give_up"] = tuple(record.get("give_up", ()))
            return cls(space=space, **({"image_order": FILE_ORDER} | record))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            if isinstance(error, LessonError):
                raise
            raise PlanError(N_("This is not the plan of a round.")) from error


def _check_needs(declared: Setting, plan: RoundPlan) -> None:
    """Raise PlanError where a hyperparameter is searched that changes nothing in a plan."""
    if declared.only_with is not None and not declared.is_met(plan):
        other, value = declared.only_with
        needed = settings_of(type(plan))[other]
        assert isinstance(needed.kind, Choice)
        raise PlanError(
            N_("While the {quantity} is searched, the {setting} is {choice}."),
            quantity=declared.name, setting=needed.name, choice=needed.kind.options[value],
        )  # fmt: skip


@lru_cache
def _bounded(declared: Setting, **bounds: int) -> Setting:
    return replace(declared, kind=replace(declared.kind, **bounds))  # type: ignore[type-var]


SEED_COUNT = kinds_of(RoundPlan, WholeNumber)["seed"].high + 1  # seeds are whole numbers below it


def needed_settings(axes: tuple[str, ...]) -> dict[str, Any]:
    """The settings without which a search of these axes would change nothing: the optimizer, the initial weights."""
    declared = settings_of(RoundPlan).values()
    return dict(one.only_with for one in declared if one.axis in axes and one.only_with is not None)

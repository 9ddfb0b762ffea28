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
from core.settings import PlanError, Setting, WholeNumber, kinds_of, settings_of
from core.space import REACHES, LogRange, SearchSpace, within_reach, written

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
        for name in settings_of(type(self)):
            self.bounded_setting(name).check(getattr(self, name))
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
        pairs = self.values if isinstance(self.values, tuple) else ()
        if len(pairs) != self.trials or not all(map(within_reach, pairs)):
            rate, decay = REACHES["learning_rate"], REACHES["weight_decay"]
            raise PlanError(
                N_("Every trial needs a learning rate from {low_rate} to {high_rate} and a weight decay from "
                   "{low_decay} to {high_decay}."),
                low_rate=written(rate.low), high_rate=written(rate.high),
                low_decay=written(decay.low), high_decay=written(decay.high),
            )  # fmt: skip

    def sizes(self) -> list[int]:
        """Units a layer: pixels, the hidden layers, classes."""
        return [PIXELS[self.dataset], *[self.neurons] * self.hidden_layers, CLASSES]

    def validation_images(self) -> int:
        """How many images are split off for validation."""
        return round(self.images * self.validation_rate)

    def updates(self) -> int:
        """Mini-batches an epoch."""
        return max(1, (self.images - self.validation_images()) // self.batch_size)

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
        """Bytes of float32 that all trials are made of: what they learn, what goes with it, and running averages."""
        sizes = self.sizes()
        learned = sum((n_in + 1) * n_out for n_in, n_out in zip(sizes, sizes[1:], strict=False))
        normalised = 2 * sum(sizes[1:-1]) if self.batch_normalisation else 0
        numbers = (learned + normalised) * (1 + OPTIMIZER_STATE[self.optimizer]) + normalised
        return 4 * self.trials * numbers

    def to_json(self) -> str:
        """The plan as JSON, ranges as [low, high]. Without an order of images it is that of the files, as at first."""
        record: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        record["space"] = {axis: [range_.low, range_.high] for axis, range_ in self.space.ranges().items()}
        if self.image_order == FILE_ORDER:
            del record["image_order"]
        return json.dumps(record)

    @classmethod
    def from_json(cls, text: str) -> "RoundPlan":
        """The plan that `to_json` wrote. Anything else raises LessonError."""
        try:
            record = json.loads(text)
            ranges = record.pop("space")
            space = SearchSpace(**{axis: LogRange(*ends) for axis, ends in ranges.items()})
            if (values := record.pop("values", None)) is not None:
                record["values"] = tuple(tuple(pair) for pair in values)
            record["give_up"] = tuple(record.get("give_up", ()))
            return cls(space=space, **({"image_order": FILE_ORDER} | record))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            if isinstance(error, LessonError):
                raise
            raise PlanError(N_("This is not the plan of a round.")) from error


@lru_cache
def _bounded(declared: Setting, **bounds: int) -> Setting:
    return replace(declared, kind=replace(declared.kind, **bounds))  # type: ignore[type-var]


SEED_COUNT = kinds_of(RoundPlan, WholeNumber)["seed"].high + 1  # seeds are whole numbers below it

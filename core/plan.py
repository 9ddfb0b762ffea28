"""A round's plan: everything that decides its result, checked once, written down as JSON and read back unchanged."""

import json
import math
import re
from dataclasses import dataclass, fields, replace
from typing import Any

from core.datasets import DATASETS, training_count
from core.errors import N_, LessonError
from core.space import REACHES, LogRange, SearchSpace, value

CLASSES = 10
PIXELS = {"digits": 64, "mnist": 784}
LIMITS = {
    "images": (200, 10_000),
    "trials": (1, 200),
    "epochs": (1, 200),
    "hidden_layers": (1, 8),
    "neurons": (2, 256),
    "batch_size": (10, 500),
    "seed": (0, 2**32 - 1),
}
VALIDATION_RATES = (0.05, 0.5)
RUNGS = 5  # at which trials are given up, at most
RUNG_TENTHS = (1, 2, 4)  # of the epochs: where the usual rungs stand
KEEPS = (0.1, 0.9)  # the share of the trials that may go on at a rung
FRACTIONS = {  # limits of the numbers that are no whole ones
    "momentum": (0.0, 0.99),
    "beta1": (0.0, 0.99),
    "beta2": (0.0, 0.9999),
    "deviation": (0.0001, 1.0),
    "dropout": (0.0, 0.9),
}
CHOICES = {
    "optimizer": ("sgd", "momentum", "adagrad", "adam"),
    "initial_weights": ("he", "xavier", "deviation"),
    "activation": ("relu", "sigmoid"),
}
REMEMBERED = {"sgd": 0, "momentum": 1, "adagrad": 1, "adam": 2}  # numbers an optimizer keeps beside each it updates
MEMORY_LIMIT = 256 * 2**20  # bytes of weights, and of what optimizers keep beside them, that one round may hold
NAMES = {  # as a sentence names them
    "images": N_("number of images"),
    "trials": N_("number of trials"),
    "epochs": N_("number of epochs"),
    "hidden_layers": N_("number of hidden layers"),
    "neurons": N_("number of neurons"),
    "batch_size": N_("batch size"),
    "seed": N_("seed"),
    "momentum": N_("momentum"),
    "beta1": N_("beta 1 of Adam"),
    "beta2": N_("beta 2 of Adam"),
    "deviation": N_("standard deviation of the initial weights"),
    "dropout": N_("dropout ratio"),
    "optimizer": N_("optimizer"),
    "initial_weights": N_("initialisation of the weights"),
    "activation": N_("activation function"),
}


class PlanError(LessonError):
    """A plan that lies outside what a round may be."""


@dataclass(frozen=True)
class RoundPlan:
    """What one round trains. The defaults are those the lesson starts with."""

    space: SearchSpace = SearchSpace()
    trials: int = 20
    epochs: int = 20
    dataset: str = "digits"
    images: int = 500  # the first ones of the training part, validation images included
    validation_rate: float = 0.2
    hidden_layers: int = 6
    neurons: int = 100
    batch_size: int = 100
    seed: int = 0
    values: tuple[tuple[float, float], ...] | None = None  # (learning rate, weight decay) a trial; None: drawn
    shuffle: bool = True  # False: the images are split as they stand when they are sorted by their labels
    give_up: tuple[int, ...] = ()  # the rungs: epochs after which the worse trials are given up; none: nothing is
    keep: float = 0.5  # the share that goes on at each rung
    optimizer: str = "sgd"
    momentum: float = 0.9
    beta1: float = 0.9  # Adam's, for the mean of the gradients
    beta2: float = 0.999  # and of their squares
    initial_weights: str = "he"
    deviation: float = 0.01  # of all initial weights, where `initial_weights` says so
    activation: str = "relu"
    batch_normalisation: bool = False
    dropout: float = 0.0  # the share of hidden neurons that sit out for an image

    def __post_init__(self) -> None:
        if not isinstance(self.space, SearchSpace):
            raise PlanError(N_("A plan needs a search space."))
        if self.dataset not in DATASETS:
            raise PlanError(
                N_("There is no data set called {name}; choose one of {choices}."),
                name=str(self.dataset)[:40],
                choices=", ".join(DATASETS),
            )
        for name, (low, high) in LIMITS.items():
            given = getattr(self, name)
            if name == "images":
                high = min(high, training_count(self.dataset))
            if type(given) is not int or not low <= given <= high:
                raise PlanError(
                    N_("The {quantity} is a whole number from {low} to {high}."),
                    quantity=NAMES[name],
                    low=low,
                    high=high,
                )
        low_rate, high_rate = VALIDATION_RATES
        if type(self.validation_rate) is not float or not low_rate <= self.validation_rate <= high_rate:
            raise PlanError(
                N_("The share of validation images lies between {low} and {high}."), low=low_rate, high=high_rate
            )
        if type(self.shuffle) is not bool:
            raise PlanError(N_("Images are shuffled or they are not: true or false."))
        self._check_network()
        self._check_rungs()
        if self.values is not None:
            self._check_values()
        if self.memory() > MEMORY_LIMIT:
            raise PlanError(
                N_("These networks need {needed} MB of memory, a round may use {limit} MB: fewer trials or neurons."),
                needed=self.memory() // 2**20,
                limit=MEMORY_LIMIT // 2**20,
            )

    def _check_rungs(self) -> None:
        rungs: tuple[object, ...] = self.give_up if isinstance(self.give_up, tuple) else (None,)
        whole = [rung for rung in rungs if type(rung) is int and 0 < rung < self.epochs]
        if len(whole) < len(rungs) or len(rungs) > RUNGS or whole != sorted(set(whole)):
            raise PlanError(
                N_("The rungs are at most {most} numbers of epochs, rising, each below the {epochs} of the round."),
                most=RUNGS,
                epochs=self.epochs,
            )
        low, high = KEEPS
        if type(self.keep) is not float or not low <= self.keep <= high:
            raise PlanError(
                N_("The share of trials that goes on at a rung lies between {low} and {high}."), low=low, high=high
            )

    def _check_network(self) -> None:
        for name, choices in CHOICES.items():
            given = getattr(self, name)
            if type(given) is not str or given not in choices:
                raise PlanError(
                    N_("There is no such {quantity}; choose one of {choices}."),
                    quantity=NAMES[name],
                    choices=", ".join(choices),
                )
        for name, (low, high) in FRACTIONS.items():
            given = getattr(self, name)
            if type(given) is not float or not low <= given <= high:
                raise PlanError(
                    N_("The {quantity} is a number from {low} to {high}."), quantity=NAMES[name], low=low, high=high
                )
        if type(self.batch_normalisation) is not bool:
            raise PlanError(N_("Batch normalisation is on or off: true or false."))

    def _check_values(self) -> None:
        bounds = [(value(reach.low), value(reach.high)) for reach in REACHES.values()]
        pairs = self.values if isinstance(self.values, tuple) else ()
        right = [
            isinstance(pair, tuple)
            and len(pair) == len(bounds)
            and all(type(one) is float and low <= one <= high for one, (low, high) in zip(pair, bounds, strict=True))
            for pair in pairs
        ]
        if len(right) != self.trials or not all(right):
            (low_rate, high_rate), (low_decay, high_decay) = bounds
            raise PlanError(
                N_(
                    "Every trial needs a learning rate from {low_rate:g} to {high_rate:g} and a weight decay from "
                    "{low_decay:g} to {high_decay:g}."
                ),
                low_rate=low_rate,
                high_rate=high_rate,
                low_decay=low_decay,
                high_decay=high_decay,
            )

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
        numbers = (learned + normalised) * (1 + REMEMBERED[self.optimizer]) + normalised
        return 4 * self.trials * numbers

    def to_json(self) -> str:
        """The plan as JSON, ranges as [low, high]."""
        record: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        record["space"] = {axis: [range_.low, range_.high] for axis, range_ in self.space.ranges().items()}
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
            if "give_up" in record:
                record["give_up"] = tuple(record["give_up"])
            return cls(space=space, **record)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            if isinstance(error, LessonError):
                raise
            raise PlanError(N_("This is not the plan of a round.")) from error


def usual_rungs(epochs: int) -> tuple[int, ...]:
    """Where the rungs of a round stand unless told otherwise: after a tenth, two and four tenths of its epochs.

    Measured on 16 rounds of 100 trials x 50 epochs (MNIST, seeds 0 to 15), half going on at each rung: 3.6 times less
    work. In 15 of the rounds the best trial of all went on to the end, in one a slow starter was lost, 7 points better.
    """
    return tuple(sorted({rung for tenths in RUNG_TENTHS if (rung := max(epochs * tenths // 10, 1)) < epochs}))


def fitting_rungs(rungs: tuple[int, ...], epochs: int, new: int) -> tuple[int, ...]:
    """Rungs of a round of `epochs` for one of `new`: the usual ones stay the usual ones, others as far as they fit."""
    if not rungs:
        return ()
    if rungs == usual_rungs(epochs):
        return usual_rungs(new)
    return tuple(rung for rung in rungs if rung < new) or usual_rungs(new)


def rungs_from(text: str) -> tuple[int, ...]:
    """Rungs as somebody types them, such as 2, 4, 8. Raises PlanError."""
    parts = re.findall(r"[^\s,;、，]+", text)
    if not parts or not all(part.isdecimal() and len(part) < 6 for part in parts):
        raise PlanError(N_("Rungs are typed as numbers of epochs with commas between them, such as 2, 4, 8."))
    return tuple(map(int, parts))

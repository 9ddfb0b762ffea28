"""A round's plan: everything that decides its result, checked once, written down as JSON and read back unchanged.

Its settings are declared in one table, the fields of RoundPlan; core/settings.py says what a declaration holds.
"""

import json
import math
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from core.data.datasets import training_count
from core.data.idx_sets import DATASET_TITLES, IDX_SETS
from core.data.image_order import FILE_ORDER, IMAGE_ORDERS, PERMUTED_ORDER
from core.errors import N_, LessonError
from core.rungs import Rungs
from core.settings import Choice, Number, PlanError, Setting, Switch, WholeNumber, kinds_of, setting, settings_of
from core.space import REACHES, LogRange, SearchSpace, within_reach, written

CLASSES = 10
PIXELS = {"digits": 64} | dict.fromkeys(IDX_SETS, 784)
OPTIMIZER_STATE = {"sgd": 0, "momentum": 1, "adagrad": 1, "adam": 2}  # numbers kept beside each one that is updated
MEMORY_LIMIT = 256 * 2**20  # bytes of weights, and of what optimizers keep beside them, that one round may hold


@dataclass(frozen=True)
class RoundPlan:
    """What one round trains, apart from its results since those follow from it. The defaults are the lesson's."""

    space: SearchSpace = SearchSpace()
    trials: int = setting(
        20, WholeNumber(1, 200), "trials", group="trials", label=N_("trials"), name=N_("number of trials"),
        help=N_("How many networks a round trains; more of them search the ranges more closely, but take longer."),
        in_table=False,
    )  # fmt: skip
    epochs: int = setting(
        20, WholeNumber(1, 200), "epochs", group="epochs", label=N_("epochs"), name=N_("number of epochs"),
        help=N_("How long every trial trains: in one epoch it looks at as many images as there are to train on."),
    )  # fmt: skip
    dataset: str = setting(
        "digits",
        Choice(DATASET_TITLES, True, refusal=N_("There is no data set called {name}; choose one of {choices}.")),
        "data", group="dataset", label=N_("data set"),
        help=N_("Which images the networks learn to tell apart; larger ones take longer to learn."),
    )  # fmt: skip
    images: int = setting(  # the first ones of the training part, validation images included
        500, WholeNumber(200, 10_000), "images", group="sizes", label=N_("images"), name=N_("number of images"),
        help=N_("How many images a round uses, validation included; more give better networks, but take longer."),
    )  # fmt: skip
    validation_rate: float = setting(
        0.2,
        Number(0.05, 0.5, 0.05, width=144, refusal=N_("The share of validation images lies between {low} and {high}.")),
        "share", group="sizes", label=N_("share for validation"),
        help=N_("The share of images that is held back to choose hyperparameters by; a larger one is surer, but leaves "
                "less to train on."),
    )  # fmt: skip
    hidden_layers: int = setting(
        6, WholeNumber(1, 8), "layers", group="sizes", summary=N_("{value} hidden layers"),
        label=N_("hidden layers"), name=N_("number of hidden layers"),
        help=N_("How many layers lie between the pixels and the ten answers; a deeper network is harder to train."),
    )  # fmt: skip
    neurons: int = setting(
        100, WholeNumber(2, 256, width=130), "neurons", group="sizes", summary=N_("{value} neurons"),
        label=N_("neurons a layer"), name=N_("number of neurons"),
        help=N_("How many neurons a hidden layer has; a network with more of them can learn more, but takes longer."),
    )  # fmt: skip
    batch_size: int = setting(
        100, WholeNumber(10, 500), "batch", group="sizes", summary=N_("batch {value}"), label=N_("batch size"),
        help=N_("How many images one update looks at; larger mini-batches are steadier, but give fewer updates."),
    )  # fmt: skip
    seed: int = setting(
        0, WholeNumber(0, 2**32 - 1, width=144), "seed", group="seed", label=N_("seed"),
        help=N_("The number that all random draws start from; another seed draws other values, initial weights and "
                "mini-batches."),
    )  # fmt: skip
    values: tuple[tuple[float, float], ...] | None = None  # (learning rate, weight decay) a trial; None: drawn
    shuffle: bool = True  # False: the images are sorted by their labels and split in that order
    image_order: int = PERMUTED_ORDER  # one of IMAGE_ORDERS, the latest; a lab keeps the one that it began with
    give_up: tuple[int, ...] = setting(  # none: no trial is given up
        (), Rungs(), "rungs", group="give_up", in_form=False, in_table=False,
        label=N_("rungs (epochs)"), name=N_("rungs"),
        help=N_("The epochs after which trials are given up; early rungs save time, but may lose slow starters."),
    )  # fmt: skip
    keep: float = setting(
        0.5,
        Number(
            0.1, 0.9, 0.1, width=150,
            refusal=N_("The share of trials that goes on at a rung lies between {low} and {high}."),
        ),
        "keep", group="give_up", in_form=False, in_table=False, label=N_("share that goes on"),
        help=N_("Which share of the trials goes on at a rung; a smaller one saves time, but may lose slow starters."),
    )  # fmt: skip
    optimizer: str = setting(
        "sgd", Choice({"sgd": N_("SGD"), "momentum": N_("Momentum"), "adagrad": N_("AdaGrad"), "adam": N_("Adam")}),
        "optimizer", group="network", label=N_("optimizer"),
        help=N_("The rule that turns gradients into updates; every rule has its own range of good learning rates."),
    )  # fmt: skip
    momentum: float = setting(
        0.9, Number(0.0, 0.99, 0.05), "momentum", group="network", only_with=("optimizer", "momentum"), in_form=False,
        label=N_("momentum"),
        help=N_("How much of the last step every update keeps; closer to 1, earlier gradients count for longer."),
    )  # fmt: skip
    beta1: float = setting(
        0.9, Number(0.0, 0.99, 0.05), "beta_mean", group="network", only_with=("optimizer", "adam"), in_form=False,
        label=N_("beta 1"), name=N_("beta 1 of Adam"),
        help=N_("How much of its mean of gradients Adam keeps at every update; closer to 1, earlier gradients count "
                "for longer."),
    )  # fmt: skip
    beta2: float = setting(
        0.999, Number(0.0, 0.9999, 0.001), "beta_square", group="network", only_with=("optimizer", "adam"),
        in_form=False, label=N_("beta 2"), name=N_("beta 2 of Adam"),
        help=N_("How much of its mean of squared gradients Adam keeps at every update; closer to 1, the size of its "
                "steps changes more slowly."),
    )  # fmt: skip
    initial_weights: str = setting(
        "he", Choice({"he": N_("He"), "xavier": N_("Xavier"), "deviation": N_("standard deviation")}), "initial",
        group="network", label=N_("initial weights"), name=N_("initialisation of the weights"),
        help=N_("How the weights are spread before the first update; He suits ReLU, and Xavier suits sigmoid."),
    )  # fmt: skip
    deviation: float = setting(
        0.01, Number(0.0001, 1.0, 0.01, width=150), "deviation", group="network",
        label=N_("standard deviation"), name=N_("standard deviation of the initial weights"),
        only_with=("initial_weights", "deviation"),
        help=N_("How far initial weights typically lie from 0; too near or too far, and the network does not learn."),
    )  # fmt: skip
    activation: str = setting(
        "relu", Choice({"relu": N_("ReLU"), "sigmoid": N_("sigmoid")}), "activation", group="network",
        label=N_("activation"), name=N_("activation function"),
        help=N_("How a neuron turns input into output; with sigmoid a deep network learns more slowly than with ReLU."),
    )  # fmt: skip
    batch_normalisation: bool = setting(
        False, Switch(N_("Batch normalisation is on or off: true or false.")), "normalise", group="network",
        label=N_("batch normalisation"), summary=N_("batch normalisation"),
        help=N_("Scales the inputs of the activation functions to mean 0 and variance 1 in every mini-batch, so that "
                "more learning rates work well."),
    )  # fmt: skip
    dropout: float = setting(
        0.0, Number(0.0, 0.9, 0.05), "dropout", group="network", summary=N_("dropout {value:g}"),
        label=N_("dropout ratio"),
        help=N_("The share of hidden neurons that are switched off at random for an image in training; more of it "
                "works against overfitting, but slows learning."),
    )  # fmt: skip

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

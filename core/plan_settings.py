"""The settings of a round, declared in one table; core/settings.py says what a declaration holds."""

from dataclasses import dataclass

from core.data.idx_sets import DATASET_TITLES
from core.data.image_order import PERMUTED_ORDER
from core.errors import N_
from core.rungs import Rungs
from core.settings import Choice, Number, Switch, WholeNumber, setting
from core.space import SearchSpace


@dataclass(frozen=True)
class PlanSettings:
    """The fields of a round's plan; RoundPlan (core/plan.py) checks them. The defaults are the lesson's."""

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
        label=N_("neurons a layer"), name=N_("number of neurons"), axis="neurons",
        help=N_("How many neurons a hidden layer has; a network with more of them can learn more, but takes longer."),
    )  # fmt: skip
    batch_size: int = setting(
        100, WholeNumber(10, 500), "batch", group="sizes", summary=N_("batch {value}"), label=N_("batch size"),
        axis="batch_size",
        help=N_("How many images one update looks at; larger mini-batches are steadier, but give fewer updates."),
    )  # fmt: skip
    seed: int = setting(
        0, WholeNumber(0, 2**32 - 1, width=144), "seed", group="seed", label=N_("seed"),
        help=N_("The number that all random draws start from; another seed draws other values, initial weights and "
                "mini-batches."),
    )  # fmt: skip
    values: tuple[tuple[float, ...], ...] | None = None  # a trial's for each axis of the space; None: drawn
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
        0.9, Number(0.0, 0.999, 0.05), "momentum", group="network", only_with=("optimizer", "momentum"), in_form=False,
        label=N_("momentum"), axis="momentum",
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
        only_with=("initial_weights", "deviation"), axis="deviation",
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
        label=N_("dropout ratio"), axis="dropout",
        help=N_("The share of hidden neurons that are switched off at random for an image in training; more of it "
                "works against overfitting, but slows learning."),
    )  # fmt: skip
    learning_rate: float = setting(
        0.01, Number(1e-8, 10.0, 0.01), "rate", group="axes", in_form=False, in_table=False, axis="learning_rate",
        label=N_("learning rate"),
        help=N_("How far an update moves the weights in rounds that do not search it; more of it learns faster, or not "
                "at all."),
    )  # fmt: skip
    weight_decay: float = setting(
        1e-6, Number(1e-10, 1.0, 1e-6), "decay", group="axes", in_form=False, in_table=False, axis="weight_decay",
        label=N_("weight decay"),
        help=N_("How much an update shrinks the weights in rounds that do not search it; more of it keeps them "
                "smaller."),
    )  # fmt: skip

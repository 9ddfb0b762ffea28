"""The comparisons of the page Network: the same round under two settings of the network."""

from dataclasses import dataclass, field, replace

from core.errors import N_
from core.plan import RoundPlan
from core.space import LogRange, SearchSpace
from pages.components.comparison.pair import Plans
from pages.components.frame.translation import _
from pages.components.round.network_settings import described

TRIALS, EPOCHS = 30, 20
SPACE = SearchSpace(LogRange(-5, 0), LogRange(-8, -4))  # holds the good values of all settings


@dataclass(frozen=True)
class Comparison:
    """Two settings of the network, and a text about what differs."""

    name: str
    about: str
    first: dict[str, object] = field(default_factory=dict)
    second: dict[str, object] = field(default_factory=dict)


COMPARISONS = {
    "optimizer": Comparison(
        N_("SGD or Adam"),
        N_(
            "SGD moves every weight by the learning rate times its gradient. Adam divides each gradient by its usual "
            "size, so a weight moves by about the learning rate whatever the gradient: other learning rates are good."
        ),
        {"optimizer": "sgd"},
        {"optimizer": "adam"},
    ),
    "momentum": Comparison(
        N_("SGD or Momentum"),
        N_(
            "Momentum keeps a part of the last step, so steps in the same direction add up, to ten times as far with "
            "the usual 0.9."
        ),
        {"optimizer": "sgd"},
        {"optimizer": "momentum"},
    ),
    "adagrad": Comparison(
        N_("SGD or AdaGrad"),
        N_("AdaGrad makes the steps of a weight shorter the more it has moved already."),
        {"optimizer": "sgd"},
        {"optimizer": "adagrad"},
    ),
    "initial_weights": Comparison(
        N_("He or standard deviation 0.01"),
        N_(
            "The initial weights decide how much of the signal passes through the layers. He weights keep it as strong "
            "from layer to layer; with weights of 0.01 it fades away, and the gradients with it."
        ),
        {"initial_weights": "he"},
        {"initial_weights": "deviation", "deviation": 0.01},
    ),
    "activation": Comparison(
        N_("ReLU with He or sigmoid with Xavier"),
        N_(
            "A sigmoid is flat at both ends and passes at most a quarter of a gradient on; through six layers little "
            "of it is left."
        ),
        {"activation": "relu", "initial_weights": "he"},
        {"activation": "sigmoid", "initial_weights": "xavier"},
    ),
    "batch_normalisation": Comparison(
        N_("without or with batch normalisation"),
        N_(
            "Batch normalisation gives what goes into every activation mean 0 and variance 1 over the mini-batch, so "
            "the network bears larger learning rates and bad initial weights."
        ),
        {"batch_normalisation": False},
        {"batch_normalisation": True},
    ),
    "rescue": Comparison(
        N_("standard deviation 0.01, without or with batch normalisation"),
        N_("The initial weights that let nothing through, once more: now every layer is brought to the same spread."),
        {"initial_weights": "deviation", "deviation": 0.01},
        {"initial_weights": "deviation", "deviation": 0.01, "batch_normalisation": True},
    ),
    "dropout": Comparison(
        N_("without or with dropout 0.3"),
        N_(
            "Dropout switches some neurons off for every image, so that the network does not rely on a few of them. It "
            "is meant against overfitting; compare what it costs in as few epochs as these."
        ),
        {"dropout": 0.0},
        {"dropout": 0.3},
    ),
    "depth": Comparison(
        N_("six hidden layers or two"),
        N_("Fewer layers, fewer places where the signal can fade or grow."),
        {"hidden_layers": 6},
        {"hidden_layers": 2},
    ),
}


def plans(lab_plan: RoundPlan, comparison: Comparison, seed: int) -> Plans:
    """The two rounds: the lesson's network on the images of a lab's next round under either setting."""
    base = RoundPlan(
        space=SPACE, trials=TRIALS, epochs=EPOCHS, seed=seed, dataset=lab_plan.dataset,
        images=min(lab_plan.images, RoundPlan().images),
    )  # fmt: skip
    return replace(base, **comparison.first), replace(base, **comparison.second)  # type: ignore[arg-type]


def setting_names(planned: Plans) -> tuple[str, str]:
    """Titles of the two rounds: how each differs from the lesson's network."""
    first, second = (described(plan) or _("the lesson's network") for plan in planned)
    return first, second

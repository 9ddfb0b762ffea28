"""The network's knobs: the good learning rates move with the network, as one round under two settings shows."""

from dataclasses import dataclass, field, replace

import streamlit as st

from core.errors import N_
from core.hints import good_range
from core.lab import Lab
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.space import LogRange, SearchSpace, power
from pages.components.layout import header, onward, page_width
from pages.components.network_settings import described
from pages.components.pace import ticking
from pages.components.pair import Plans, pair_chart, train_pair, training_pair
from pages.components.pictures import save_charts
from pages.components.session import engine, lab, tell_fault
from pages.components.text import _, listen

PAGE = "knobs"
TRIALS, EPOCHS = 30, 20
SPACE = SearchSpace(LogRange(-5, 0), LogRange(-8, -4))  # wide enough for all of them


@dataclass(frozen=True)
class Comparison:
    """One knob in two positions, and what it does."""

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


def knobs() -> None:
    """The page."""
    engine()
    mine = lab()
    width = page_width()
    header(mine, _("The network's knobs: turn one, and see whether the good learning rates move."))
    tell_fault()
    st.write(
        _(
            "The same small round, {trials} trials of {epochs} epochs with the same learning rates, weight decays and "
            "images, trained under two settings. All of these knobs can be turned in the rounds too, under More "
            "settings."
        ).format(trials=TRIALS, epochs=EPOCHS)
    )
    busy = training_pair(PAGE)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.selectbox(
            _("compare"), list(COMPARISONS), key="comparison", width=420, disabled=busy,
            format_func=lambda one: _(COMPARISONS[one].name),
        )  # fmt: skip
        seed = st.number_input(_("seed"), 0, 9999, 0, width=130, key="knobs_seed", disabled=busy)
        comparison = COMPARISONS[chosen]
        st.button(
            _("Train both"), icon=":material/play_arrow:", type="primary", disabled=busy, key="knobs_train",
            on_click=train_pair, args=(mine, PAGE, plans(mine, comparison, int(seed))),
        )  # fmt: skip
    st.write(_(comparison.about))
    ticking(compared, busy, plans(mine, comparison, int(seed)), width)
    with st.container(horizontal=True, vertical_alignment="center"):
        onward("knobs")
        save_charts("knobs")


def plans(mine: Lab, comparison: Comparison, seed: int) -> Plans:
    """The lesson's network on the lab's images, under either setting."""
    base = RoundPlan(
        space=SPACE, trials=TRIALS, epochs=EPOCHS, seed=seed, dataset=mine.plan.dataset,
        images=min(mine.plan.images, RoundPlan().images),
    )  # fmt: skip
    return replace(base, **comparison.first), replace(base, **comparison.second)  # type: ignore[arg-type]


def compared(planned: Plans, width: int, busy: bool) -> None:
    """Both as far as they are, and where the good learning rates lie."""
    listen()
    if busy and not training_pair(PAGE):
        st.rerun()
    alt = _("The same trials under two settings, and their accuracy along either hyperparameter")
    titles = names(planned)
    pair = pair_chart(PAGE, titles, planned, width, alt)
    if pair is not None and pair.over:
        for sentence in verdict(titles, pair.first.progress, pair.second.progress):
            st.markdown(f"- {sentence}")


def names(planned: Plans) -> tuple[str, str]:
    """What either side is called: how it differs from the lesson's network."""
    first, second = (described(plan) or _("the lesson's network") for plan in planned)
    return first, second


def verdict(titles: tuple[str, str], first: RoundProgress, second: RoundProgress) -> list[str]:
    """Where the good learning rates lie under either setting, and whether they have moved."""
    said, found = [], []
    for title, progress in zip(titles, (first, second), strict=True):
        good = good_range(progress, "learning_rate")
        found.append(good)
        lost = int(progress.diverged.sum())
        if good is None:
            told = _("{setting}: no trial is better than guessing, at no learning rate.").format(setting=title)
        else:
            best = float(progress.last_validation()[progress.ranking()[0]])
            told = _("{setting}: best {best:.2f}; within one standard error of it from {low} to {high}.").format(
                setting=title, best=best, low=power(good.low), high=power(good.high)
            )
        if lost:
            told += " " + _("{lost} of {trials} trials diverged.").format(lost=lost, trials=progress.plan.trials)
        said.append(told)
    before, after = found
    if before is not None and after is not None:
        gap = max(after.low - before.high, before.low - after.high)
        if gap > 0:
            said.append(_("The good learning rates have moved: the two ranges do not meet."))
        else:
            said.append(_("The two ranges overlap: on these trials the good learning rates have not clearly moved."))
    return said


if __name__ == "__main__":
    knobs()

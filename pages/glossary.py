"""Glossary: the words of the lesson in every language."""

import streamlit as st

from core.analysis.insights import AXIS_HELP
from core.errors import N_
from core.languages import LANGUAGES
from pages.components.frame.layout import header
from pages.components.frame.session import lab
from pages.components.frame.translation import _, catalogue, language, listed

TERMS = {  # in the order in which a student meets them
    N_("hyperparameter"): N_(
        "A number that is set before the training and not learned in it: learning rate, weight decay, batch size."
    ),
    N_("learning rate"): AXIS_HELP["learning_rate"],
    N_("weight decay"): AXIS_HELP["weight_decay"],
    N_("exponent"): N_(
        "The n in 10 to the power of n. A hyperparameter that spans many powers of ten is searched by its exponent, so "
        "that each power gets equal attention."
    ),
    N_("trial"): N_("One network trained with one pair of learning rate and weight decay."),
    N_("round"): N_("Trials drawn from the same ranges and trained side by side."),
    N_("epoch"): N_("As many updates as it takes to look at as many images as there are to train on."),
    N_("mini-batch"): N_("The images of one update, drawn at random."),
    N_("training data"): N_("The images that set the weights."),
    N_("validation data"): N_("Images held back to choose hyperparameters by; no update sees them."),
    N_("test data"): N_("Images that are used once, to judge the chosen value. Nothing was chosen with them."),
    N_("accuracy"): N_(
        "The share of images that the network gets right, from 0 to 1. Guessing among ten digits gives 0.1."
    ),
    N_("overfitting"): N_("Good on the training images and worse on others."),
    N_("divergence"): N_("The weights grow without limit. This happens when the learning rate is too high."),
    N_("early give-up"): N_(
        "Trials that are behind at a rung are trained no further, which saves their time; also called successive "
        "halving. A slow starter may be lost."
    ),
    N_("rung"): N_("A number of epochs after which it is decided which trials go on."),
    N_("seed"): N_("The number that all random draws start from: the same seed gives the same round."),
    N_("initial weights"): N_("The weights before the first update, drawn at random with a suitable spread."),
    N_("standard deviation"): N_("How far values lie from their mean, typically."),
    N_("standard error"): N_(
        "How far an accuracy measured on a few images typically lies from the true one; smaller differences say "
        "nothing."
    ),
    N_("tie"): N_("Two trials that differ by no more than chance explains."),
    N_("grid search"): N_("Trials at evenly spaced values: orderly, but each hyperparameter takes only a few values."),
    N_("random search"): N_("Trials at random values: no value is tried twice."),
    N_("Bayesian search"): N_(
        "A search that fits a model to the trials so far, and tries next where the model expects the most."
    ),
    N_("expected improvement"): N_("How much better than the best so far a trial is expected to be, luck included."),
    N_("optimizer"): N_("The rule that turns gradients into updates: SGD, Momentum, AdaGrad, Adam."),
    N_("activation function"): N_(
        "The function that turns a neuron's input into its output: ReLU turns negative values into 0, "
        "sigmoid gives values between 0 and 1."
    ),
    N_("batch normalisation"): N_(
        "Scales the inputs of the activation functions to mean 0 and variance 1 in every mini-batch."
    ),
    N_("dropout"): N_(
        "Turns random neurons off during training, so that the network does not depend on a few of them."
    ),
    N_("confusion matrix"): N_("A table of how often each digit was recognised as which digit."),
}


def glossary() -> None:
    """The page."""
    header(lab(), _("The words of the lesson"))
    for term, meaning in TERMS.items():
        here, *others = sorted(LANGUAGES, key=lambda lang: lang != language())
        names = listed(catalogue(lang).gettext(term) for lang in others)
        st.markdown(f"**{catalogue(here).gettext(term)}** ({names})  \n{_(meaning)}")


if __name__ == "__main__":
    glossary()

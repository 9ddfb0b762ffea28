"""The words of the lesson, each with what it means; the catalogue has them in the other languages."""

from core.errors import N_

TERMS = {  # in the order in which a student meets them
    N_("hyperparameter"): N_(
        "A number that is set before the training and not learned in it: learning rate, weight decay, batch size."
    ),
    N_("learning rate"): N_(
        "How far an update moves the weights against the gradient. Too small, and nothing is learned in the time there "
        "is; too large, and the weights run away."
    ),
    N_("weight decay"): N_("How much every update shrinks the weights, which keeps a network from leaning on a few."),
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
    N_("test data"): N_("Images that judge the chosen value once, and have had no say in any choice."),
    N_("accuracy"): N_("The share of images that are classified rightly, from 0 to 1. Guessing among ten digits: 0.1."),
    N_("overfitting"): N_("Good on the training images and worse on others."),
    N_("divergence"): N_("The weights grow beyond all bounds, as they do when the learning rate is too high."),
    N_("early give-up"): N_(
        "Trials that are behind at a rung are trained no further, which saves their time; also called successive "
        "halving. A slow starter may be lost."
    ),
    N_("rung"): N_("A number of epochs after which it is decided which trials go on."),
    N_("seed"): N_("The number that all draws of chance follow from: the same seed, the same round."),
    N_("initial weights"): N_(
        "What the weights are before the first update: drawn at random, their spread chosen well."
    ),
    N_("standard deviation"): N_("How far values lie from their mean, typically."),
    N_("standard error"): N_(
        "How far an accuracy measured on a few images typically lies from the true one; smaller differences say "
        "nothing."
    ),
    N_("tie"): N_("Two trials that differ by no more than chance explains."),
    N_("grid search"): N_("Trials at evenly spaced values: orderly, but each hyperparameter takes few values."),
    N_("random search"): N_("Trials at values drawn at random: no value comes twice."),
    N_("Bayesian search"): N_(
        "A model of the accuracy, fitted to the trials so far, says where the next ones promise most."
    ),
    N_("expected improvement"): N_("How much better than the best so far a trial is expected to be, luck included."),
    N_("optimizer"): N_("The rule that turns gradients into updates: SGD, Momentum, AdaGrad, Adam."),
    N_("activation function"): N_("What a neuron makes of its input: ReLU cuts off below zero, sigmoid squeezes."),
    N_("batch normalisation"): N_("Brings what goes into the activations to mean 0 and variance 1, batch by batch."),
    N_("dropout"): N_("Switches neurons off at random during training, so that none is relied on alone."),
    N_("confusion matrix"): N_("How often each digit was taken for each digit."),
}

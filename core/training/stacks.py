"""Training of a few trials side by side: begin a stack, train it for an epoch, score it.

The trials of a stack have one shape: as many neurons a layer, and mini-batches of the same size. What a trial does
depends on the plan and its index alone. Its hyperparameters and initial weights come from a
generator of its own; the split and the mini-batches come from the round's seed and are the same for every trial.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.plan import RoundPlan
from core.training.layers import HiddenLayerSpec
from core.training.network import backward, forward, loss_gradient, predicted_classes
from core.training.optimizers import Optimizer, optimizer_of
from core.training.parameters import Parameters, initialise
from core.training.random_streams import RoundPurpose, generator
from core.training.round_data import RoundData, evaluation_parts, mini_batches
from core.training.trial_values import hyperparameters, shape_of
from core.training.trial_values import trial_values as trial_values
from core.training.workspace import Workspaces


@dataclass
class Stack:
    """A few trials in training."""

    trials: np.ndarray  # (stack,) their indices in the round
    params: Parameters
    optimizer: Optimizer
    batch_size: int
    epoch: int = 0  # how many it has been trained for

    def select(self, which: np.ndarray) -> "Stack":
        """Only the trials at the places `which`."""
        params, optimizer = self.params.select(which), self.optimizer.select(which)
        return Stack(self.trials[which], params, optimizer, self.batch_size, self.epoch)


@dataclass(frozen=True)
class Scores:
    """The accuracies of a stack's trials after an epoch, of those that diverged in it as well."""

    trials: np.ndarray  # (stack,)
    epoch: int  # 0 for the first
    train_accuracy: np.ndarray  # (stack,)
    validation_accuracy: np.ndarray  # (stack,)
    diverged: np.ndarray  # (stack,) bool: scores that are no finite numbers; such a trial is not trained any further

    def select(self, which: np.ndarray) -> "Scores":
        """Only those of the trials at the places `which`."""
        accuracies = self.train_accuracy[which], self.validation_accuracy[which]
        return Scores(self.trials[which], self.epoch, *accuracies, self.diverged[which])


def begin(plan: RoundPlan, trials: Sequence[int], pixels: np.ndarray) -> Stack:
    """A stack of untrained networks.

    trials: their indices in the round, all of one shape    pixels: the pixels in use, as in RoundData
    """
    chosen = np.array(trials)
    own = {name: values[chosen] for name, values in hyperparameters(plan).items()}
    params = untrained(plan, trials)
    params.layers[0] = np.take(params.layers[0], [*pixels, -1], axis=1)
    optimizer = optimizer_of(plan, own["learning_rate"], own["weight_decay"], params, own["momentum"])
    return Stack(chosen, params, optimizer, shape_of(plan, trials[0])[1])


def untrained(plan: RoundPlan, trials: Sequence[int]) -> Parameters:
    """The initial parameters of some trials, for whole images. trials: all of one shape"""
    spec = HiddenLayerSpec(plan.activation, plan.batch_normalisation, plan.uses_dropout)
    generators = [generator(plan.seed, RoundPurpose.WEIGHTS, trial) for trial in trials]
    neurons, _ = shape_of(plan, trials[0])
    deviation, dropout = (hyperparameters(plan)[name][list(trials)] for name in ("deviation", "dropout"))
    return initialise(plan.sizes(neurons), generators, spec, plan.initial_weights, deviation, dropout)


def join(stacks: Sequence[Stack]) -> Stack:
    """The trials of several stacks as one, in that order; all of one shape, trained for the same number of epochs."""
    if len({stack.epoch for stack in stacks}) != 1:
        raise ValueError("stacks are joined after the same epoch")
    return Stack(
        np.concatenate([stack.trials for stack in stacks]),
        Parameters.join([stack.params for stack in stacks]),
        type(stacks[0].optimizer).join([stack.optimizer for stack in stacks]),
        stacks[0].batch_size,
        stacks[0].epoch,
    )


def advance(plan: RoundPlan, stack: Stack, data: RoundData, workspaces: Workspaces) -> Scores:
    """Train a stack for one epoch, in place, then score it; trials that have diverged leave it."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        train_epoch(plan, stack, data, workspaces)
        correct, finite = evaluate(stack.params, data, workspaces)  # (trials, images), (trials,)
    train_accuracy, validation_accuracy = (
        part.mean(axis=1) for part in (correct[:, : data.train], correct[:, data.train :])
    )
    scores = Scores(stack.trials, stack.epoch, train_accuracy, validation_accuracy, ~finite)
    stack.epoch += 1
    if not finite.all():
        stack.trials = stack.trials[finite]
        stack.params = stack.params.select(finite)
        stack.optimizer = stack.optimizer.select(finite)
    return scores


def train_epoch(plan: RoundPlan, stack: Stack, data: RoundData, workspaces: Workspaces) -> None:
    """One epoch of mini-batches for all trials of a stack: forward, gradient of the loss, backward, step."""
    params, optimizer, blocks = stack.params, stack.optimizer, data.inputs.blocks
    workspace = workspaces.for_training(params, stack.batch_size, len(blocks))
    generators = dropout_generators(plan, stack)
    scale = optimizer.scale(stack.batch_size)  # (trials, 1, 1)
    for batch, counts in mini_batches(plan, data.train, stack.epoch, stack.batch_size):  # (batch,) each
        work = workspace.for_batch(len(batch))
        images, columns = work.load(blocks, data.order[batch])  # rows and columns of (blocks, batch, inputs / blocks)
        if work.dropout is not None:
            work.dropout.draw(generators, params.dropout[0])
        scores = forward(params, columns, work)  # (trials, classes, batch)
        delta = loss_gradient(scores, data.labels[batch], scale * counts)  # (trials, classes, batch)
        optimizer.step(params, backward(params, images, delta, work), work.scratch)


def dropout_generators(plan: RoundPlan, stack: Stack) -> list[np.random.Generator]:
    """A generator a trial that decides which neurons are dropped in the stack's next epoch; none without dropout."""
    if not plan.uses_dropout:
        return []
    return [generator(plan.seed, RoundPurpose.DROPOUT, trial, stack.epoch) for trial in stack.trials.tolist()]


def evaluate(params: Parameters, data: RoundData, workspaces: Workspaces) -> tuple[np.ndarray, np.ndarray]:
    """(correct, finite): which images are classified correctly (trials, images), whose scores are finite (trials,)."""
    trials = len(params.layers[0])
    blocks, count, _ = data.inputs.blocks.shape
    classes = np.empty((trials, count), np.int64)
    finite = np.ones(trials, bool)
    for (part, batches), columns in zip(evaluation_parts(count), data.inputs.columns, strict=True):
        batch = columns.shape[-1]
        work = workspaces.for_scoring(params, batches, batch, blocks)
        scores = np.empty((trials, *work.sums[-1].shape), np.float32)  # (trials, batches, classes, batch)
        for trial in range(trials):  # one after the other: its weights stay in the cache for all batches
            scores[trial] = forward(params.trial(trial), columns, work)
        finite &= np.isfinite(scores).all(axis=(1, 2, 3))
        classes[:, part] = predicted_classes(scores).reshape(trials, batches * batch)
    return classes[:, data.order] == data.labels, finite

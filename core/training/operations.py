"""The number of floating-point operations that a round takes; sizes of stacks and time estimates follow from it."""

from core.plan import RoundPlan
from core.training.round_data import mini_batches
from core.training.trial_values import shape_of


def operations(plan: RoundPlan, pixels: int, batch: float | None = None, trial: int = 0) -> int:
    """Floating-point operations of one epoch of one trial: its matrix products, a multiplication and an addition each.

    Not counted are biases and what has no products: optimizers, batch normalisation, dropout. All of them together make
    an epoch last one and a half times as long (the benchmark training.knobs), so the figure is no more exact than that.

    pixels: how many are counted    batch: images of a mini-batch that are counted, on average; None: all that are
    drawn, although one that is drawn twice is computed once
    trial: whose epoch; it matters where neurons or batch sizes are searched
    """
    neurons, batch_size = shape_of(plan, trial)
    batch = batch_size if batch is None else batch
    sizes = [pixels, *plan.sizes(neurons)[1:]]
    layers = [n_in * n_out for n_in, n_out in zip(sizes, sizes[1:], strict=False)]
    forward_pass = 2 * sum(layers)
    backward_pass = 2 * sum(layers) + 2 * sum(layers[1:])  # the first layer hands no gradient down
    return round(plan.updates(batch_size) * batch * (forward_pass + backward_pass)) + plan.images * forward_pass


def mean_distinct_images(plan: RoundPlan) -> float:
    """How many different images a mini-batch of the plan's size holds, on average over all draws of the round."""
    train = plan.images - plan.validation_images()
    sizes = [len(images) for epoch in range(plan.epochs) for images, _ in mini_batches(plan, train, epoch)]
    return sum(sizes) / len(sizes)

"""One trial as a program of its own, which needs nothing but NumPy and reaches the same validation accuracy.

    train_one.zip
      train_one.py  # train_one.txt with the round's plan filled in
      images.npz    # images (images, pixels) uint8, labels (images,) uint8, full_ink, pixels: in use, pieces
      README.txt

The program draws the same random numbers as the training, in float32 as it does, and takes the sums in the same order,
so on the same kind of computer it gets the same bits: 106 of 106 trials did, in every epoch, on each of two
kinds of kernels (AVX2, AVX-512). With other settings, two trials for every combination of optimizer, activation,
normalisation and dropout, 64 of 64 had the same accuracies in every epoch on both. Order matters: with plain products
over all pixels in use and the decay at every update, a third of the trials with learning rates of 0.006 to 0.1, where
training amplifies every rounding, ended one to five of 100 images apart. Another BLAS or processor can still have that
effect.

train_one.txt holds the parts for all plans; a program holds those that its plan needs.
"""

import io
import zipfile
from dataclasses import fields, replace
from pathlib import Path
from string import Template

import numpy as np

from core.data.datasets import load_training
from core.data.idx_sets import IDX_SETS
from core.errors import N_, LessonError
from core.plan import RoundPlan
from core.space import DEFAULT_AXES
from core.training.kernels import FAST_PRODUCT, block_size
from core.training.operations import mean_distinct_images
from core.training.round_data import pixels_in_use
from core.training.trial_values import hyperparameters

TEMPLATE = Path(__file__).with_name("train_one.txt")
PROGRAM_FILE, IMAGES_FILE, README_FILE = "train_one.py", "images.npz", "README.txt"
VALUES_DRAWN = """\
    # drawn by their exponents, so that every decade of the round's ranges is as likely as any other
    random = random_numbers(FOR_VALUES, TRIAL)
    learning_rate = 10 ** random.uniform({rate.low}, {rate.high})
    weight_decay = 10 ** random.uniform({decay.low}, {decay.high})
    return learning_rate, weight_decay"""
VALUES_GIVEN = """\
    return {}, {}  # chosen, not drawn"""
VALUES_AS_DRAWN = """\
    return {}, {}  # as the round drew them, with what else stands at the top"""
CONSTRUCTORS = {  # how the program makes what a plan names
    "momentum": "Momentum",
    "adagrad": "AdaGrad",
    "adam": "Adam",
    "batch_normalisation": "BatchNormalisation(len(layer.W) - 1)",
    "relu": "ReLU()",
    "sigmoid": "Sigmoid()",
    "dropout": "Dropout()",
}
DATASET_CREDITS = {
    "digits": "Optical Recognition of Handwritten Digits (E. Alpaydin, C. Kaynak; UCI), CC BY 4.0",
    **{name: f"{one.title}: {one.credit}" for name, one in IDX_SETS.items()},
    "own": "a folder of the server",
    "mnist": "MNIST (Yann LeCun, Corinna Cortes, Christopher J. C. Burges), CC BY-SA 3.0",
}
README_TEXT = f"""\
Trial {{trial}} of a round in the Narrowing Lab, to be trained again outside it.
Python with NumPy is all it needs: python -m pip install numpy
Run it with: python {PROGRAM_FILE}
{IMAGES_FILE} holds the first {{images}} training images with their labels and has to lie beside it.
The images are from {{source}}.
"""


def script(plan: RoundPlan, trial: int, epochs: int | None = None) -> str:
    """The program that trains one trial of a round again and prints its accuracies.

    trial: its index in the round    epochs: how many it was trained for, if not to the end
    Raises LessonError when the round has no such trial.
    """
    if not 0 <= trial < plan.trials:
        raise LessonError(N_("This round has the trials 0 to {last}."), last=plan.trials - 1)
    whole, plan = plan, _own_plan(plan, trial)
    parts = _parts(plan)
    if whole.uses_dropout:  # also where the trial drops no neuron: its round draws mini-batches as they come
        parts |= {"dropout", "as_drawn"}
        parts.discard("plain")
    between = [CONSTRUCTORS[name] for name in ("batch_normalisation", plan.activation, "dropout") if name in parts]
    arguments = {"times": "as_drawn" not in parts, "learning_rate, weight_decay": "sgd" in parts}
    arguments |= {"optimizer": "sgd" not in parts, "random": "dropout" in parts}
    return Template(select_parts(TEMPLATE.read_text(encoding="utf-8"), parts)).substitute(
        {field.name: getattr(plan, field.name) for field in fields(plan)},
        trial=trial,
        epochs=_epochs(plan, epochs),
        batches=plan.updates(),
        validation=plan.validation_images(),
        sizes=plan.sizes(plan.neurons),
        hyperparameters=_hyperparameters(whole, plan, trial),
        weights={"xavier": "xavier_weights", "deviation": "normal_weights"}.get(plan.initial_weights),
        between=", ".join(between),
        train=", ".join(name for name, needed in arguments.items() if needed),
        backward={"sgd": "learning_rate", "momentum": "optimizer.learning_rate"}.get(plan.optimizer, ""),
        fast=f"{FAST_PRODUCT:_}",
        every="self.affine + self.normal" if plan.batch_normalisation else "self.affine",
        optimizer=CONSTRUCTORS.get(plan.optimizer),
    )


def _own_plan(plan: RoundPlan, trial: int) -> RoundPlan:
    """The round with the trial's values as settings, unless it searches learning rate and weight decay alone."""
    if plan.space.axes == DEFAULT_AXES:
        return plan
    return plan.with_values({axis: values[trial].item() for axis, values in hyperparameters(plan).items()})


def _parts(plan: RoundPlan) -> set[str]:
    """Which parts of the text this plan needs."""
    parts = {plan.optimizer, plan.initial_weights, plan.activation}
    if plan.optimizer in ("sgd", "momentum"):
        parts.add("steps")
    if plan.batch_normalisation:
        parts.add("batch_normalisation")
    if plan.dropout:
        parts.add("dropout")
    if plan.batch_normalisation or plan.dropout:
        parts.add("as_drawn")
    elif plan.activation == "relu":
        parts.add("plain")
    if any(FAST_PRODUCT < size <= 2 * FAST_PRODUCT for size in _products(plan)):
        parts.add("halves")
    return parts


def _products(plan: RoundPlan) -> list[float]:
    """Multiplications in the products of the layers behind the first, of an average mini-batch."""
    images, sizes = mean_distinct_images(replace(plan.to_the_end(), epochs=1)), plan.sizes()[1:]
    return [(n_in + bias) * n_out * images for n_in, n_out in zip(sizes, sizes[1:], strict=False) for bias in (0, 1)]


def select_parts(text: str, parts: set[str]) -> str:
    """The text without what is for other plans, from `%% if part` or `%% unless part` to `%% end`, and these lines."""
    lines, selected = [], [True]  # selected: one entry for the text, and one for each part that encloses the line
    for line in text.splitlines(keepends=True):
        match line.split():
            case ["%%", "if", name]:
                selected.append(selected[-1] and name in parts)
            case ["%%", "unless", name]:
                selected.append(selected[-1] and name not in parts)
            case ["%%", "end"]:
                selected.pop()
            case _ if selected[-1]:
                lines.append(line)
    return "".join(lines)


def _epochs(plan: RoundPlan, reached: int | None) -> str:
    """For how many epochs the program trains: as many as the trial was trained for, which may have been given up."""
    if reached is None or reached == plan.epochs:
        return str(plan.epochs)
    return f"{reached}  # as far as the trial came: it was given up, or the round stopped; planned were {plan.epochs}"


def _hyperparameters(whole: RoundPlan, plan: RoundPlan, trial: int) -> str:
    """The program's lines for its learning rate and weight decay. plan: of the trial alone    whole: of its round"""
    if plan.values is not None:
        given = plan.values[trial if plan is whole else 0]
        return (VALUES_GIVEN if whole.values is not None else VALUES_AS_DRAWN).format(*map(repr, given))
    return VALUES_DRAWN.format(rate=plan.space.learning_rate, decay=plan.space.weight_decay)


def script_data(plan: RoundPlan) -> bytes:
    """The round's images as the program reads them, an .npz. Raises DatasetError when they cannot be loaded."""
    source = load_training(plan.dataset, plan.images, order=plan.image_order)
    pixels = pixels_in_use(source.images)
    inputs = len(pixels) + 1
    file = io.BytesIO()
    np.savez_compressed(
        file,
        allow_pickle=False,
        images=source.images,
        labels=source.labels,
        full_ink=np.uint8(source.full_scale),
        pixels=pixels,
        pieces=inputs // block_size(inputs),
    )
    return file.getvalue()


def script_zip(plan: RoundPlan, trial: int, epochs: int | None = None) -> bytes:
    """Program, images and a README in one file, the same to the byte every time. Raises LessonError."""
    contents: dict[str, str | bytes] = {
        PROGRAM_FILE: script(plan, trial, epochs),
        IMAGES_FILE: script_data(plan),
        README_FILE: README_TEXT.format(trial=trial, images=plan.images, source=DATASET_CREDITS[plan.dataset]),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)  # without a date
    return file.getvalue()

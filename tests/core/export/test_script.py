"""The program of a trial runs with nothing but NumPy and reaches the accuracies that the lab shows."""

import io
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.data.datasets import load_training
from core.errors import LessonError
from core.export.script import script, script_data, script_zip
from core.plan import RoundPlan
from core.settings import Choice, kinds_of, settings_in
from core.space import AXES, LogRange, SearchSpace
from core.training.trial_values import by_shape
from tests.support.direct_training import Trained, train
from tests.support.network_plans import every_network_setting
from tests.support.reference import train as train_in_float64
from tests.support.waiting import LIMIT

LEARNING = SearchSpace(LogRange(-2.5, -1.5), LogRange(-6, -3))  # where trials learn, and none is near blowing up
PLAN = RoundPlan(trials=4, epochs=8, seed=11, space=LEARNING)


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of a Python that has NumPy and nothing else."""
    packages = tmp_path / "packages"
    packages.mkdir()
    numpy = Path(np.__file__).parent
    for folder in (numpy, numpy.with_name("numpy.libs")):
        if folder.exists():
            (packages / folder.name).symlink_to(folder)
    return {"PYTHONPATH": str(packages), "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "error"}


def python(*arguments: str, environment: dict[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run Python without its own site-packages, from a folder that is not the project's."""
    command = [sys.executable, "-S", "-s", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT)


def run(plan: RoundPlan, trial: int, bare: dict[str, str], folder: Path) -> str:
    """What the program of a trial prints, unpacked into a folder and run there."""
    place = folder / f"trial-{trial}"
    with zipfile.ZipFile(io.BytesIO(script_zip(plan, trial))) as archive:
        archive.extractall(place)
    done = python(str(place / "train_one.py"), environment=bare, folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def last(printed: str) -> float:
    """The accuracy in the last line."""
    found = re.fullmatch(r"validation accuracy: (\S+)", printed.splitlines()[-1])
    assert found
    return float(found[1])


def images_apart(printed: str, trained: Trained, plan: RoundPlan) -> int:
    """By how many validation images the program and the lab differ at last."""
    return abs(round((last(printed) - trained.validation_accuracy[-1]) * plan.validation_images()))


def test_the_bare_python_has_numpy_and_nothing_else(bare: dict[str, str], tmp_path: Path) -> None:
    assert python("-c", "import numpy", environment=bare, folder=tmp_path).returncode == 0
    for other in ("sklearn", "pooch", "core.plan", "threadpoolctl"):
        assert "ModuleNotFoundError" in python("-c", f"import {other}", environment=bare, folder=tmp_path).stderr


def test_a_trial_on_digits_comes_to_what_the_lab_shows(bare: dict[str, str], tmp_path: Path) -> None:
    trained = train(PLAN, [range(PLAN.trials)])
    assert max(one.validation_accuracy[-1] for one in trained.values()) > 0.5
    for trial in range(PLAN.trials):
        assert images_apart(run(PLAN, trial, bare, tmp_path), trained[trial], PLAN) <= 1


def test_a_trial_on_mnist_comes_to_what_the_lab_shows(mnist_dir: Path, bare: dict[str, str], tmp_path: Path) -> None:
    plan = replace(PLAN, dataset="mnist", trials=2, space=SearchSpace(LogRange(-2, -1.8), LogRange(-6, -3)), epochs=20)
    trained = train(plan, [range(plan.trials)])
    assert max(one.validation_accuracy[-1] for one in trained.values()) > 0.5
    for trial in range(plan.trials):
        assert images_apart(run(plan, trial, bare, tmp_path), trained[trial], plan) <= 1


def test_every_epoch_is_printed(bare: dict[str, str], tmp_path: Path) -> None:
    printed = run(PLAN, 0, bare, tmp_path)
    found = re.findall(r"epoch +(\d+)  loss \S+  training (\S+)  validation (\S+)", printed)
    trained = train(PLAN, [[0]])[0]
    assert [int(epoch) for epoch, _, _ in found] == list(range(1, PLAN.epochs + 1))
    one_image = 1 / (PLAN.images - PLAN.validation_images())
    training = [float(train) for _, train, _ in found]
    assert training == pytest.approx(trained.train_accuracy, abs=2 * one_image + 1e-4)


@every_network_setting
def test_a_trial_with_other_settings_comes_to_what_the_lab_shows(
    settings: dict[str, Any], bare: dict[str, str], tmp_path: Path
) -> None:
    rate = LogRange(-3, -2) if "optimizer" in settings else LogRange(-1, -1)
    space = SearchSpace(rate, LogRange(-6, -3))
    plan = replace(PLAN, space=space, trials=1, hidden_layers=2, batch_size=50, **settings)
    trained = train(plan, [[0]])[0]
    assert len(set(trained.train_accuracy)) > 1  # else any program would do
    assert images_apart(run(plan, 0, bare, tmp_path), trained, plan) <= 1


@pytest.mark.parametrize("neurons", [100, 120])
def test_products_that_the_lab_halves_are_halved(neurons: int, bare: dict[str, str], tmp_path: Path) -> None:
    plan = replace(PLAN, trials=1, neurons=neurons, batch_normalisation=neurons == 100)  # 100 images, or 88 of them
    assert "def product" in script(plan, 0)
    assert images_apart(run(plan, 0, bare, tmp_path), train(plan, [[0]])[0], plan) <= 1


def test_other_sizes_and_a_strong_weight_decay_reach_the_accuracy_of_float64(
    bare: dict[str, str], tmp_path: Path
) -> None:
    space = SearchSpace(LogRange(-1.5, -1.5), LogRange(-0.5, -0.5))
    plan = RoundPlan(
        space=space, trials=1, epochs=6, images=331, validation_rate=0.3, hidden_layers=1, neurons=7, batch_size=33
    )
    run_as_in_a_textbook = train_in_float64(plan, 0, load_training("digits", plan.images))
    without = train_in_float64(plan, 0, load_training("digits", plan.images), decay=False)
    found = last(run(plan, 0, bare, tmp_path))
    assert found == pytest.approx(run_as_in_a_textbook.validation_accuracy[-1], abs=1.01 / plan.validation_images())
    assert without.validation_accuracy[-1] != run_as_in_a_textbook.validation_accuracy[-1]


def test_values_given_outright_are_trained(bare: dict[str, str], tmp_path: Path) -> None:
    values = ((1e-6, 1e-8), (0.012345678901234567, 1.5e-5))
    plan = replace(PLAN, trials=2, values=values)
    printed = run(plan, 1, bare, tmp_path)
    assert repr(values[1][0]) in script(plan, 1)
    assert printed.startswith("learning rate 0.0123, weight decay 1.5e-05\n")
    assert images_apart(printed, train(plan, [[1]])[1], plan) <= 1


def test_a_trial_that_diverges_says_so_and_shows_the_accuracy_it_had(bare: dict[str, str], tmp_path: Path) -> None:
    plan = replace(PLAN, trials=1, values=((10.0, 1.0),))
    trained = train(plan, [[0]])[0]
    printed = run(plan, 0, bare, tmp_path)
    assert trained.diverged and "diverged" in printed
    assert images_apart(printed, trained, plan) == 0


def test_a_trial_that_was_given_up_is_trained_as_far_as_it_came_and_the_program_says_so(
    bare: dict[str, str], tmp_path: Path
) -> None:
    trained = train(PLAN, [[1]])[1]
    with zipfile.ZipFile(io.BytesIO(script_zip(PLAN, 1, epochs=3))) as archive:
        archive.extractall(tmp_path / "given-up")
    done = python(str(tmp_path / "given-up" / "train_one.py"), environment=bare, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert last(done.stdout) == pytest.approx(trained.validation_accuracy[2], abs=1.01 / PLAN.validation_images())
    assert "EPOCHS = 3  # as far as the trial came: it was given up" in script(PLAN, 1, 3)
    assert script(PLAN, 1, PLAN.epochs) == script(PLAN, 1)


def test_the_rungs_of_its_round_make_no_difference_to_the_program_of_a_trial() -> None:
    plan = replace(PLAN, epochs=9)
    assert script(replace(plan, give_up=(2, 5), keep=0.3), 1) == script(plan, 1)


def test_the_program_draws_the_values_that_the_lab_drew(bare: dict[str, str], tmp_path: Path) -> None:
    from core.training.stacks import trial_values

    drawn: dict[str, object] = {"__name__": "train_one", "__file__": str(tmp_path / "train_one.py")}
    exec(script(PLAN, 3), drawn)
    rates, decays = trial_values(PLAN)
    assert drawn["hyperparameters"]() == (rates[3], decays[3])  # type: ignore[operator]


def every_plan() -> list[tuple[str, RoundPlan]]:
    """A plan for every way to combine what can be turned, with a name."""
    switches = [(False, 0.0), (False, 0.5), (True, 0.0), (True, 0.5)]
    network = settings_in(RoundPlan, ["network"])
    choices = [kind.options for name, kind in kinds_of(RoundPlan, Choice).items() if name in network]
    ways = product(*choices, switches, [100, 120])
    return [
        (
            f"plan_{number}",
            RoundPlan(
                trials=1, optimizer=optimizer, initial_weights=weights, activation=activation,
                batch_normalisation=normalised, dropout=dropout, neurons=neurons,
            ),
        )
        for number, (optimizer, weights, activation, (normalised, dropout), neurons) in enumerate(ways)
    ]  # fmt: skip


PARTS = {  # what a program says if and only if its plan has this
    "class Momentum": lambda plan: plan.optimizer == "momentum",
    "class AdaGrad": lambda plan: plan.optimizer == "adagrad",
    "class Adam": lambda plan: plan.optimizer == "adam",
    "self.shrink(learning_rate": lambda plan: plan.optimizer == "sgd",
    "BETA": lambda plan: plan.optimizer == "adam",
    "MOMENTUM": lambda plan: plan.optimizer == "momentum",
    "he_weights": lambda plan: plan.initial_weights == "he",
    "xavier_weights": lambda plan: plan.initial_weights == "xavier",
    "DEVIATION": lambda plan: plan.initial_weights == "deviation",
    "class ReLU": lambda plan: plan.activation == "relu",
    "class Sigmoid": lambda plan: plan.activation == "sigmoid",
    "class BatchNormalisation": lambda plan: plan.batch_normalisation,
    "normal ": lambda plan: plan.batch_normalisation,
    "Dropout": lambda plan: plan.dropout > 0,
    "DROPOUT": lambda plan: plan.dropout > 0,
    "times": lambda plan: not plan.batch_normalisation and not plan.dropout,
    "training = ": lambda plan: plan.batch_normalisation or plan.dropout > 0,
    "%%": lambda plan: False,
    "$": lambda plan: False,
}


@pytest.mark.parametrize("words", PARTS)
def test_a_program_has_only_the_parts_that_its_plan_needs(words: str) -> None:
    for _, plan in every_plan():
        assert (words in script(plan, 0)) == PARTS[words](plan)


def test_every_program_passes_ruff(tmp_path: Path) -> None:
    values = ((1e-3, 1e-5),)
    for name, plan in (("drawn", PLAN), ("given", replace(PLAN, trials=1, values=values)), *every_plan()):
        (tmp_path / f"{name}.py").write_text(script(plan, 0), encoding="utf-8")
    (tmp_path / "given_up.py").write_text(script(PLAN, 0, 3), encoding="utf-8")
    configuration = Path(__file__).parents[3] / "pyproject.toml"
    for command in (["check"], ["format", "--check"]):
        arguments = [sys.executable, "-m", "ruff", *command, "--no-cache", "--config", str(configuration), "."]
        done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 0, done.stdout


def test_the_zip_holds_three_files_and_is_the_same_every_time() -> None:
    made = script_zip(PLAN, 2)
    assert made == script_zip(PLAN, 2)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.namelist() == ["train_one.py", "images.npz", "README.txt"]
        assert archive.read("train_one.py").decode() == script(PLAN, 2)
        assert archive.read("README.txt").decode().count("\n") == 5


def test_the_images_are_the_first_ones_of_the_training_part() -> None:
    source = load_training("digits", 250)
    with np.load(io.BytesIO(script_data(replace(PLAN, images=250)))) as file:
        assert np.array_equal(file["images"], source.images) and np.array_equal(file["labels"], source.labels)
        assert file["images"].dtype == np.uint8


@pytest.mark.parametrize("trial", [-1, 4])
def test_a_trial_that_is_not_there_has_no_program(trial: int) -> None:
    with pytest.raises(LessonError, match="0 to 3"):
        script(PLAN, trial)


SEARCHING = [
    (("learning_rate", "weight_decay", "momentum", "batch_size", "neurons"), {"optimizer": "momentum"}),
    (("weight_decay", "dropout"), {"learning_rate": 0.02}),
    (("deviation", "learning_rate"), {"initial_weights": "deviation"}),
]


@pytest.mark.parametrize("axes, settings", SEARCHING, ids=lambda one: ".".join(one))
def test_a_trial_of_a_round_that_searches_others_comes_to_what_the_lab_shows(
    axes: tuple[str, ...], settings: dict[str, Any], bare: dict[str, str], tmp_path: Path
) -> None:
    start = {"learning_rate": LogRange(-2.5, -1.5), "deviation": LogRange(-1, -0.5)}
    space = SearchSpace.of({axis: start.get(axis, AXES[axis].start) for axis in axes})
    plan = replace(PLAN, space=space, hidden_layers=2, **settings)
    trained = train(plan, by_shape(plan, range(plan.trials)))
    assert max(one.validation_accuracy[-1] for one in trained.values()) > 0.3
    for trial in (1, 3):
        assert images_apart(run(plan, trial, bare, tmp_path), trained[trial], plan) <= 1


def test_the_program_of_a_trial_without_dropout_in_a_round_that_searches_it_draws_as_the_round_does(
    bare: dict[str, str], tmp_path: Path
) -> None:
    plan = replace(PLAN, space=SearchSpace(dropout=LogRange(0, 0.5)), trials=1, values=((0.02, 1e-5, 0.0),))
    assert images_apart(run(plan, 0, bare, tmp_path), train(plan, [[0]])[0], plan) <= 1

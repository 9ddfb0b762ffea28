"""How fast rounds train, and that their cost grows no faster than the work.

The machine is shared and its speed wanders, so whatever is compared takes turns: the references just before and just
after every round, and of the repeats the median.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.data.datasets import DatasetError, load_training
from core.engine.engine import EmbeddedEngine
from core.engine.processes import cores
from core.plan import RoundPlan
from core.rounds import run_round
from core.rungs import usual_rungs
from core.space import LogRange, SearchSpace
from core.training.operations import mean_distinct_images, operations
from core.training.round_data import pixels_in_use
from tests.benchmarks import pytorch_program
from tests.benchmarks.figure import Figure, Skipped, at_least
from tests.benchmarks.reference_programs import DEFAULT_THREADS, Programs, running

LESSON = RoundPlan(dataset="mnist", images=500, trials=100, epochs=50, seed=0)
KNOBS: dict[str, dict[str, Any]] = {
    "momentum": {"optimizer": "momentum"},
    "adagrad": {"optimizer": "adagrad"},
    "adam": {"optimizer": "adam"},
    "sigmoid": {"activation": "sigmoid"},
    "dropout": {"dropout": 0.5},
    "normalised": {"batch_normalisation": True},
    "all": {"optimizer": "adam", "activation": "sigmoid", "batch_normalisation": True, "dropout": 0.5},
}
KEPT_SHARE = 0.4  # of the trials go on at a rung
SEEDS = 8  # rounds that tell what giving up early loses
PRODUCTS = 40  # of sgemm, one after the other: about a second

Measure = Callable[[], float]


def mnist(quick: bool) -> Iterator[Figure]:
    """The lesson's round on MNIST against the textbook's program and against the machine's limit."""
    plan = sized(LESSON, quick)
    with (
        warm_engine(plan) as engine,
        running("sgemm", count=len(cores())) as sgemm,
        running("textbook_program", plan.dataset, str(plan.epochs), threads=DEFAULT_THREADS) as textbook,
    ):
        references = {"sgemm": sgemm_rate(sgemm), "textbook": lambda: statistics.mean(textbook.ask(2))}
        rounds, beside = take_turns(lambda: seconds(plan, engine), references, repeats=1 if quick else 3)
    trial = [taken / plan.trials for taken in rounds]
    speedup = median_ratio(beside["textbook"], trial)
    slow = f"the textbook's program, {statistics.median(beside['textbook']) * 1e3:.0f} ms a trial"
    yield Figure("training.mnist.round", statistics.median(rounds), "s", speedup, slow, at_least(6.5))
    yield Figure("training.mnist.trial", statistics.median(trial) * 1e3, "ms", speedup, slow, at_least(6.5))
    yield from rates(plan, rounds, beside["sgemm"], at_least(0.8))


def digits(quick: bool) -> Iterator[Figure]:
    """The same round on scikit-learn's digits, against the machine's limit."""
    plan = sized(replace(LESSON, dataset="digits"), quick)
    with warm_engine(plan) as engine, running("sgemm", count=len(cores())) as sgemm:
        references = {"sgemm": sgemm_rate(sgemm)}
        rounds, beside = take_turns(lambda: seconds(plan, engine), references, repeats=1 if quick else 3)
    yield from rates(plan, rounds, beside["sgemm"], at_least(0.7))


def give_up(quick: bool) -> Iterator[Figure]:
    """The lesson's round with the usual rungs, at which KEPT_SHARE go on: the speedup, and what is lost."""
    whole = sized(LESSON, quick)
    plan = replace(whole, give_up=usual_rungs(whole.epochs), keep=KEPT_SHARE)
    with (
        warm_engine(whole) as engine,
        running("textbook_program", plan.dataset, str(plan.epochs), threads=DEFAULT_THREADS) as textbook,
    ):
        references = {"textbook": lambda: statistics.mean(textbook.ask(2))}
        rounds, beside = take_turns(lambda: seconds(plan, engine), references, repeats=1 if quick else 5)
        regrets = [regret(replace(plan, seed=seed), engine) for seed in range(2 if quick else SEEDS)]
    speedup = median_ratio(beside["textbook"], [taken / plan.trials for taken in rounds])
    slow = f"the textbook's program to the end, {statistics.median(beside['textbook']) * 1e3:.0f} ms a trial"
    yield Figure("training.give_up.round", statistics.median(rounds), "s", speedup, slow, at_least(20))
    points, lost = 100 * statistics.mean(regrets), sum(one > 0 for one in regrets)
    against = f"1 point, mean of {len(regrets)} seeds of which {lost} lost something, {100 * max(regrets):.0f} at most"
    yield Figure("training.give_up.regret", points, "points", points, against, (0.0, 1.0))


def regret(plan: RoundPlan, engine: EmbeddedEngine) -> float:
    """What the best of a round lacks to the best of the same round in which no trial is given up."""
    best = [
        np.where(result.diverged | result.given_up, 0, result.validation_accuracy[:, -1]).max()
        for result in (run_round(plan.to_the_end(), engine), run_round(plan, engine))
    ]
    return float(best[0] - best[1])


def pytorch(quick: bool) -> Iterator[Figure]:
    """A round on MNIST against PyTorch, which trains its trials one by one, in one process a core."""
    python = pytorch_program.torch_python()
    if python is None:
        raise Skipped("PyTorch is not installed (TORCH_PYTHON may name a Python that has it)")
    plan = replace(sized(LESSON, quick), trials=20 if quick else 40)
    with warm_engine(plan) as engine, tempfile.TemporaryDirectory() as folder:
        source = load_training(plan.dataset, plan.images)
        file = Path(folder) / "images"
        file.write_bytes(np.column_stack([source.images, source.labels]).tobytes())
        options = str(file), str(plan.sizes()[0]), str(plan.epochs)
        with running("pytorch_program", *options, count=len(cores()), python=python) as torch:
            references = {"torch": lambda: statistics.mean(torch.ask(2)) / len(cores())}
            rounds, beside = take_turns(lambda: seconds(plan, engine), references, repeats=1 if quick else 3)
    trial = [taken / plan.trials for taken in rounds]
    against = f"PyTorch, {len(cores())} processes, {statistics.median(beside['torch']) * 1e3:.0f} ms a trial"
    speedup = median_ratio(beside["torch"], trial)
    yield Figure("training.pytorch.trial", statistics.median(trial) * 1e3, "ms", speedup, against, at_least(1.5))


def linearity(quick: bool) -> Iterator[Figure]:
    """What one image of one epoch of one trial costs when there are ten times as many of something."""
    base = replace(LESSON, trials=20, epochs=20)
    if quick:
        axes = {"trials": replace(base, epochs=5), "epochs": replace(base, trials=10, epochs=10)}
    else:
        axes = {
            "trials": replace(base, epochs=40),
            "epochs": replace(base, trials=40),
            "images": replace(base, trials=40),
        }
    with warm_engine(base) as engine:
        for axis, plan in axes.items():
            few = getattr(plan, axis)
            tenfold = replace(plan, **{axis: 10 * few})
            seconds(replace(tenfold, trials=10, epochs=1), engine)  # its images' first way to the workers
            small, large = [], []
            for _ in range(1 if quick else 2):
                small += [cost(plan, engine), cost(plan, engine)]
                large.append(cost(tenfold, engine))
            small.append(cost(plan, engine))
            against = f"{min(small) * 1e6:.3g} us with {few} {axis}"
            ratio = min(large) / min(small)
            name = f"training.linearity.{axis}"
            yield Figure(name, min(large) * 1e6, f"us, {10 * few}", ratio, against, (0.9, 1.1))


def knobs(quick: bool) -> Iterator[Figure]:
    """What every knob of the network costs: its round against the lesson's, which is trained before and after it.

    Steps are so small that no trial diverges, which would make a round shorter.
    """
    small = SearchSpace(LogRange(-6, -4), LESSON.space.weight_decay)
    plan = replace(LESSON, space=small, trials=20, epochs=5 if quick else 10)
    with warm_engine(plan) as engine:
        plain = {"plain": lambda: seconds(plan, engine)}
        for name, turned in KNOBS.items():
            other = replace(plan, **turned)
            found, beside = take_turns(lambda other=other: seconds(other, engine), plain, 1 if quick else 7)
            ratio = median_ratio(found, beside["plain"])
            against = f"the lesson's round, {statistics.median(beside['plain']):.3g} s"
            yield Figure(f"training.knobs.{name}", statistics.median(found), "s", ratio, against)


def sized(plan: RoundPlan, quick: bool) -> RoundPlan:
    """The plan, or one of the same kind that takes a second."""
    return replace(plan, trials=20, epochs=20) if quick else plan


@contextmanager
def warm_engine(plan: RoundPlan) -> Iterator[EmbeddedEngine]:
    """The app's engine after a small round of the plan's kind. Skips the benchmark when its images are not there."""
    try:
        load_training(plan.dataset, plan.images)
    except DatasetError as error:
        raise Skipped(f"{error} (MNIST_DIR may name a folder)") from error
    with closing(EmbeddedEngine()) as engine:
        run_round(replace(plan, trials=5 * len(cores()), epochs=2), engine)
        yield engine


def seconds(plan: RoundPlan, engine: EmbeddedEngine) -> float:
    """How long a round takes."""
    start = time.perf_counter()
    run_round(plan, engine)
    return time.perf_counter() - start


def cost(plan: RoundPlan, engine: EmbeddedEngine) -> float:
    """Seconds for one image of one epoch of one trial."""
    return seconds(plan, engine) / (plan.trials * plan.epochs * plan.images)


def sgemm_rate(sgemm: Programs) -> Measure:
    """Operations a second that the cores reach together in large products."""
    return lambda: sum(sgemm.ask(PRODUCTS))


def take_turns(
    subject: Measure, references: dict[str, Measure], repeats: int
) -> tuple[list[float], dict[str, list[float]]]:
    """The subject measured `repeats` times, and every reference beside it: the mean of just before and just after."""
    measured: list[float] = []
    around = [{name: measure() for name, measure in references.items()}]
    for _ in range(repeats):
        measured.append(subject())
        around.append({name: measure() for name, measure in references.items()})
    pairs = list(zip(around, around[1:], strict=False))
    return measured, {name: [(before[name] + after[name]) / 2 for before, after in pairs] for name in references}


def median_ratio(values: list[float], others: list[float]) -> float:
    """The median of the ratios of what was measured together."""
    return statistics.median(value / other for value, other in zip(values, others, strict=True))


def rates(plan: RoundPlan, rounds: list[float], limits: list[float], target: tuple[float, float]) -> Iterator[Figure]:
    """Operations a second beside the machine's limit: those really done, then those that the plan asks for.

    Really done are those of the pixels in use and the distinct images of each mini-batch. A program that leaves out
    nothing would have to do what the plan asks for, all pixels of every image drawn: that is what has a target.

    rounds: seconds of each round    limits: operations a second beside each of them
    """
    every, used, distinct = plan.sizes()[0], pixels(plan), mean_distinct_images(plan)
    done = f"really multiplied: {used} pixels, {distinct:.1f} distinct images a batch"
    asked = f"counted as the plan asks: {every} pixels, {plan.batch_size} images drawn a batch"
    name = f"training.{plan.dataset}.rate"
    yield rate(name, operations(plan, used, distinct), done, plan, rounds, limits)
    yield rate(f"{name}_{every}", operations(plan, every), asked, plan, rounds, limits, target)


def rate(
    name: str,
    epoch: int,
    counted: str,
    plan: RoundPlan,
    rounds: list[float],
    limits: list[float],
    target: tuple[float, float] | None = None,
) -> Figure:
    """One of them. epoch: operations of an epoch of a trial    counted: what they are, for the report"""
    speeds = [epoch * plan.trials * plan.epochs / taken for taken in rounds]
    against = f"sgemm {statistics.median(limits) / 1e9:.0f} GFLOP/s on {len(cores())} cores, {counted}"
    return Figure(name, statistics.median(speeds) / 1e9, "GFLOP/s", median_ratio(speeds, limits), against, target)


def pixels(plan: RoundPlan) -> int:
    """How many pixels of the plan's images are in use."""
    return len(pixels_in_use(load_training(plan.dataset, plan.images).images))

"""A student who does only what the screen suggests, and how good the value is that it leads to.

Three rounds of 20 trials and 20 epochs from the lesson's ranges. After each the student moves the ranges as the hints
say, or takes the Best-5's box where there is no hint. After the last the Best-5 are trained again on five seeds; the
best mean is chosen. What that is worth is measured on fresh seeds and splits, beside the best value known
(best_known.json, found by best_known.py) on the same ones.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial

import numpy as np

from core.again import AGAIN, on_seeds
from core.datasets import DatasetError, load_training
from core.engine.local import Engine
from core.hints import BEST, best_box, healthy, moved
from core.plan import RoundPlan
from core.progress import RoundProgress
from tests.benchmarks.best_known import FILE, Pairs, accuracies
from tests.benchmarks.figure import Figure, Skipped, at_least

ROUNDS, STUDENTS, FRESH = 3, 10, 40
POINTS = 0.02  # of accuracy that the choice may be worse than the best known
SEED = 900_000  # the first of the fresh seeds


def lesson(dataset: str, quick: bool) -> Iterator[Figure]:
    """The mean worth of what such students choose."""
    plan = RoundPlan(dataset=dataset, epochs=20, trials=20)
    try:
        load_training(plan.dataset, plan.images)
    except DatasetError as error:
        raise Skipped(f"{error} (MNIST_DIR may name a folder)") from error
    known = json.loads(FILE.read_text(encoding="utf-8"))[dataset]
    with closing(Engine()) as engine:
        students = range(2 if quick else STUDENTS)
        chosen = tuple(student(replace(plan, seed=1_000 * number), engine) for number in students)
        pairs: Pairs = (*chosen, (known["learning_rate"], known["weight_decay"]))
        found = accuracies(plan, pairs, iter(range(SEED, SEED + FRESH)), 4 if quick else FRESH, engine).mean(axis=0)
    worth, best = float(found[:-1].mean()), float(found[-1])
    against = (
        f"the best known, {best:.3f} on the same seeds; the worst of {len(students)} students {found[:-1].min():.3f}"
    )
    yield Figure(f"student.{dataset}", worth, "accuracy", worth / best, against, at_least((best - POINTS) / best))


digits, mnist = partial(lesson, "digits"), partial(lesson, "mnist")


def student(plan: RoundPlan, engine: Engine) -> tuple[float, float]:
    """The learning rate and weight decay that one student chooses, beginning with the plan's ranges and seed."""
    progress = trained(plan, engine)
    for _ in range(ROUNDS - 1):
        space = moved(progress) or best_box(progress) or progress.plan.space
        progress = trained(replace(progress.plan, space=space, seed=progress.plan.seed + 1), engine)
    best = healthy(progress)[:BEST]
    values = tuple((float(progress.learning_rate[one]), float(progress.weight_decay[one])) for one in best)
    again = [trained(repeat, engine).last_validation() for repeat in on_seeds(progress.plan, values, AGAIN)]
    return values[int(np.argmax(np.mean(again, axis=0)))]


def trained(plan: RoundPlan, engine: Engine) -> RoundProgress:
    """A round at its end."""
    return engine.start("student", plan).wait()

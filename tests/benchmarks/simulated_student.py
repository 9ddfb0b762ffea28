"""A student who does only what the screen suggests, and how good the value is that is chosen in the end.

Three rounds of 20 trials and 20 epochs from the lesson's ranges. After each the student applies the suggestion, or
zooms to the best area where there is none; at the end the suggested value is chosen. One kind of student lets all
trials train to the end, the other stops weak ones early as soon as the page does not advise against it.
Its accuracy is measured on fresh seeds and splits, beside the best value known (best_known.json, found by
best_known.py) on the same ones. `student` needs nothing but a way to train a round, so that tests can give it another.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial

from core.analysis.trials import Trials
from core.data.datasets import DatasetError, load_training
from core.engine.engine import EmbeddedEngine
from core.lab.search import Search
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.rounds import run_round
from core.rungs import usual_rungs
from tests.benchmarks.best_known import FILE, Pairs, accuracies
from tests.benchmarks.figure import Figure, Skipped, at_least

ROUNDS, STUDENTS, EVALUATION_SEEDS = 3, 10, 40
COPIES = 10  # of the best known value: on so few seeds one would be known to 1.2 points only
TOLERANCE = 0.01  # of accuracy that the choice may be worse than the best known
FIRST_SEED = 900_000  # the first of the fresh seeds


def lesson(dataset: str, rungs: bool, quick: bool) -> Iterator[Figure]:
    """The mean accuracy of what such students choose. rungs: whether they stop weak trials early"""
    plan = RoundPlan(dataset=dataset, epochs=20, trials=20)
    try:
        load_training(plan.dataset, plan.images)
    except DatasetError as error:
        raise Skipped(f"{error} (MNIST_DIR may name a folder)") from error
    known = json.loads(FILE.read_text(encoding="utf-8"))[dataset]
    with closing(EmbeddedEngine()) as engine:
        students = range(2 if quick else STUDENTS)
        train = partial(run_round, engine=engine)
        chosen = tuple(student(replace(plan, seed=1_000 * number), train, rungs) for number in students)
        best_pair = known["learning_rate"], known["weight_decay"]
        pairs: Pairs = (*chosen, *[best_pair] * COPIES)  # each copy has initial weights of its own
        seeds = iter(range(FIRST_SEED, FIRST_SEED + EVALUATION_SEEDS))
        found = accuracies(plan, pairs, seeds, 4 if quick else EVALUATION_SEEDS, engine).mean(axis=0)
    worths, best = found[:-COPIES], float(found[-COPIES:].mean())
    worth = float(worths.mean())
    against = f"the best known, {best:.3f} on the same seeds; the worst of {len(students)} students {worths.min():.3f}"
    name = f"student.{dataset}" + ("_rungs" if rungs else "")
    yield Figure(name, worth, "accuracy", worth / best, against, at_least((best - TOLERANCE) / best))


digits, mnist = partial(lesson, "digits", False), partial(lesson, "mnist", False)
digits_rungs, mnist_rungs = partial(lesson, "digits", True), partial(lesson, "mnist", True)


def student(plan: RoundPlan, train: Callable[[RoundPlan], RoundProgress], rungs: bool) -> tuple[float, float]:
    """The learning rate and weight decay that one student chooses, beginning with the plan's ranges and seed."""
    rounds = [(1, train(plan))]
    while len(rounds) < ROUNDS:
        search = search_among(rounds)
        space = search.suggestion or search.box or plan.space
        stops = rungs and search.unlearned is None
        plan = replace(plan, space=space, seed=plan.seed + 1, give_up=usual_rungs(plan.epochs) if stops else ())
        rounds.append((len(rounds) + 1, train(plan)))
    trials = search_among(rounds).trials
    number, trial = trials.of_round(0 if trials.proposed is None else trials.proposed)
    progress = rounds[number - 1][1]
    return float(progress.learning_rate[trial]), float(progress.weight_decay[trial])


def search_among(rounds: list[tuple[int, RoundProgress]]) -> Search:
    """The search of some rounds that have trials with a score."""
    trials = Trials.of(rounds)
    assert trials is not None
    return Search(trials)

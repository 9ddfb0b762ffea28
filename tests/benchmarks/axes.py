"""Rounds over more than two axes: how fast trials of many shapes train, and what a student finds who narrows four."""

import statistics
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial

from core.engine.engine import EmbeddedEngine
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.rounds import run_round
from core.space import AXES, LogRange
from core.training.trial_values import shape_of
from tests.benchmarks.figure import Figure, at_least
from tests.benchmarks.simulated_student import EVALUATION_SEEDS, FIRST_SEED, ROUNDS, STUDENTS, search_among
from tests.benchmarks.training import LESSON, seconds, take_turns, warm_engine

FIVE = ("learning_rate", "weight_decay", "momentum", "batch_size", "neurons")
FOUR = ("learning_rate", "weight_decay", "momentum", "batch_size")
ALONE = 40  # trials of a round of one shape alone


def shapes(quick: bool) -> Iterator[Figure]:
    """A round of 100 trials over five axes beside the time that its trials take in rounds of one shape alone."""
    plan = replace(LESSON.searching(FIVE), epochs=5 if quick else 20)
    counts = Counter(shape_of(plan, trial) for trial in range(plan.trials))
    with warm_engine(plan) as engine:

        def alone() -> float:
            """Seconds of all trials, each as long as one of its shape takes alone."""
            return sum(count * seconds(of_shape(plan, *shape), engine) / ALONE for shape, count in counts.items())

        rounds, beside = take_turns(lambda: seconds(plan, engine), {"alone": alone}, repeats=1 if quick else 3)
    ratio = statistics.median(expected / taken for expected, taken in zip(beside["alone"], rounds, strict=True))
    against = f"the rate of its {len(counts)} shapes alone, {statistics.median(beside['alone']):.3g} s"
    yield Figure("training.axes", statistics.median(rounds), "s", ratio, against, at_least(0.7))


def of_shape(plan: RoundPlan, neurons: int, batch_size: int) -> RoundPlan:
    """A round of the same kind whose trials have all one shape."""
    space = plan.space
    for axis, value in (("neurons", neurons), ("batch_size", batch_size)):
        place = AXES[axis].place(value)
        space = space.with_range(axis, LogRange(place, place))
    return replace(plan, space=space, trials=ALONE)


def four(quick: bool) -> Iterator[Figure]:
    """The mean accuracy on fresh seeds of what students choose who narrow four axes, beside those who narrow two."""
    two = RoundPlan(epochs=20, trials=20, optimizer="momentum")
    students = range(2 if quick else STUDENTS)
    with closing(EmbeddedEngine()) as engine:
        train = partial(run_round, engine=engine)
        found = [
            [worth(student(replace(plan, seed=1_000 * number), train), engine, quick) for number in students]
            for plan in (two.searching(FOUR), two)
        ]
    of_four, of_two = map(statistics.mean, found)
    worst = f"{min(found[0]):.3f}, {min(found[1]):.3f}"
    against = f"{of_two:.3f} with two axes; the worst of {len(students)} students {worst}"
    yield Figure("student.digits_four_axes", of_four, "accuracy", of_four / of_two, against, at_least(1.0))


def student(plan: RoundPlan, train: "partial[RoundProgress]") -> RoundPlan:
    """A round of the one value that a student chooses after three rounds, applying what the screen suggests."""
    rounds = [(1, train(plan))]
    while len(rounds) < ROUNDS:
        search = search_among(rounds)
        plan = replace(plan, space=search.suggestion or search.box or plan.space, seed=plan.seed + 1)
        rounds.append((len(rounds) + 1, train(plan)))
    trials = search_among(rounds).trials
    number, trial = trials.of_round(0 if trials.proposed is None else trials.proposed)
    return replace(plan, trials=1, values=(rounds[number - 1][1].values(trial),))


def worth(chosen: RoundPlan, engine: EmbeddedEngine, quick: bool) -> float:
    """The mean validation accuracy of a value on fresh seeds."""
    seeds = range(FIRST_SEED, FIRST_SEED + (4 if quick else EVALUATION_SEEDS))
    rounds = [run_round(replace(chosen, seed=seed), engine) for seed in seeds]
    return statistics.mean(float(one.last_validation()[0]) for one in rounds)

"""`python -m tests.benchmarks.best_known` searches for the best values there are and stores them in best_known.json.

The lesson's setting with 20 epochs, for either data set. The recipe: FIRST pairs over a wide box, each on a seed
and split of its own; the best NARROWED of them by the mean of their neighbours; these on SEEDS fresh seeds each; the
best LAST of those on LAST_SEEDS more, whose mean is what is stored. It takes some minutes.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.engine.engine import EmbeddedEngine
from core.plan import SEED_COUNT, RoundPlan
from core.rounds import run_round
from core.space import LogRange, SearchSpace, exponent

FILE = Path(__file__).with_suffix(".json")
BOX = SearchSpace(LogRange(-2.5, 0), LogRange(-8, -1))
FIRST, NARROWED, LAST = 1600, 40, 5
SEEDS, LAST_SEEDS = 20, 200
NEIGHBOURS = 25  # whose mean stands for a pair's accuracy
SEED = 500_000  # the first of those that the search spends

Pairs = tuple[tuple[float, float], ...]


def accuracies(plan: RoundPlan, pairs: Pairs, seeds: Iterator[int], count: int, engine: EmbeddedEngine) -> np.ndarray:
    """Last validation accuracies of some pairs on `count` seeds, (seeds, pairs); 0.1 where one diverged."""
    found = []
    for _ in range(count):
        result = run_round(replace(plan, trials=len(pairs), values=pairs, seed=next(seeds)), engine)
        found.append(np.where(result.diverged, 0.1, result.validation_accuracy[:, -1]))
    return np.array(found)


def best_known(dataset: str, engine: EmbeddedEngine) -> dict[str, float]:
    """The best pair for the lesson's setting, and its mean validation accuracy with the standard error of that mean."""
    plan = RoundPlan(dataset=dataset, epochs=20, space=BOX)
    seeds = iter(range(SEED, SEED_COUNT))
    rounds = [run_round(replace(plan, trials=200, seed=next(seeds)), engine) for _ in range(FIRST // 200)]
    rates, decays = (np.concatenate([getattr(one, axis) for one in rounds]) for axis in BOX.ranges())
    accuracy = np.concatenate([np.where(one.diverged, 0.1, one.validation_accuracy[:, -1]) for one in rounds])
    place = np.column_stack([exponent(rates), exponent(decays) / 4])  # weight decay matters less: a wider neighbourhood
    near = np.argsort(((place[:, None] - place) ** 2).sum(axis=2), axis=1)[:, :NEIGHBOURS]
    chosen = np.argsort(-accuracy[near].mean(axis=1))[:NARROWED]
    pairs = tuple((float(rates[one]), float(decays[one])) for one in chosen)
    means = accuracies(plan, pairs, seeds, SEEDS, engine).mean(axis=0)
    last = tuple(pairs[one] for one in np.argsort(-means)[:LAST])
    found = accuracies(plan, last, seeds, LAST_SEEDS, engine)
    best = int(np.argmax(found.mean(axis=0)))
    error = float(found[:, best].std(ddof=1) / np.sqrt(LAST_SEEDS))
    return {
        "learning_rate": last[best][0],
        "weight_decay": last[best][1],
        "validation_accuracy": round(float(found[:, best].mean()), 4),
        "standard_error": round(error, 4),
    }


def main() -> None:
    """Search for both data sets and store what was found."""
    with closing(EmbeddedEngine()) as engine:
        found = {dataset: best_known(dataset, engine) for dataset in ("digits", "mnist")}
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(FILE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()

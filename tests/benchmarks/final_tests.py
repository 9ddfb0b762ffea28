"""What final tests of simulated labs show: gaps where nobody chose, what choosing costs, and what peeking costs.

Few rounds are trained, many labs are made of them: a pool of rounds for each of three ranges, as a student narrows
them, and the best trial's value of each round on five seeds, all classifying all test images. A lab is a round of each
range, drawn at random, and halves of the test images, drawn at random. As labs share networks and images, errors count
rounds and images, not labs.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.analysis.chance_limits import validation_gap
from core.analysis.selection_bias import effective_images, expected_loss, loss_limit, peeking_losses
from core.data import test_set
from core.data.datasets import DatasetError
from core.engine.engine import EmbeddedEngine
from core.lab.final_evaluation import LOOKED, SHOWN_BY, WORTH_SHOWING
from core.lab.seed_repeats import plans_on_seeds
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.space import LogRange, SearchSpace
from core.training.random_streams import SeedPurpose
from tests.benchmarks.figure import Figure, Skipped, at_least

RANGES = tuple(LogRange(low, high) for low, high in ((-6, -2), (-3, 0), (-1.6, -0.6)))  # of the learning rate
DECAY = LogRange(-8, -4)
ROUNDS, QUICK_ROUNDS = (8, 16, 20), (1, 1, 2)  # of each range in the pool
LABS, FIRST_SEED = 200, 1_000


@dataclass(frozen=True, eq=False)
class Pool:
    """Trained rounds of which labs are made."""

    range: np.ndarray  # (rounds,) index of the ranges
    validation: np.ndarray  # (rounds, trials)
    right: np.ndarray  # (rounds, trials, test images) bool
    repeats: np.ndarray  # (rounds, seeds) validation accuracies of the best trial's value
    repeats_right: np.ndarray  # (rounds, seeds, test images) bool
    plan: RoundPlan


@dataclass(frozen=True, eq=False)
class Labs:
    """What simulated labs show: one entry a lab each, but for `peeking`."""

    loss: np.ndarray  # the best trial's validation accuracy minus its value's on other seeds
    expected: np.ndarray  # that loss, as the page states it
    more_said: np.ndarray  # whether the loss is said to be more than choosing explains
    gap_said: np.ndarray  # whether validation and test are said to differ
    peeking: np.ndarray  # (labs, LOOKED below a half, and a half) mean loss over openings
    once: np.ndarray  # loss of one opening


def train_pool(dataset: str, rounds: tuple[int, ...], engine: EmbeddedEngine) -> Pool:
    """Train the rounds of a pool. Raises DatasetError."""
    images, labels = test_set.images(dataset), test_set.labels(dataset)

    def trained(plan: RoundPlan) -> tuple[np.ndarray, np.ndarray, RoundProgress]:
        progress = engine.start("pool", plan, images_to_predict=images).wait()
        classes = progress.predictions
        right = np.zeros((plan.trials, len(labels)), bool) if classes is None else classes == labels
        return np.where(progress.diverged, 0, progress.last_validation()).astype(float), right, progress

    found, seed = [], FIRST_SEED
    for place, count in enumerate(rounds):
        for _ in range(count):
            plan = RoundPlan(SearchSpace(RANGES[place], DECAY), dataset=dataset, seed=seed)
            validation, right, progress = trained(plan)
            best = int(validation.argmax())
            value = (float(progress.learning_rate[best]), float(progress.weight_decay[best]))
            again = [trained(one)[:2] for one in plans_on_seeds(plan, (value,), SeedPurpose.FINAL_TEST)]
            found.append((place, validation, right, [one[0][0] for one in again], [one[1][0] for one in again]))
            seed += 1
    return Pool(*(np.array(column) for column in zip(*found, strict=True)), RoundPlan(dataset=dataset))


def simulate(pool: Pool, labs: int, rng: np.random.Generator) -> Labs:
    """Labs made of a pool's rounds."""
    images = pool.right.shape[2]
    half, validation_images = images // 2, pool.plan.validation_images()
    rows = []
    for _ in range(labs):
        rounds = [int(rng.choice(np.flatnonzero(pool.range == place))) for place in range(len(RANGES))]
        trials, right = pool.validation[rounds].ravel(), pool.right[rounds].reshape(-1, images)
        chosen = rounds[int(trials.argmax()) // pool.validation.shape[1]]
        repeats, order = pool.repeats[chosen], rng.permutation(images)
        opened, fresh = right[:, order[:half]].mean(axis=1), right[:, order[half:]].mean(axis=1)
        gap = validation_gap(repeats, pool.repeats_right[chosen][:, order[:half]], validation_images, pool.plan.images)
        loss, best = float(trials.max() - repeats.mean()), int(opened.argmax())
        rows.append((
            loss, expected_loss(trials, effective_images(validation_images, repeats)).mean,
            loss > loss_limit(trials, validation_images, repeats), not gap.is_chance,
            peeking_losses(right, [*(count for count in LOOKED if count < half), half]), opened[best] - fresh[best],
        ))  # fmt: skip
    return Labs(*(np.array(column) for column in zip(*rows, strict=True)))


def mean_gap(pool: Pool) -> tuple[float, float]:
    """Test minus validation accuracy of the networks on other seeds, among which nobody has chosen, and its error."""
    by_round = pool.repeats_right.mean(axis=(1, 2)) - pool.repeats.mean(axis=1)
    by_image = pool.repeats_right.mean(axis=(0, 1))
    images = by_image.var(ddof=1) * (1 / len(by_image) + 1 / pool.plan.images)
    return float(by_round.mean()), float(np.sqrt(by_round.var(ddof=1) / len(by_round) + images))


def lesson(dataset: str, quick: bool) -> Iterator[Figure]:
    """The figures of one data set."""
    try:
        test_set.images(dataset)
    except DatasetError as error:
        raise Skipped(f"{error} (MNIST_DIR may name a folder)") from error
    with closing(EmbeddedEngine()) as engine:
        pool = train_pool(dataset, QUICK_ROUNDS if quick else ROUNDS, engine)
    found = simulate(pool, 10 if quick else LABS, np.random.default_rng(0))
    gap, error = mean_gap(pool)
    yield Figure(f"final.{dataset}.gap", 100 * gap, "points", gap / error, "its standard error", (-2.5, 2.5))
    loss, expected = float(found.loss.mean()), float(found.expected.mean())
    yield Figure(f"final.{dataset}.loss", 100 * loss, "points", loss / expected, "what choosing explains", (0.67, 1.5))
    for name, said in (("gap_said", found.gap_said), ("more_said", found.more_said)):
        share = float(said.mean())
        yield Figure(f"final.{dataset}.{name}", 100 * share, "%", share / 0.05, "the 5% allowed", (0.0, 1.5))
    column = LOOKED.index(SHOWN_BY)
    shown = float((found.peeking[:, column] >= WORTH_SHOWING).mean())
    against = f"the 80% needed; one opening of a half had the sign in {(found.once > 0).mean():.0%}"
    yield Figure(f"final.{dataset}.peeking", 100 * shown, "%", shown / 0.8, against, at_least(1.0))


digits, mnist = partial(lesson, "digits"), partial(lesson, "mnist")

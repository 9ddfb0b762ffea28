"""`python -m tests.benchmarks.equal_parts`: how hard the parts of the permuted digits are, for one seed after another.

Networks of the lesson's kind are trained on 500 digits drawn anew each time, and classify those that they were not
trained on: the share of networks that are right is how easy an image is. The seed of core/data/image_order.py is the
first with which the means of the parts that a lesson compares lie within TOLERANCE of that of all digits. Drawn at
random, half of a test part differs from it by more than a point. It takes half a minute.
"""

import os

import numpy as np

from core.data.datasets import TrainingImages, training_count
from core.data.digits import read_digits
from core.data.image_order import FILE_ORDER, PERMUTATION_SEEDS, random_permutation
from core.plan import RoundPlan
from core.training.prediction import predict
from core.training.round_data import prepare
from core.training.stacks import advance, begin
from core.training.workspace import Workspaces

RATES = (0.02, 0.03, 0.05, 0.07, 0.1)
ROUNDS = 40  # of as many networks, each on digits of its own
FIRST_SEED = 70_000
MOST = training_count("digits")
PARTS = {  # that a lesson compares: a round's images, also the fewest, and both halves of the test part
    "first 200": slice(0, 200),
    "first 500": slice(0, 500),
    "opened half": slice(MOST, MOST + 150),
    "other half": slice(MOST + 150, None),
}
TOLERANCE = 0.005


def easiness(rounds: int = ROUNDS) -> np.ndarray:
    """The share of networks that classify each of the digits rightly, in the order of the file: (1797,)."""
    images, labels = read_digits(FILE_ORDER)
    right, asked = np.zeros(len(labels)), np.zeros(len(labels))
    for number in range(rounds):
        order = np.random.default_rng(10_000 + number).permutation(len(labels))
        used, others = order[:500], order[500:]
        plan = RoundPlan(trials=len(RATES), values=tuple((rate, 1e-5) for rate in RATES), seed=FIRST_SEED + number)
        source = TrainingImages("digits", images[used], labels[used], full_scale=16)
        data, memory = prepare(plan, source), Workspaces()
        stack = begin(plan, range(plan.trials), data.pixels)
        for _ in range(plan.epochs):
            advance(plan, stack, data, memory)
        unseen = np.concatenate([others, used[data.order[data.train :]]])
        found = predict(plan, stack, data, images[unseen] / np.float32(source.full_scale)).classes
        right[unseen] += (found == labels[unseen]).sum(axis=0)
        asked[unseen] += len(found)
    return np.asarray(right / asked)


def differences(easy: np.ndarray, seed: int) -> dict[str, float]:
    """How much easier each part is than all digits, with a seed of the permutation."""
    permuted = easy[random_permutation(seed, len(easy))]
    return {name: float(permuted[part].mean() - easy.mean()) for name, part in PARTS.items()}


def main() -> None:
    """Print the seeds up to the one in use."""
    easy = easiness()
    for seed in range(PERMUTATION_SEEDS[len(easy)] + 1):
        found = differences(easy, seed)
        line = ", ".join(f"{name} {one:+.4f}" for name, one in found.items())
        print(f"seed {seed:2}: {line}{'  <-' if max(map(abs, found.values())) < TOLERANCE else ''}")


if __name__ == "__main__":
    os.nice(10)
    main()

"""The exact expectation of the best of many networks agrees with drawing them, and with what is known of one."""

import numpy as np
import pytest

from core.analysis.selection_bias import (
    effective_images,
    expected_best,
    expected_loss,
    loss_limit,
    peeking_losses,
)


@pytest.mark.parametrize(("images", "accuracy"), [(10, 0.5), (100, 0.8), (1000, 0.97), (5000, 0.1)])
def test_one_network_shows_its_true_accuracy(images: int, accuracy: float) -> None:
    assert expected_best(np.array(1), images, accuracy) == pytest.approx(accuracy, abs=1e-9)


def test_the_best_of_two_on_one_image_is_right_unless_both_are_wrong() -> None:
    assert expected_best(np.array([1, 2, 3]), 1, 0.3) == pytest.approx([0.3, 1 - 0.7**2, 1 - 0.7**3])


@pytest.mark.parametrize(("candidates", "images"), [(5, 100), (20, 100), (200, 50)])
def test_the_expectation_agrees_with_drawn_networks(candidates: int, images: int) -> None:
    rng = np.random.default_rng(0)
    drawn = rng.binomial(images, 0.8, size=(20_000, candidates)).max(axis=1) / images
    error = drawn.std() / np.sqrt(len(drawn))
    assert abs(float(expected_best(np.array(candidates), images, 0.8)) - drawn.mean()) < 4 * error


def test_the_best_looks_better_with_more_candidates_and_less_so_with_more_images() -> None:
    by_candidates = expected_best(np.arange(1, 201), 100, 0.8)
    assert (np.diff(by_candidates) > 0).all() and by_candidates[-1] < 1
    by_images = [float(expected_best(np.array(20), images, 0.8)) for images in (50, 100, 500, 2000)]
    assert sorted(by_images, reverse=True) == by_images


# ---------------------------------------------------------------------------------------------------- unequal trials

SEARCHES = {  # true accuracies of the trials of a search
    "equal": lambda rng, trials: np.full(trials, 0.8),
    "all nearly right": lambda rng, trials: np.full(trials, 0.99),
    "all guess": lambda rng, trials: np.full(trials, 0.1),
    "spread": lambda rng, trials: rng.uniform(0.1, 0.95, trials),
    "half of them good": lambda rng, trials: np.where(np.arange(trials) % 2, 0.9, 0.2),
    "one far ahead": lambda rng, trials: np.where(np.arange(trials) == 0, 0.9, 0.4),
    "few near the best": lambda rng, trials: 0.92 - 0.8 * rng.beta(1, 2.5, trials),
}


@pytest.mark.parametrize("trials", [1, 5, 60])
@pytest.mark.parametrize("search", SEARCHES)
def test_the_expected_loss_is_that_of_simulated_searches(search: str, trials: int) -> None:
    rng, images, simulated = np.random.default_rng(5), 100, 150
    losses, expected = [], []
    for _ in range(simulated):
        true = SEARCHES[search](rng, trials)
        shown = rng.binomial(images, true) / images
        best = int(shown.argmax())
        losses.append(shown[best] - true[best])
        expected.append(expected_loss(shown, images).mean)
    loss, error = np.mean(losses), np.std(losses) / np.sqrt(simulated)
    assert abs(np.mean(expected) - loss) < max(0.25 * loss, 0.01) + 2 * error


def test_a_network_alone_is_expected_to_lose_nothing() -> None:
    assert expected_loss(np.array([0.8]), 100).mean == pytest.approx(0, abs=0.001)


def test_the_expected_loss_of_thousands_of_trials_is_found() -> None:
    rng = np.random.default_rng(0)
    assert 0 < expected_loss(rng.uniform(0.1, 0.9, 5000), 2000).mean < 0.03


def test_seeds_that_vary_more_than_images_explain_count_as_fewer_images() -> None:
    calm, wild = np.array([0.8, 0.81, 0.79, 0.8, 0.8]), np.array([0.7, 0.9, 0.8, 0.75, 0.85])
    assert 85 <= effective_images(100, calm) <= 100 and effective_images(100, wild) < 40
    assert effective_images(100, np.array([0.2, 0.81, 0.8, 0.8, 0.8])) > 60  # a seed that fails is no luck


def test_the_limit_of_a_loss_is_above_its_expectation_and_grows_with_the_spread() -> None:
    trials = np.linspace(0.2, 0.9, 60)
    calm, wild = np.array([0.85, 0.86, 0.84, 0.85, 0.85]), np.array([0.75, 0.95, 0.85, 0.8, 0.9])
    assert expected_loss(trials, 100).mean < loss_limit(trials, 100, calm) < loss_limit(trials, 100, wild)


# ---------------------------------------------------------------------------------------------------- peeking


def test_peeking_costs_what_simulated_openings_cost() -> None:
    rng = np.random.default_rng(0)
    right = rng.random((12, 80)) < rng.uniform(0.6, 0.8, 12)[:, None]
    losses = []
    for _ in range(4000):
        looked = np.zeros(80, bool)
        looked[rng.choice(80, 20, replace=False)] = True
        best = right[:, looked].mean(axis=1).argmax()
        losses.append(right[best, looked].mean() - right[best, ~looked].mean())
    assert peeking_losses(right, [20])[0] == pytest.approx(np.mean(losses), abs=5 * np.std(losses) / 20)


def test_images_that_are_all_easier_in_one_half_make_no_difference() -> None:
    right = np.tile(np.arange(100) < 50, (7, 1))  # all trials alike: nothing is lost by choosing among them
    assert peeking_losses(right, [50])[0] == pytest.approx(0, abs=0.02)


def test_peeking_at_fewer_images_costs_more() -> None:
    right = np.random.default_rng(1).random((40, 300)) < 0.8
    assert (np.diff(peeking_losses(right, [25, 50, 100, 150])) < 0).all()

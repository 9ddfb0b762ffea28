"""The exact expectation of the best of many agrees with drawing them, and with what is known of one."""

import numpy as np
import pytest

from core.optimism import distribution, expected_best


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


def test_more_candidates_flatter_more_and_more_images_less() -> None:
    by_candidates = expected_best(np.arange(1, 201), 100, 0.8)
    assert (np.diff(by_candidates) > 0).all() and by_candidates[-1] < 1
    by_images = [float(expected_best(np.array(20), images, 0.8)) for images in (50, 100, 500, 2000)]
    assert sorted(by_images, reverse=True) == by_images


def test_the_distribution_function_rises_to_one() -> None:
    found = distribution(200, 0.9)
    assert (np.diff(found) >= 0).all() and found[-1] == pytest.approx(1)

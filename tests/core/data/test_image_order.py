"""The permuted order: fixed for ever, every image once, and the test images from all over the file."""

from pathlib import Path

import numpy as np
import pytest

from core.data import test_set
from core.data.datasets import load_training, training_count
from core.data.idx import read_items
from core.data.image_order import FILE_ORDER, IMAGE_ORDERS, PERMUTATION_SEEDS, PERMUTED_ORDER, permutation
from core.plan import RoundPlan
from core.training.round_data import images_key
from tests.benchmarks.equal_parts import TOLERANCE, differences, easiness

MOST = training_count("digits")


def all_digits(order: int) -> tuple[np.ndarray, np.ndarray]:
    """Training part and test part behind each other."""
    training = load_training("digits", MOST, order=order)
    images = np.concatenate([training.images, test_set.images("digits", order)])
    return images, np.concatenate([training.labels, test_set.labels("digits", order)])


def file_digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return images, labels


def test_the_permutation_is_the_one_that_stored_predictions_belong_to() -> None:
    assert permutation(1797)[:6].tolist() == [247, 747, 333, 1607, 252, 315]
    assert permutation(10_000)[:6].tolist() == [9394, 898, 2398, 5906, 2343, 8225]


def test_each_of_the_digits_has_its_label_and_one_place_in_training_or_test_part() -> None:
    (images, labels), (true_images, true_labels) = all_digits(PERMUTED_ORDER), file_digits()
    place = permutation(len(labels))
    assert sorted(place) == list(range(len(true_labels))) and list(place) != sorted(place)
    assert np.array_equal(images, true_images[place]) and np.array_equal(labels, true_labels[place])


def test_the_older_order_is_that_of_the_file() -> None:
    for array, true in zip(all_digits(FILE_ORDER), file_digits(), strict=True):
        assert np.array_equal(array, true)


def test_the_first_images_are_the_same_however_many_are_loaded() -> None:
    few, all_ = load_training("digits", 10), load_training("digits", MOST)
    assert np.array_equal(few.images, all_.images[:10]) and np.array_equal(few.labels, all_.labels[:10])


@pytest.mark.parametrize(("dataset", "count", "held_out"), [("digits", 1797, 300), ("mnist", 10_000, 10_000)])
def test_both_halves_of_the_test_set_come_from_all_over_the_file(dataset: str, count: int, held_out: int) -> None:
    places = permutation(count)[count - held_out :]
    for part in (test_set.opened_part(dataset), test_set.unopened_part(dataset)):
        half = places[part]
        error = count / np.sqrt(12 * len(half))  # of the mean of so many places drawn at random
        assert abs(half.mean() - count / 2) < 3 * error
        assert len(set(half * 10 // count)) == 10  # some from every tenth of the file


def test_the_test_images_of_mnist_are_permuted_with_their_labels(mnist_dir: Path) -> None:
    images = read_items(next(mnist_dir.glob("t10k-images-idx3-ubyte*")), (28, 28), 10_000).reshape(-1, 784)
    labels = read_items(next(mnist_dir.glob("t10k-labels-idx1-ubyte*")), (), 10_000)
    assert np.array_equal(test_set.images("mnist", folder=mnist_dir), images[permutation(10_000)])
    assert np.array_equal(test_set.labels("mnist", folder=mnist_dir), labels[permutation(10_000)])
    assert np.array_equal(test_set.images("mnist", FILE_ORDER, mnist_dir), images)
    assert np.array_equal(test_set.labels("mnist", FILE_ORDER, mnist_dir), labels)


def test_plans_on_the_same_images_have_the_same_key() -> None:
    digits = [images_key(RoundPlan(image_order=order)) for order in IMAGE_ORDERS]
    mnist = [images_key(RoundPlan(dataset="mnist", image_order=order)) for order in IMAGE_ORDERS]
    assert len(set(digits)) == 2 and len(set(mnist)) == 1 and not set(digits) & set(mnist)


@pytest.mark.long
def test_the_parts_of_the_digits_that_a_lesson_compares_are_equally_hard() -> None:
    easy = easiness()
    now = differences(easy, PERMUTATION_SEEDS[1797])
    assert max(map(abs, now.values())) < 2 * TOLERANCE
    assert easy[-300:].mean() < easy.mean() - 0.02  # the last ones of the file are not

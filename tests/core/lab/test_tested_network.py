"""The network that is shown is the tested one, to the bit, also after a restart; its numbers compute its answers."""

import base64
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.lab.extra_training import train_tested_network
from core.lab.final_evaluation import FinalTest
from core.lab.lab import Lab
from core.lab.tested_network import layers_of, network_text, shown_network
from core.plan import RoundPlan
from core.training.prediction import NO_PREDICTION
from tests.support.final_tests import PLAN, final_of, tuned
from tests.support.servers import Serve, Server
from tests.support.waiting import until

NORMALISED = RoundPlan(
    PLAN.space, trials=2, epochs=2, images=200, hidden_layers=2, neurons=30, batch_normalisation=True, dropout=0.25,
    activation="sigmoid", optimizer="adam",
)  # fmt: skip


def trained(server: Server, lab: Lab) -> FinalTest:
    """The final test of a lab with its network trained again."""
    train_tested_network(lab, server.engine)
    final = lab.final
    assert final is not None and final.tested is not None
    tested = final.tested
    until(lambda: tested.is_done)
    assert tested.parameters is not None
    return final


def reference(final: FinalTest, images: np.ndarray) -> np.ndarray:
    """Scores (images, 10) in float64 by the numbers that a browser gets, layer by layer."""
    assert final.tested is not None and final.tested.parameters is not None
    plan, network = final.plan, final.tested.parameters
    numbers = np.frombuffer(base64.b64decode(network_text(network)), "<f4").astype(float)
    sizes, below, place = plan.sizes(), images.astype(float), 0

    def take(*shape: int) -> np.ndarray:
        nonlocal place
        place += int(np.prod(shape))
        return numbers[place - int(np.prod(shape)) : place].reshape(shape)

    for layer, (n_in, n_out) in enumerate(zip(sizes, sizes[1:], strict=False)):
        weights, biases = take(n_in, n_out), take(n_out)
        below = below @ weights + biases
        if layer < len(sizes) - 2:
            if plan.batch_normalisation:
                factor, shift = take(n_out), take(n_out)
                below = below * factor + shift
            below = np.maximum(below, 0) if plan.activation == "relu" else 1 / (1 + np.exp(-below))
            below = below * (1 - plan.dropout)
    assert place == len(numbers)
    return below


@pytest.mark.parametrize("plan", [PLAN, NORMALISED], ids=["plain", "normalised"])
def test_the_network_gives_the_answers_of_the_final_test(serve: Serve, tmp_path: Path, plan: RoundPlan) -> None:
    server = serve(f"sqlite:///{tmp_path}/labs.sqlite")
    lab = tuned(server, plan)
    final_of(server, lab)
    final = trained(server, lab)
    assert final.outcome is not None and final.tested is not None
    shown = shown_network(final.outcome.classes)
    assert shown == 0 and final.tested.classes is not None
    assert (final.tested.classes == final.outcome.classes[0]).all()
    scores = reference(final, final.images() / np.float32(16))
    assert (scores.argmax(axis=1) == final.outcome.classes[0]).mean() > 0.99  # rounding may decide a tie


def test_after_a_restart_it_is_trained_again_to_the_same_bits(serve: Serve, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/labs.sqlite"
    server = serve(url)
    lab = tuned(server)
    final_of(server, lab)
    first = trained(server, lab).tested
    other = serve(url)
    again = other.open(lab.token)
    assert again.final is not None and again.final.tested is None
    second = trained(other, again).tested
    assert first is not None and second is not None and first.parameters is not None and second.parameters is not None
    assert network_text(first.parameters) == network_text(second.parameters)


def test_one_that_is_there_is_not_trained_again(serve: Serve, tmp_path: Path) -> None:
    server = serve(f"sqlite:///{tmp_path}/labs.sqlite")
    lab = tuned(server)
    train_tested_network(lab, server.engine)
    assert lab.final is None
    final_of(server, lab)
    tested = trained(server, lab).tested
    train_tested_network(lab, server.engine)
    assert lab.final is not None and lab.final.tested is tested


def test_the_first_network_that_learned_is_shown() -> None:
    lost = np.full((3, 4), NO_PREDICTION, np.uint8)
    assert shown_network(lost) is None
    lost[2] = [1, 2, 3, 4]
    assert shown_network(lost) == 2


def test_layers_have_the_shapes_of_the_plan(serve: Serve, tmp_path: Path) -> None:
    server = serve(f"sqlite:///{tmp_path}/labs.sqlite")
    lab = tuned(server, NORMALISED)
    final_of(server, lab)
    tested = trained(server, lab).tested
    assert tested is not None and tested.parameters is not None
    shapes = [[array.shape for array in layer] for layer in layers_of(tested.parameters)]
    hidden = [(30,)] * 3
    assert shapes == [[(64, 30), *hidden], [(30, 30), *hidden], [(30, 10), (10,)]]


def test_the_network_of_mnist_reads_28_by_28_pixels(serve: Serve, tmp_path: Path, mnist_dir: Path) -> None:
    server = serve(f"sqlite:///{tmp_path}/labs.sqlite")
    lab = tuned(server, replace(PLAN, dataset="mnist"))
    final_of(server, lab, 2)
    final = trained(server, lab)
    assert final.outcome is not None and final.tested is not None
    assert final.tested.classes is not None and (final.tested.classes == final.outcome.classes[0]).all()
    scores = reference(final, final.images()[:200] / np.float32(255))
    assert (scores.argmax(axis=1) == final.outcome.classes[0, :200]).mean() > 0.99

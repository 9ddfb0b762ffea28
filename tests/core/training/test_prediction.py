"""Predictions for images that no training has seen: all pixels count, and networks score as they do after training."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.plan import RoundPlan
from core.space import LogRange, SearchSpace
from core.training import round_data
from core.training.prediction import full_parameters, predict
from core.training.round_data import RoundData, prepare
from core.training.stacks import Stack, advance, begin
from core.training.workspace import Workspaces
from tests.support import reference
from tests.support.direct_training import digits
from tests.support.network_plans import NETWORK_SETTINGS, every_network_setting

STRONG = SearchSpace(
    LogRange(-2.5, -2), LogRange(-1.5, -1)
)  # so much decay that weights without gradients shrink visibly
PLAN = RoundPlan(STRONG, trials=3, epochs=6, images=200, hidden_layers=2, neurons=30, batch_size=40)
UNUSED_PIXELS = np.flatnonzero(~digits(200).images.any(axis=0))  # pixels without ink in all images of the round


def trained(plan: RoundPlan) -> tuple[Stack, RoundData]:
    """The whole round in one stack."""
    data, memory = prepare(plan, digits(plan.images)), Workspaces()
    stack = begin(plan, range(plan.trials), data.pixels)
    for _ in range(plan.epochs):
        advance(plan, stack, data, memory)
    assert len(stack.trials) == plan.trials
    return stack, data


def unseen() -> np.ndarray:
    """Images with ink in every pixel, (300, 64)."""
    return np.random.default_rng(0).random((300, 64), np.float32)


def test_some_pixels_are_left_out() -> None:
    assert len(UNUSED_PIXELS) > 2 and not set(UNUSED_PIXELS) & set(prepare(PLAN, digits(200)).pixels)


@every_network_setting
def test_weights_of_pixels_left_out_are_those_of_a_training_on_all_pixels(settings: dict[str, Any]) -> None:
    plan = replace(PLAN, **settings)
    found = full_parameters(plan, *trained(plan))
    for trial in range(plan.trials):
        start = reference.initial_model(plan, trial).weights[0][UNUSED_PIXELS]
        true = reference.train(plan, trial, digits(200)).model.weights[0][UNUSED_PIXELS]
        assert np.linalg.norm(found.weights[0][trial, UNUSED_PIXELS] - true) < 1e-5 * np.linalg.norm(start)
        assert np.linalg.norm(start - true) > 1e-3 * np.linalg.norm(start)  # else the decay would not show


@pytest.mark.parametrize("optimizer", ["momentum", "adagrad", "adam"])
def test_weights_of_pixels_left_out_are_equal_to_the_bit_with_optimizers_that_add_the_decay_to_the_gradient(
    optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = replace(PLAN, optimizer=optimizer)
    found = full_parameters(plan, *trained(plan)).layers[0]
    monkeypatch.setattr(round_data, "pixels_in_use", lambda images: np.arange(images.shape[1]))
    stack, data = trained(plan)
    assert data.pixels.tolist() == list(range(64))
    assert np.array_equal(found[:, UNUSED_PIXELS], stack.params.layers[0][:, UNUSED_PIXELS])


@every_network_setting
def test_predictions_are_the_references(settings: dict[str, Any]) -> None:
    plan = replace(PLAN, space=SearchSpace(LogRange(-2.5, -2), LogRange(-3, -2)), **settings)
    found = predict(plan, *trained(plan), unseen())
    assert found.trials.tolist() == [0, 1, 2]
    for trial in range(plan.trials):
        scores = reference.forward(reference.train(plan, trial, digits(200)).model, unseen().astype(float))[-1]
        second, first = np.sort(scores, axis=1)[:, -2:].T
        clear = first - second > 1e-4 * np.abs(scores).max()
        assert clear.mean() > 0.9
        assert np.array_equal(found.classes[trial][clear], scores.argmax(axis=1)[clear])


def test_predictions_would_differ_without_running_averages_and_dropout() -> None:
    plan = replace(PLAN, **NETWORK_SETTINGS["nearly all"])
    stack, data = trained(plan)
    true = predict(plan, stack, data, unseen()).classes
    for left_out in (
        {"gamma_beta": [], "running": []},
        {"hidden_layer_spec": replace(stack.params.hidden_layer_spec, dropout=False)},
    ):
        other = replace(stack, params=replace(stack.params, **left_out))
        assert (predict(plan, other, data, unseen()).classes != true).any()

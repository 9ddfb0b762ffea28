"""Answers on images that no training has seen: all pixels count there, and networks score as they do after training."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import core.training as training_module
from core.answers import answer, whole
from core.plan import RoundPlan
from core.space import LogRange, SearchSpace
from core.training import RoundData, Stack, Workspaces, advance, begin, prepare
from tests import reference
from tests.direct import digits
from tests.knobs import KNOBS, every_knob

STRONG = SearchSpace(LogRange(-2.5, -2), LogRange(-1.5, -1))  # so much decay that idle weights shrink visibly
PLAN = RoundPlan(STRONG, trials=3, epochs=6, images=200, hidden_layers=2, neurons=30, batch_size=40)
IDLE = np.flatnonzero(~digits(200).images.any(axis=0))  # pixels without ink in all images of the round


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
    assert len(IDLE) > 2 and not set(IDLE) & set(prepare(PLAN, digits(200)).pixels)


@every_knob
def test_weights_of_pixels_left_out_are_those_of_a_training_on_all_pixels(knobs: dict[str, Any]) -> None:
    plan = replace(PLAN, **knobs)
    found = whole(plan, *trained(plan))
    for trial in range(plan.trials):
        start = reference.initial_model(plan, trial).weights[0][IDLE]
        true = reference.train(plan, trial, digits(200)).model.weights[0][IDLE]
        assert np.linalg.norm(found.weights[0][trial, IDLE] - true) < 1e-5 * np.linalg.norm(start)
        assert np.linalg.norm(start - true) > 1e-3 * np.linalg.norm(start)  # else the decay would not show


@pytest.mark.parametrize("optimizer", ["momentum", "adagrad", "adam"])
def test_to_the_bit_where_they_are_not_just_a_power_of_one_factor(
    optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = replace(PLAN, optimizer=optimizer)
    made_up = whole(plan, *trained(plan)).layers[0]
    monkeypatch.setattr(training_module, "pixels_in_use", lambda images: np.arange(images.shape[1]))
    stack, data = trained(plan)
    assert data.pixels.tolist() == list(range(64))
    assert np.array_equal(made_up[:, IDLE], stack.params.layers[0][:, IDLE])


@every_knob
def test_answers_are_the_references(knobs: dict[str, Any]) -> None:
    plan = replace(PLAN, space=SearchSpace(LogRange(-2.5, -2), LogRange(-3, -2)), **knobs)
    found = answer(plan, *trained(plan), unseen())
    assert found.trials.tolist() == [0, 1, 2]
    for trial in range(plan.trials):
        scores = reference.forward(reference.train(plan, trial, digits(200)).model, unseen().astype(float))[-1]
        second, first = np.sort(scores, axis=1)[:, -2:].T
        clear = first - second > 1e-4 * np.abs(scores).max()
        assert clear.mean() > 0.9
        assert np.array_equal(found.classes[trial][clear], scores.argmax(axis=1)[clear])


def test_answers_would_be_others_if_running_averages_and_dropout_were_forgotten() -> None:
    plan = replace(PLAN, **KNOBS["nearly all"])
    stack, data = trained(plan)
    true = answer(plan, stack, data, unseen()).classes
    for forgotten in ({"normals": [], "running": []}, {"between": replace(stack.params.between, dropout=0.0)}):
        other = replace(stack, params=replace(stack.params, **forgotten))
        assert (answer(plan, other, data, unseen()).classes != true).any()

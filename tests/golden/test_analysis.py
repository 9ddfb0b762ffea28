"""Hints, insights, board and model of the recorded rounds are the recorded ones, on any kernel."""

import json
from typing import Any

import pytest

from tests.golden.results import ANALYSIS, CURVES, analysis

RECORDED: dict[str, Any] = json.loads(ANALYSIS.read_text())
CLOSE = 1e-9  # relative: a logarithm may differ in its last bit
OF_THE_MODEL = {"batch": 1e-6, "mean": 1e-3, "deviation": 1e-3, "importance": 1e-3}  # scikit-learn's fit


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """All of it, as it would be written down."""
    again: dict[str, Any] = json.loads(json.dumps(analysis(json.loads(CURVES.read_text())["curves"])))
    return again


def differences(found: Any, true: Any, close: float, where: str = "") -> list[str]:
    """Where two JSON values differ: numbers by more than `close`, relative to those above 1."""
    if isinstance(true, dict) and isinstance(found, dict) and found.keys() == true.keys():
        return [line for key in true for line in differences(found[key], true[key], close, f"{where}/{key}")]
    if isinstance(true, list) and isinstance(found, list) and len(found) == len(true):
        pairs = enumerate(zip(found, true, strict=True))
        return [line for place, (one, other) in pairs for line in differences(one, other, close, f"{where}/{place}")]
    if isinstance(true, float) and isinstance(found, float) and abs(found - true) <= close * max(abs(true), 1):
        return []
    return [] if found == true else [f"{where}: {found} instead of {true}"]


@pytest.mark.parametrize("part", ["trained rounds", "made rounds", "a class", "numbers"])
def test_hints_and_insights_are_the_recorded_ones(found: dict[str, Any], part: str) -> None:
    assert differences(found[part], RECORDED[part], CLOSE) == []


def test_the_model_is_the_recorded_one(found: dict[str, Any]) -> None:
    model, true = found["the model"], RECORDED["the model"]
    assert [line for key in true for line in differences(model[key], true[key], OF_THE_MODEL.get(key, 0), key)] == []


def test_every_kind_of_hint_is_recorded() -> None:
    rounds = [*RECORDED["trained rounds"].values(), *RECORDED["made rounds"].values()]
    found = [edge for one in rounds for edge in one["edges"].values()]
    assert {edge["upper"] for edge in found} == {edge["reached"] for edge in found} == {True, False}
    assert {one["suggestion"] is None for one in rounds} == {one["best_box"] is None for one in rounds} == {True, False}
    assert any("spread over" in sentence for one in rounds for sentence, _, _ in one["remarks"])
    assert len({sentence for one in rounds for sentence, _, _ in one["remarks"]}) >= 10


def test_the_comparison_finds_differences() -> None:
    true = {"a": [1.0, 2.0], "b": None, "c": 3}
    for other in ({"a": [1.0, 2.1], "b": None, "c": 3}, {"a": [1.0], "b": None, "c": 3}, {"a": [1.0, 2.0], "c": 3}):
        assert differences(other, true, CLOSE)
    assert not differences({"a": [1.0, 2.0 + 1e-12], "b": None, "c": 3}, true, CLOSE)

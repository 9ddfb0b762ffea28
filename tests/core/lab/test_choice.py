"""A choice has a value of every hyperparameter that was searched, and is written as ever where these are two."""

import json

import pytest

from core.lab.choice import Choice
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.space import LogRange, SearchSpace

FOUR = RoundPlan().searching(("learning_rate", "neurons", "momentum", "weight_decay"))
NO_RATE = RoundPlan().searching(("dropout", "batch_size"))


def test_a_choice_of_two_is_written_as_ever() -> None:
    text = '{"learning_rate": 0.01, "weight_decay": 1e-06, "number": 2, "trial": 3}'
    assert Choice(0.01, 1e-6, 2, 3).to_json() == text
    assert Choice.from_record(json.loads(text)) == Choice(0.01, 1e-6, 2, 3)


@pytest.mark.parametrize("plan", [RoundPlan(), FOUR, NO_RATE], ids=["two", "four", "without a rate"])
def test_a_trial_that_is_chosen_comes_back_and_is_trained_with_its_values(plan: RoundPlan) -> None:
    progress = RoundProgress.of(plan)
    choice = Choice.of_trial(1, progress, 5)
    assert Choice.from_record(json.loads(choice.to_json())) == choice
    trained = choice.plan(plan)
    assert (trained.trials, trained.values) == (1, (progress.values(5),))
    assert all(choice.values[axis] == progress.hyperparameters[axis][5] for axis in choice.values)
    assert choice.is_in(plan.space)


def test_a_choice_is_trained_by_settings_that_search_something_else() -> None:
    choice = Choice.of_trial(1, RoundProgress.of(FOUR), 0)
    trained = choice.plan(RoundPlan(epochs=7))
    assert (trained.optimizer, trained.epochs) == ("momentum", 7)
    assert dict(zip(trained.space.axes, trained.values[0], strict=True)) == choice.values  # type: ignore[index]
    assert Choice(0.03, 1e-5).plan(FOUR).values == ((0.03, 1e-5),)
    assert choice.plan(RoundPlan(optimizer="adam")).optimizer == "momentum"  # which alone has what was chosen


def test_a_value_lies_in_a_space_only_with_all_that_it_searches() -> None:
    choice = Choice.of_values({"learning_rate": 0.01, "weight_decay": 1e-6, "momentum": 0.9}, FOUR)
    assert choice.is_in(SearchSpace(LogRange(-3, -1)))
    assert choice.is_in(SearchSpace(LogRange(-3, -1), momentum=LogRange(-2, -0.5)))
    assert not choice.is_in(SearchSpace(LogRange(-3, -1), momentum=LogRange(-2, -1.5)))
    assert not choice.is_in(FOUR.space)


@pytest.mark.parametrize("bad", [{"learning_rate": 1.0}, {"learning_rate": 1, "weight_decay": 1, "what": 3}, {}])
def test_what_is_no_choice_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Choice.from_record(bad)

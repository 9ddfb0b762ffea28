"""Hyperparameters are added to what the next round searches, and taken away."""

import pytest

from core.errors import LessonError
from core.lab.lab import Lab
from core.lesson import Lesson
from core.space import DEFAULT_AXES
from pages.components.round.range_controls import described_end, search_axes
from tests.support.app_tests import new_lab, opened, slider, with_more_settings


def test_an_axis_comes_with_the_optimizer_that_it_needs_and_undo_takes_it_away() -> None:
    lab = Lab("x")
    before = lab.plan.space
    search_axes(lab, (*DEFAULT_AXES, "momentum"))
    assert lab.plan.space.axes == (*DEFAULT_AXES, "momentum") and lab.plan.optimizer == "momentum"
    lab.undo()
    assert lab.plan.space == before


def test_ranges_are_kept_when_an_axis_is_added_and_removed() -> None:
    lab = Lab("x")
    lab.set_ranges(narrow := lab.plan.space.widened(-0.5))
    search_axes(lab, (*DEFAULT_AXES, "dropout"))
    search_axes(lab, DEFAULT_AXES)
    assert lab.plan.space == narrow


@pytest.mark.parametrize("axes", [("dropout",), (*DEFAULT_AXES, "momentum", "dropout", "neurons", "batch_size")])
def test_one_axis_or_six_are_refused_and_change_nothing(axes: tuple[str, ...]) -> None:
    lab = Lab("x")
    before = lab.plan
    with pytest.raises(LessonError):
        search_axes(lab, axes)
    assert lab.plan == before


def test_a_lesson_that_hides_the_choice_keeps_its_axes() -> None:
    lab = Lab("x", lesson=Lesson(hidden=("axes",)))
    with pytest.raises(LessonError):
        search_axes(lab, (*DEFAULT_AXES, "dropout"))
    assert lab.plan.space.axes == DEFAULT_AXES


@pytest.mark.usefixtures("page_server")
def test_every_searched_axis_has_a_slider_and_two_fields() -> None:
    lab = new_lab()
    search_axes(lab, (*DEFAULT_AXES, "batch_size"))
    app = with_more_settings(opened(lab=lab.token))
    assert slider(app, "batch_size").value == (4, 7)
    keys = {str(one.key).split("~")[0] for one in app.text_input}
    assert {"batch_size_low", "batch_size_high", "learning_rate_low"} <= keys


def test_ends_are_described_by_their_values() -> None:
    assert (described_end("batch_size", 5), described_end("momentum", -1)) == ("32", "0.9")
    assert described_end("dropout", 0.25) == "0.25" and described_end("learning_rate", -3).startswith("10⁻³ = ")

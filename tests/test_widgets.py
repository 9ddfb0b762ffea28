"""Widgets whose value is the lab's: a new key where the value changed elsewhere, and nothing done without a value."""

import pytest
import streamlit as st

from pages.components.widgets import entered, widget_key


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What a tab's widgets hold."""
    state: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", state)
    return state


def test_what_was_entered_is_taken(kept: dict[str, object]) -> None:
    taken: list[int] = []
    kept["epochs"] = 7
    entered("epochs", taken.append)()
    assert taken == [7]


def test_a_change_that_comes_after_its_widget_has_gone_is_let_be(kept: dict[str, object]) -> None:
    taken: list[int] = []
    change = entered("epochs", taken.append)
    kept["epochs"] = 7
    del kept["epochs"]  # as when a student goes to another page while the change is on its way
    change()
    assert taken == []


def test_an_empty_value_is_a_value(kept: dict[str, object]) -> None:
    taken: list[str] = []
    kept["rungs"] = ""
    entered("rungs", taken.append)()
    assert taken == [""]


def test_a_widget_keeps_its_key_while_it_shows_the_value(kept: dict[str, object]) -> None:
    key = widget_key("epochs", 20)
    kept[key] = 20
    assert widget_key("epochs", 20) == key


def test_a_widget_whose_value_was_changed_elsewhere_is_a_new_one(kept: dict[str, object]) -> None:
    key = widget_key("epochs", 20)
    kept[key] = 20
    renewed = widget_key("epochs", 30)
    assert renewed != key
    assert widget_key("epochs", 30) == renewed

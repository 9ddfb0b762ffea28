"""Widgets whose value is the lab's: a new key where the value changed elsewhere, and nothing done without a value."""

from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from pages.components.frame import widgets
from pages.components.frame.widgets import on_change, shortcut_help, widget_key, with_value


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What a tab's widgets hold."""
    state: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", state)
    return state


def test_an_entry_is_passed_on(kept: dict[str, object]) -> None:
    taken: list[int] = []
    change = on_change("epochs", taken.append)
    kept["epochs"] = 7
    change()
    assert taken == [7]


def test_a_change_that_comes_after_its_widget_has_gone_is_ignored(kept: dict[str, object]) -> None:
    taken: list[int] = []
    change = on_change("epochs", taken.append)
    kept["epochs"] = 7
    del kept["epochs"]  # as when a student goes to another page while the change is on its way
    change()
    assert taken == []


@pytest.mark.parametrize(
    "value", [7, "seven", ["seven"], 0, "", UploadedFile(UploadedFileRec("1", "a", "b", b"c"), FileURLs())]
)
def test_what_a_browser_says_again_of_a_widget_that_is_gone_is_ignored(kept: dict[str, object], value: object) -> None:
    taken: list[object] = []
    change = on_change("epochs", taken.append)
    kept["epochs"] = value
    change()
    del kept["epochs"]  # the next run does not draw it
    kept["epochs"] = value
    change()
    assert taken == [value]
    del kept["epochs"]
    change = on_change("epochs", taken.append)  # drawn anew: it may be entered once more
    kept["epochs"] = value
    change()
    assert taken == [value, value]


@pytest.mark.parametrize(("shown", "other"), [(7, 8), ("-6", "-5"), ((-6.0, -2.0), (-6.0, -1.5)), (False, True)])
def test_what_a_replaced_widget_showed_is_not_taken_for_an_entry(
    kept: dict[str, object], shown: object, other: object
) -> None:
    """A browser sends the values of all its widgets, and those that have been replaced until it knows of it."""
    taken: list[object] = []
    key = widget_key("range", shown)
    change = on_change(key, taken.append)
    kept[key] = shown
    change()
    assert taken == []
    assert widget_key("range", other) != key
    change()
    assert taken == []
    kept[key] = other  # entered before the browser knew of it
    change()
    assert taken == [other]


def test_a_button_passes_on_the_same_value_again(kept: dict[str, object]) -> None:
    taken: list[int] = []
    kept["seed"] = 7
    press = with_value("seed", taken.append)
    press()
    press()
    assert taken == [7, 7]


def test_a_value_is_taken_again_after_another_one(kept: dict[str, object]) -> None:
    taken: list[int] = []
    change = on_change("epochs", taken.append)
    for value in (7, 8, 7):  # faster than the page is drawn
        kept["epochs"] = value
        change()
    assert taken == [7, 8, 7]


def test_an_empty_value_is_a_value(kept: dict[str, object]) -> None:
    taken: list[str] = []
    change = on_change("rungs", taken.append)
    kept["rungs"] = ""
    change()
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


@pytest.mark.parametrize(
    ("agent", "keys"),
    [("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)", "Ctrl+Enter"), ("Mozilla/5.0 (Macintosh; Intel Mac OS X)", "⌘ Enter"),
     ("", "Ctrl+Enter")],
)  # fmt: skip
def test_a_shortcut_is_named_as_on_the_visitors_keys(monkeypatch: pytest.MonkeyPatch, agent: str, keys: str) -> None:
    monkeypatch.setattr(widgets, "st", SimpleNamespace(context=SimpleNamespace(headers={"User-Agent": agent})))
    assert shortcut_help("Ctrl+Enter").endswith(f": {keys}")

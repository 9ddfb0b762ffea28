"""A page whose lab another server has waits for it, and does nothing to the copy that is here."""

import time
from dataclasses import dataclass

import pytest
from streamlit.testing.v1 import AppTest

from core.lab.lab import Lab
from core.server.labs import Labs
from core.store.homes import STALE, AtOtherServer, Home
from pages.components.frame import moved_lab
from pages.components.frame.running_server import server
from tests.support.app_tests import LEARNS, lab_after_round, lab_of, new_lab, opened, ran, text_field
from tests.support.waiting import LIMIT

pytestmark = pytest.mark.usefixtures("page_server")
FETCHED = "Your lab is being fetched. This takes a few seconds; nothing is lost."


@dataclass
class Elsewhere:
    """What a server knows of a lab that another one has."""

    home: Home | None
    address: str = "b:8501"

    def home_of(self, token: str) -> Home | None:
        return self.home


def refuse(*given: object, **named: object) -> None:
    raise AtOtherServer("a:8501")


def waiting_page(monkeypatch: pytest.MonkeyPatch, home: Home | None) -> AppTest:
    lab = new_lab()
    with monkeypatch.context() as patch:
        patch.setattr(Labs, "open", refuse)
        patch.setattr(server(), "replica", Elsewhere(home))
        return opened(lab=lab.token)


@pytest.mark.parametrize("home", [Home("a:8501", 0.2), Home("a:8501", STALE - 1), None])
def test_a_page_waits_for_a_lab_that_another_server_has(monkeypatch: pytest.MonkeyPatch, home: Home | None) -> None:
    app = waiting_page(monkeypatch, home)
    assert [info.value for info in app.info] == [FETCHED]
    assert not app.button and not app.warning
    ran(app.run())
    assert not app.info and app.button  # the lab can be had here by now


def test_every_page_of_a_lab_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = new_lab()
    monkeypatch.setattr(Labs, "open", refuse)
    for page in ("narrow", "class_board", "final_test", "race"):
        assert [info.value for info in opened(page, lab=lab.token).info] == [FETCHED], page


def test_where_a_lab_is_is_not_told_of_this_server_or_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    assert moved_lab.other_home("x" * 24) is None
    monkeypatch.setattr(server(), "replica", Elsewhere(Home("b:8501", 0.0)))
    assert moved_lab.other_home("x" * 24) is None
    monkeypatch.setattr(server(), "replica", Elsewhere(Home("a:8501", 0.0)))
    assert moved_lab.other_home("x" * 24) == Home("a:8501", 0.0)
    monkeypatch.setattr(Elsewhere, "home_of", refuse)
    assert moved_lab.other_home("x" * 24) is None


def test_nothing_is_done_to_a_lab_that_another_server_has_taken() -> None:
    app = opened()
    lab: Lab = lab_of(app)
    assert server().saver.wait(lab.token, LIMIT)
    server().labs.drop(lab)
    assert server().labs.has_moved(lab.token)
    start = next(one for one in app.button if one.label.startswith("Start"))
    ran(start.click().run())
    assert lab.rounds == [] and "at another server" in app.warning[0].value
    assert lab_of(app) is not lab and lab_of(app).rounds == []
    assert not server().labs.has_moved(lab.token)


def test_a_note_on_a_lab_that_another_server_has_taken_is_refused_with_a_sentence() -> None:
    lab = lab_after_round(**LEARNS)
    app = opened(lab=lab.token)
    assert server().saver.wait(lab.token, LIMIT)
    server().labs.drop(lab)
    ran(text_field(app, "note_1").set_value("why").run())
    assert lab.rounds[0].note == "" and "at another server" in app.warning[0].value


def test_a_lab_that_is_dropped_has_no_round_under_way() -> None:
    lab = new_lab(trials=60, epochs=200)
    round_ = lab.start(server().engine)
    server().labs.drop(lab)
    begun = time.monotonic()
    assert round_.wait(LIMIT).status.is_final and time.monotonic() - begun < LIMIT
    server().labs.drop(lab)  # nothing happens the second time

"""What a browser says that it remembers is believed only in its form, and leads nowhere that an address would not."""

import json

import pytest

from pages.components.frame.remembered_lab import Remembered, RememberedLab
from pages.components.frame.running_server import server
from tests.support.app_tests import button, lab_after_round, opened, ran, text, token

TOKEN = "a" * 24
LAB = {"token": TOKEN, "name": "happy robin"}


def test_a_lab_of_each_kind_is_read() -> None:
    found = Remembered.from_json(json.dumps({"latest": LAB, "classes": {"ABCDEFGH": LAB}}))
    known = RememberedLab(TOKEN, "happy robin")
    assert found == Remembered(True, known, {"ABCDEFGH": known})
    assert Remembered.from_json('{"off": true}') == Remembered(False)


@pytest.mark.parametrize(
    "given",
    [None, 7, "", "[]", "null", "{", "7", '"x"', "[" * 100_000, '{"latest": []}', '{"latest": {"token": 7}}',
     '{"classes": 7}', '{"classes": {"X": null}}', '{"off": "yes"}', json.dumps({"latest": LAB | {"token": "a" * 25}}),
     json.dumps({"latest": LAB | {"token": "../" * 8}}), json.dumps({"latest": LAB | {"name": None}})],
    ids=lambda given: str(given)[:30],
)  # fmt: skip
def test_anything_else_is_nothing(given: object) -> None:
    assert Remembered.from_json(given) == Remembered()


def test_a_long_name_is_cut() -> None:
    found = Remembered.from_json(json.dumps({"latest": LAB | {"name": "x" * 10_000}})).latest
    assert found is not None and len(found.pseudonym) == 80


@pytest.mark.usefixtures("page_server")
def test_a_new_lab_offers_the_one_that_is_remembered_and_opens_it() -> None:
    lab = lab_after_round(trials=2, epochs=1)
    app = opened()
    app.session_state["session"].reported = json.dumps({"latest": {"token": lab.token, "name": "happy **robin"}})
    ran(app.run())
    assert button(app, "Continue as").label == r"Continue as **happy \*\*robin**"
    ran(app.button(key="continue_lab").click().run())
    assert token(app) == lab.token and not [one for one in app.button if one.key == "continue_lab"]


@pytest.mark.usefixtures("page_server")
def test_a_lab_that_is_gone_is_said_and_forgotten() -> None:
    app = opened()
    before = token(app)
    app.session_state["session"].reported = json.dumps({"latest": LAB})
    ran(app.run())
    ran(app.button(key="continue_lab").click().run())
    assert "not here any more" in text(app) and token(app) == before
    assert not [one for one in app.button if one.key == "continue_lab"]


@pytest.mark.usefixtures("page_server")
def test_a_lab_is_deleted_only_once_it_was_asked_about() -> None:
    lab = lab_after_round(trials=2, epochs=1)
    app = opened(lab=lab.token)
    app.session_state[f"link_{lab.token}"] = True
    ran(app.run())
    assert not [one for one in app.button if one.key == "delete_lab"]
    ran(app.button(key="ask_delete").click().run())
    assert server().labs.in_memory(lab.token) is lab
    ran(app.button(key="delete_lab").click().run())
    assert server().labs.in_memory(lab.token) is None and token(app) != lab.token

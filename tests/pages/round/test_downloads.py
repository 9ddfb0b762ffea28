"""Journals on the page: what can be saved opens in a new lab, and a refusal stays with the lab that it is about."""

import pytest
from streamlit.testing.v1 import AppTest

from core.export.journal_file import journal_file
from core.lab.choice import Choice
from core.lab.extra_training import open_test_set
from core.lab.final_evaluation import FinalTest
from core.lab.lab import Lab
from pages.components.frame.running_server import server
from tests.support.app_tests import button, lab_after_round, lab_of, opened, ran, text, token
from tests.support.waiting import LIMIT, until

pytestmark = pytest.mark.usefixtures("page_server")


def given(app: AppTest, content: bytes) -> AppTest:
    """The page after a file was chosen for its field."""
    return ran(app.file_uploader[0].set_value(("journal.json.gz", content, "application/gzip")).run())


def final_test_of(lab: Lab) -> FinalTest:
    """The final test of a lab once it is done; its test set is opened if it was not."""
    if lab.final is None:
        open_test_set(lab, server().engine, server().saver.record_opening, 3)
    final = lab.final
    assert final is not None
    until(lambda: final.outcome is not None)
    return final


def test_a_saved_journal_opens_in_a_new_lab_and_the_one_after_is_empty() -> None:
    lab = lab_after_round(trials=3, epochs=2)
    app = given(opened(), journal_file(lab))
    again = lab_of(app)
    assert again.token != lab.token and again.latest.progress.plan == lab.latest.progress.plan
    ran(app.button(key="new_lab").click().run())
    assert not lab_of(app).rounds


def test_the_journal_of_a_tested_lab_opens_with_its_final_test_and_closed_for_tuning() -> None:
    lab = lab_after_round(trials=3, epochs=2)
    best = int(lab.latest.progress.ranking()[0])
    rate, decay = lab.latest.progress.learning_rate[best], lab.latest.progress.weight_decay[best]
    lab.choose(Choice(float(rate), float(decay), 1, best))
    outcome = final_test_of(lab).outcome
    app = given(opened(), journal_file(lab))
    again = lab_of(app)
    assert again is not lab and button(app, "Start").disabled and "closed for tuning" in text(app)
    trained = final_test_of(again).outcome
    assert (trained.classes == outcome.classes).all() and (trained.validation == outcome.validation).all()


def test_what_was_refused_is_said_below_its_field_and_not_in_the_next_lab() -> None:
    app = opened(lab=lab_after_round(trials=2, epochs=1).token)
    before = token(app)
    given(app, b"no journal")
    assert "This is no journal" in app.warning[0].value and token(app) == before
    ran(app.button(key="new_lab").click().run())
    assert not app.warning and token(app) != before
    assert not ran(app.run()).warning


# ---------------------------------------------------------------------------------------------------- New lab


def test_a_new_lab_leads_back_to_the_one_before_until_it_has_a_round_of_its_own() -> None:
    lab = lab_after_round(trials=2, epochs=1)
    app = opened(lab=lab.token)
    ran(app.button(key="new_lab").click().run())
    new = token(app)
    assert new != lab.token
    ran(app.button(key="way_back").click().run())
    assert token(app) == lab.token and not [one for one in app.button if one.key == "way_back"]
    ran(app.button(key="new_lab").click().run())
    started: Lab = lab_of(app)
    ran(button(app, "Start round 1").click().run())
    assert not [one for one in app.button if one.key == "way_back"]
    button(app, "Stop").click().run()
    started.latest.wait(LIMIT)


def test_an_empty_lab_is_not_led_back_to() -> None:
    app = opened()
    ran(app.button(key="new_lab").click().run())
    assert not [one for one in app.button if one.key == "way_back"]


def test_the_page_of_the_final_test_leads_back_too() -> None:
    lab = lab_after_round(trials=2, epochs=1)
    app = opened("final_test", lab=lab.token)
    ran(app.button(key="new_lab").click().run())
    assert app.button(key="way_back")

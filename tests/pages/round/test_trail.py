"""The trail: what it shows of a round, its notes, its column types, and its form for printing."""

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextInput

from core.lab.lab import NOTE_LENGTH, Lab
from core.lab.lab_round import LabRound
from core.plan import RoundPlan
from core.progress import RoundProgress
from pages.components.frame.running_server import server
from pages.components.round.trail import LATEST, printable_table, trail_frame
from tests.support.app_tests import button, finished, lab_after_round, new_lab, opened, ran
from tests.support.sample_rounds import made
from tests.support.waiting import LIMIT

pytestmark = pytest.mark.usefixtures("page_server")


def test_the_trail_shows_what_a_round_was_and_the_note_on_it() -> None:
    lab = lab_after_round(trials=3, epochs=2)
    lab.note(1, "the right half is better" + "!" * NOTE_LENGTH)
    row = trail_frame(lab).iloc[0]
    assert (row["trials"], row["spent"], row["seed"]) == (3, 6, 0)
    assert row["best"] == lab.latest.progress.last_validation().max()
    assert row["why"].startswith("the right half is better!") and len(row["why"]) == NOTE_LENGTH


def note(app: AppTest) -> TextInput:
    return next(one for one in app.text_input if one.key.startswith("note_"))


def test_a_note_typed_and_start_pressed_at_once_is_the_note_on_the_round_before() -> None:
    lab = lab_after_round(trials=1, epochs=1)
    app = opened(lab=lab.token)
    note(app).set_value("오른쪽이 낫다")
    ran(button(app, "Start round 2").click().run())
    assert [one.note for one in lab.rounds] == ["오른쪽이 낫다", ""]
    assert "round 2" in note(app).label and note(app).value == ""


def test_the_note_of_the_round_in_view_can_be_written() -> None:
    lab = lab_after_round(trials=1, epochs=1)
    lab.start(server().engine).wait(LIMIT)
    app = opened(lab=lab.token)
    app.session_state["session"].viewed = 1
    ran(app.run())
    ran(note(app).set_value("first").run())
    assert [one.note for one in lab.rounds] == ["first", ""] and note(app).value == "first"


def test_a_new_round_does_not_replace_the_widget_that_chooses_the_viewed_round() -> None:
    """Streamlit keeps data of every widget that a tab has had."""
    lab = new_lab(trials=1, epochs=1)
    app, keys = opened(lab=lab.token, lang="en"), []
    for coming in range(1, 5):
        ran(button(app, f"Start round {coming}").click().run())
        finished(app)
        keys += [one.key for one in app.selectbox if one.key.startswith("viewed_round")]
    assert len(keys) == 3 and len(set(keys)) == 1
    for chosen, viewed in ((2, 2), (LATEST, None)):
        ran(app.selectbox(key=keys[0]).set_value(chosen).run())
        assert app.session_state["session"].viewed == viewed


def test_the_trail_has_the_same_column_types_before_and_after_the_first_result() -> None:
    """One with another type of column would be a new table, and what is being typed into the old one lost."""
    before, after = RoundProgress.of(RoundPlan(trials=1)), made([-2], [0.5])
    kinds = [trail_frame(Lab("x", rounds=[LabRound(1, one)])).dtypes.to_dict() for one in (before, after)]
    assert kinds[0] == kinds[1]


def test_in_print_a_round_without_a_result_has_no_best() -> None:
    table = trail_frame(Lab("x", rounds=[LabRound(1, RoundProgress.of(RoundPlan(trials=1)))])).round(3)
    line = printable_table(table, list(table))
    assert "<td></td><td>0</td>" in line and "nan" not in line and "None" not in line

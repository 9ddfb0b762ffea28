"""Giving up early on the page: rungs are set, trials are given up by hand, and a replay says what was lost."""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.lab import Lab
from core.lab_round import Kept, LabRound
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.replay import Finding
from pages.components.giving_up import course, verdict
from pages.components.session import labs
from pages.components.trail import trail_frame, trials_frame
from tests.made import made
from tests.test_page import button, finished, number, opened, ran, text, token
from tests.waiting import LIMIT, until


def lab_of(app: AppTest) -> Lab:
    return labs().open(token(app), "test")[0]


def switched_on(app: AppTest) -> AppTest:
    toggle = next(one for one in app.toggle if one.key.startswith("give_up~"))
    return ran(toggle.set_value(not toggle.value).run())


def typed(app: AppTest, rungs: str) -> AppTest:
    return ran(next(one for one in app.text_input if one.key.startswith("give_up_rungs~")).set_value(rungs).run())


def told(app: AppTest) -> str:
    return " ".join(one.value for one in app.warning)


# ---------------------------------------------------------------------------------------------------- settings


def test_nothing_is_given_up_unless_it_is_switched_on() -> None:
    app = opened()
    assert lab_of(app).plan.give_up == ()
    assert not any(one.key.startswith("give_up_rungs~") for one in app.text_input)
    assert lab_of(switched_on(app)).plan.give_up == (2, 4, 8)
    assert lab_of(switched_on(app)).plan.give_up == ()


def test_typed_rungs_and_a_share_are_taken() -> None:
    app = switched_on(opened())
    app = typed(app, "3, 10")
    ran(number(app, "give_up_keep").set_value(0.3).run())
    assert (lab_of(app).plan.give_up, lab_of(app).plan.keep) == ((3, 10), 0.3)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("three", "such as 2, 4, 8"),
        ("", "such as 2, 4, 8"),
        ("4, 2", "rising"),
        ("2, 20", "each below the 20"),
        ("0", "rising"),
    ],
)
def test_rungs_that_will_not_do_get_one_sentence_and_change_nothing(given: str, sentence: str) -> None:
    app = typed(switched_on(opened()), given)
    assert sentence in told(app) and len(app.warning) == 1
    assert lab_of(app).plan.give_up == (2, 4, 8)
    app = typed(app, "5")
    assert not app.warning and lab_of(app).plan.give_up == (5,)


def test_the_sentence_about_rungs_goes_when_something_else_is_done() -> None:
    app = typed(switched_on(opened()), "x")
    ran(number(app, "plan_trials").set_value(7).run())
    assert not app.warning


def test_rungs_follow_the_epochs() -> None:
    app = switched_on(opened())
    ran(number(app, "plan_epochs").set_value(50).run())
    assert lab_of(app).plan.give_up == (5, 10, 20)
    app = typed(app, "7, 30")
    ran(number(app, "plan_epochs").set_value(20).run())
    assert lab_of(app).plan.give_up == (7,) and not app.warning


def test_a_round_of_one_epoch_has_nothing_to_switch_on() -> None:
    app = opened()
    ran(number(app, "plan_epochs").set_value(1).run())
    assert next(one for one in app.toggle if one.key.startswith("give_up~")).disabled


def test_the_course_of_a_round_is_told_before_it_starts() -> None:
    plan = RoundPlan(trials=20, epochs=20, give_up=(2, 4, 8))
    expected = "20 trials → 10 after epoch 2 → 5 after epoch 4 → 3 after epoch 8: 116 of 400 epochs"
    assert course(plan) == expected
    assert RoundProgress.of(plan).epochs_expected() == 116


# ---------------------------------------------------------------------------------------------------- a round


def test_a_round_with_rungs_says_what_it_saved_and_a_replay_what_was_lost() -> None:
    app = switched_on(opened())
    ran(button(app, "Start round 1").click().run())
    app = finished(app)
    html = "".join(element.proto.body for element in app.get("html"))
    assert "Round 1: 116 of 400 epochs in" in html and "giving up saved 284" in html
    assert "17 of 20 trials were given up: 116 of 400 epochs were trained, 284 saved." in text(app)
    ran(button(app, "what was lost?").click().run())
    lab = lab_of(app)
    until(lambda: lab.replays[1].over)
    app = ran(app.run())
    assert "would have reached" in text(app)
    assert not [one for one in app.button if "what was lost?" in one.label]


def test_a_trial_is_pointed_at_before_it_can_be_given_up_by_hand() -> None:
    app = opened()
    for name in ("plan_trials", "plan_epochs"):
        number(app, name).set_value(200).run()
    ran(button(app, "Start round 1").click().run())
    lab = lab_of(app)
    handle = lab.rounds[0].handle
    progress = handle.wait_for(lambda progress: progress.epochs_done.min() >= 1, LIMIT)
    app = ran(app.run())
    assert app.button(key="give_up_one").disabled
    trial = int(np.flatnonzero(~progress.diverged)[0])
    app.session_state["session"].pointed = (1, trial)
    app = ran(app.run())
    ran(app.button(key="give_up_one").click().run())
    assert handle.progress.given_up[trial]
    assert app.button(key="give_up_one").disabled  # it is over
    handle.stop()
    handle.wait(LIMIT)
    app = ran(app.run())
    assert not [one for one in app.button if one.key == "give_up_one"]


def test_a_round_without_anything_given_up_says_nothing_of_it() -> None:
    app = opened()
    number(app, "plan_trials").set_value(3).run()
    ran(number(app, "plan_epochs").set_value(2).run())
    ran(button(app, "Start round 1").click().run())
    app = finished(app)
    assert "given up" not in text(app)


# ---------------------------------------------------------------------------------------------------- words and tables

FOUND = Finding(saved=10, trial=1, reached=0.9, kept=0.5, regret=0.4, images=40, tie=False)
ROUND = LabRound(1, Kept(replace(made([-2, -3], [0.5, 0.4]), given_up=np.array([False, True]))))


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (FOUND, "has 0.50: 0.40 lost, 40 of 100 validation images. A slow starter."),
        (
            replace(FOUND, reached=0.52, regret=0.02, images=2, tie=True),
            "2 of 100 validation images, within one standard error",
        ),
        (
            replace(FOUND, reached=0.4, regret=0.0, images=0),
            "reached 0.40. The best that went on has 0.50: nothing was lost.",
        ),
        (replace(FOUND, trial=None, reached=float("nan"), regret=0.0), "would have diverged: nothing was lost"),
        (replace(FOUND, kept=float("nan"), regret=0.9), "would have reached 0.90. No other trial came to its end."),
    ],
)
def test_what_a_replay_found_is_told_in_words(found: Finding, sentence: str) -> None:
    assert sentence in verdict(ROUND, found)


def test_tables_show_what_was_given_up_and_what_was_spent() -> None:
    progress = replace(
        made([-2, -3, -4], [0.9, 0.8, 0.7]), given_up=np.array([False, True, False]), epochs_done=np.array([4, 1, 4])
    )
    table = trials_frame(progress, {})
    assert table["given_up"].tolist() == [False, False, True] and table["epochs"].tolist() == [4, 4, 1]
    assert "given_up" not in trials_frame(made([-2], [0.9]), {})
    lab = Lab("t", rounds=[LabRound(1, Kept(replace(progress, status=Status.FINISHED)))])
    assert trail_frame(lab)["spent"].tolist() == [9]

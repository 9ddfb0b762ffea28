"""Giving up early on the page: rungs are set, trials are given up by hand, and a replay says what was lost."""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.replay import Finding
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from pages.components.round.giving_up import replay_sentence, stages_sentence
from pages.components.round.trail import trail_frame, trials_frame
from tests.support.app_tests import (
    button,
    finished,
    html,
    lab_after_round,
    lab_of,
    new_lab,
    number,
    opened,
    ran,
    text,
    text_field,
    with_more_settings,
)
from tests.support.sample_rounds import made
from tests.support.waiting import LIMIT, until

pytestmark = pytest.mark.usefixtures("page_server")


def switched_on(app: AppTest) -> AppTest:
    toggle = next(one for one in app.toggle if one.key.startswith("give_up~"))
    return ran(toggle.set_value(not toggle.value).run())


def typed(app: AppTest, rungs: str) -> AppTest:
    return ran(next(one for one in app.text_input if one.key.startswith("give_up_rungs~")).set_value(rungs).run())


def warnings(app: AppTest) -> str:
    return " ".join(one.value for one in app.warning)


# ---------------------------------------------------------------------------------------------------- settings


def test_nothing_is_given_up_unless_it_is_switched_on() -> None:
    app = with_more_settings(opened())
    assert lab_of(app).plan.give_up == ()
    assert not any(one.key.startswith("give_up_rungs~") for one in app.text_input)
    assert lab_of(switched_on(app)).plan.give_up == (2, 4, 8)
    assert lab_of(switched_on(app)).plan.give_up == ()


def test_typed_rungs_and_a_share_are_taken() -> None:
    app = switched_on(with_more_settings(opened()))
    app = typed(app, "3, 10")
    ran(number(app, "plan_keep").set_value("30 %").run())
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
    app = typed(switched_on(with_more_settings(opened())), given)
    assert sentence in warnings(app) and len(app.warning) == 1
    assert lab_of(app).plan.give_up == (2, 4, 8)
    app = typed(app, "5")
    assert not app.warning and lab_of(app).plan.give_up == (5,)


def test_rungs_that_were_refused_stay_in_their_field_with_the_sentence_until_others_are_set() -> None:
    app = typed(switched_on(with_more_settings(opened())), "x")
    ran(number(app, "plan_trials").set_value(7).run())
    assert text_field(app, "give_up_rungs").value == "x" and len(app.warning) == 1
    ran(number(app, "plan_epochs").set_value(50).run())
    assert text_field(app, "give_up_rungs").value == "5, 10, 20" and not app.warning


def test_rungs_that_were_refused_are_no_obstacle_once_nothing_is_given_up() -> None:
    app = switched_on(typed(switched_on(with_more_settings(opened())), "x"))
    ran(button(app, "Start round 1").click().run())
    assert len(lab_of(app).rounds) == 1 and not app.warning
    ran(button(app, "Stop").click().run())


def test_rungs_follow_the_epochs() -> None:
    app = switched_on(with_more_settings(opened()))
    ran(number(app, "plan_epochs").set_value(50).run())
    assert lab_of(app).plan.give_up == (5, 10, 20)
    app = typed(app, "7, 30")
    ran(number(app, "plan_epochs").set_value(20).run())
    assert lab_of(app).plan.give_up == (7,) and not app.warning


def test_a_round_of_one_epoch_has_nothing_to_switch_on() -> None:
    app = with_more_settings(opened())
    ran(number(app, "plan_epochs").set_value(1).run())
    assert next(one for one in app.toggle if one.key.startswith("give_up~")).disabled


def test_the_stages_of_a_round_are_shown_before_it_starts() -> None:
    plan = RoundPlan(trials=20, epochs=20, give_up=(2, 4, 8))
    expected = "20 trials → 10 after epoch 2 → 5 after epoch 4 → 3 after epoch 8: 116 of 400 epochs"
    assert stages_sentence(plan) == expected
    assert RoundProgress.of(plan).epochs_expected() == 116


# ---------------------------------------------------------------------------------------------------- a round


def test_a_round_with_rungs_says_what_it_saved_and_a_replay_what_was_lost() -> None:
    app = switched_on(with_more_settings(opened()))
    ran(button(app, "Start round 1").click().run())
    app = finished(app)
    assert "Round 1: 116 of 400 epochs in" in html(app) and "giving up saved 284" in html(app)
    assert "17 of 20 trials were given up: 116 of 400 epochs were trained, 284 saved." in text(app)
    ran(button(app, "Train them to the end").click().run())
    lab = lab_of(app)
    until(lambda: lab.replays[1].is_done)
    app = ran(app.run())
    assert "would have reached" in text(app)
    assert not [one for one in app.button if "Train them to the end" in one.label]


def test_a_trial_is_pointed_at_before_it_can_be_given_up_by_hand() -> None:
    lab = new_lab(trials=200, epochs=200)
    app = opened(lab=lab.token)
    ran(button(app, "Start round 1").click().run())
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


def test_a_round_without_a_given_up_trial_says_nothing_of_it() -> None:
    assert "given up" not in text(opened(lab=lab_after_round(trials=3, epochs=2).token))


# ---------------------------------------------------------------------------------------------------- words and tables

FOUND = Finding(saved=10, trial=1, reached=0.9, kept=0.5, regret=0.4, images=40, tie=False)
ROUND = LabRound(1, replace(made([-2, -3], [0.5, 0.4]), given_up=np.array([False, True])))


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (FOUND, "has 0.50: a loss of 0.40, or 40 of 100 validation images. The trial only started slowly."),
        (
            replace(FOUND, reached=0.52, regret=0.02, images=2, tie=True),
            "2 of 100 validation images fewer, which chance can explain. It is a tie.",
        ),
        (
            replace(FOUND, reached=0.4, regret=0.0, images=0),
            "reached 0.40. The best trial that continued has 0.50: nothing was lost.",
        ),
        (replace(FOUND, trial=None, reached=float("nan"), regret=0.0), "would have diverged: nothing was lost"),
        (
            replace(FOUND, kept=float("nan"), regret=0.9),
            "would have reached 0.90. No other trial was trained to the end.",
        ),
    ],
)
def test_a_replay_is_described_in_a_sentence(found: Finding, sentence: str) -> None:
    assert sentence in replay_sentence(ROUND, found)


def test_a_replay_that_only_guesses_too_says_where_to_look_and_nothing_else() -> None:
    round_ = LabRound(1, replace(made([-5, -4], [0.1, 0.12]), given_up=np.array([False, True])))
    guesses = replace(FOUND, reached=0.14, kept=0.1, regret=0.04, images=4, tie=True)
    assert replay_sentence(round_, guesses).startswith("No trial is better than guessing (0.10)")
    assert "nothing was lost" not in replay_sentence(round_, guesses)
    assert "a loss of 0.40" in replay_sentence(round_, replace(guesses, reached=0.5, regret=0.4, images=40, tie=False))


def test_tables_show_what_was_given_up_and_what_was_spent() -> None:
    progress = replace(
        made([-2, -3, -4], [0.9, 0.8, 0.7]), given_up=np.array([False, True, False]), epochs_done=np.array([4, 1, 4])
    )
    table = trials_frame(progress, {})
    assert table["given_up"].tolist() == [False, False, True] and table["epochs"].tolist() == [4, 4, 1]
    assert "given_up" not in trials_frame(made([-2], [0.9]), {})
    lab = Lab("t", rounds=[LabRound(1, replace(progress, status=Status.FINISHED))])
    assert trail_frame(lab)["spent"].tolist() == [9]

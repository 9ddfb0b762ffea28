"""The page Narrow: controls and what they change, links, languages, and limits on new labs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.data import download
from core.engine.port import EngineBusy
from core.errors import N_
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.progress import RoundProgress
from core.server.rate_limits import Allowance, Limiter, Limits
from core.space import LogRange, SearchSpace
from core.store.restoring import RecordError
from pages.components.frame import allowances
from pages.components.frame.running_server import server
from tests.core.analysis.test_edges import AT_THE_EDGE, peaked
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
    slider,
    text,
    text_field,
    token,
    with_more_settings,
)
from tests.support.languages import LANGUAGES, TRANSLATIONS, shown, untranslated
from tests.support.waiting import LIMIT

pytestmark = pytest.mark.usefixtures("page_server")

INSIDE = peaked(SearchSpace(LogRange(-3, 0), LogRange(-8, -4)), -1.5, 1)
POOR = peaked(SearchSpace(LogRange(-6, -5), LogRange(-8, -4)), -3.5, 2)


def test_the_page_opens_ready_with_one_primary_button() -> None:
    app = opened()
    assert [button.label for button in app.button if button.proto.type == "primary"] == ["Start round 1"]
    assert app.slider[0].value == (-6.0, -2.0) and app.slider[1].value == (-8.0, -4.0)
    assert "Press Start" in text(app)


def test_a_round_runs_and_the_next_one_is_offered() -> None:
    app = opened()
    number(app, "plan_trials").set_value(4).run()
    ran(number(app, "plan_epochs").set_value(3).run())
    ran(button(app, "Start round 1").click().run())
    app = finished(app)
    assert button(app, "Start round 2")
    assert "Round 1: 12 epochs" in html(app)


def test_a_seed_is_used_once_unless_it_is_set() -> None:
    app = with_more_settings(opened(lab=lab_after_round(trials=2, epochs=1).token))
    assert number(app, "plan_seed").value == 1


def test_numbers_and_slider_show_the_same_range() -> None:
    app = opened()
    ran(number(app, "learning_rate_low").set_value(-3.5).run())
    assert slider(app, "learning_rate").value == (-3.5, -2.0)
    ran(slider(app, "learning_rate").set_value((-3.0, -1.0)).run())
    assert number(app, "learning_rate_high").value == -1.0


@pytest.mark.parametrize("fields", [("low", "high"), ("slider", "high"), ("low", "slider")])
def test_both_ends_of_a_range_changed_before_it_is_drawn_again_count(fields: tuple[str, str]) -> None:
    app = opened()
    for field in fields:
        if field == "slider":
            shown = slider(app, "learning_rate")
            shown.set_value((-2.5, shown.value[1]) if fields[0] == "slider" else (shown.value[0], -1.5))
        else:
            number(app, f"learning_rate_{field}").set_value({"low": "-2.5", "high": "-1.5"}[field])
    ran(app.run())
    assert lab_of(app).plan.space.learning_rate == LogRange(-2.5, -1.5)


def test_a_lower_end_typed_above_the_upper_one_pushes_it_along() -> None:
    app = opened()
    ran(number(app, "learning_rate_low").set_value(0.0).run())
    assert slider(app, "learning_rate").value == pytest.approx((0.0, 0.1))


@pytest.mark.parametrize("given", ["0.001", "10^-3", "10⁻³", "1e-3", "−3", "－３", "0,001"])
def test_an_end_of_a_range_is_typed_as_a_value_or_an_exponent_and_can_be_undone(given: str) -> None:
    app = opened()
    ran(number(app, "learning_rate_low").set_value(given).run())
    assert slider(app, "learning_rate").value == (-3.0, -2.0) and number(app, "learning_rate_low").value == -3
    ran(button(app, "Undo").click().run())
    assert slider(app, "learning_rate").value == (-6.0, -2.0)


def test_what_may_be_an_exponent_or_a_value_is_asked_about_beside_its_field() -> None:
    app = opened()
    ran(number(app, "learning_rate_high").set_value("0.1").run())
    assert "Which one do you mean?" in text(app)
    assert slider(app, "learning_rate").value == (-6.0, -2.0) and number(app, "learning_rate_high").value == 0.1
    ran(button(app, "Start").click().run())
    assert not lab_of(app).rounds and "Which one do you mean?" in app.warning[0].value
    ran(button(app, "10⁻¹ = 0.1").click().run())
    assert slider(app, "learning_rate").value == (-6.0, -1.0) and not app.warning


@pytest.mark.parametrize(
    ("field", "given", "allowed"),
    [
        ("learning_rate_low", "-12", "an exponent from -8 to 1, such as -3, or a value from 10⁻⁸ to 10"),
        ("weight_decay_high", "5", "an exponent from -10 to 0, such as -3, or a value from 10⁻¹⁰ to 1"),
        ("plan_epochs", "500", "The number of epochs is a whole number from 1 to 200."),
        ("plan_trials", "two", "The number of trials is a whole number from 1 to 200."),
    ],
)
def test_a_number_that_is_refused_stays_with_what_is_allowed_and_no_other_one_is_trained(
    field: str, given: str, allowed: str
) -> None:
    app = opened()
    before = lab_of(app).plan
    text_field(app, field).set_value(given)
    ran(button(app, "Start").click().run())  # both reach the server at once
    lab = lab_of(app)
    assert lab.plan == before and not lab.rounds
    assert text_field(app, field).value == given and all(allowed in one.value.replace("\\", "") for one in app.warning)
    text_field(app, field).set_value("1" if field.startswith("plan") else "-5")
    ran(button(app, "Start").click().run())
    assert len(lab.rounds) == 1 and not app.warning


def test_a_number_refused_for_another_optimizer_is_no_obstacle() -> None:
    app = with_more_settings(opened())
    ran(next(one for one in app.selectbox if one.label == "optimizer").set_value("momentum").run())
    ran(number(app, "plan_momentum").set_value("2").run())
    ran(button(app, "Start round 1").click().run())
    assert not lab_of(app).rounds and "from 0.0 to 0.99" in app.warning[0].value
    ran(next(one for one in app.selectbox if one.label == "optimizer").set_value("sgd").run())
    ran(button(app, "Start round 1").click().run())
    assert len(lab_of(app).rounds) == 1
    ran(button(app, "Stop").click().run())


# ---------------------------------------------------------------------------------------------------- two tabs


def test_start_trains_what_its_page_shows_or_nothing() -> None:
    one = opened()
    other = opened(lab=token(one))
    ran(slider(other, "learning_rate").set_value((-4.0, -1.0)).run())
    ran(button(one, "Start round 1").click().run())
    lab = lab_of(one)
    assert not lab.rounds and "in another tab or on another device" in one.warning[0].value
    assert slider(one, "learning_rate").value == (-4.0, -1.0)
    ran(button(one, "Start round 1").click().run())
    assert lab.latest.progress.plan.space.learning_rate == LogRange(-4, -1)


def test_start_of_a_round_that_another_tab_has_trained_already_trains_no_other() -> None:
    lab = new_lab(trials=1, epochs=1)
    one, other = opened(lab=lab.token), opened(lab=lab.token)
    ran(button(one, "Start round 1").click().run())
    lab.latest.wait(LIMIT)
    ran(button(other, "Start round 1").click().run())
    assert len(lab.rounds) == 1 and "in another tab" in other.warning[0].value


def test_what_is_entered_and_started_at_once_is_trained_as_entered() -> None:
    app = opened()
    number(app, "plan_trials").set_value(2)
    number(app, "plan_epochs").set_value(3)
    number(app, "learning_rate_low").set_value("1e-4")
    ran(button(app, "Start round 1").click().run())
    plan = lab_of(app).latest.progress.plan
    assert (plan.trials, plan.epochs, plan.space.learning_rate.low) == (2, 3, -4)


def test_a_change_of_ones_own_does_not_make_another_tabs_change_ones_own() -> None:
    one = opened()
    other = opened(lab=token(one))
    ran(slider(other, "weight_decay").set_value((-5.0, -4.0)).run())
    number(one, "plan_trials").set_value(2)
    ran(button(one, "Start round 1").click().run())
    assert not lab_of(one).rounds and "in another tab" in one.warning[0].value


def test_undo_goes_back_from_what_its_page_shows() -> None:
    one = opened()
    ran(slider(one, "learning_rate").set_value((-5.0, -3.0)).run())
    other = opened(lab=token(one))
    ran(slider(other, "learning_rate").set_value((-4.0, -1.0)).run())
    ran(button(one, "Undo").click().run())
    assert slider(one, "learning_rate").value == (-4.0, -1.0) and "in another tab" in one.warning[0].value


# ---------------------------------------------------------------------------------------------------- other controls


def lab_with(*rounds: RoundProgress) -> Lab:
    """A lab of the server's with rounds that nobody trained."""
    lab = server().labs.adopt(Lab)
    lab.rounds = [LabRound(number, one) for number, one in enumerate(rounds, start=1)]
    lab.plan = replace(rounds[-1].plan, seed=1)
    return lab


def test_the_box_of_the_best_trials_of_all_rounds_is_taken_over_and_undone() -> None:
    lab = lab_with(INSIDE, POOR)
    app = opened(lab=lab.token)
    assert "From rounds 1 to 2." in button(app, "Zoom to the best area").help
    ran(button(app, "Zoom to the best area").click().run())
    assert lab.plan.space.holds(10**-1.5, 10**-6)  # in round 1; the latest is far from it
    assert "in these ranges" in button(app, "Start round 3").label
    ran(button(app, "Undo").click().run())
    assert slider(app, "learning_rate").value == (-6.0, -5.0)


def test_the_best_so_far_and_the_value_filled_in_are_those_of_all_rounds() -> None:
    app = opened(lab=lab_with(INSIDE, POOR).token)
    best = f"{INSIDE.last_validation().max():.2f}"
    assert f"Best so far, rounds 1 to 2: (val acc:{best})" in html(app) and "from round 1" in html(app)
    assert any("of round 1. Its mean with the trials near it is the highest" in one.value for one in app.caption)
    rate = next(one for one in app.text_input if one.key.startswith("choice_learning_rate~")).value
    assert abs(np.log10(float(rate)) + 1.5) < 0.4
    ran(button(app, "Choose this value").click().run())
    assert lab_of(app).chosen.number == 1


def test_the_suggestion_leads_to_ranges_beyond_the_edge() -> None:
    lab = lab_with(AT_THE_EDGE)
    app = opened(lab=lab.token)
    ran(button(app, "Apply the suggestion").click().run())
    assert lab.plan.space.learning_rate.high == 0


def test_settings_that_need_too_much_memory_get_one_sentence_and_change_nothing() -> None:
    app = with_more_settings(opened())
    for key, value in (("plan_trials", 200), ("plan_hidden_layers", 8)):
        ran(number(app, key).set_value(value).run())
    ran(number(app, "plan_neurons").set_value(256).run())
    assert ["MB" in one.value for one in app.warning] == [True]
    assert lab_of(app).plan.neurons == 100
    number(app, "plan_trials").set_value(2)
    ran(button(app, "Start").click().run())  # what the page shows can be trained now
    assert lab_of(app).latest.progress.plan.neurons == 256


def test_a_missing_mnist_is_offered_and_its_failure_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "mnist"))
    monkeypatch.setattr(
        "pages.components.round.dataset_choice.download_set",
        lambda name, folder, show: download.download_set(name, folder, show, mirrors=["http://127.0.0.1:9/"]),
    )
    app = opened()
    app.session_state["session"].missing_dataset = "mnist"
    ran(app.run())
    ran(button(app, "Download MNIST").click().run())
    assert "could not be downloaded" in app.warning[0].value
    assert lab_of(app).plan.dataset == "digits"


@pytest.mark.parametrize("given", ["x", "../..", "ａ", "<script>", "a" * 5000])
def test_a_link_that_no_lab_has_gets_a_sentence_and_a_fresh_lab(given: str) -> None:
    app = opened(lab=given)
    assert "is not here any more" in app.warning[0].value
    assert token(app) != given
    assert app.run().warning  # drawing again, as when the window changes, does not hide it
    ran(number(app, "plan_epochs").set_value(3).run())
    assert not app.warning


def test_a_link_opens_the_same_lab_again() -> None:
    first = opened()
    ran(slider(first, "learning_rate").set_value((-3.0, -1.0)).run())
    again = opened(lab=token(first))
    assert slider(again, "learning_rate").value == (-3.0, -1.0)


@pytest.mark.parametrize("given", [*LANGUAGES, "xx", "", "../ko", "KO"])
def test_any_language_asked_for_gives_a_page(given: str) -> None:
    app = opened(lang=given)
    expected = shown("Start round {number}", given if given in LANGUAGES else "en", number=1)
    assert app.button(key="start").label == expected


@pytest.mark.parametrize("lang", TRANSLATIONS)
def test_a_translated_page_has_no_english_sentence_left(lang: str) -> None:
    app = opened(lab=lab_after_round(trials=6, epochs=2).token, lang=lang)
    labels = [element.label for element in [*app.button, *app.text_input, *app.slider, *app.expander]]
    assert untranslated(labels, lang) == []


def test_a_second_start_while_a_round_runs_is_refused_with_a_sentence() -> None:
    lab = new_lab(trials=200, epochs=200)
    app = opened(lab=lab.token)
    ran(button(app, "Start round 1").click().run())
    with pytest.raises(EngineBusy):
        lab.start(server().engine)
    assert len(lab.rounds) == 1
    ran(button(app, "Stop").click().run())
    assert lab.latest.wait(LIMIT).status == "stopped"


def test_an_address_may_not_begin_more_labs_than_its_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, limits = [0.0], Limits()
    limits.new_labs._clock, limits.new_labs._allowances["address"] = lambda: clock[0], Allowance(2, 1 / 60)
    monkeypatch.setattr(server(), "limits", limits)
    monkeypatch.setattr(allowances, "client_id", lambda: ("tab", "203.0.113.5"))
    first, _second, third = opened(lang="en"), opened(lang="en"), opened(lang="en")
    assert "Very many labs" in third.warning[0].value and "lab" not in third.query_params
    assert not opened(lang="en", lab=token(first)).warning  # what is there stays open
    assert "Very many labs" in opened(lang="en", lab="a" * 24).warning[0].value
    clock[0] += 60
    ran(button(third, "Try again").click().run())
    assert not third.warning and token(third)


def test_this_machine_may_begin_any_number_of_labs(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(new_labs=Limiter(Allowance(0, 0.0), Allowance(0, 0.0)))
    monkeypatch.setattr(server(), "limits", limits)
    assert token(opened())


def test_the_owner_of_a_lab_with_a_damaged_round_is_told_and_goes_on() -> None:
    lab = lab_after_round(trials=2, epochs=1)
    lab.unreadable = (2, 5)
    app = opened(lab=lab.token)
    assert "cannot be shown: 2, 5" in text(app) and "Start round 6" in button(app, "Start round").label


def test_a_lab_that_cannot_be_read_says_so_and_offers_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(token: str) -> None:
        raise RecordError(N_("This lab cannot be read: its record is damaged, or of another version of this program."))

    monkeypatch.setattr(server().labs, "_known", unreadable)
    app = opened(lab="a" * 24)
    assert "This lab cannot be read" in text(app) and "the log says what cannot be read" in text(app)
    assert button(app, "New lab")

"""The page's logic without a browser: what stands where after which click, in both languages."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button, NumberInput, Slider

from core import datasets
from core.engine.scheduler import EngineBusy
from core.lab import NOTE_LENGTH, Lab
from core.lab_round import Kept, LabRound
from core.limits import Allowance, Limiter
from core.plan import RoundPlan
from core.progress import RoundProgress
from pages.components import allowances
from pages.components.session import engine, labs
from pages.components.trail import LATEST, printed, trail_frame
from tests.made import made
from tests.waiting import LIMIT

APP = str(Path(__file__).parents[1] / "app.py")


def opened(**address: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    for name, value in address.items():
        app.query_params[name] = value
    return ran(app.run())


def ran(app: AppTest) -> AppTest:
    assert not app.exception, app.exception
    return app


def button(app: AppTest, label: str) -> Button:
    return next(button for button in app.button if label in button.label)


def number(app: AppTest, name: str) -> NumberInput:
    return next(field for field in app.number_input if field.key.startswith(f"{name}~"))


def unfolded(app: AppTest) -> AppTest:
    """With the settings open that are folded away."""
    app.session_state["more_settings"] = True
    return ran(app.run())


def slider(app: AppTest, name: str) -> Slider:
    return next(slider for slider in app.slider if slider.key.startswith(f"{name}_slider~"))


def token(app: AppTest) -> str:
    given = app.query_params["lab"]
    return given[0] if isinstance(given, list) else given


def finished(app: AppTest) -> AppTest:
    """Wait for the lab's round, then draw."""
    lab, _ = labs().open(token(app), "test")
    assert lab.latest is not None
    lab.latest.handle.wait(LIMIT)
    return ran(app.run())


def text(app: AppTest) -> str:
    return " ".join(element.value for element in [*app.markdown, *app.warning, *app.info, *app.subheader])


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
    assert "Round 1: 12 epochs" in "".join(element.proto.body for element in app.get("html"))


def test_a_seed_is_used_once_unless_it_is_set() -> None:
    app = opened()
    number(app, "plan_epochs").set_value(1).run()
    ran(button(app, "Start round 1").click().run())
    app = unfolded(finished(app))
    assert number(app, "plan_seed").value == 1


def test_numbers_and_slider_show_the_same_range() -> None:
    app = opened()
    ran(number(app, "learning_rate_low").set_value(-3.5).run())
    assert slider(app, "learning_rate").value == (-3.5, -2.0)
    ran(slider(app, "learning_rate").set_value((-3.0, -1.0)).run())
    assert number(app, "learning_rate_high").value == -1.0


def test_a_lower_end_typed_above_the_upper_one_pushes_it_along() -> None:
    app = opened()
    ran(number(app, "learning_rate_low").set_value(0.0).run())
    assert slider(app, "learning_rate").value == pytest.approx((0.0, 0.1))


def test_the_best_box_is_taken_over_and_undone() -> None:
    app = opened()
    number(app, "plan_epochs").set_value(2).run()
    ran(button(app, "Start round 1").click().run())
    app = finished(app)
    ran(button(app, "Best-5's box").click().run())
    lab, _ = labs().open(token(app), "test")
    progress = lab.latest.progress
    best = progress.ranking()[:5]
    range_ = lab.plan.space.learning_rate
    assert (10**range_.low <= progress.learning_rate[best]).all() and (
        progress.learning_rate[best] <= 10**range_.high
    ).all()
    assert "in these ranges" in button(app, "Start round 2").label
    ran(button(app, "Undo").click().run())
    assert slider(app, "learning_rate").value == (-6.0, -2.0)


def test_settings_that_need_too_much_memory_get_one_sentence_and_change_nothing() -> None:
    app = unfolded(opened())
    for key, value in (("plan_trials", 200), ("plan_hidden_layers", 8)):
        ran(number(app, key).set_value(value).run())
    ran(number(app, "plan_neurons").set_value(256).run())
    assert "MB" in app.warning[0].value
    assert number(app, "plan_neurons").value == 100


def test_a_missing_mnist_is_offered_and_its_failure_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "mnist"))
    monkeypatch.setattr(
        "pages.components.controls.download_mnist",
        lambda folder, show: datasets.download_mnist(folder, show, mirrors=["http://127.0.0.1:9/"]),
    )
    app = opened()
    app.session_state["session"].offer_mnist = True
    ran(app.run())
    ran(button(app, "Download MNIST").click().run())
    assert "could not be downloaded" in app.warning[0].value
    assert labs().open(token(app), "test")[0].plan.dataset == "digits"


def test_the_trail_shows_what_a_round_was_and_the_note_on_it() -> None:
    app = opened()
    number(app, "plan_trials").set_value(3).run()
    number(app, "plan_epochs").set_value(2).run()
    ran(button(app, "Start round 1").click().run())
    finished(app)
    lab, _ = labs().open(token(app), "test")
    lab.note(1, "the right half is better" + "!" * NOTE_LENGTH)
    row = trail_frame(lab).iloc[0]
    assert (row["trials"], row["spent"], row["seed"]) == (3, 6, 0)
    assert row["best"] == lab.latest.progress.last_validation().max()
    assert row["why"].startswith("the right half is better!") and len(row["why"]) == NOTE_LENGTH


def test_the_widget_that_says_which_round_is_looked_at_stays_from_round_to_round() -> None:
    """Streamlit keeps something of each that a tab has had."""
    app, keys = opened(lang="en"), []
    number(app, "plan_trials").set_value(1).run()
    number(app, "plan_epochs").set_value(1).run()
    for coming in range(1, 5):
        ran(button(app, f"Start round {coming}").click().run())
        finished(app)
        keys += [one.key for one in app.selectbox if one.key.startswith("viewed_round")]
    assert len(keys) == 3 and len(set(keys)) == 1
    for chosen, viewed in ((2, 2), (LATEST, None)):
        ran(app.selectbox(key=keys[0]).set_value(chosen).run())
        assert app.session_state["session"].viewed == viewed


def test_the_trail_is_the_same_table_before_and_after_the_first_point() -> None:
    """One with another type of column would be a new table, and what is being typed into the old one lost."""
    before, after = RoundProgress.of(RoundPlan(trials=1)), made([-2], [0.5])
    kinds = [trail_frame(Lab("x", rounds=[LabRound(1, Kept(one))])).dtypes.to_dict() for one in (before, after)]
    assert kinds[0] == kinds[1]


def test_on_paper_a_round_without_a_point_has_no_best() -> None:
    table = trail_frame(Lab("x", rounds=[LabRound(1, Kept(RoundProgress.of(RoundPlan(trials=1))))])).round(3)
    line = printed(table, list(table))
    assert "<td></td><td>0</td>" in line and "nan" not in line and "None" not in line


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


@pytest.mark.parametrize("given", ["ko", "en", "xx", "", "../ko", "KO"])
def test_any_language_asked_for_gives_a_page(given: str) -> None:
    app = opened(lang=given)
    expected = "라운드 1 시작" if given == "ko" else "Start round 1"
    assert app.button(key="start").label == expected


def test_the_korean_page_has_no_english_sentence_left() -> None:
    app = opened(lang="ko")
    number(app, "plan_epochs").set_value(2).run()
    ran(app.button(key="start").click().run())
    app = finished(app)
    shown = [element.label for element in [*app.button, *app.number_input, *app.slider, *app.expander]]
    english = [label for label in shown if label and not any("가" <= letter <= "힣" for letter in label)]
    assert english == []


def test_a_second_start_while_a_round_runs_is_refused_with_a_sentence() -> None:
    app = opened()
    number(app, "plan_epochs").set_value(200).run()
    number(app, "plan_trials").set_value(200).run()
    ran(button(app, "Start round 1").click().run())
    lab, _ = labs().open(token(app), "test")
    with pytest.raises(EngineBusy):
        lab.start(engine())
    assert len(lab.rounds) == 1
    ran(button(app, "Stop").click().run())
    assert lab.latest.handle.wait(LIMIT).status == "stopped"


def test_nobody_begins_labs_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, limits = [0.0], allowances.Limits()
    limits.new_labs._clock, limits.new_labs._allowances["address"] = lambda: clock[0], Allowance(2, 1 / 60)
    monkeypatch.setattr(allowances, "limits", lambda: limits)
    monkeypatch.setattr(allowances, "who", lambda: ("tab", "203.0.113.5"))
    first, _second, third = opened(lang="en"), opened(lang="en"), opened(lang="en")
    assert "Very many labs" in third.warning[0].value and "lab" not in third.query_params
    assert not opened(lang="en", lab=token(first)).warning  # what is there stays open
    assert "Very many labs" in opened(lang="en", lab="a" * 24).warning[0].value
    clock[0] += 60
    ran(button(third, "Try again").click().run())
    assert not third.warning and token(third)


def test_this_machine_may_begin_any_number_of_labs(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = allowances.Limits(new_labs=Limiter(Allowance(0, 0.0), Allowance(0, 0.0)))
    monkeypatch.setattr(allowances, "limits", lambda: limits)
    assert token(opened())

"""Settling on one value and asking how much of it is luck, without a browser."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.lab import Lab
from core.space import plain
from pages.components.choosing import number as typed_number
from pages.components.session import labs
from tests.test_page import button, finished, number, opened, ran, token
from tests.waiting import until


@pytest.fixture
def app() -> AppTest:
    """A lab after a small round."""
    app = opened()
    number(app, "plan_trials").set_value(6).run()
    number(app, "plan_epochs").set_value(3).run()
    ran(button(app, "Start round 1").click().run())
    return finished(app)


def lab_of(app: AppTest) -> Lab:
    return labs().open(token(app), "test")[0]


def field(app: AppTest, name: str) -> object:
    return next(one for one in app.text_input if one.key.startswith(f"choice_{name}~"))


def typed(app: AppTest, rate: str, decay: str) -> AppTest:
    field(app, "rate").set_value(rate).run()
    return ran(field(app, "decay").set_value(decay).run())


def test_the_best_trial_is_what_is_offered_first_and_its_exact_value_is_chosen(app: AppTest) -> None:
    progress = lab_of(app).latest.progress
    best = int(progress.ranking()[0])
    assert field(app, "rate").value == plain(progress.learning_rate[best])
    ran(button(app, "Choose this value").click().run())
    chosen = lab_of(app).chosen
    assert (chosen.learning_rate, chosen.weight_decay) == (progress.learning_rate[best], progress.weight_decay[best])
    assert (chosen.number, chosen.trial) == (1, best)
    assert any("Chosen: learning rate" in told.value for told in app.success)


def test_a_typed_value_inside_the_ranges_is_chosen_at_once(app: AppTest) -> None:
    typed(app, "0.0012", "3,5e-6")
    ran(button(app, "Choose this value").click().run())
    chosen = lab_of(app).chosen
    assert (chosen.learning_rate, chosen.weight_decay, chosen.trial) == (0.0012, 3.5e-6, None)


def test_a_value_where_no_round_has_looked_must_be_confirmed(app: AppTest) -> None:
    typed(app, "0.5", "1e-6")
    ran(button(app, "Choose this value").click().run())
    assert lab_of(app).chosen is None
    assert any("No round has looked there" in told.value for told in app.warning)
    ran(button(app, "Choose it all the same").click().run())
    assert lab_of(app).chosen.learning_rate == 0.5


@pytest.mark.parametrize("given", ["", "much", "-0.1", "0", "nan", "inf", "1e400", "100", "1e-12", "0x10", "１e-3x"])
def test_what_is_no_learning_rate_gets_one_sentence_and_changes_nothing(app: AppTest, given: str) -> None:
    typed(app, given, "1e-6")
    ran(button(app, "Choose this value").click().run())
    assert lab_of(app).chosen is None
    assert "Every trial needs a learning rate" in app.warning[0].value
    assert field(app, "rate").value == given


@pytest.mark.parametrize(("text", "value"), [("0.01", 0.01), (" 1e-3 ", 0.001), ("0,5", 0.5)])
def test_numbers_are_read_as_they_are_typed(text: str, value: float) -> None:
    assert typed_number(text) == value


def test_best_five_again_on_other_seeds_say_how_much_was_luck(app: AppTest) -> None:
    ran(button(app, "Best-1 to Best-5 again on 5 seeds").click().run())
    lab = lab_of(app)
    until(lambda: lab.again.over)
    app = opened(lab=lab.token)
    best = [int(trial) for trial in lab.latest.progress.ranking()[:5]]
    assert sorted(lab.repeats) == sorted((1, trial) for trial in best)
    assert all(accuracy.shape == (5,) for accuracy in lab.repeats.values())
    leader = max(best, key=lambda trial: float(np.mean(lab.repeats[1, trial])))
    rank = best.index(leader) + 1
    assert any(f"On 5 other seeds Best-{rank} reaches" in text.value for text in app.markdown)
    table = next(one.value for one in app.dataframe if "again" in one.value)
    assert list(table["again"].astype(bool)) == [True] * 5 + [False]


def test_before_the_first_round_is_over_there_is_nothing_to_choose() -> None:
    assert not [one for one in opened().button if "Choose" in one.label]

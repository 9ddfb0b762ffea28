"""Choosing one value, and repeating trials on other seeds."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.plan import RoundPlan
from core.space import LogRange, SearchSpace, plain
from pages.components.round.repeats_on_seeds import repeat_sentences
from tests.support.app_tests import button, lab_after_round, lab_of, opened, ran
from tests.support.sample_rounds import made
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("page_server")


@pytest.fixture
def app() -> AppTest:
    """The page of a lab after a small round."""
    return opened(lab=lab_after_round(trials=6, epochs=3).token)


def field(app: AppTest, name: str) -> object:
    axis = {"rate": "learning_rate", "decay": "weight_decay"}[name]
    return next(one for one in app.text_input if one.key.startswith(f"choice_{axis}~"))


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
    assert any("Chosen: learning rate" in reported.value for reported in app.success)


def test_a_typed_value_inside_the_ranges_is_chosen_at_once(app: AppTest) -> None:
    typed(app, "0.0012", "3,5e-6")
    ran(button(app, "Choose this value").click().run())
    chosen = lab_of(app).chosen
    assert (chosen.learning_rate, chosen.weight_decay, chosen.trial) == (0.0012, 3.5e-6, None)


def test_a_value_where_no_round_has_looked_must_be_confirmed(app: AppTest) -> None:
    typed(app, "0.5", "1e-6")
    ran(button(app, "Choose this value").click().run())
    assert lab_of(app).chosen is None
    assert any("No round has tried values there" in reported.value for reported in app.warning)
    ran(button(app, "Choose it anyway").click().run())
    assert lab_of(app).chosen.learning_rate == 0.5


LONG = ["", "0", "inf", "100", "1e-12", "0x10", "１e-3x", "-12"]


@pytest.mark.parametrize(
    "given", ["much", "nan", "1e400", *(pytest.param(given, marks=pytest.mark.long) for given in LONG)]
)
def test_what_is_no_learning_rate_is_refused_at_its_field_and_changes_nothing(app: AppTest, given: str) -> None:
    typed(app, given, "1e-6")
    ran(button(app, "Choose this value").click().run())
    assert lab_of(app).chosen is None
    assert [one.value.replace("\\", "") for one in app.warning] == [  # escaped for Markdown
        "The learning rate is a value from 10⁻⁸ to 10, such as 0.001 or 10^-3."
    ]
    assert place(app, "warning", 0) > place(app, "button", "choose") > place(app, "text_input", "choice_learning_rate")
    assert field(app, "rate").value == given
    typed(app, "0.001", "1e-6")
    assert not app.warning


def place(app: AppTest, kind: str, which: int | str) -> int:
    """The place of an element among all of the page, by its number among its kind or by its key."""
    found = app.get(kind)
    one = found[which] if isinstance(which, int) else next(one for one in found if str(one.key).startswith(which))
    return next(at for at, node in enumerate(app.main) if node is one)


@pytest.mark.parametrize("given", ["10^-3", "10⁻³", "−3", "1e-3", "0,001"])
def test_a_learning_rate_is_chosen_however_it_is_typed(app: AppTest, given: str) -> None:
    typed(app, given, "10⁻⁶")
    ran(button(app, "Choose this value").click().run())
    chosen = lab_of(app).chosen
    assert (chosen.learning_rate, chosen.weight_decay) == (0.001, 1e-6)


def test_a_value_typed_after_the_question_is_not_chosen_by_the_answer(app: AppTest) -> None:
    """The answer is to what was shown when it was asked; both may reach the server at once."""
    typed(app, "0.5", "1e-6")
    ran(button(app, "Choose this value").click().run())
    field(app, "rate").set_value("0.7")
    ran(button(app, "Choose it anyway").click().run())
    assert lab_of(app).chosen is None and field(app, "rate").value == "0.7"


def test_repeats_of_the_best_five_on_other_seeds_are_compared() -> None:
    space = SearchSpace(LogRange(-1.5, -0.5), LogRange(-8, -4))
    app = opened(lab=lab_after_round(trials=6, epochs=5, hidden_layers=1, space=space).token)
    ran(button(app, "Best-1 to Best-5 again on 5 seeds").click().run())
    lab = lab_of(app)
    until(lambda: lab.seed_repeat.is_done)
    app = opened(lab=lab.token)
    best = [int(trial) for trial in lab.latest.progress.ranking()[:5]]
    assert sorted(lab.repeats) == sorted((1, trial) for trial in best)
    assert all(accuracy.shape == (5,) for accuracy in lab.repeats.values())
    leader = max(best, key=lambda trial: float(np.mean(lab.repeats[1, trial])))
    rank = best.index(leader) + 1
    assert any(f"On 5 other seeds Best-{rank} has a mean of" in text.value for text in app.markdown)
    table = next(one.value for one in app.dataframe if "again" in one.value)
    assert list(table["again"].astype(bool)) == [True] * 5 + [False]


def test_repeats_of_a_round_that_only_guesses_say_where_to_look_and_nothing_else() -> None:
    round_ = LabRound(1, made([-5, -4], [0.1, 0.12]))
    lab = Lab("token", RoundPlan(), [round_])
    lab.repeats = {(1, 0): np.full(5, 0.1), (1, 1): np.full(5, 0.12)}
    (said,) = repeat_sentences(lab, round_)
    assert said.startswith("No trial is better than guessing") and "above 0.0001" in said


def test_before_the_first_round_is_over_there_is_nothing_to_choose() -> None:
    assert not [one for one in opened().button if "Choose" in one.label]

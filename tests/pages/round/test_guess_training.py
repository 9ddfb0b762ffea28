"""A value that a student types is trained beside the round in view, told, drawn, and chosen as what it was."""

import pytest

from core.space import SearchSpace
from pages.components.round.guess_training import guesses_of, guesses_table
from tests.support.app_tests import button, html, lab_after_round, lab_of, opened, ran, text, text_field

pytestmark = pytest.mark.usefixtures("page_server")

AXES = {"optimizer": "momentum", "space": SearchSpace().with_axes(("learning_rate", "weight_decay", "momentum"))}


def test_a_typed_value_is_trained_told_and_chosen_with_its_trial() -> None:
    lab = lab_after_round(trials=6, epochs=3, **AXES)
    app = opened(lab=lab.token, lang="en")
    text_field(app, "choice_momentum").set_value("0.8").run()
    ran(button(app, "Train this value").click().run())
    while lab_of(app).busy:
        app.run()
    ran(app.run())
    guess = lab.rounds[1]
    assert guess.progress.hyperparameters["momentum"].tolist() == [0.8]
    assert lab.spent == 6 * 3 + 3  # it counts
    assert "Your guess (learning rate" in text(app) and "momentum 0.8)" in text(app)
    assert "Round 1: 18 epochs" in html(app)  # the round stays in view
    ran(button(app, "Choose this value").click().run())
    assert lab.chosen is not None and (lab.chosen.number, lab.chosen.trial) == (2, 0)


def test_a_guess_is_drawn_where_it_was_trained() -> None:
    lab = lab_after_round(trials=3, epochs=2, **AXES)
    assert guesses_of(lab, lab.rounds[0]) == ()
    table = guesses_table([lab.rounds[0].progress], AXES["space"].axes)  # type: ignore[attr-defined]
    assert table.column_names == ["lr", "wd", "momentum", "validation", "said"] and table.num_rows == 3


def test_what_is_no_value_is_refused_beside_the_fields_and_nothing_is_trained() -> None:
    lab = lab_after_round(trials=3, epochs=2, **AXES)
    app = opened(lab=lab.token, lang="en")
    text_field(app, "choice_momentum").set_value("7").run()
    ran(button(app, "Train this value").click().run())
    assert any("momentum is a value from" in one.value for one in app.warning) and len(lab.rounds) == 1

"""The page of the race: it shows the race's own numbers, and finds a race again after a reload."""

from threading import Event
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.analysis.bayesian_search import propose
from core.engine.port import EngineBusy
from core.lab import contestants
from core.lab.contestants import RANDOM
from core.lab.search_race import Race
from core.lab.seed_repeats import SEEDS
from core.space import LogRange, SearchSpace
from pages.components.comparison.racing import begin_race
from pages.components.frame.running_server import server
from tests.support.app_tests import (
    GUESSES,
    LEARNS,
    WIDE,
    button,
    html,
    lab_after_round,
    opened,
    ran,
    text,
)
from tests.support.languages import TRANSLATIONS, untranslated
from tests.support.waiting import LIMIT, until

pytestmark = pytest.mark.usefixtures("page_server")

SMALL: dict[str, Any] = LEARNS | {"trials": 12, "epochs": 2}


def labels(app: AppTest) -> list[str]:
    return [one.label for one in app.button]


def raced(app: AppTest) -> Race:
    """The race that was started, when it is over; the page is drawn anew."""
    race: Race = app.session_state["session"].race
    until(lambda: race.is_done)
    ran(app.run())
    return race


def test_before_a_round_has_finished_no_race_can_start() -> None:
    app = opened("race", lang="en")
    assert button(app, "Start the race").disabled
    assert "finish a round first" in app.info[0].value
    assert len(app.get("vega_lite_chart")) == 1  # where the lines will stand


def test_a_race_comes_to_its_end_and_the_page_shows_its_numbers() -> None:
    app = opened("race", lab=lab_after_round(**SMALL).token)
    assert "24, or 12 networks" in text(app)
    ran(button(app, "Start the race").click().run())
    race = raced(app)
    assert race.complete_runs == [0] and race.setup.budget == 24
    sentences = text(app)
    for one in race.runs[0]:
        assert f"{one.trajectory.final:.2f}" in sentences
    table = str(app.dataframe[0].value)
    for found in race.fresh.values():
        assert f"{np.mean(found):.2f} ± {np.std(found, ddof=1):.2f}" in table
    assert len(app.get("vega_lite_chart")) + len(app.get("arrow_vega_lite_chart")) == 2


def test_a_race_is_repeated_once_and_its_spread_is_shown() -> None:
    app = opened("race", lab=lab_after_round(**LEARNS | {"trials": 4, "epochs": 3}).token)
    ran(button(app, "Start the race").click().run())
    race = raced(app)
    ran(button(app, "Repeat on 5 more seeds").click().run())
    raced(app)
    assert race.complete_runs == list(range(1 + SEEDS))
    ends = [line.final for line in race.trajectories(RANDOM)]
    assert f"random search {np.mean(ends):.2f} ± {np.std(ends, ddof=1):.2f}" in text(app)
    assert not any("Repeat" in label for label in labels(app))


def test_another_tab_finds_the_race_and_can_stop_it_but_begins_no_second_one(monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = Event()  # until then the Bayesian search is still to propose
    monkeypatch.setattr(contestants, "propose", lambda *given: (goes_on.wait(LIMIT), propose(*given))[1])
    lab = lab_after_round(**SMALL)
    app = opened("race", lab=lab.token)
    ran(button(app, "Start the race").click().run())
    race = app.session_state["session"].race
    other = opened("race", lab=lab.token)
    assert other.session_state["session"].race is race
    assert button(other, "Start the race").disabled
    with pytest.raises(EngineBusy, match="race is running already"):
        begin_race(lab, race.setup)
    ran(button(other, "Stop").click().run())
    goes_on.set()
    assert raced(app).stopped
    assert "The race was stopped" in html(app) and not button(app, "Start the race").disabled


def test_after_another_round_the_page_says_that_a_new_race_would_count_it() -> None:
    lab = lab_after_round(**SMALL)
    app = opened("race", lab=lab.token)
    ran(button(app, "Start the race").click().run())
    raced(app)
    lab.start(server().engine).wait(LIMIT)
    ran(app.run())
    assert any("new race to count that" in caption.value for caption in app.caption)


def test_a_contestant_that_failed_has_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("core.lab.contestants.propose", broken)
    app = opened("race", lab=lab_after_round(**SMALL).token)
    ran(button(app, "Start the race").click().run())
    raced(app)
    assert "Bayesian search: The race met an unexpected fault" in html(app)
    assert not any("Repeat" in label for label in labels(app)) and "random search" in str(app.dataframe[0].value)


def test_where_all_guess_the_page_says_so_and_where_to_look_and_nothing_else() -> None:
    app = opened("race", lab=lab_after_round(trials=20, **GUESSES).token, lang="en")
    (said,) = [one.value for one in app.info]
    assert said.startswith("No trial is better than guessing (0.10), and none diverged. Try learning rates above")
    assert not app.get("vega_lite_chart") and not any("race" in label.lower() for label in labels(app))


def test_between_fixed_values_no_race_can_start() -> None:
    fixed = SearchSpace(LogRange(-1, -1), LogRange(-5, -5))
    app = opened("race", lab=lab_after_round(**SMALL | {"space": fixed}).token, lang="en")
    assert button(app, "Start the race").disabled and "nothing to search for" in text(app)


def test_a_race_may_take_place_in_the_ranges_of_all_rounds() -> None:
    lab = lab_after_round(**SMALL)
    app = opened("race", lab=lab.token, lang="en")
    assert not app.radio  # all rounds had the same ranges
    lab.set_ranges(SearchSpace(LogRange(-1, 0.5), LogRange(-6, -5)))
    lab.start(server().engine).wait(LIMIT)
    ran(app.run())
    assert "ranges of your first round (learning rate 0.0001 … 1," in text(app)
    ran(app.radio[0].set_value(True).run())
    assert "ranges of all your rounds together (learning rate 0.0001 … 3.2," in text(app)
    ran(button(app, "Start the race").click().run())
    race = raced(app)
    assert race.setup.plan.space == SearchSpace(LogRange(-4, 0.5), WIDE.weight_decay)
    rates = np.concatenate([one.trajectory.values[:, 0] for one in race.runs[0]])
    assert (rates > 1).any()
    assert not any("new race to count that" in caption.value for caption in app.caption)


@pytest.mark.parametrize("lang", TRANSLATIONS)
def test_a_translated_page_has_no_english_sentence_left(lang: str) -> None:
    app = opened("race", lab=lab_after_round(**SMALL).token, lang=lang)
    ran(app.button(key="race_start").click().run())
    raced(app)
    sentences = [element.value for element in [*app.markdown, *app.caption]]
    sentences += [element.label for element in [*app.button, *app.expander]]
    sentences += list(app.dataframe[0].value.columns) + list(app.dataframe[0].value.iloc[:, 0])
    assert untranslated(sentences, lang) == []

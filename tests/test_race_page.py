"""The page of the race: it tells the race's own numbers, names ties, and finds a race again after a reload."""

import json
from types import SimpleNamespace
from typing import Any

import altair as alt
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.again import SEEDS
from core.contestants import BAYES, CONTESTANTS, GRID, RANDOM, YOU, Entry, Line
from core.engine.scheduler import EngineBusy
from core.lab import Lab
from core.race import Race
from pages.components import race_chart
from pages.components.race_chart import Curve
from pages.components.racing import begin_race
from pages.components.session import labs
from pages.race import best_so_far, on_fresh_seeds, ranked, rules_of
from tests.made import made
from tests.test_page import APP, button, finished, number, opened, ran, text, token
from tests.waiting import LIMIT, until

LONG = 200  # epochs


def page(lab: str, lang: str = "en") -> AppTest:
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.query_params["lab"], app.query_params["lang"] = lab, lang
    app.run()
    return ran(app.switch_page("pages/race.py").run())


def after_a_round(epochs: int) -> Lab:
    app = opened()
    number(app, "plan_trials").set_value(12).run()
    number(app, "plan_epochs").set_value(epochs).run()
    ran(button(app, "Start round 1").click().run())
    return labs().open(token(finished(app)), "test")[0]


def labels(app: AppTest) -> list[str]:
    return [one.label for one in app.button]


def raced(app: AppTest) -> Race:
    """The race that was started, when it is over; the page is drawn anew."""
    race: Race = app.session_state["session"].race
    until(lambda: race.over)
    ran(app.run())
    return race


# ---------------------------------------------------------------------------------------------------- the page


def test_before_a_round_has_finished_there_is_nobody_to_race_against() -> None:
    app = page(token(opened()))
    assert button(app, "Start the race").disabled
    assert "finish a round first" in app.info[0].value
    assert len(app.get("vega_lite_chart")) == 1  # where the lines will stand


def test_the_page_races_to_the_end_and_tells_its_own_numbers() -> None:
    app = page(after_a_round(4).token)
    assert "48, or 12 networks" in text(app)
    ran(button(app, "Start the race").click().run())
    race = raced(app)
    assert race.done == [0] and race.entry.budget == 48
    said = text(app)
    for one in race.runs[0]:
        assert f"{one.line.final:.2f}" in said
    table = str(app.dataframe[0].value)
    for found in race.fresh.values():
        assert f"{np.mean(found):.2f} ± {np.std(found, ddof=1):.2f}" in table
    assert len(app.get("vega_lite_chart")) + len(app.get("arrow_vega_lite_chart")) == 2


def test_a_race_is_repeated_once_and_its_spread_is_told() -> None:
    app = page(after_a_round(2).token)
    ran(button(app, "Start the race").click().run())
    race = raced(app)
    ran(button(app, "Repeat on 5 more seeds").click().run())
    raced(app)
    assert race.done == list(range(1 + SEEDS))
    ends = [line.final for line in race.lines(RANDOM)]
    assert f"random search {np.mean(ends):.2f} ± {np.std(ends, ddof=1):.2f}" in text(app)
    assert not any("Repeat" in label for label in labels(app))


def test_another_tab_finds_the_race_and_can_stop_it_but_begins_no_second_one() -> None:
    lab = after_a_round(LONG)
    app = page(lab.token)
    ran(button(app, "Start the race").click().run())
    race = app.session_state["session"].race
    other = page(lab.token)
    assert other.session_state["session"].race is race
    assert button(other, "Start the race").disabled
    with pytest.raises(EngineBusy, match="race is running already"):
        begin_race(lab, race.entry)
    ran(button(other, "Stop").click().run())
    assert raced(app).stopped
    html = "".join(element.proto.body for element in app.get("html"))
    assert "The race was stopped" in html and not button(app, "Start the race").disabled


def test_after_another_round_the_page_says_that_a_new_race_would_count_it() -> None:
    lab = after_a_round(2)
    app = page(lab.token)
    ran(button(app, "Start the race").click().run())
    raced(app)
    lab.start(app.session_state["session"].race._engine).handle.wait(LIMIT)
    ran(app.run())
    assert any("new race counts that" in caption.value for caption in app.caption)


def test_a_contestant_that_met_a_fault_has_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("core.contestants.propose", broken)
    app = page(after_a_round(2).token)
    ran(button(app, "Start the race").click().run())
    raced(app)
    html = "".join(element.proto.body for element in app.get("html"))
    assert "Bayesian search: The race met an unexpected fault" in html
    assert not any("Repeat" in label for label in labels(app)) and "random search" in str(app.dataframe[0].value)


def test_the_korean_page_has_no_english_sentence_left() -> None:
    app = page(after_a_round(2).token, "ko")
    ran(app.button(key="race_start").click().run())
    raced(app)
    said = [element.value for element in [*app.markdown, *app.caption] if element.value.strip()]
    said += [element.label for element in [*app.button, *app.expander]]
    said += list(app.dataframe[0].value.columns) + list(app.dataframe[0].value.iloc[:, 0])
    assert [one for one in said if not any("가" <= letter <= "힣" for letter in one)] == []


# ---------------------------------------------------------------------------------------------------- words


def line(final: float) -> Line:
    return Line(np.array([4]), np.array([final]), np.array([[0.01, 1e-6]]))


def told(you: float, random: float, grid: float, bayes: float) -> Any:
    """A race that is done and ended so, among 100 validation images."""
    entry = Entry.of([made([-3], [you])])
    ends = {RANDOM: random, GRID: grid, BAYES: bayes}
    run = tuple(SimpleNamespace(name=name, line=line(end), complete=True) for name, end in ends.items())
    return SimpleNamespace(entry=entry, runs={0: run}, done=[0])


def test_who_is_within_a_standard_error_of_the_best_ties_with_it() -> None:
    # sqrt(0.8 * 0.2 / 100) = 0.04
    said = best_so_far(told(0.77, 0.80, 0.75, 0.765))[0]
    assert "(0.04 with 100 validation images)" in said
    assert said.endswith("of the best: you, random search, Bayesian search. A tie.")


def test_who_is_ahead_by_more_than_a_standard_error_is_said_to_be() -> None:
    said = best_so_far(told(0.70, 0.75, 0.7, 0.80))[0]
    assert "you 0.70, random search 0.75, grid 0.70, Bayesian search 0.80" in said
    assert said.endswith(": Bayesian search.") and "tie" not in said


def test_trials_outside_the_ranges_are_owned_up_to() -> None:
    race = told(0.7, 0.7, 0.7, 0.7)
    assert len(best_so_far(race)) == 1
    race.entry = Entry.of([made([-3, -3], [0.5, 0.5]), made([-3, -1], [0.5, 0.5])])
    assert "1 of your 4 trials lie outside" in best_so_far(race)[1]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([[0.8, 0.9, 0.8], [0.9, 0.8, 0.8], [0.8, 0.85, 0.8]], "told apart: a, b, c. A tie."),
        ([[0.8, 0.9, 0.8], [0.9, 0.8, 0.8], [0.1, 0.2, 0.1]], "told apart: a, b. A tie. Behind: c."),
        ([[0.5, 0.6, 0.5], [0.8, 0.9, 0.8], [0.1, 0.2, 0.1]], "ahead of all others: b."),
    ],
)
def test_seed_by_seed_ties_are_named(found: list[list[float]], said: str) -> None:
    assert ranked(dict(enumerate(map(np.array, found))), ["a", "b", "c"]).endswith(said)


def test_what_was_luck_in_the_race_is_said_in_figures() -> None:
    race = told(0.8, 0.7, 0.9, 0.8)
    race.fresh = {name: np.full(SEEDS, 0.7) for name in (YOU, *CONTESTANTS)}
    assert "0.10 more on average" in on_fresh_seeds(race)[1]
    race.fresh = {name: np.full(SEEDS, 0.9) for name in (YOU, *CONTESTANTS)}
    assert len(on_fresh_seeds(race)) == 1


@pytest.mark.parametrize(
    ("trials", "capped", "random"), [(300, True, False), (200, False, False), (11, False, False), (10, False, True)]
)
def test_the_rules_say_what_is_different_this_time(trials: int, capped: bool, random: bool) -> None:
    halves = [trials // 2, trials - trials // 2]
    entry = Entry.of([made([-3] * half, [0.5] * half) for half in halves])
    assert entry is not None
    said = " ".join(rules_of(entry))
    assert ("200 networks each at most" in said) == capped and ("is a random search" in said) == random


# ---------------------------------------------------------------------------------------------------- the chart

CURVES = [
    Curve(YOU, np.array([2, 4, 6, 8]), np.array([np.nan, 0.3, 0.3, 0.5]), None, 10),
    Curve(GRID, np.array([2, 4]), np.array([0.2, 0.4]), np.array([0.3, 0.1]), 4),
    Curve(BAYES, np.array([], int), np.array([]), None, 1),
]


def test_a_line_has_a_row_where_it_begins_rises_and_ends() -> None:
    rows = race_chart.lines_table(CURVES).to_pylist()
    told = [(row["who"], row["spent"], round(row["best"], 6)) for row in rows]
    assert told == [(YOU, 4, 0.3), (YOU, 8, 0.5), (YOU, 10, 0.5), (GRID, 2, 0.2), (GRID, 4, 0.4), (GRID, 4, 0.4)]


def test_a_band_is_one_standard_deviation_either_side_and_stays_on_the_chart() -> None:
    rows = race_chart.bands_table(CURVES).to_pydict()
    assert rows["who"] == [GRID, GRID] and rows["spent"] == [2, 4]
    assert rows["low"] == pytest.approx([0, 0.3]) and rows["high"] == pytest.approx([0.5, 0.5])


def test_tables_keep_their_types_whether_empty_or_full() -> None:
    for table in (race_chart.lines_table, race_chart.bands_table):
        assert table([]).schema == table(CURVES).schema


@pytest.mark.parametrize("width", [340, 800, 1280])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_chart_keeps_to_vega_lites_schema_is_built_once_and_holds_no_data(width: int, lang: str) -> None:
    spec = race_chart.race_spec(width, 400, lang, False)
    alt.Chart.from_dict(spec)
    assert spec is race_chart.race_spec(width, 400, lang, False)
    written = json.dumps(spec)
    assert '"name": "lines"' in written and '"name": "bands"' in written and '"values": [{' not in written


def test_accuracies_and_epochs_have_fixed_axes_and_nobody_is_told_by_colour_alone() -> None:
    layers = race_chart.race_spec(800, 400, "en", True)["layer"]
    channels = {name: channel for layer in layers for name, channel in layer["encoding"].items()}
    assert channels["x"]["scale"]["domain"] == [0, 400]
    assert [one["encoding"]["y"]["scale"]["domain"] for one in layers if "scale" in one["encoding"]["y"]] == [
        [0, 1]
    ] * 2
    dashes = channels["strokeDash"]["scale"]
    assert dashes["domain"] == channels["color"]["scale"]["domain"] == [YOU, *CONTESTANTS]
    assert len({tuple(dash) for dash in dashes["range"]}) == len(set(channels["color"]["scale"]["range"])) == 4

"""The chart of a race: rows where a line changes, one standard deviation either side, fixed axes."""

import json

import altair as alt
import numpy as np
import pytest

from core.lab.contestants import BAYES, CONTESTANTS, GRID, STUDENT
from core.languages import LANGUAGES
from pages.components.comparison import race_chart
from pages.components.comparison.race_chart import Curve

CURVES = [
    Curve(STUDENT, np.array([2, 4, 6, 8]), np.array([np.nan, 0.3, 0.3, 0.5]), None, 10),
    Curve(GRID, np.array([2, 4]), np.array([0.2, 0.4]), np.array([0.3, 0.1]), 4),
    Curve(BAYES, np.array([], int), np.array([]), None, 1),
]


def test_a_line_has_a_row_where_it_begins_rises_and_ends() -> None:
    rows = race_chart.lines_table(CURVES).to_pylist()
    reported = [(row["who"], row["spent"], round(row["best"], 6)) for row in rows]
    assert reported == [
        (STUDENT, 4, 0.3),
        (STUDENT, 8, 0.5),
        (STUDENT, 10, 0.5),
        (GRID, 2, 0.2),
        (GRID, 4, 0.4),
        (GRID, 4, 0.4),
    ]


def test_a_band_is_one_standard_deviation_either_side_and_stays_on_the_chart() -> None:
    rows = race_chart.bands_table(CURVES).to_pydict()
    assert rows["who"] == [GRID, GRID] and rows["spent"] == [2, 4]
    assert rows["low"] == pytest.approx([0, 0.3]) and rows["high"] == pytest.approx([0.5, 0.5])


def test_tables_keep_their_types_whether_empty_or_full() -> None:
    for table in (race_chart.lines_table, race_chart.bands_table):
        assert table([]).schema == table(CURVES).schema


@pytest.mark.parametrize("width", [340, pytest.param(800, marks=pytest.mark.long), 1280])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_chart_keeps_to_vega_lites_schema_is_built_once_and_holds_no_data(width: int, lang: str) -> None:
    spec = race_chart.race_spec(width, 400, lang, False)
    alt.Chart.from_dict(spec)
    assert spec is race_chart.race_spec(width, 400, lang, False)
    written = json.dumps(spec)
    assert '"name": "lines"' in written and '"name": "bands"' in written and '"values": [{' not in written


def test_accuracies_and_epochs_have_fixed_axes_and_racers_differ_in_more_than_colour() -> None:
    layers = race_chart.race_spec(800, 400, "en", True)["layer"]
    channels = {name: channel for layer in layers for name, channel in layer["encoding"].items()}
    assert channels["x"]["scale"]["domain"] == [0, 400]
    assert [one["encoding"]["y"]["scale"]["domain"] for one in layers if "scale" in one["encoding"]["y"]] == [
        [0, 1]
    ] * 2
    dashes = channels["strokeDash"]["scale"]
    assert dashes["domain"] == channels["color"]["scale"]["domain"] == [STUDENT, *CONTESTANTS]
    assert len({tuple(dash) for dash in dashes["range"]}) == len(set(channels["color"]["scale"]["range"])) == 4

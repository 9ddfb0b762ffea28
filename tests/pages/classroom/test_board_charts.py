"""The board's charts draw the board's own numbers, and a chart does not change while they do."""

import itertools
from typing import Any

import altair as alt
import numpy as np
import pytest

from core.classroom.leaderboard import Board, FinalResult, build_board
from core.classroom.student_history import StudentHistory, build_history, summarize_round
from core.plan import RoundPlan
from core.space import LogRange, SearchSpace
from pages.components.classroom import board_charts as charts
from pages.components.classroom import board_tables as tables
from pages.components.classroom.board_text import final_test_sentences
from pages.components.round.chart_style import RAMP, Domain
from pages.components.round.searched_axes import ShownAxes
from tests.support.sample_rounds import made

NAMES = {1: "quick otter", 2: "<b>Kim</b>"}
SHOWN = ShownAxes(
    (("learning_rate", Domain(-7, -1)), ("weight_decay", Domain(-9, -3))), "learning_rate", "weight_decay"
)
LIKE = RoundPlan()
NARROW = SearchSpace(LogRange(-4, -3), LogRange(-6, -5))


def tracked(*rounds: Any) -> StudentHistory:
    return build_history([summarize_round(one) for one in rounds], LIKE)


@pytest.fixture
def found() -> Board:
    """Two students: one with two rounds, one with one in narrow ranges."""
    first = tracked(made([-2, -3], [0.5, 0.9]), made([-4], [0.7], diverged=(0,)))
    second = tracked(made([-3], [0.6], space=NARROW))
    finals = [FinalResult(1, 0.9, 0.8, 0.75, 0.03, 100), FinalResult(2, None, 0.6, 0.6, 0.0, 100)]
    return build_board({1: first, 2: second}, finals, 3, LIKE)


def test_points_carry_every_trial_and_whose_it_is(found: Board) -> None:
    points = tables.points_table(found, NAMES).to_pandas().sort_values("validation")
    assert list(points["validation"]) == pytest.approx([0.5, 0.6, 0.7, 0.9])
    assert list(points["who"]) == [NAMES[1], NAMES[2], NAMES[1], NAMES[1]]
    assert list(points["rank"]) == [3, 2, 0, 1]  # diverged trials have none
    assert list(points["lr"]) == pytest.approx([-2, -3, -4, -3])


def test_without_names_no_student_is_named(found: Board) -> None:
    for table in (tables.points_table, tables.lines_table, tables.finals_table):
        assert set(table(found, {}).to_pandas()["who"]) == {""}


def test_ranges_are_those_that_everybody_looks_in_now_the_small_ones_on_top(found: Board) -> None:
    ranges = tables.ranges_table(found, NAMES).to_pydict()
    assert ranges["who"] == [NAMES[1], NAMES[2]]
    assert (ranges["lr"], ranges["lr_high"]) == ([-6, -4], [-2, -3])
    assert (ranges["wd"], ranges["wd_high"]) == ([-8, -6], [-4, -5])


def test_lines_rise_with_the_rounds_and_their_epochs(found: Board) -> None:
    lines = tables.lines_table(found, NAMES).to_pandas().query("seat == 1")
    assert list(lines["spent"]) == [8, 12]
    assert list(lines["best"]) == pytest.approx([0.9, 0.9])
    assert list(lines["last"]) == [False, True]


def test_the_best_have_their_curves_and_their_values_in_words(found: Board) -> None:
    curves = tables.curves_table(found, NAMES).to_pandas()
    best = curves[curves["rank"] == 1]
    progress, trial = found.curve(int(found.best[0]))
    assert list(best["validation"]) == pytest.approx(list(progress.validation_accuracy[trial]))
    assert list(best["epoch"]) == [1, 2, 3, 4] and list(best["first"]) == [True, False, False, False]
    assert best["head"].iloc[0] == "1:  quick otter" and "0.90   lr 0.001 " in best["values"].iloc[0]


def test_long_curves_are_thinned_and_keep_their_ends() -> None:
    found = build_board({1: tracked(made([-3], [0.9], epochs=200))}, [], 1, LIKE)
    epochs = tables.curves_table(found, NAMES).to_pandas()["epoch"]
    assert len(epochs) <= tables.CURVE_POINTS and (epochs.min(), epochs.max()) == (1, 200)


def test_final_tests_of_values_that_no_accuracy_led_to_are_left_out_and_counted(found: Board) -> None:
    assert tables.finals_table(found, NAMES).to_pydict() == {"who": [NAMES[1]], "validation": [0.9], "test": [0.75]}
    assert "Final tests: 2, of values that were not chosen by a trial: 1" in final_test_sentences(found.finals)


def test_the_sentences_about_final_tests_give_their_means() -> None:
    rng = np.random.default_rng(0)
    led, again, test = (rng.uniform(0.5, 0.9, 12) for _ in range(3))
    rows = zip(led, again, test, strict=True)
    finals = tuple(FinalResult(seat, *map(float, row), 0.02, 100) for seat, row in enumerate(rows))
    said = " ".join(final_test_sentences(finals))
    difference = led - again
    error = (sum((one - difference.mean()) ** 2 for one in difference) / 11) ** 0.5 / 12**0.5
    for number in (led.mean(), again.mean(), test.mean(), difference.mean(), error):
        assert f"{number:.3f}" in said
    assert f"{sum(test < led)} of 12 lie below" in said


def test_a_single_final_test_has_no_spread() -> None:
    said = " ".join(final_test_sentences((FinalResult(1, 0.9, 0.8, 0.75, 0.03, 100),)))
    assert "(difference +0.100)" in said and "look 0.030 better" in said and "nan" not in said
    assert "chance alone" in said


def test_an_empty_board_has_empty_tables_of_the_same_types(found: Board) -> None:
    nothing = build_board({}, [], 0, LIKE)
    for table in (
        tables.points_table, tables.ranges_table, tables.lines_table, tables.curves_table, tables.finals_table,
    ):  # fmt: skip
        assert table(nothing, {}).num_rows == 0
        assert table(nothing, {}).schema == table(found, NAMES).schema


@pytest.mark.parametrize(("most", "end"), [(0, 10), (10, 10), (11, 20), (400, 500), (4_000_001, 5_000_000)])
def test_the_axis_of_epochs_ends_at_the_next_round_number(
    most: int, end: int, monkeypatch: pytest.MonkeyPatch, found: Board
) -> None:
    monkeypatch.setattr(StudentHistory, "total", most)
    assert tables.epoch_axis_end(found) == end


@pytest.mark.parametrize("wide", [False, True])
def test_the_charts_keep_to_vega_lites_schema_and_are_built_once(wide: bool) -> None:
    for spec in specs(wide):
        alt.Chart.from_dict(spec)  # raises what is wrong
        assert "datasets" not in spec  # what it draws comes beside it
    assert all(first is second for first, second in zip(specs(wide), specs(wide), strict=True))


def specs(wide: bool) -> list[dict[str, Any]]:
    return [
        charts.map_spec(wide, 22, SHOWN, True, "ko", False),
        charts.lines_spec(wide, 22, 500, True, "ko", False),
        charts.best_spec(1800 if wide else 340, 20, 20, "ko", True),
        charts.finals_spec(wide, 22, False, "ko", True),
    ]


@pytest.mark.parametrize(("width", "columns"), [(1840, 5), (1280, 5), (760, 3), (340, 1)])
def test_the_best_stand_in_columns_that_fill_the_page(width: int, columns: int) -> None:
    spec = charts.best_spec(width, 20, 20, "en", False)
    side = spec["spec"]["width"]
    assert spec["columns"] == columns
    assert 0.85 * width < columns * (side + charts.GAP) <= width + charts.GAP


def test_accuracy_is_shown_by_size_as_well_as_by_colour() -> None:
    encodings = [layer.get("encoding", {}) for layer in charts.map_spec(True, 22, SHOWN, True, "en", False)["layer"]]
    points = next(one for one in encodings if "color" in one)
    assert points["color"]["field"] == points["size"]["field"] == "validation"


@pytest.mark.parametrize("dark", [False, True])
def test_accuracies_have_the_colours_of_the_map_which_stand_out_from_the_background(dark: bool) -> None:
    layers = charts.map_spec(True, 22, SHOWN, True, "en", dark)["layer"]
    (points,) = [layer["encoding"] for layer in layers if "color" in layer.get("encoding", {})]
    assert points["color"]["scale"]["range"] == RAMP[dark]


@pytest.mark.parametrize(("width", "size"), [(1840, 22), (1280, 15), (340, charts.SMALLEST), (5000, charts.LARGEST)])
def test_type_grows_with_the_page(width: int, size: int) -> None:
    assert charts.type_size(width) == size
    assert charts.best_spec(width, 5, 20, "en", False)["config"]["axis"]["labelFontSize"] == size


@pytest.mark.parametrize("ends", [[], [0.97] * 5, [0.9, 0.88, 0.3], [0.2, 0.1, 0.1, 0.0, 0.0], [0.4, 0.1]])
def test_labels_of_lines_cover_no_other_and_stay_on_the_axis(ends: list[float]) -> None:
    heights = tables.label_heights(ends)
    gaps = [above - below for above, below in itertools.pairwise(heights)]
    assert all(gap >= tables.LABEL_HEIGHT - 1e-9 for gap in gaps)
    assert all(0 <= height <= 1 for height in heights)
    assert heights[:1] >= ends[:1]


def test_the_lines_of_the_best_alone_are_labelled_each_once() -> None:
    best = {seat: tracked(made([-3], [0.05 * seat]), made([-4], [0.01])) for seat in range(1, 9)}
    lines = tables.lines_table(build_board(best, [], 8, LIKE), {8: "Ada", 3: "Emmy"}).to_pandas()
    assert list(lines[lines["label"] != ""].sort_values("place")["seat"]) == [8, 7, 6, 5, 4]
    assert list(lines[lines["seat"] == 8]["label"]) == ["", "0.40  Ada"]
    assert set(lines[lines["seat"] == 3]["label"]) == {""}
    assert list(lines[lines["seat"] == 7]["label"]) == ["", "0.35"]


def test_a_class_that_searches_other_axes_is_drawn_on_them() -> None:
    space = SearchSpace.of({"momentum": LogRange(-2, -1), "batch_size": LogRange(4, 6)})
    settings = {"space": space, "optimizer": "momentum"}
    board = build_board({1: tracked(made([-2, -3], [0.5, 0.9], **settings))}, [], 1, LIKE)
    points, ranges = tables.points_table(board, NAMES).to_pydict(), tables.ranges_table(board, NAMES).to_pydict()
    assert all(-2 <= place <= -1 for place in points["momentum"]) and set(points["batch"]) <= {4, 5, 6}
    assert (ranges["momentum"], ranges["momentum_high"], ranges["batch_high"]) == ([-2], [-1], [6])
    shown = tables.map_shown(board)
    assert (shown.x, shown.y) == ("momentum", "batch_size")
    alt.Chart.from_dict(charts.map_spec(True, 22, shown, True, "en", False))
    assert "momentum" in tables.curves_table(board, NAMES).to_pydict()["values"][0]

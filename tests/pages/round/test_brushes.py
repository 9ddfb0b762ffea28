"""What brushes on the map and on strips leave of the next round's ranges."""

from core.space import LogRange, SearchSpace
from pages.components.round.brushes import box_of, brushes_of
from pages.components.round.searched_axes import ShownAxes, default_shown

SPACE = SearchSpace(LogRange(-6, -2), LogRange(-8, -4), momentum=LogRange(-2.5, -0.5), batch_size=LogRange(4, 7))
SHOWN = default_shown(SPACE)


def test_a_brush_on_a_strip_narrows_its_axis_alone() -> None:
    drawn = brushes_of({"brush_momentum": {"momentum": [-0.94, -2.03]}}, SHOWN)
    assert box_of(drawn, {}, SPACE) == SPACE.with_range("momentum", LogRange(-2, -0.9))


def test_whole_numbers_stay_whole() -> None:
    drawn = brushes_of({"brush_batch": {"batch": [4.6, 6.4]}}, SHOWN)
    assert box_of(drawn, {}, SPACE) == SPACE.with_range("batch_size", LogRange(5, 6))


def test_brushes_on_one_axis_leave_what_they_have_in_common() -> None:
    first = brushes_of({"brush": {"lr": [-5, -3], "wd": [-7, -6]}}, SHOWN)
    box = box_of(first, {}, SPACE)
    assert box is not None
    both = brushes_of({"brush": {"lr": [-5, -3], "wd": [-7, -6]}, "brush_lr": {"lr": [-4, -2]}}, SHOWN)
    left = box_of(both, first, box)
    assert left is not None and left["learning_rate"] == LogRange(-4, -3) and left["weight_decay"] == LogRange(-7, -6)


def test_a_brush_apart_from_another_replaces_it() -> None:
    first = brushes_of({"brush_lr": {"lr": [-5, -4]}}, SHOWN)
    both = brushes_of({"brush_lr": {"lr": [-5, -4]}, "brush": {"lr": [-3, -2], "wd": [-7, -6]}}, SHOWN)
    left = box_of(both, first, SPACE)
    assert left is not None and left["learning_rate"] == LogRange(-3, -2)


def test_a_brush_that_was_there_before_does_not_undo_what_was_set_since() -> None:
    drawn = brushes_of({"brush_lr": {"lr": [-5, -4]}}, SHOWN)
    assert box_of(drawn, drawn, SPACE) is None
    more = brushes_of({"brush_lr": {"lr": [-5, -4]}, "brush_wd": {"wd": [-7, -6]}}, SHOWN)
    assert box_of(more, drawn, SPACE) == SPACE.with_range("weight_decay", LogRange(-7, -6))


def test_the_map_sets_the_axes_that_it_shows_and_no_axis_that_is_not_searched() -> None:
    shown = ShownAxes(
        (
            *SHOWN.domains,
            *default_shown(SearchSpace.of({"dropout": LogRange(0, 0.5), "neurons": LogRange(4, 6)})).domains,
        ),
        "momentum",
        "dropout",
    )
    drawn = brushes_of({"brush": {"momentum": [-2, -1], "dropout": [0.1, 0.3]}}, shown)
    assert box_of(drawn, {}, SPACE) == SPACE.with_range("momentum", LogRange(-2, -1))
    assert box_of(brushes_of({"brush_dropout": {"dropout": [0.1, 0.3]}}, shown), {}, SPACE) is None

"""Lines across all axes: their places are the trials' own, and a box drawn over them becomes ranges."""

from dataclasses import replace

import altair as alt
import numpy as np
import pytest

from core.plan import RoundPlan
from core.progress import RoundProgress
from core.space import LogRange, SearchSpace
from pages.components.round.brushes import box_of
from pages.components.round.parallel_chart import (
    PARALLEL_BRUSH,
    axes_table,
    lines_table,
    parallel_brush,
    parallel_spec,
)
from pages.components.round.searched_axes import default_shown

SPACE = SearchSpace(LogRange(-6, -2), LogRange(-8, -4), momentum=LogRange(-2.5, -0.5), batch_size=LogRange(4, 7))
SHOWN = default_shown(SPACE)


def trained(trials: int = 12) -> RoundProgress:
    """A round in these ranges whose accuracy rises with the index of a trial."""
    plan = RoundPlan(trials=trials, epochs=1, space=SPACE, optimizer="momentum")
    curves = np.linspace(0.1, 0.9, trials)[:, None].astype(np.float32)
    return replace(
        RoundProgress.of(plan), validation_accuracy=curves, train_accuracy=curves, epochs_done=np.ones(trials, int)
    )


def test_a_line_goes_through_the_places_of_its_trial_and_ends_at_its_accuracy() -> None:
    progress = trained()
    table = lines_table(progress, SHOWN, SPACE, pointed=3).to_pandas()
    assert len(table) == 12 * 5
    line = table[table["trial"] == 7].sort_values("position")
    domain = SHOWN.domain("momentum")
    place = np.log10(1 - progress.hyperparameters["momentum"][7])
    assert line["share"].iloc[2] == pytest.approx((place - domain.low) / (domain.high - domain.low), abs=1e-5)
    assert line["share"].iloc[4] == pytest.approx(progress.validation_accuracy[7, 0])
    assert table["inside"].all() and set(table[table["pointed"]]["trial"]) == {3}


def test_trials_outside_the_next_ranges_fade() -> None:
    progress = trained()
    half = SPACE.with_range("momentum", LogRange(-2.5, -1.5))
    table = lines_table(progress, SHOWN, half, None).to_pandas()
    expected = np.log10(1 - progress.hyperparameters["momentum"]) <= -1.5
    assert expected.any() and not expected.all()
    assert set(table[table["inside"]]["trial"]) == set(np.flatnonzero(expected))


def test_a_box_over_an_axis_narrows_it_and_no_other() -> None:
    domain = SHOWN.domain("momentum")
    low, high = ((end - domain.low) / (domain.high - domain.low) for end in (-2, -1))
    brushes = parallel_brush({PARALLEL_BRUSH: {"position": [1.7, 2.3], "share": [high, low]}}, SHOWN, trained())
    assert box_of(brushes, {}, SPACE) == SPACE.with_range("momentum", LogRange(-2, -1))


def test_a_box_over_the_accuracy_leaves_the_ranges_of_the_trials_that_it_holds() -> None:
    progress = trained()
    brushes = parallel_brush({PARALLEL_BRUSH: {"position": [3.8, 4.1], "share": [0.7, 1]}}, SHOWN, progress)
    box = box_of(brushes, {}, SPACE)
    held = progress.places()[progress.last_validation() >= 0.7]
    assert box is not None and len(held) > 1
    for axis, places in zip(SPACE.axes, held.T, strict=True):
        assert box[axis].low <= places.min() + 0.051 and box[axis].high >= places.max() - 0.051


def test_a_box_beside_an_axis_means_it() -> None:
    brushes = parallel_brush({PARALLEL_BRUSH: {"position": [1.6, 1.9], "share": [0.2, 0.6]}}, SHOWN, trained())
    assert list(brushes[PARALLEL_BRUSH]) == ["momentum"]


@pytest.mark.parametrize("sent", [{}, {PARALLEL_BRUSH: {"position": [0.2], "share": [0, 1]}}, {PARALLEL_BRUSH: 3}])
def test_what_no_chart_sends_is_no_range(sent: object) -> None:
    assert parallel_brush(sent, SHOWN, trained()) == {}  # type: ignore[arg-type]


def test_the_chart_keeps_to_vega_lites_schema_and_names_every_axis() -> None:
    for width in (340, 1300):
        alt.Chart.from_dict({**parallel_spec(width, SHOWN, "en", False), "params": []})
    names = axes_table(SHOWN, SPACE, "en").to_pydict()["name"]
    assert names == ["learning rate", "weight decay", "momentum", "batch size", "accuracy"]

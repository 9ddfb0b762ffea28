"""The tables of a round hold its own numbers, in the same types whether empty or full."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.space import SearchSpace
from core.training.stacks import Scores
from pages.components.round import tables
from pages.components.round.chart_style import Domain
from tests.support.sample_rounds import made

ROUND = made([-2, -3, -4, -5, -1], [0.5, 0.9, 0.3, 0.2, 0.1], diverged=(4,))


def test_points_carry_the_trials_in_the_order_of_their_rank() -> None:
    points = tables.points_table(ROUND).to_pydict()
    assert points["trial"] == [1, 0, 2, 3, 4]
    assert points["rank"] == [1, 2, 3, 4, 5]
    assert points["lr"] == pytest.approx([-3, -2, -4, -5, -1])
    assert points["validation"] == pytest.approx([0.9, 0.5, 0.3, 0.2, 0.1])
    assert points["diverged"] == [False, False, False, False, True]


def test_curves_carry_every_epoch_of_the_best() -> None:
    curves = tables.curves_table(ROUND).to_pandas()
    best = curves[curves["rank"] == 1]
    assert list(best["epoch"]) == [1, 2, 3, 4]
    assert list(best["validation"]) == pytest.approx(list(ROUND.validation_accuracy[1]))
    assert list(best["training"]) == pytest.approx(list(ROUND.train_accuracy[1]))
    assert list(best["first"]) == [True, False, False, False]


def test_no_more_than_twenty_curves_are_drawn() -> None:
    many = made(list(np.linspace(-6, -2, 50)), list(np.linspace(0.1, 0.9, 50)))
    assert tables.curves_table(many).to_pandas()["rank"].max() == tables.PANELS


def test_a_long_curve_is_thinned_out_and_keeps_its_last_epoch() -> None:
    long = made([-2, -3], [0.9, 0.5], epochs=200)
    curve = tables.curves_table(long).to_pandas().query("rank == 1")
    assert len(curve) <= tables.CURVE_POINTS + 1
    assert curve["epoch"].max() == 200


def halved() -> RoundProgress:
    """A round whose third trial was given up after two epochs of four."""
    gone = np.arange(5) == 2
    return replace(ROUND, given_up=gone, epochs_done=np.where(gone, 2, 4))


def test_the_curve_of_a_given_up_trial_ends_where_it_ended_and_says_so() -> None:
    curves = tables.curves_table(halved()).to_pandas()
    gone = curves[curves["trial"] == 2]
    assert list(gone["epoch"]) == [1, 2] and list(gone["given_up"]) == [2, 2]
    assert (curves[curves["trial"] != 2]["given_up"] == 0).all()


@pytest.mark.parametrize("done", [1, 3, 59, 60, 61, 100, 199, 200])
def test_a_long_curve_that_is_thinned_out_ends_at_its_own_last_epoch(done: int) -> None:
    long = replace(made([-2], [0.9], epochs=200), epochs_done=np.array([done]))
    curve = tables.curves_table(long).to_pandas()
    assert curve["epoch"].max() == done and curve["epoch"].is_unique


def test_points_say_which_trials_were_given_up_and_how_far_they_came() -> None:
    points = tables.points_table(halved()).to_pydict()
    assert points["trial"][3] == 2  # behind all that went on, before the one that diverged
    assert points["given_up"] == [False, False, False, True, False]
    assert points["epochs"] == [4, 4, 4, 2, 1]  # the last one diverged at once


def test_the_trial_pointed_at_is_one_row_and_without_one_there_is_none() -> None:
    assert tables.pointed_table(ROUND, 3).to_pydict() == {"lr": [pytest.approx(-5)], "wd": [pytest.approx(-5)]}
    nobody = tables.pointed_table(ROUND, None)
    assert nobody.num_rows == 0 and nobody.schema == tables.pointed_table(ROUND, 3).schema


def test_before_the_first_epoch_every_panel_is_empty() -> None:
    nothing = RoundProgress.of(ROUND.plan)
    curves = tables.curves_table(nothing).to_pandas()
    assert list(curves["rank"]) == [1, 2, 3, 4, 5]
    assert (curves["trial"] == -1).all() and curves["validation"].isna().all()
    assert tables.points_table(nothing).num_rows == 0


def test_tables_keep_their_types_whether_empty_or_full() -> None:
    nothing = RoundProgress.of(ROUND.plan)
    for table in (tables.points_table, tables.curves_table):
        assert table(nothing).schema.names == table(ROUND).schema.names
        for field in table(ROUND).schema:
            assert table(nothing).schema.field(field.name).type in (field.type, pa.float64())


def test_arrow_bytes_read_back_as_the_table() -> None:
    table = tables.points_table(ROUND)
    assert pa.ipc.open_stream(tables.arrow(table)).read_all().equals(table)


def test_boxes_lie_at_their_ranges() -> None:
    plane = tables.Plane(600, 300, Domain(-7, -1), Domain(-9, -3))
    boxes = tables.boxes_table({"round 1": SearchSpace()}, SearchSpace(), plane).to_pylist()
    sides = {"lr": -6.0, "lr_high": -2.0, "wd": -8.0, "wd_high": -4.0}
    label = {"label_lr": pytest.approx(-5.96), "label_wd": pytest.approx(-7.92)}  # four pixels inside
    assert boxes == [{"label": "round 1", "next": True, **sides, **label}]


def test_a_replay_shows_every_trial_once_at_every_epoch_as_it_was_then() -> None:
    replay = tables.replay_table(halved()).to_pandas()
    for epoch in (1, 2, 3, 4, tables.LATEST_EPOCH):
        shown = replay[(replay["since"] <= epoch) & (epoch < replay["until"])].set_index("trial")
        assert sorted(shown.index) == [0, 1, 2, 3, 4]
        reached = np.minimum(halved().epochs_done, min(epoch, 4))
        assert list(shown["epochs"].sort_index()) == list(np.minimum(halved().epochs_measured, reached))
        expected = halved().validation_accuracy[np.arange(5), reached - 1]
        assert list(shown["validation"].sort_index()) == pytest.approx(list(expected))
        assert bool(shown["given_up"][2]) == (epoch >= 2)


def test_the_end_of_a_replay_is_what_is_shown_without_one() -> None:
    replay = tables.replay_table(ROUND).to_pandas()
    last = replay[replay["until"] > tables.LATEST_EPOCH].drop(columns="since").reset_index(drop=True)
    now = tables.points_table(ROUND).to_pandas().drop(columns="since")
    assert last.equals(now)


@pytest.mark.parametrize(("trials", "epochs"), [(20, 20), (200, 200), (100, 50), (3, 1)])
def test_a_replay_of_a_large_round_has_fewer_epochs_and_ends_with_the_last(trials: int, epochs: int) -> None:
    values = list(np.linspace(0.1, 0.9, trials))
    replay = tables.replay_table(made(list(np.linspace(-6, -2, trials)), values, epochs=epochs)).to_pandas()
    assert len(replay) <= max(tables.REPLAY_ROWS, 2 * trials)
    assert replay["epochs"].max() == epochs and replay["since"].min() == 0


def test_each_row_of_a_curve_holds_until_the_next_one() -> None:
    curves = tables.curves_table(halved()).to_pandas()
    for trial in range(5):
        mine = curves[curves["trial"] == trial]
        assert list(mine["until"]) == [*mine["epoch"][1:], tables.LATEST_EPOCH + 1]


def diverging() -> RoundProgress:
    """A round of two trials of which the second diverged in its third epoch of five."""
    first, second = np.array([0.2, 0.3, 0.5, 0.6, 0.7]), np.array([0.3, 0.4, 0.1, np.nan, np.nan])
    progress = RoundProgress.of(RoundPlan(trials=2, epochs=5))
    for epoch in range(5):
        going = [0, 1] if epoch < 3 else [0]
        accuracy = np.array([first[epoch], second[epoch]])[going].astype(np.float32)
        lost = np.array([False, epoch == 2])[going]
        progress = progress.with_scores([Scores(np.array(going), epoch, accuracy, accuracy, lost)])
    return replace(progress, status=Status.FINISHED)


def test_the_curve_of_a_diverged_trial_ends_in_the_epoch_in_which_it_diverged() -> None:
    assert list(diverging().epochs_measured) == [5, 3]
    curves = tables.curves_table(diverging()).to_pandas()
    lost = curves[curves["trial"] == 1]
    assert list(lost["epoch"]) == [1, 2, 3] and list(lost["lost"]) == [3, 3, 3]
    assert list(lost["validation"]) == pytest.approx([0.3, 0.4, 0.1])
    assert (curves[curves["trial"] == 0]["lost"] == 0).all() and (curves["given_up"] == 0).all()


def test_in_a_replay_a_trial_diverges_in_its_own_epoch() -> None:
    points = tables.replay_table(diverging()).to_pandas().query("trial == 1")
    assert {row.since: row.diverged for row in points.itertuples()} == {0: False, 2: False, 3: True, 4: True, 5: True}

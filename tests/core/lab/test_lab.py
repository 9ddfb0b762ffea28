"""A lab: its ranges and undo, its settings, its choice, and the release of rounds that are over."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from core.engine.engine import EmbeddedEngine
from core.errors import LessonError
from core.lab.choice import Choice
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.progress import Status
from core.space import LogRange, SearchSpace
from tests.support.sample_rounds import made
from tests.support.waiting import until

NARROW = SearchSpace(LogRange(-3, -2), LogRange(-7, -5))


def test_undo_returns_to_the_ranges_before() -> None:
    lab = Lab("t")
    lab.set_ranges(NARROW)
    lab.set_ranges(SearchSpace(LogRange(-2.5, -2), LogRange(-7, -5)))
    lab.undo()
    assert lab.plan.space == NARROW
    lab.undo()
    lab.undo()
    assert lab.plan.space == SearchSpace()


def test_choosing_the_same_ranges_leaves_nothing_to_undo() -> None:
    lab = Lab("t")
    lab.set_ranges(SearchSpace())
    assert lab.undo_stack == []


def test_a_setting_beyond_the_limits_changes_nothing() -> None:
    lab = Lab("t")
    before = lab.plan
    with pytest.raises(LessonError):
        lab.change(trials=201)
    assert lab.plan is before


def test_a_value_is_tested_to_the_end_though_its_round_would_give_it_up() -> None:
    lab = Lab("t")
    lab.change(give_up=(2, 4), keep=0.3)
    lab.choose(Choice(0.01, 1e-6))
    assert lab.plan_of_choice().give_up == ()


def test_a_round_that_is_over_keeps_its_results_alone(engine: EmbeddedEngine) -> None:
    lab = Lab("t")
    lab.change(trials=2, epochs=1)
    round_ = lab.start(engine)
    until(lambda: round_.handle is None)
    assert round_.progress.status is Status.FINISHED and round_.progress.epochs_done.tolist() == [1, 1]


@pytest.mark.parametrize(("status", "fault"), [(Status.FAILED, LessonError("why")), (Status.RUNNING, None)])
def test_a_round_that_failed_keeps_why_and_one_that_goes_on_its_handle(
    status: Status, fault: LessonError | None
) -> None:
    lab = Lab("t")
    handle = SimpleNamespace(progress=replace(made([-3], [0.5]), status=status), fault=fault)
    lab.rounds = [LabRound(1, handle.progress, handle=handle)]
    lab._on_round_end(1)()
    assert lab.rounds[0].handle is handle

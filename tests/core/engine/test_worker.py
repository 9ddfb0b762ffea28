"""The worker's shares: stacks of bounded size that advance evenly, and memory that is given back."""

import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.data.datasets import TrainingImages, load_training
from core.engine import share as share_module
from core.engine.memory import least_memory, least_weights
from core.engine.protocol import ShareSpec, Slice, SliceReport
from core.engine.share import STACK_OPERATIONS, STACK_TRIALS, Share, stack_size
from core.engine.trial_costs import weight_bytes
from core.engine.worker import Worker
from core.plan import RoundPlan
from core.space import LogRange, SearchSpace
from core.training.operations import operations
from core.training.round_data import inputs_of, prepare
from core.training.stacks import begin
from core.training.workspace import Workspaces
from tests.support.direct_training import train_alone
from tests.support.network_plans import NETWORK_SETTINGS
from tests.support.waiting import LIMIT

PLAN = RoundPlan(SearchSpace(LogRange(-3, -2), LogRange(-8, -4)), trials=12, epochs=3, hidden_layers=1, neurons=20)


def spec(plan: RoundPlan = PLAN) -> ShareSpec:
    return ShareSpec(plan, load_training(plan.dataset, plan.images), tuple(range(plan.trials)))


def to_the_end(worker: Worker, key: int, first: ShareSpec, seconds: float) -> list[SliceReport]:
    """The reports of all slices of a share."""
    reports = [worker.run(Slice(key, seconds, first))]
    while not reports[-1].finished:
        reports.append(worker.run(Slice(key, seconds, None)))
    return reports


# ---------------------------------------------------------------------------------------------------- stacks


@pytest.mark.parametrize("trials", [1, 2, 4, 5, 6, 7, 11, 50, 200])
def test_stacks_are_of_nearly_equal_size_and_no_larger_than_the_bound(trials: int) -> None:
    size = stack_size(PLAN, 64, trials)
    assert 1 <= size <= STACK_TRIALS
    sizes = [len(range(start, min(start + size, trials))) for start in range(0, trials, size)]
    assert len(sizes) == -(-trials // STACK_TRIALS)  # no more stacks than must be
    assert size - sizes[-1] < len(sizes)


def test_stacks_of_large_networks_are_smaller() -> None:
    large = RoundPlan(dataset="mnist", images=10_000, neurons=256, hidden_layers=8, trials=20)
    assert stack_size(large, 784, 20) == 1
    middle = RoundPlan(dataset="mnist", images=2_000, trials=20)
    assert 1 < stack_size(middle, 784, 20) < STACK_TRIALS
    assert stack_size(middle, 784, 20) * operations(middle, 784) <= STACK_OPERATIONS


def test_stacks_advance_evenly() -> None:
    share = Share(spec(), prepare(PLAN, spec().source))
    done, memory, finished = np.zeros(PLAN.trials, int), Workspaces(), False
    while not finished:
        report = share.advance(0, memory)
        finished = report.finished
        for scores in report.scores:
            done[scores.trials] += 1
            assert done.max() - done.min() <= 1
    assert (done == PLAN.epochs).all()


# ---------------------------------------------------------------------------------------------------- slices


@pytest.mark.parametrize("knobs", [{}, NETWORK_SETTINGS["all"]], ids=["lesson", "all knobs"])
@pytest.mark.parametrize("seconds", [0, 0.01, 60])
def test_slices_of_any_length_give_the_same_scores_to_the_bit(seconds: float, knobs: dict[str, Any]) -> None:
    plan = replace(PLAN, **knobs)
    found: dict[int, list[float]] = {trial: [] for trial in range(PLAN.trials)}
    for report in to_the_end(Worker(), 1, spec(plan), seconds):
        for scores in report.scores:
            for trial, accuracy in zip(scores.trials, scores.validation_accuracy, strict=True):
                assert len(found[trial]) == scores.epoch
                found[trial].append(accuracy)
    assert found == {trial: trained.validation_accuracy for trial, trained in train_alone(plan).items()}


def test_a_slice_trains_an_epoch_of_a_stack_at_least_and_says_how_long_it_took() -> None:
    report = Worker().run(Slice(1, 0, spec()))
    assert len(report.scores) == 1 and report.seconds > 0 and not report.finished


def test_a_share_whose_trials_all_diverge_is_finished_early() -> None:
    plan = RoundPlan(SearchSpace(LogRange(1, 1), LogRange(-5, -5)), trials=3, epochs=200)
    reports = to_the_end(Worker(), 1, spec(plan), 0)
    assert len(reports) < 20
    assert reports[-1].scores[-1].diverged.all()


# ---------------------------------------------------------------------------------------------------- rungs


RUNGS = RoundPlan(PLAN.space, trials=12, epochs=6, hidden_layers=1, neurons=20)


def to_the_rung(worker: Worker, order: Slice) -> list[SliceReport]:
    """The reports of all slices until the share waits or is finished."""
    reports = [worker.run(order)]
    while not (reports[-1].at_rung or reports[-1].finished):
        reports.append(worker.run(Slice(order.key, order.seconds, None, stop_epoch=order.stop_epoch)))
    return reports


def curves(reports: list[SliceReport]) -> dict[int, list[float]]:
    """Validation accuracies as they came in, by trial."""
    found: dict[int, list[float]] = {}
    for report in reports:
        for scores in report.scores:
            for trial, accuracy in zip(scores.trials.tolist(), scores.validation_accuracy, strict=True):
                assert len(found.setdefault(trial, [])) == scores.epoch
                found[trial].append(accuracy)
    return found


@pytest.mark.parametrize("seconds", [0, 60])
def test_a_share_trains_to_the_rung_and_waits_there(seconds: float) -> None:
    worker = Worker()
    reports = to_the_rung(worker, Slice(1, seconds, spec(RUNGS), stop_epoch=2))
    assert [report.at_rung for report in reports] == [False] * (len(reports) - 1) + [True]
    assert all(len(curve) == 2 for curve in curves(reports).values())
    idle = worker.run(Slice(1, seconds, None, stop_epoch=2))
    assert (idle.scores, idle.at_rung, idle.finished) == ([], True, False)


@pytest.mark.parametrize("seconds", [0, 60])
def test_trials_that_go_on_over_rungs_come_to_the_same_bits(seconds: float) -> None:
    worker, true = Worker(), {trial: trained.validation_accuracy for trial, trained in train_alone(RUNGS).items()}
    reports = to_the_rung(worker, Slice(1, seconds, spec(RUNGS), stop_epoch=2))
    reports += to_the_rung(worker, Slice(1, seconds, None, stop_epoch=4, dropped_trials=(0, 3, 4, 5, 7, 11)))
    reports += to_the_rung(worker, Slice(1, seconds, None, stop_epoch=6, dropped_trials=(1, 2, 10)))
    assert reports[-1].finished and not worker.shares
    ends = {trial: 6 for trial in (6, 8, 9)} | {trial: 4 for trial in (1, 2, 10)}
    assert curves(reports) == {trial: curve[: ends.get(trial, 2)] for trial, curve in true.items()}


def test_trials_that_go_on_are_put_together() -> None:
    worker = Worker()
    to_the_rung(worker, Slice(1, 60, spec(RUNGS), stop_epoch=2))
    assert sorted(len(stack.trials) for stack in worker.shares[1].stacks) == [4, 4, 4]
    to_the_rung(worker, Slice(1, 60, None, stop_epoch=4, dropped_trials=(0, 3, 4, 5, 7, 11)))
    assert sorted(len(stack.trials) for stack in worker.shares[1].stacks) == [3, 3]
    to_the_rung(worker, Slice(1, 60, None, stop_epoch=5, dropped_trials=(1, 2)))
    assert [stack.trials.tolist() for stack in worker.shares[1].stacks] == [[6, 8, 9, 10]]


def test_only_stacks_that_have_trained_as_long_are_put_together() -> None:
    share = Share(spec(RUNGS), prepare(RUNGS, spec().source))
    for _ in range(4):  # three stacks: one of them has trained two epochs, the others one
        share.advance(0, Workspaces())
    share.drop_trials(tuple(trial for trial in range(12) if trial % 4))
    assert [(stack.epoch, stack.trials.tolist()) for stack in share.stacks] == [(1, [4, 8]), (2, [0])]


def test_trials_given_up_before_they_began_are_never_trained() -> None:
    worker = Worker()
    reports = [worker.run(Slice(1, 0, spec(RUNGS)))]
    reports.append(worker.run(Slice(1, 60, None, dropped_trials=(6, 7, 8, 9, 10, 11))))
    assert set(curves(reports)) == set(range(6)) and reports[-1].finished


def test_a_share_that_is_given_up_altogether_is_forgotten_at_once() -> None:
    worker = Worker()
    worker.run(Slice(1, 0, spec(RUNGS)))
    report = worker.run(Slice(1, 60, None, dropped_trials=tuple(range(12))))
    assert (report.scores, report.finished, report.at_rung, worker.shares) == ([], True, False, {})


# ---------------------------------------------------------------------------------------------------- memory


def test_a_finished_share_is_forgotten() -> None:
    worker = Worker()
    to_the_end(worker, 1, spec(), 60)
    assert not worker.shares and not worker.inputs


def test_a_dropped_share_is_forgotten_before_the_order_is_carried_out() -> None:
    worker = Worker()
    worker.run(Slice(1, 0, spec()))
    worker.run(Slice(2, 0, spec(), dropped_shares=(1, 77)))
    assert list(worker.shares) == [2]


def test_a_share_that_fails_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: object) -> None:
        raise MemoryError

    worker = Worker()
    monkeypatch.setattr(share_module, "advance", out_of_memory)
    with pytest.raises(MemoryError):
        worker.run(Slice(1, 0, spec()))
    assert not worker.shares and not worker.inputs


@pytest.mark.parametrize("open_bytes", [0, 1, 10**9], ids=["none", "hardly any", "plenty"])
def test_memory_for_few_stacks_or_many_gives_the_same_scores_to_the_bit(
    open_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share_module, "OPEN_STACKS_BYTES", open_bytes)
    reports = to_the_end(Worker(), 1, spec(), 0.01)
    found = {
        (trial, scores.epoch): accuracy
        for report in reports
        for scores in report.scores
        for trial, accuracy in zip(scores.trials.tolist(), scores.validation_accuracy, strict=True)
    }
    for trial, trained in train_alone(PLAN).items():
        assert [found[trial, epoch] for epoch in range(PLAN.epochs)] == trained.validation_accuracy


def test_without_memory_for_more_stacks_a_share_has_one_stack_in_training_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(share_module, "OPEN_STACKS_BYTES", 0)
    worker, open_ = Worker(), {1, 2, 3}
    for key in open_:
        worker.run(Slice(key, 0, spec()))
    while open_:
        assert max(len(share.stacks) for share in worker.shares.values()) <= 1
        open_ -= {key for key in sorted(open_) if worker.run(Slice(key, 0, None)).finished}


def test_what_other_shares_hold_leaves_less_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = weight_bytes(PLAN, range(stack_size(PLAN, 64, PLAN.trials)))
    monkeypatch.setattr(share_module, "OPEN_STACKS_BYTES", 3 * stack)
    worker, long = Worker(), replace(PLAN, epochs=20)
    for key in (1, 2, 3):
        worker.run(Slice(key, 0, spec(long)))
        worker.run(Slice(key, 0, None))
        worker.run(Slice(key, 0, None))
    assert [len(share.stacks) for share in worker.shares.values()] == [3, 1, 1]


def test_what_a_round_holds_at_least_is_what_its_workers_hold_without_memory_for_more_stacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(share_module, "OPEN_STACKS_BYTES", 0)
    plan = RoundPlan(dataset="digits", trials=15, epochs=2)  # in stacks of five
    source = load_training(plan.dataset, plan.images)
    held = 0
    for trials in (range(0, 15, 2), range(1, 15, 2)):
        worker = Worker()
        worker.run(Slice(1, 0, ShareSpec(plan, source, tuple(trials))))
        held += worker.shares[1].weight_bytes()
    assert held <= least_weights(plan, 2) <= 10 / 8 * held


def test_rounds_on_the_same_images_have_them_in_memory_once_however_they_split_them() -> None:
    worker = Worker()
    for key, plan in enumerate([PLAN, PLAN, RoundPlan(seed=1), RoundPlan(validation_rate=0.3), RoundPlan(images=400)]):
        worker.run(Slice(key, 0, spec(plan)))
    *same, other = (share.data.inputs for share in worker.shares.values())
    assert len({id(inputs) for inputs in same}) == 1 and other is not same[0]


def test_what_rounds_hold_at_least_counts_the_same_images_once_a_worker() -> None:
    plan = RoundPlan(dataset="mnist", trials=1)
    alone = least_memory([plan], 2)
    pixels = np.arange(784)
    inputs = inputs_of(TrainingImages("mnist", np.ones((500, 784), np.uint8), np.zeros(500, np.uint8), 255), 500)
    images = inputs.blocks.nbytes + sum(part.nbytes for part in inputs.columns)
    weights = begin(plan, [0], pixels).params.layers
    assert alone == 2 * images + sum(layer.nbytes for layer in weights)
    assert least_memory([plan, replace(plan, seed=9)], 2) == alone + sum(layer.nbytes for layer in weights)
    assert least_memory([plan, replace(plan, images=400)], 2) > alone + images


# ---------------------------------------------------------------------------------------------------- the process

LOW_PRIORITY_SCRIPT = "import os; os.nice = print; from core.engine.worker import main; main()"


@pytest.mark.skipif(not hasattr(os, "nice"), reason="the system has no nice")
def test_a_worker_has_low_priority() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LOW_PRIORITY_SCRIPT], stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT
    )
    assert (ended.returncode, ended.stdout.split(), ended.stderr) == (0, [b"10"], b"")

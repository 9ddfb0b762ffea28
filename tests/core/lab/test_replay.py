"""Replays: given-up trials trained to the end, to the bits they would have had, and what giving up has cost."""

from dataclasses import replace

import numpy as np
import pytest

from core.engine.engine import EmbeddedEngine
from core.engine.port import EngineBusy
from core.errors import LessonError
from core.lab.extra_training import replay_round
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.replay import Finding, finding
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.rounds import run_round
from core.space import LogRange, SearchSpace
from tests.support.sample_rounds import made
from tests.support.waiting import LIMIT, until

PLAN = RoundPlan(  # with a seed with which some trial diverges
    SearchSpace(LogRange(-3, 1), LogRange(-8, 0)), trials=12, epochs=8, hidden_layers=2, neurons=30, give_up=(1, 3),
    seed=6,
)  # fmt: skip
LONG = RoundPlan(trials=200, epochs=200, give_up=(1,))  # no test waits for the end of its replay


@pytest.fixture
def lab(engine: EmbeddedEngine) -> Lab:
    """A lab with a round some of whose trials were given up, and some diverged."""
    lab = Lab(f"replays {id(object())}", plan=PLAN)
    progress = lab.start(engine).wait(LIMIT)
    assert progress.given_up.any() and progress.diverged.any()
    return lab


def round_of(kept: list[float], lost: list[float], given_up: bool = True) -> RoundProgress:
    """A round of which the trials of `kept` went on to these accuracies and the others were given up halfway."""
    progress = made([-2.0] * len(kept + lost), kept + lost)
    gone = np.arange(len(kept + lost)) >= len(kept)
    if not given_up:  # as a replay leaves it: only those that had been given up were trained
        return replace(progress, given_up=~gone, epochs_done=np.where(gone, 4, 0))
    return replace(progress, given_up=gone, epochs_done=np.where(gone, 2, 4))


def finding_of(kept: list[float], lost: list[float], diverged: tuple[int, ...] = ()) -> Finding:
    flags = np.isin(np.arange(len(kept + lost)), diverged)
    before, after = (replace(round_of(kept, lost, given_up), diverged=flags) for given_up in (True, False))
    return finding(before, after)


# ---------------------------------------------------------------------------------------------------- training


def test_a_replay_gives_trials_given_up_the_bits_they_would_have_had(lab: Lab, engine: EmbeddedEngine) -> None:
    replay_round(lab, engine, 1)
    until(lambda: lab.replays[1].is_done)
    whole, before = run_round(PLAN.to_the_end(), engine), lab.rounds[0].progress
    after, gone = lab.replays[1].progress, lab.rounds[0].progress.given_up
    assert np.array_equal(after.validation_accuracy[gone], whole.validation_accuracy[gone])
    assert np.array_equal(after.train_accuracy[gone], whole.train_accuracy[gone])
    assert np.array_equal(after.diverged[gone], whole.diverged[gone])
    assert np.isnan(after.validation_accuracy[~gone]).all()
    result = lab.replays[1].finding
    last = np.where(whole.diverged, 0, whole.validation_accuracy[:, -1])
    assert result is not None and result.saved == (8 - before.epochs_done[gone]).sum()
    assert result.regret == pytest.approx(float(last.max()) - float(last[~gone].max()))
    assert result.reached == last[gone].max() and result.kept == last[~gone].max()


def test_the_round_stays_as_it_was(lab: Lab, engine: EmbeddedEngine) -> None:
    before = lab.rounds[0].progress
    replay_round(lab, engine, 1)
    until(lambda: lab.replays[1].is_done)
    assert lab.rounds[0].progress is before


def test_a_round_may_be_replayed_again(lab: Lab, engine: EmbeddedEngine) -> None:
    findings = []
    for _ in range(2):
        replay_round(lab, engine, 1)
        until(lambda: lab.replays[1].is_done)
        findings.append(lab.replays[1].finding)
    assert findings[0] == findings[1] is not None


def given_up(lab: Lab, status: Status) -> Lab:
    """The lab with a second round, of which all was given up before it began."""
    progress = replace(RoundProgress.of(LONG), given_up=np.ones(LONG.trials, bool), status=status)
    lab.rounds = [*lab.rounds, LabRound(2, progress)]
    return lab


def test_a_lab_is_in_use_while_a_round_of_it_is_replayed_and_replays_one_at_a_time(
    lab: Lab, engine: EmbeddedEngine
) -> None:
    replay_round(given_up(lab, Status.FINISHED), engine, 2)
    assert lab.has_extra_training and 0 <= lab.replays[2].share < 1 and lab.replays[2].finding is None
    with pytest.raises(EngineBusy, match="being replayed"):
        replay_round(lab, engine, 1)
    lab.replays[2].stop()
    assert lab.replays[2].is_done and lab.replays[2].finding is None and not lab.has_extra_training


@pytest.mark.parametrize("status", [Status.STOPPED, Status.FAILED])
def test_a_round_that_did_not_come_to_its_end_is_not_replayed(lab: Lab, engine: EmbeddedEngine, status: Status) -> None:
    with pytest.raises(LessonError, match="came to its end"):
        replay_round(given_up(lab, status), engine, 2)


def test_a_round_in_which_nothing_was_given_up_has_nothing_to_replay(lab: Lab, engine: EmbeddedEngine) -> None:
    lab.plan = replace(PLAN, trials=2, epochs=1, give_up=())
    lab.start(engine).wait(LIMIT)
    for number in (2, 3):
        with pytest.raises(LessonError, match="came to its end"):
            replay_round(lab, engine, number)


# ---------------------------------------------------------------------------------------------------- what it shows


def test_when_the_best_went_on_nothing_was_lost() -> None:
    result = finding_of([0.9, 0.5], [0.8, 0.3])
    assert (result.regret, result.images, result.tie, result.trial) == (0, 0, False, 2)
    assert (result.kept, result.reached) == (pytest.approx(0.9), pytest.approx(0.8))
    assert result.saved == 2 * 2


def test_the_loss_is_counted_in_images_too() -> None:
    result = finding_of([0.5, 0.4], [0.3, 0.8])
    assert result.regret == pytest.approx(0.3) and result.images == 30 and not result.tie


@pytest.mark.parametrize("lost, tie", [(0.51, True), (0.62, True), (0.65, False)])
def test_a_loss_that_chance_can_explain_is_a_tie(lost: float, tie: bool) -> None:
    assert finding_of([0.5], [lost]).tie is tie  # 1.96 standard errors of a difference: 14 of 100 images


def test_the_more_trials_were_given_up_the_more_must_be_lost() -> None:
    assert not finding_of([0.5], [0.65]).tie
    assert finding_of([0.5], [0.65, *[0.5] * 18]).tie


def test_a_given_up_trial_that_diverges_is_no_loss() -> None:
    result = finding_of([0.5, 0.4], [0.9], diverged=(2,))
    assert result.trial is None and result.regret == 0 and np.isnan(result.reached)


def test_a_trial_that_diverged_in_the_round_is_not_its_best() -> None:
    assert finding_of([0.9, 0.4], [0.5], diverged=(0,)).regret == pytest.approx(0.1)


def test_when_all_were_given_up_by_hand_all_was_lost() -> None:
    result = finding_of([], [0.6, 0.5])
    assert np.isnan(result.kept) and result.regret == pytest.approx(0.6)

"""A replay trains what was given up to the bits it would have had, and says what giving up has cost."""

from dataclasses import replace

import numpy as np
import pytest

from core.engine.local import Engine
from core.engine.scheduler import EngineBusy
from core.errors import LessonError
from core.lab import Lab
from core.lab_round import Kept, LabRound
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.replay import Finding, finding
from core.rounds import run_round
from core.space import LogRange, SearchSpace
from tests.made import made
from tests.waiting import LIMIT, until

PLAN = RoundPlan(
    SearchSpace(LogRange(-3, 1), LogRange(-8, 0)), trials=12, epochs=8, hidden_layers=2, neurons=30, give_up=(1, 3)
)
LONG = RoundPlan(trials=200, epochs=200, give_up=(1,))  # no test waits for the end of its replay


@pytest.fixture
def lab(engine: Engine) -> Lab:
    """A lab with a round some of whose trials were given up, and some diverged."""
    lab = Lab(f"replays {id(object())}", plan=PLAN)
    progress = lab.start(engine).handle.wait(LIMIT)
    assert progress.given_up.any() and progress.diverged.any()
    return lab


def round_of(kept: list[float], lost: list[float], given_up: bool = True) -> RoundProgress:
    """A round of which the trials of `kept` went on to these accuracies and the others were given up halfway."""
    progress = made([-2.0] * len(kept + lost), kept + lost)
    gone = np.arange(len(kept + lost)) >= len(kept)
    if not given_up:  # as a replay leaves it: only those that had been given up were trained
        return replace(progress, given_up=~gone, epochs_done=np.where(gone, 4, 0))
    return replace(progress, given_up=gone, epochs_done=np.where(gone, 2, 4))


def found(kept: list[float], lost: list[float], diverged: tuple[int, ...] = ()) -> Finding:
    flags = np.isin(np.arange(len(kept + lost)), diverged)
    before, after = (replace(round_of(kept, lost, given_up), diverged=flags) for given_up in (True, False))
    return finding(before, after)


# ---------------------------------------------------------------------------------------------------- training


def test_what_was_given_up_comes_to_the_bits_it_would_have_had(lab: Lab, engine: Engine) -> None:
    lab.replay(engine, 1)
    until(lambda: lab.replays[1].over)
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


def test_the_round_stays_as_it_was(lab: Lab, engine: Engine) -> None:
    before = lab.rounds[0].progress
    lab.replay(engine, 1)
    until(lambda: lab.replays[1].over)
    assert lab.rounds[0].progress is before


def test_a_round_may_be_replayed_again(lab: Lab, engine: Engine) -> None:
    findings = []
    for _ in range(2):
        lab.replay(engine, 1)
        until(lambda: lab.replays[1].over)
        findings.append(lab.replays[1].finding)
    assert findings[0] == findings[1] is not None


def given_up(lab: Lab, status: Status) -> Lab:
    """The lab with a second round, of which all was given up before it began."""
    progress = replace(RoundProgress.of(LONG), given_up=np.ones(LONG.trials, bool), status=status)
    lab.rounds = [*lab.rounds, LabRound(2, Kept(progress))]
    return lab


def test_a_lab_is_in_use_while_a_round_of_it_is_replayed_and_replays_one_at_a_time(lab: Lab, engine: Engine) -> None:
    given_up(lab, Status.FINISHED).replay(engine, 2)
    assert lab.repeating and 0 <= lab.replays[2].share < 1 and lab.replays[2].finding is None
    with pytest.raises(EngineBusy, match="being replayed"):
        lab.replay(engine, 1)
    lab.replays[2].stop()
    assert lab.replays[2].over and lab.replays[2].finding is None and not lab.repeating


@pytest.mark.parametrize("status", [Status.STOPPED, Status.FAILED])
def test_a_round_that_did_not_come_to_its_end_is_not_replayed(lab: Lab, engine: Engine, status: Status) -> None:
    with pytest.raises(LessonError, match="came to its end"):
        given_up(lab, status).replay(engine, 2)


def test_a_round_in_which_nothing_was_given_up_has_nothing_to_replay(lab: Lab, engine: Engine) -> None:
    lab.plan = replace(PLAN, trials=2, epochs=1, give_up=())
    lab.start(engine).handle.wait(LIMIT)
    for number in (2, 3):
        with pytest.raises(LessonError, match="came to its end"):
            lab.replay(engine, number)


# ---------------------------------------------------------------------------------------------------- what it shows


def test_when_the_best_went_on_nothing_was_lost() -> None:
    result = found([0.9, 0.5], [0.8, 0.3])
    assert (result.regret, result.images, result.tie, result.trial) == (0, 0, False, 2)
    assert (result.kept, result.reached) == (pytest.approx(0.9), pytest.approx(0.8))
    assert result.saved == 2 * 2


def test_what_was_lost_is_told_in_images_too() -> None:
    result = found([0.5, 0.4], [0.3, 0.8])
    assert result.regret == pytest.approx(0.3) and result.images == 30 and not result.tie


@pytest.mark.parametrize("lost, tie", [(0.51, True), (0.54, True), (0.56, False)])
def test_less_than_a_standard_error_is_a_tie(lost: float, tie: bool) -> None:
    assert found([0.5], [lost]).tie is tie  # of 100 images: 5 images


def test_a_trial_that_diverges_after_all_is_no_loss() -> None:
    result = found([0.5, 0.4], [0.9], diverged=(2,))
    assert result.trial is None and result.regret == 0 and np.isnan(result.reached)


def test_a_trial_that_diverged_in_the_round_is_not_its_best() -> None:
    assert found([0.9, 0.4], [0.5], diverged=(0,)).regret == pytest.approx(0.1)


def test_when_all_were_given_up_by_hand_all_was_lost() -> None:
    result = found([], [0.6, 0.5])
    assert np.isnan(result.kept) and result.regret == pytest.approx(0.6)

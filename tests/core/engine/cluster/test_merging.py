"""The merging of news: whatever is lost, doubled, late or in another order, a server ends up with what the host has."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine.cluster.merging import merged, news_of
from core.engine.cluster.questions import News
from core.engine.cluster.remote_round import RemoteRound
from core.engine.owners import Owner
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.training.parameters import Parameters
from core.training.stacks import Scores

PLAN = RoundPlan(trials=4, epochs=5, give_up=(2,))


def trained(progress: RoundProgress, trials: list[int], epoch: int, diverged: bool) -> RoundProgress:
    """The next version: some trials have been trained for one more epoch."""
    accuracy = np.array([(7 * trial + 3 * epoch) % 10 / 10 for trial in trials], np.float32)
    lost = np.full(len(trials), diverged)
    return progress.with_scores([Scores(np.array(trials), epoch, accuracy, accuracy / 2, lost)])


@st.composite
def histories(draw: st.DrawFn) -> list[RoundProgress]:
    """All versions of a round at its host, from the first to its end."""
    progress = replace(RoundProgress.of(PLAN), status=Status.RUNNING)
    versions = [progress]
    for _ in range(draw(st.integers(1, 12))):
        open_ = np.flatnonzero(~progress.given_up & (progress.epochs_done < PLAN.epochs))
        if not len(open_):
            break
        trial = int(draw(st.sampled_from(open_.tolist())))
        what = draw(st.sampled_from(["train", "train", "train", "diverge", "give up", "pause", "resume"]))
        if what == "give up":
            progress = progress.with_given_up(np.array([trial]))
        elif what in ("pause", "resume"):
            status = Status.PAUSED if what == "pause" else Status.RUNNING
            progress = replace(progress, status=status, version=progress.version + 1)
        else:
            progress = trained(progress, [trial], int(progress.epochs_done[trial]), what == "diverge")
        progress = replace(progress, seconds=progress.seconds + 1)
        versions.append(progress)
    answers = np.arange(PLAN.trials * 3, dtype=np.uint8).reshape(PLAN.trials, 3) % 10
    network = Parameters([np.ones((1, 3, 2), np.float32)])
    end = replace(progress, status=Status.FINISHED, version=progress.version + 1, predictions=answers, network=network)
    return [*versions, end]


def server_round() -> RemoteRound:
    """The round as its server has it."""
    found = RemoteRound(1, "owner", Owner("group"), "round", RoundProgress.of(PLAN), "digest")
    found.place("host", "kind")
    return found


def same(first: RoundProgress, second: RoundProgress) -> bool:
    """Whether all results are equal, to the bit."""
    arrays = ("train_accuracy", "validation_accuracy", "epochs_done", "diverged", "given_up", "predictions")
    equal = all(np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True) for name in arrays)
    same_network = (first.network is None) == (second.network is None)
    return equal and same_network and first.status is second.status and first.seconds == second.seconds


@settings(max_examples=60)
@given(histories(), st.data())
def test_news_lost_doubled_late_or_reordered_come_to_the_same(
    versions: list[RoundProgress], data: st.DataObject
) -> None:
    mine = server_round()
    under_way: list[News] = []
    shown = [mine.progress]
    for version in versions:
        asked = mine.version, mine.progress.epochs_done
        news = news_of(version, *asked, decided_rungs=0, remaining=None, fault=None)
        assert news is not None
        under_way += [news] * data.draw(st.integers(0, 2))  # lost, once, twice
        for _ in range(data.draw(st.integers(0, len(under_way)))):
            mine.take(under_way.pop(data.draw(st.integers(0, len(under_way) - 1))))
            shown.append(mine.progress)
    last = news_of(versions[-1], mine.version, mine.progress.epochs_done, 0, None, None)
    if last is not None:
        mine.take(last)
    for late in under_way:
        mine.take(late)
    assert same(mine.progress, versions[-1])
    for before, after in zip(shown, shown[1:], strict=False):
        assert (after.epochs_done >= before.epochs_done).all() and (after.given_up >= before.given_up).all()
        known = ~np.isnan(before.validation_accuracy)
        assert np.array_equal(after.validation_accuracy[known], before.validation_accuracy[known])


@settings(max_examples=60)
@given(histories())
def test_each_version_is_merged_as_it_is(versions: list[RoundProgress]) -> None:
    progress = RoundProgress.of(PLAN)
    for version in versions:
        news = news_of(version, -1, progress.epochs_done, 0, None, None)
        assert news is not None
        progress = merged(progress, news)
        assert np.array_equal(progress.validation_accuracy, version.validation_accuracy, equal_nan=True)
        assert progress.status is version.status and (progress.diverged == version.diverged).all()


def test_nothing_new_is_no_news() -> None:
    progress = RoundProgress.of(PLAN)
    assert news_of(progress, progress.version, progress.epochs_done, 0, None, None) is None


def test_news_hold_only_what_the_server_does_not_have() -> None:
    progress = trained(trained(RoundProgress.of(PLAN), [0, 1, 2, 3], 0, False), [1, 2], 1, False)
    news = news_of(progress, 1, np.array([1, 1, 1, 1]), 0, None, None)
    assert news is not None and news.trials.tolist() == [1, 2] and news.train.shape == (2, 1) and news.first == 1

"""The text of a round: a sentence for every state, its best trials, its insights, and no markup."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from core.analysis.insight import insight
from core.engine import memory
from core.engine.engine import EmbeddedEngine
from core.errors import LessonError
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.server.labs import SLEEP_LIMIT
from pages.components.round import round_text
from pages.components.round.first_steps import HOW
from tests.support.sample_rounds import made

ROUND = made([-2, -2.1, -2.2, -2.3, -5, -6], [0.9, 0.8, 0.7, 0.6, 0.2, 0.1])


def words(progress: RoundProgress, fault: LessonError | None = None) -> str:
    handle = SimpleNamespace(progress=progress, fault=fault, remaining=lambda: None)
    return shown(LabRound(3, progress, handle=handle))


def shown(round_: LabRound | None) -> str:
    """The text of the only round of a lab, or before the first."""
    return round_text.round_html(Lab("t", rounds=[round_] if round_ else []), round_)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": Status.WAITING, "position": 1}, "Waiting, number 1 in the queue<"),
        ({"status": Status.RUNNING, "seconds": 3.2, "remaining": 0.1}, "24 of 24 epochs · 3 s · about 1 s left"),
        ({"status": Status.PAUSED}, "Paused at 24 of 24 epochs"),
        ({"status": Status.FINISHED, "seconds": 3.21}, "Round 3: 24 epochs in 3.2 s"),
        ({"status": Status.STOPPED}, "Round 3 was stopped at 24 of 24 epochs"),
        ({"status": Status.FAILED}, "Round 3 was stopped at 24 of 24 epochs"),
    ],
)
def test_every_state_has_its_sentence(changes: dict[str, object], expected: str) -> None:
    assert expected in words(replace(ROUND, **changes))


@pytest.mark.parametrize("status", Status)
def test_findings_are_announced_only_while_they_may_still_come(status: Status) -> None:
    nothing = replace(RoundProgress.of(RoundPlan()), status=status)
    said = round_text.insights_html(nothing, 1)
    assert ("Findings will appear here." in said) == (not status.is_final)
    assert ("No findings in this round." in said) == status.is_final


def test_a_long_round_says_that_it_goes_on_without_its_page_and_a_short_one_does_not() -> None:
    running = replace(ROUND, status=Status.RUNNING, remaining=90.0)
    sentence = f"continues for up to {SLEEP_LIMIT / 60:g} minutes"
    assert sentence in words(running)
    for changes in ({"remaining": 30.0}, {"remaining": None}, {"status": Status.FINISHED}, {"status": Status.PAUSED}):
        assert sentence not in words(replace(running, **changes))  # type: ignore[arg-type]


def test_a_round_in_the_queue_says_how_long_it_will_be(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MEMORY_BYTES", 1)
    monkeypatch.setattr(memory, "RESERVE_BYTES", 0)
    running = engine.start("queue: first", RoundPlan(trials=200, epochs=200, seed=1))
    waiting = engine.start("queue: second", RoundPlan(trials=2, epochs=2))
    try:
        running.wait_for(lambda progress: progress.started, 30)
        said = shown(LabRound(1, waiting.progress, handle=waiting))
        assert (found := re.search(r"Waiting, number 1 in the queue · about (\d+) s left", said)), said
        assert int(found[1]) >= 1
    finally:
        waiting.stop()
        running.stop()


def test_a_round_of_a_stopped_server_has_no_remaining_time() -> None:
    assert "left" not in round_text.progress_html(LabRound(1, RoundProgress.of(RoundPlan())))


def test_a_round_that_gave_trials_up_says_what_that_saved() -> None:
    given_up = np.arange(6) >= 4
    halved = replace(ROUND, given_up=given_up, epochs_done=np.where(given_up, 1, 4), seconds=2.0)
    assert "Round 3: 18 of 24 epochs in 2.0 s; giving up saved 6" in words(halved)


def test_a_running_round_with_rungs_counts_to_what_it_will_train() -> None:
    plan = replace(ROUND.plan, give_up=(1, 2))  # 6 trials, then 3, then 2 for two epochs
    running = replace(ROUND, plan=plan, status=Status.RUNNING, epochs_done=np.full(6, 1))
    assert "6 of 13 epochs" in words(running)
    assert f"width: {100 * 6 / 13:.1f}%" in words(running)


def test_a_failed_round_says_why() -> None:
    assert "the round was given up" in words(
        replace(ROUND, status=Status.FAILED), LessonError("After {n} tries the round was given up.", n=3)
    )


def test_the_best_five_have_the_form_that_the_book_prints() -> None:
    lines = re.findall(r"<li>(Best-\d \([^<]*)</li>", words(ROUND))
    assert lines[0] == "Best-1 (val acc:0.90) | lr:0.01, weight decay:1e-08"
    assert len(lines) == 5


def test_before_the_first_round_it_is_said_how_rounds_work() -> None:
    assert "Nothing has been trained yet." in shown(None) and shown(None).count("<li>") == len(HOW)
    assert "Best-1" not in shown(None)


def test_an_insight_is_never_read_as_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        round_text, "insights", lambda progress: [insight("{name}", name="<img src=x onerror=alert(1)>")]
    )
    assert "<img" not in words(ROUND)

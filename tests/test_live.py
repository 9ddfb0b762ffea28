"""The words of the live part for every state a round can be in; nothing in them is taken for markup."""

import re
import weakref
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from core.engine import admission
from core.engine.local import Engine
from core.errors import LessonError
from core.lab import Lab
from core.lab_round import Kept, LabRound, unfinished
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.remarks import remark
from core.space import LogRange, SearchSpace
from pages.components import live
from tests.made import made

ROUND = made([-2, -2.1, -2.2, -2.3, -5, -6], [0.9, 0.8, 0.7, 0.6, 0.2, 0.1])


def words(progress: RoundProgress, fault: LessonError | None = None, aside: int = 400) -> str:
    handle = SimpleNamespace(progress=progress, fault=fault, remaining=lambda: None)
    return live.words(LabRound(3, handle), aside)


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
def test_every_state_is_told_in_words(changes: dict[str, object], expected: str) -> None:
    assert expected in words(replace(ROUND, **changes))


def test_a_round_in_the_queue_says_how_long_it_will_be(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MEMORY", 1)
    monkeypatch.setattr(admission, "RESERVE", 0)
    running = engine.start("queue: first", RoundPlan(trials=200, epochs=200, seed=1))
    waiting = engine.start("queue: second", RoundPlan(trials=2, epochs=2))
    try:
        running.wait_for(lambda progress: progress.started, 30)
        said = live.words(LabRound(1, waiting), 0)
        assert (found := re.search(r"Waiting, number 1 in the queue · about (\d+) s left", said)), said
        assert int(found[1]) >= 1
    finally:
        waiting.stop()
        running.stop()


def test_of_a_round_that_a_server_left_behind_nobody_says_how_long_it_will_be() -> None:
    assert "left" not in live.progress_line(LabRound(1, unfinished(RoundPlan())))


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


def test_best_five_stand_in_the_form_of_the_lesson() -> None:
    lines = re.findall(r"<li>(Best-\d[^<]*)</li>", words(ROUND))
    assert lines[0] == "Best-1 (val acc:0.90) | lr:0.01, weight decay:1e-08"
    assert len(lines) == 5


def test_rounds_in_the_same_ranges_share_a_box_and_its_label() -> None:
    """Else the labels would be written over each other."""
    wide, narrow = SearchSpace(), SearchSpace(learning_rate=LogRange(-3, -2))
    spaces = [wide, wide, narrow, wide, wide]
    rounds = [
        LabRound(number, Kept(replace(ROUND, plan=replace(ROUND.plan, space=space))))
        for number, space in enumerate(spaces, start=1)
    ]
    lab = Lab("x", plan=replace(ROUND.plan, space=narrow), rounds=rounds)
    assert live.boxes(lab, rounds[0]) == {"round 1": wide, "next round": narrow}
    assert live.boxes(lab, rounds[3]) == {"round 1, 2, 4": wide, "round 3": narrow}
    assert live.boxes(lab, rounds[4]) == {"round 1, …, 5": wide, "round 3": narrow}


def test_before_the_first_round_the_places_are_there() -> None:
    empty = live.words(None, 0)
    assert "Nothing has been trained yet." in empty and "Best-1 … Best-5" in empty


def test_what_is_told_is_never_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "remarks", lambda progress: [remark("{name}", name="<img src=x onerror=alert(1)>")])
    assert "<img" not in words(ROUND)


def test_beside_the_map_the_words_keep_to_the_free_space() -> None:
    assert 'style="width: 376px"' in words(ROUND)
    assert "beside" not in words(ROUND, aside=0)


def test_what_a_version_shows_is_made_once_for_all_tabs() -> None:
    running = replace(ROUND, status=Status.RUNNING)
    assert live.points_bytes(running) is live.points_bytes(running)
    assert live.curves_bytes(running) is not live.curves_bytes(replace(running, version=2))
    assert live.findings(running, 300, "en") is live.findings(running, 300, "en")
    assert live.findings(running, 300, "en") != live.findings(running, 0, "en")


def test_what_a_version_shows_is_let_go_with_it() -> None:
    running = replace(ROUND, status=Status.RUNNING)
    version, shown = weakref.ref(running), live.points_bytes(running)
    del running
    assert version() is None and shown


def test_a_round_that_is_over_keeps_nothing_but_its_results() -> None:
    assert live.points_bytes(ROUND) is not live.points_bytes(ROUND)

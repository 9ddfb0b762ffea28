"""The tables of the live part: shared by all tabs, and labelled boxes on the map."""

import weakref
from dataclasses import replace
from types import SimpleNamespace

import pytest

from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.progress import Status
from core.space import LogRange, SearchSpace
from pages.components.round import live, live_tables, round_text
from tests.support.sample_rounds import made

AXES = ("learning_rate", "weight_decay")
ROUND = made([-2, -2.1, -2.2, -2.3, -5, -6], [0.9, 0.8, 0.7, 0.6, 0.2, 0.1])


def test_rounds_in_the_same_ranges_share_a_box_and_its_label() -> None:
    """Else the labels would be written over each other."""
    wide, narrow = SearchSpace(), SearchSpace(learning_rate=LogRange(-3, -2))
    spaces = [wide, wide, narrow, wide, wide]
    rounds = [
        LabRound(number, replace(ROUND, plan=replace(ROUND.plan, space=space)))
        for number, space in enumerate(spaces, start=1)
    ]
    lab = Lab("x", plan=replace(ROUND.plan, space=narrow), rounds=rounds)
    assert live_tables.labelled_ranges(lab, rounds[0]) == {"round 1": wide, "next round": narrow}
    assert live_tables.labelled_ranges(lab, rounds[3]) == {"round 1, 2, 4": wide, "round 3": narrow}
    assert live_tables.labelled_ranges(lab, rounds[4]) == {"round 1, …, 5": wide, "round 3": narrow}


def test_the_tables_of_a_version_are_made_once_for_all_tabs() -> None:
    running = replace(ROUND, status=Status.RUNNING)
    assert live_tables.points_bytes(running, AXES) is live_tables.points_bytes(running, AXES)
    assert live_tables.curves_bytes(running) is not live_tables.curves_bytes(replace(running, version=2))
    text = round_text.best_and_insights
    assert text(running, 1, "", "", "en") is text(running, 1, "", "", "en")
    assert text(running, 1, "", "", "en") != text(running, 1, "better", "", "en")


def test_the_tables_of_a_version_do_not_keep_the_version() -> None:
    running = replace(ROUND, status=Status.RUNNING)
    version, shown = weakref.ref(running), live_tables.points_bytes(running, AXES)
    del running
    assert version() is None and shown


def test_nothing_is_kept_for_a_round_that_has_ended() -> None:
    assert live_tables.points_bytes(ROUND, AXES) is not live_tables.points_bytes(ROUND, AXES)


@pytest.mark.parametrize("viewed", [1, 2])
def test_the_end_of_the_running_round_is_waited_for_whichever_is_viewed(
    viewed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run ends early where the round may; without the wait the page would learn of that four ticks later."""
    rounds = [LabRound(1, ROUND), LabRound(2, replace(ROUND, status=Status.RUNNING))]
    lab, waited = Lab("x", plan=ROUND.plan, rounds=rounds), []
    monkeypatch.setattr(live, "session", lambda: SimpleNamespace(redraw=False))
    monkeypatch.setattr(live, "viewed_round", lambda of: rounds[viewed - 1])
    for name in ("detect_language", "is_dark", "shown_now", "draw_charts", "go_on"):
        monkeypatch.setattr(live, name, lambda *given: None)
    for name in ("round_html", "marks_legend_html", "warnings_html"):
        monkeypatch.setattr(live, name, lambda *given: "")
    monkeypatch.setattr(live.st, "html", lambda body: None)
    monkeypatch.setattr(live, "wait_for_finish", lambda round_, say: waited.append(round_.number))
    live.draw(lab, 1000, Status.RUNNING)
    assert waited == [2]

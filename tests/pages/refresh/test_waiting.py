"""What a page waits for: a round's first points, once; and a round's end, while the student may do something else."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.lab.lab_round import LabRound
from core.progress import RoundProgress, Status
from pages.components.refresh import waiting
from tests.support.sample_rounds import made

ROUND = made([-2, -2.1, -2.2, -2.3, -5, -6], [0.9, 0.8, 0.7, 0.6, 0.2, 0.1])
RUNNING = replace(ROUND, status=Status.RUNNING)
INTERVAL = 2.0  # seconds between two ticks


class Rerun(BaseException):
    """The page is to be drawn anew."""


class Clicked(BaseException):
    """Something was clicked, and what is being drawn gives way to it."""


@dataclass
class Handle:
    """A round that is over after so many seconds of waiting, on a clock of its own."""

    seconds: float
    says: float | None  # seconds that it says it will take when it is asked
    said: float | None = 2.0  # what it said when it last came on
    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        """Let time pass without waiting for the round."""
        self.now += seconds

    def monotonic(self) -> float:
        return self.now

    @property
    def progress(self) -> RoundProgress:
        return ROUND if self.now >= self.seconds else replace(RUNNING, remaining=self.said)

    def remaining(self) -> float | None:
        return self.says

    def wait(self, timeout: float) -> RoundProgress:
        self.now = min(self.now + timeout, max(self.seconds, self.now))
        return self.progress


def of_lab(handle: Any) -> LabRound:
    """A lab's round with a handle, or one that is over. handle: a Handle, or the progress of a round that is over"""
    return LabRound(1, handle) if isinstance(handle, RoundProgress) else LabRound(1, handle.progress, handle=handle)


def drawn_by_waiting(handle: Any, monkeypatch: pytest.MonkeyPatch, is_tick: bool = True) -> tuple[list[Any], int]:
    """What a tick asks to be drawn anew, and how often it said how far the round is."""
    reruns: list[Any] = []
    said: list[float] = []

    def redraw(scope: str) -> None:
        reruns.append(scope)
        raise Rerun

    monkeypatch.setattr(waiting, "tick_interval", lambda: INTERVAL if is_tick else None)
    monkeypatch.setattr(waiting, "redraw_page", lambda: redraw("app"))
    monkeypatch.setattr(waiting, "redraw_part", lambda: redraw("fragment"))
    monkeypatch.setattr(waiting, "time", SimpleNamespace(monotonic=lambda: getattr(handle, "now", 0.0)))
    with suppress(Rerun):
        waiting.wait_for_finish(of_lab(handle), lambda: said.append(0.0))
    return reruns, len(said)


def test_a_tick_waits_for_an_end_that_is_near_and_has_the_whole_page_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    handle = Handle(1.7, 1.5)
    assert drawn_by_waiting(handle, monkeypatch) == (["app"], 6)  # every 0.3 s it is said how far the round is
    assert handle.now == 1.7


def test_a_click_while_a_tick_waits_is_handled_first(monkeypatch: pytest.MonkeyPatch) -> None:
    soon: Any = Handle(0.1, 0.1)

    def clicked() -> None:
        raise Clicked

    monkeypatch.setattr(waiting, "tick_interval", lambda: INTERVAL)
    monkeypatch.setattr(waiting, "redraw_page", lambda: pytest.fail("the click is lost"))
    with pytest.raises(Clicked):
        waiting.wait_for_finish(of_lab(soon), clicked)


def test_a_tick_that_waits_ends_when_the_browser_asks_for_the_same_part(monkeypatch: pytest.MonkeyPatch) -> None:
    handle = Handle(60.0, 1.5)
    monkeypatch.setattr(waiting, "is_part_asked_for", lambda: handle.now >= 0.5)
    assert drawn_by_waiting(handle, monkeypatch) == ([], 2)
    assert handle.now == pytest.approx(0.6)


def test_a_tick_waits_no_longer_than_its_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    handle = Handle(60.0, 1.5)
    assert drawn_by_waiting(handle, monkeypatch)[0] == ["fragment"]
    assert INTERVAL < handle.now <= INTERVAL + waiting.POLL_SECONDS


@pytest.mark.parametrize("says", [None, INTERVAL * waiting.WAIT_FACTOR + 0.1, 100.0])
def test_a_tick_does_not_wait_for_an_end_that_is_far_or_unknown(
    says: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = Handle(60.0, says)
    assert drawn_by_waiting(handle, monkeypatch) == ([], 0) and handle.now == 0.0


@pytest.mark.parametrize("said", [None, waiting.MAX_REMAINING + 0.1])
def test_a_round_that_was_far_from_its_end_at_its_last_slice_is_not_asked(
    said: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking takes the engine's time, and there are a hundred pages."""
    handle = Handle(60.0, 1.0, said)
    monkeypatch.setattr(handle, "remaining", lambda: pytest.fail("asked"))
    assert drawn_by_waiting(handle, monkeypatch) == ([], 0) and handle.now == 0.0


def test_a_tick_gives_up_on_an_engine_whose_waits_return_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one does that is being closed."""
    handle = Handle(60.0, 1.0)
    waits: list[float] = []
    monkeypatch.setattr(handle, "wait", lambda timeout: waits.append(timeout) or handle.progress)
    assert drawn_by_waiting(handle, monkeypatch)[0] == []
    assert sum(waits) < INTERVAL + 3 * waiting.POLL_SECONDS


def test_the_whole_page_does_not_wait_for_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is more of it to be drawn below."""
    handle = Handle(1.0, 0.5)
    assert drawn_by_waiting(handle, monkeypatch, is_tick=False) == ([], 0) and handle.now == 0.0


def test_a_round_that_has_just_ended_is_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn_by_waiting(ROUND, monkeypatch) == (["app"], 1)


def test_the_first_points_of_a_round_are_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A student who presses something else meanwhile does not wait for them again."""
    state = SimpleNamespace(awaited=None)
    waited: list[Callable[[RoundProgress], bool]] = []
    nothing = replace(ROUND, status=Status.RUNNING, epochs_done=np.zeros(6, int))
    handle: Any = SimpleNamespace(progress=nothing, wait_for=lambda seen, seconds: waited.append(seen))
    round_ = LabRound(3, nothing, handle=handle)
    monkeypatch.setattr(waiting, "session", lambda: state)
    monkeypatch.setattr(waiting, "viewed_round", lambda lab: round_)
    for token in ("lab", "lab", "other lab", "other lab"):
        waiting.first_points(SimpleNamespace(token=token))
    assert len(waited) == 4
    some = replace(nothing, epochs_done=np.array([1, 0, 0, 0, 0, 0]))
    assert [seen(some) for seen in waited[:2]] == [False, True]


# ---------------------------------------------------------------------------------------------------- going on


@dataclass
class Run:
    """A run of the live part that goes on, with what the browser asks for meanwhile."""

    handle: Handle
    drawn: list[float]  # when it drew once more, seconds from its beginning
    counted: int = 0
    clicks_handled: int = 0
    given_back: list[str] = field(default_factory=list)  # turns, by page

    @classmethod
    def of(
        cls,
        handle: Handle,
        monkeypatch: pytest.MonkeyPatch,
        asked_at: float = 99.0,
        own: bool = True,
        late: float = 0.0,
        changed_at: float = 99.0,
        is_tick: bool = True,
    ) -> "Run":
        """asked_at: when the browser asks for something    own: for this part    changed_at: when the page has"""
        run = cls(handle, [])

        def count() -> None:
            run.counted += 1

        def handle_clicks() -> None:
            run.clicks_handled += 1

        def wait(page: str, seconds: float) -> bool:
            come = handle.now < asked_at <= handle.now + seconds
            handle.now = asked_at if come else handle.now + seconds + 1e-9
            return come

        given_back = run.given_back

        def redraw() -> None:
            raise Rerun

        monkeypatch.setattr(waiting, "tick_interval", lambda: INTERVAL if is_tick else None)
        monkeypatch.setattr(waiting, "ticks_of_a_run", lambda interval: 4)
        monkeypatch.setattr(waiting, "time", handle)
        monkeypatch.setattr(waiting, "count_tick", count)
        monkeypatch.setattr(waiting, "session", handle_clicks)
        monkeypatch.setattr(waiting, "session_id", lambda: "page")
        monkeypatch.setattr(waiting, "give_turn_back", given_back.append)
        monkeypatch.setattr(waiting, "wait_for_order", wait)
        monkeypatch.setattr(waiting, "redraw_page", redraw)
        monkeypatch.setattr(waiting, "is_asked_for", lambda: handle.now >= asked_at + late)
        monkeypatch.setattr(waiting, "is_part_asked_for", lambda: own and handle.now >= asked_at + late)
        changed = lambda: handle.now >= changed_at  # noqa: E731
        waiting.go_on(of_lab(handle), changed, lambda: run.drawn.append(handle.now))
        return run


def test_a_run_goes_on_drawing_at_the_pace_of_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.of(Handle(60.0, 60.0, 60.0), monkeypatch)
    assert run.drawn == pytest.approx([INTERVAL, 2 * INTERVAL, 3 * INTERVAL])
    assert (run.counted, run.clicks_handled, run.given_back) == (
        3,
        0,
        ["page"],
    )  # each is a tick; Streamlit is asked only when something waits


def test_a_run_ends_when_the_browser_asks_for_the_same_part(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.of(Handle(60.0, 60.0, 60.0), monkeypatch, asked_at=INTERVAL + 0.01)
    assert run.drawn == pytest.approx([INTERVAL]) and run.clicks_handled == 1
    assert run.handle.now == pytest.approx(INTERVAL + 0.01)


def test_an_order_that_streamlit_has_a_moment_later_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.of(Handle(60.0, 60.0, 60.0), monkeypatch, asked_at=0.5, late=waiting.ARRIVAL / 2)
    assert run.drawn == [] and 0.5 < run.handle.now <= 0.5 + waiting.ARRIVAL
    lost = Run.of(Handle(60.0, 60.0, 60.0), monkeypatch, asked_at=0.5, late=50.0)
    assert len(lost.drawn) == 3 and lost.clicks_handled == 0


def test_a_run_handles_clicks_and_does_not_end_for_other_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.of(Handle(60.0, 60.0, 60.0), monkeypatch, asked_at=0.01, own=False)
    assert len(run.drawn) == 3
    assert run.clicks_handled == 4  # when it came, and at each tick


def test_a_page_that_has_changed_is_drawn_whole_at_the_next_tick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handle = Handle(60.0, 60.0, 60.0)
    with pytest.raises(Rerun):
        Run.of(handle, monkeypatch, changed_at=0.5)
    assert handle.now == pytest.approx(INTERVAL)


def test_a_round_that_may_end_soon_is_left_to_the_wait_for_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Run.of(Handle(60.0, waiting.WAIT_FACTOR * INTERVAL, 1.0), monkeypatch).drawn == []
    ended: Any = replace(ROUND)
    monkeypatch.setattr(waiting, "tick_interval", lambda: INTERVAL)
    waiting.go_on(of_lab(ended), lambda: False, lambda: pytest.fail("it is over"))


def test_the_whole_page_does_not_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.of(Handle(60.0, 60.0, 60.0), monkeypatch, is_tick=False)
    assert run.drawn == run.given_back == [] and run.handle.now == 0.0

"""The pace of the pages: what they cost together, on a clock and a processor that the tests set."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.components.refresh import pace
from pages.components.refresh.pace import (
    HOLD_SECONDS,
    INITIAL_COST,
    LONGEST,
    MAX_COST,
    PAGE_TIMEOUT,
    RUN_SECONDS,
    SHARE,
    SHORTEST,
    STEP,
    WHOLE_PAGE_TICKS,
    WINDOW_SECONDS,
    Pace,
    seconds_between,
    stagger,
    tick_interval,
    ticking,
    ticks_of_a_run,
)
from tests.support.servers import at_once


@dataclass
class Classroom:
    """Pages that tick when the pace lets them, each tick at a cost."""

    now: float = 0.0
    used: float = 0.0  # CPU seconds

    def __post_init__(self) -> None:
        self.pace = Pace(lambda: self.now, lambda: self.used)

    def watch(self, pages: int, cost: float, seconds: float) -> float:
        """Let so many pages tick for a while; the share of a core that all of it took."""
        before, until = self.used, self.now + seconds
        due = {str(page): self.now + page / pages for page in range(pages)}
        start = self.now
        while due and min(due.values()) < until:
            page = min(due, key=due.__getitem__)
            self.now = due[page]
            self.used += cost
            self.pace.count_tick(page)
            due[page] += self.pace.interval()
        self.now = until
        return (self.used - before) / (until - start)


@pytest.mark.parametrize("pages", [0, 1, 10, 30])
def test_few_pages_tick_every_second(pages: int) -> None:
    room = Classroom()
    room.watch(pages, 0.005, 60)
    assert room.pace.interval() == SHORTEST


@pytest.mark.parametrize(("pages", "cost"), [(60, 0.005), (100, 0.005), (50, 0.01), (90, 0.0055)])
def test_a_class_takes_no_more_than_its_share(pages: int, cost: float) -> None:
    room = Classroom()
    room.watch(pages, cost, 30)
    share = room.watch(pages, cost, 60)
    assert SHORTEST < room.pace.interval() <= LONGEST
    assert share <= SHARE + 0.005


@pytest.mark.parametrize("pages", [300, 1_000])
def test_however_many_they_are_nobody_waits_longer_than_the_longest_interval(pages: int) -> None:
    room = Classroom()
    room.watch(pages, 0.005, 12)
    assert room.pace.interval() == LONGEST


def test_a_page_is_not_drawn_more_often_than_its_round_changes() -> None:
    room = Classroom()
    room.watch(20, 0.005, 30)
    assert room.pace.interval() == SHORTEST
    assert room.pace.interval(cycle_seconds=1.8) == 2.0
    assert room.pace.interval(cycle_seconds=40.0) == LONGEST
    assert room.pace.interval(cycle_seconds=0.2) == SHORTEST


@dataclass
class Page:
    """A part of a page that ticks, with the pace and the clock that a test sets."""

    pace: float = SHORTEST
    now: float = 0.0
    lab_has_moved: bool = False  # to another of several servers

    def __post_init__(self) -> None:
        self.reported: list[float | None] = []  # seconds between two ticks, with each whole page
        self.drawn: list[float | None] = []  # seconds to the next tick, with each time that the part was drawn
        self.parts: list[Callable[..., None]] = []
        self.timers: list[float] = []  # seconds of timers that a tick has set

    def draw(
        self, patch: pytest.MonkeyPatch, running: bool = True, fails: bool = False, goes_on: bool = False
    ) -> Callable[[], None]:
        """Draw the whole page; what draws the part alone. fails: the first time that the part is drawn"""
        failures = [ZeroDivisionError()] if fails else []

        def part_drawn(running: object) -> None:
            if failures:
                raise failures.pop()
            self.drawn.append(tick_interval())

        def fragment(part: Callable[..., None], run_every: float | None) -> Callable[..., None]:
            self.parts.append(part)
            self.reported.append(run_every)
            return part

        patch.setattr(pace.st, "fragment", fragment)
        patch.setattr(pace, "redraw_page", lambda: self.draw(patch, running))
        idle = SimpleNamespace(
            engine=SimpleNamespace(cycle_seconds=lambda: 0.0),
            labs=SimpleNamespace(has_moved=lambda token: self.lab_has_moved),
        )
        patch.setattr(pace, "server", lambda: idle)
        patch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: self.now))
        patch.setattr(pace, "get_script_run_ctx", lambda: SimpleNamespace(session_id="page"))
        patch.setattr(pace, "stagger", lambda page: 1.0)
        counted = SimpleNamespace(interval=lambda cycle_seconds: self.pace, count_tick=lambda page: None)
        patch.setattr(pace, "PACE", counted)
        patch.setattr(pace, "set_timer", self.timers.append)
        ticking(part_drawn, running, goes_on=goes_on)
        part = self.parts[-1]
        return lambda: part(running)


def test_a_part_is_a_tick_when_it_is_drawn_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page()
    tick = page.draw(monkeypatch)
    tick()
    tick()
    page.draw(monkeypatch)
    assert page.drawn == [None, SHORTEST, SHORTEST, None]


def test_a_page_gets_another_interval_after_it_has_had_one_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page()
    tick = page.draw(monkeypatch)
    page.now = 10 * HOLD_SECONDS
    tick()
    assert page.reported == [1.0]  # nothing is reported while nothing changes
    tick = page.draw(monkeypatch)
    page.pace = LONGEST
    page.now += HOLD_SECONDS - 0.1
    tick()
    assert page.reported == [1.0, 1.0]
    page.now += 0.1
    tick()
    assert page.reported == [1.0, 1.0, LONGEST]
    assert page.drawn[-2:] == [SHORTEST, None]  # the part came first: it may have stayed for the end of a round


def test_a_tick_draws_the_whole_page_and_nothing_of_the_copy_here_once_another_server_has_the_lab(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class WholePage(Exception):
        """The run has ended, and the whole page is drawn."""

    def draw_whole_page() -> None:
        raise WholePage

    page = Page()
    tick = page.draw(monkeypatch)
    monkeypatch.setattr(pace, "redraw_page", draw_whole_page)
    tick()
    assert page.drawn == [None, SHORTEST]
    page.lab_has_moved = True
    with pytest.raises(WholePage):
        tick()
    assert page.drawn == [None, SHORTEST]


def test_a_page_whose_first_drawing_fails_ticks_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page()
    with pytest.raises(ZeroDivisionError):
        page.draw(monkeypatch, fails=True)
    page.parts[-1](True)
    assert page.drawn == [SHORTEST]


def test_a_page_without_a_running_round_has_no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page()
    tick = page.draw(monkeypatch, running=False)
    page.now, page.pace = 10 * HOLD_SECONDS, LONGEST
    tick()
    assert page.reported == [None]


def test_expensive_ticks_come_less_often_than_cheap_ones() -> None:
    cheap, dear = Classroom(), Classroom()
    for room, cost in ((cheap, 0.003), (dear, 0.009)):
        room.watch(50, cost, 60)
    assert cheap.pace.interval() < dear.pace.interval()


def test_an_interval_is_a_whole_number_of_steps() -> None:
    seen = set()
    for pages in range(1, 200, 3):
        room = Classroom()
        room.watch(pages, 0.004, 20)
        seen.add(room.pace.interval())
    assert len(seen) > 3 and all(interval % STEP == 0 for interval in seen)


@pytest.mark.parametrize("pages", range(40, 130, 7))
def test_an_interval_does_not_follow_small_changes_of_the_cost(pages: int) -> None:
    """By a tenth up and down."""
    room = Classroom()
    room.watch(pages, 0.005, 60)
    seen = []
    for cycle_seconds in range(40):
        room.watch(pages, 0.0055 if cycle_seconds % 2 else 0.0045, WINDOW_SECONDS)
        seen.append(room.pace.interval())
    assert sum(one != other for one, other in zip(seen, seen[1:], strict=False)) <= 1


def test_when_a_class_has_left_the_others_tick_every_second_again() -> None:
    room = Classroom()
    room.watch(100, 0.005, 30)
    assert room.pace.interval() > SHORTEST
    room.watch(3, 0.005, PAGE_TIMEOUT + WINDOW_SECONDS)
    assert room.pace.interval() == SHORTEST


def test_a_page_counts_once_however_often_it_is_drawn() -> None:
    room = Classroom()
    for _ in range(1000):
        room.pace.count_tick("the same")
    assert room.pace.interval() == SHORTEST


def test_one_expensive_window_counts_for_no_more_than_the_largest_cost() -> None:
    room = Classroom()
    room.watch(5, 0.005, 20)
    room.used += 100.0  # a library is loaded
    room.watch(5, 0.005, WINDOW_SECONDS + 1)
    assert room.pace.interval() <= max(SHORTEST, STEP * math.ceil(seconds_between(5, MAX_COST) / STEP))


def test_the_ticks_of_a_hundred_pages_and_ten_boards_take_a_quarter_of_a_core_at_most() -> None:
    room = Classroom()
    room.watch(110, 0.0065, 30)
    assert room.watch(110, 0.0065, 60) <= 0.25


@pytest.mark.parametrize("often", [0.1, 0.5, 2.0])
def test_whole_pages_drawn_between_ticks_do_not_raise_the_cost_of_ticks(often: float) -> None:
    """A class that clicks a lot watches its rounds at the same pace. often: whole pages for a tick"""
    calm, busy = Classroom(), Classroom()
    for room, more in ((calm, 0.0), (busy, often)):
        for _ in range(60):
            room.watch(60, 0.005, 1.0)
            for _ in range(int(60 * more)):
                room.used += WHOLE_PAGE_TICKS * 0.005
                room.pace.count_whole_page()
    assert busy.pace.interval() == calm.pace.interval()


def test_what_was_done_while_nobody_ticked_does_not_count() -> None:
    fresh, rested = Classroom(), Classroom()
    rested.watch(1, 0.005, WINDOW_SECONDS)
    rested.now, rested.used = rested.now + 600, rested.used + 100
    for room in (fresh, rested):
        room.watch(60, 0.005, 0.9)
    assert rested.pace.interval() == fresh.pace.interval()


def test_pages_in_many_threads_are_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "WINDOW_SECONDS", 1e9)
    counted, names = Pace(lambda: 0.0, lambda: 0.0), iter([str(number) for number in range(64)])

    def draw() -> None:
        mine = next(names)
        for _ in range(200):
            counted.count_tick(mine)

    at_once(64, draw)
    assert counted.interval() == STEP * math.ceil(seconds_between(64, INITIAL_COST) / STEP) > SHORTEST


def test_pages_that_began_together_have_intervals_of_their_own() -> None:
    factors = [stagger(f"page {number}") for number in range(1000)]
    assert len(set(factors)) == 100
    assert min(factors) > 0.9 and max(factors) == 1


@pytest.mark.parametrize("interval", [0.9, 1.0, 1.5, 2.0, 3.0])
def test_a_run_that_goes_on_is_over_before_the_next_one_is_due(interval: float) -> None:
    draws = ticks_of_a_run(interval)
    assert draws >= 2
    assert (draws - 1) * interval <= RUN_SECONDS < draws * interval


def test_the_first_tick_of_a_part_that_goes_on_sets_its_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page()
    tick = page.draw(monkeypatch, goes_on=True)
    assert page.reported == [SHORTEST] and page.timers == []  # so that the first tick comes soon
    for _ in range(3):
        tick()
    assert page.timers == [SHORTEST * ticks_of_a_run(SHORTEST)]
    tick = page.draw(monkeypatch, goes_on=True)
    tick()
    assert page.reported == [SHORTEST] * 2 and len(page.timers) == 2  # the page has set it back


def test_other_parts_keep_the_timer_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page()
    for tick in (page.draw(monkeypatch), page.draw(monkeypatch, running=False, goes_on=True)):
        tick()
    assert page.timers == []


def test_a_timer_is_set_for_the_part_that_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[ForwardMsg] = []
    monkeypatch.setattr(pace, "get_script_run_ctx", lambda: SimpleNamespace(enqueue=sent.append))
    monkeypatch.setattr(pace, "ThreadState", SimpleNamespace(get=lambda: SimpleNamespace(fragment_id="part")))
    pace.set_timer(3.7)
    assert [(one.auto_rerun.fragment_id, one.auto_rerun.interval) for one in sent] == [("part", pytest.approx(3.7))]

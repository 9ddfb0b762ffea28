"""The live page waits for a round's first points, for its next tick and for its end, so that it shows them at once.

A page that waits costs next to nothing. The pages of a class tick every two or three seconds; without the waiting
first points and results would be shown that much later.
"""

import math
import time
from collections.abc import Callable

from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from pages.components.frame.redraw import is_asked_for, is_part_asked_for, redraw_page, redraw_part
from pages.components.frame.session import session, viewed_round
from pages.components.refresh.pace import count_tick, session_id, tick_interval, ticks_of_a_run
from pages.components.web.waiting_runs import give_turn_back, wait_for_order

# Seconds that a page waits for the points of a new round instead of showing an empty chart: first for a point of every
# trial, then for any point at all.
ALL_POINTS, ANY_POINT = 0.4, 1.0
MAX_REMAINING = 15.0  # seconds left at its last slice: for a longer round the remaining time is not computed again
WAIT_FACTOR = 1.5  # times the interval of ticks: a round that may be over by then is waited for
POLL_SECONDS = 0.3  # after which the progress is drawn again and clicks are handled
ARRIVAL = 0.1  # seconds that an order takes from the socket to Streamlit at most


def first_points(lab: Lab) -> None:
    """Wait for the first points of a round, once a round, so that later clicks do not wait for them."""
    state, round_ = session(), viewed_round(lab)
    if round_ is None or round_.progress.started or state.awaited == (lab.token, round_.number):
        return
    state.awaited = lab.token, round_.number
    round_.wait_for(lambda progress: bool(progress.epochs_done.all()), ALL_POINTS)
    round_.wait_for(lambda progress: bool(progress.epochs_done.any()), ANY_POINT)


def go_on(round_: LabRound, has_changed: Callable[[], bool], again: Callable[[], None]) -> None:
    """In the run of a part, go on to tick until the next run is due, or the browser asks for one.

    Ends sooner where `wait_for_finish` has something to wait for. What other parts of the page ask for waits.

    has_changed: whether the whole page has to be drawn    again: draws what changes while a round runs
    """
    interval = tick_interval()
    if interval is None:  # the whole page is being drawn
        return
    give_turn_back(page := session_id())
    for _tick in range(ticks_of_a_run(interval) - 1):
        if may_finish(round_, interval):
            return
        due = time.monotonic() + interval
        while (left := due - time.monotonic()) > 0:
            if wait_for_order(page, left):  # a round's own condition would wake its waiters at every slice
                until_asked()
            if is_asked_for():
                session()  # it is here that Streamlit handles clicks
                if is_part_asked_for():
                    return
        if has_changed():
            redraw_page()
        count_tick()
        again()


def until_asked() -> None:
    """Wait until Streamlit has the order that has just come."""
    deadline = time.monotonic() + ARRIVAL
    while not is_asked_for() and time.monotonic() < deadline:
        time.sleep(ARRIVAL / 20)


def may_finish(round_: LabRound, interval: float) -> bool:
    """Whether a round is over, or may be within WAIT_FACTOR intervals."""
    progress = round_.progress
    if progress.status.is_final:
        return True
    if progress.remaining is None or progress.remaining > MAX_REMAINING:
        return False
    left = round_.remaining()
    return left is not None and left <= WAIT_FACTOR * interval


def wait_for_finish(round_: LabRound, say: Callable[[], object]) -> None:
    """In a tick, wait for a round that may be over soon, then have the whole page drawn.

    Clicks are handled meanwhile, and the next tick is not delayed.

    say: draws how far the round is
    """
    interval = tick_interval()
    if interval is None or not may_finish(round_, interval):  # None: the whole page is being drawn
        return
    next_tick = time.monotonic() + interval
    for _ in range(1 + math.ceil(interval / POLL_SECONDS)):  # bounded: a closed engine ends each wait at once
        over = round_.wait(POLL_SECONDS).status.is_final
        say()  # before a rerun: it is here that Streamlit handles clicks, which a rerun would discard
        if is_part_asked_for():
            return
        if over:
            redraw_page()
        if time.monotonic() > next_tick:
            redraw_part()

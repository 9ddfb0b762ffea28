"""The live page waits for a round's first points and for its end, so that it shows them at once.

A page that waits costs nothing. The pages of a class tick every two or three seconds; without the waiting first points
and results would be shown that much later.
"""

import math
import time
from collections.abc import Callable

from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from pages.components.frame.redraw import redraw_page, redraw_part
from pages.components.frame.session import session, viewed_round
from pages.components.refresh.pace import tick_interval

# Seconds that a page waits for the points of a new round instead of showing an empty chart: first for a point of every
# trial, then for any point at all.
ALL_POINTS, ANY_POINT = 0.4, 1.0
MAX_REMAINING = 15.0  # seconds left at its last slice: for a longer round the remaining time is not computed again
WAIT_FACTOR = 1.5  # times the interval of ticks: a round that may be over by then is waited for
POLL_SECONDS = 0.3  # after which the progress is drawn again and clicks are handled


def first_points(lab: Lab) -> None:
    """Wait for the first points of a round, once a round, so that later clicks do not wait for them."""
    state, round_ = session(), viewed_round(lab)
    if round_ is None or round_.progress.started or state.awaited == (lab.token, round_.number):
        return
    state.awaited = lab.token, round_.number
    round_.wait_for(lambda progress: bool(progress.epochs_done.all()), ALL_POINTS)
    round_.wait_for(lambda progress: bool(progress.epochs_done.any()), ANY_POINT)


def wait_for_finish(round_: LabRound, say: Callable[[], object]) -> None:
    """In a tick, wait for a round that may be over within WAIT_FACTOR intervals, then have the whole page drawn.

    Clicks are handled meanwhile, and the next tick is not delayed.

    say: draws how far the round is
    """
    interval, progress = tick_interval(), round_.progress
    if interval is None:  # the whole page is being drawn
        return
    if not progress.status.is_final and (progress.remaining is None or progress.remaining > MAX_REMAINING):
        return
    left = round_.remaining()
    if left is None or left > WAIT_FACTOR * interval:
        return
    next_tick = time.monotonic() + interval
    for _ in range(1 + math.ceil(interval / POLL_SECONDS)):  # bounded: a closed engine ends each wait at once
        over = round_.wait(POLL_SECONDS).status.is_final
        say()  # before a rerun: it is here that Streamlit handles clicks, which a rerun would discard
        if over:
            redraw_page()
        if time.monotonic() > next_tick:
            redraw_part()

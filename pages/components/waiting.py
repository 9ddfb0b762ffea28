"""What the live page waits for instead of coming again later: a round's first points, and its end.

A page that waits costs nothing. The pages of a class tick every two or three seconds; without the waiting they would
show what a student longs to see that much later.
"""

import math
import time
from collections.abc import Callable

import streamlit as st

from core.lab import Lab
from core.lab_round import LabRound
from pages.components.pace import to_next_tick
from pages.components.session import session, viewed_round

# A page waits for a new round's points rather than show an empty chart: for those of all trials while the server is
# quick, then for any at all, as when a class has pressed Start. Seconds, one after the other.
ALL_POINTS, ANY_POINT = 0.4, 1.0
FAR = 15.0  # seconds that a round was to take when it last came on, beyond which nobody asks how long it is now
NEARLY = 1.5  # times the time to the next tick: a round that may be over by then is seen out
GLANCE = 0.3  # seconds after which it is said anew how long it will be, and what was clicked meanwhile is done


def first_points(lab: Lab) -> None:
    """Wait for the first points of a round, once: whatever a student does next is not to wait for them again."""
    state, round_ = session(), viewed_round(lab)
    if round_ is None or round_.progress.started or state.awaited == (lab.token, round_.number):
        return
    state.awaited = lab.token, round_.number
    round_.handle.wait_for(lambda progress: bool(progress.epochs_done.all()), ALL_POINTS)
    round_.handle.wait_for(lambda progress: bool(progress.epochs_done.any()), ANY_POINT)


def see_out(round_: LabRound, say: Callable[[], None]) -> None:
    """At a tick, stay with a round that may be over before the next one but one, then have the whole page drawn.

    The next tick comes in its time, and what was clicked meanwhile comes first.

    say: tells how far the round is
    """
    interval, progress = to_next_tick(), round_.progress
    if interval is None:  # there is more to be drawn
        return
    if not progress.status.over and (progress.remaining is None or progress.remaining > FAR):
        return
    left = round_.handle.remaining()
    if left is None or left > NEARLY * interval:
        return
    next_tick = time.monotonic() + interval
    for _ in range(1 + math.ceil(interval / GLANCE)):  # no more: an engine that is being closed ends each wait at once
        over = round_.handle.wait(GLANCE).status.over
        say()  # first: Streamlit does here what was clicked meanwhile, and a rerun asked for would take its place
        if over:
            st.rerun()
        if time.monotonic() > next_tick:
            st.rerun(scope="fragment")

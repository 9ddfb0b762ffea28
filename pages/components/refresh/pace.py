"""How often the live part of a page is drawn: every second while few pages are open, less often the more there are.

A tick, one drawing of the live part, costs the server the same for every page. All ticks together may take SHARE of
one core; the rest is left to training. Nor is a page drawn more often than its round can have changed, up to LONGEST:
of sixty rounds on two cores each gets a slice every 4.5 seconds.

    page --count_tick--> Pace   counts the pages and measures what a tick costs
    page <--interval-- Pace     seconds to the next tick

A browser learns the interval with the whole page. A tick that finds it changed has the whole page drawn, at most once
in HOLD_SECONDS.

To begin and end a run of a part takes Streamlit as long as all that changes in it. So the run of a part that `goes_on`
makes several ticks, for at most RUN_SECONDS; what else ticks on the page waits that long. The first run, an interval
after the whole page, gives the part's timer the time of so many ticks.
"""

import math
import threading
import time
from collections.abc import Callable
from typing import Any
from zlib import crc32

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import session

SHORTEST, LONGEST, STEP = 1.0, 3.0, 0.5  # seconds between two ticks of a page
SHARE = 0.2  # of one core, for the ticks of all pages together; a quarter is the most they may take
HOLD_SECONDS = 15.0  # that a page keeps an interval before it gets another
PAGE_TIMEOUT = 7.0  # seconds without a tick after which a page is not counted
WINDOW_SECONDS = 5.0  # over which the cost of a tick is measured
INITIAL_COST = 0.005  # seconds of CPU a tick, until it has been measured
MIN_COST, MAX_COST = 0.003, 0.02  # seconds of CPU a tick: bounds of a measurement
COST_WEIGHT = 0.5  # of the latest window in the cost
WHOLE_PAGE_TICKS = 6  # what a whole page costs, in ticks, besides its own
RUN_SECONDS = 3.0  # from the first drawing of a run to its last


class Pace:
    """Counts the pages that tick and measures what a tick costs. Any thread may call.

    clock: seconds    cpu: CPU seconds of the whole server, so that what surrounds a tick is counted too
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, cpu: Callable[[], float] = time.process_time
    ) -> None:
        self._clock, self._cpu = clock, cpu
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}  # when each page last ticked
        self._ticks = 0  # since the window began, whole pages for what they cost
        self._began = clock(), cpu()
        self._cost = INITIAL_COST
        self._interval = SHORTEST

    def count_tick(self, page: str) -> None:
        """Count a tick of a page whose round runs."""
        with self._lock:
            now = self._clock()
            self._seen[page] = now
            self._ticks += 1
            if now - self._began[0] >= WINDOW_SECONDS:
                self._next_window(now)

    def count_whole_page(self) -> None:
        """Count a whole page, so that its cost is not taken for that of ticks."""
        with self._lock:
            self._ticks += WHOLE_PAGE_TICKS

    def interval(self, cycle_seconds: float = 0.0) -> float:
        """Seconds between two ticks of a page: a multiple of STEP, changed only when it must be.

        cycle_seconds: seconds in which every running round gets a slice
        """
        with self._lock:
            self._remove_old_pages(self._clock())
            wanted = min(max(seconds_between(len(self._seen), self._cost), cycle_seconds), LONGEST)
            if not self._interval - 1.5 * STEP < wanted <= self._interval:
                self._interval = max(STEP * math.ceil(wanted / STEP), SHORTEST)
            return self._interval

    def _next_window(self, now: float) -> None:
        """Begin another window; the last one gives the cost of a tick, unless it had too few ticks."""
        cpu, (began, before) = self._cpu(), self._began
        if now - began < 2 * WINDOW_SECONDS:
            cost = min(max((cpu - before) / self._ticks, MIN_COST), MAX_COST)
            self._cost += COST_WEIGHT * (cost - self._cost)
        self._began, self._ticks = (now, cpu), 0
        self._remove_old_pages(now)

    def _remove_old_pages(self, now: float) -> None:
        """Remove pages without a tick for PAGE_TIMEOUT seconds."""
        self._seen = {page: last for page, last in self._seen.items() if now - last <= PAGE_TIMEOUT}


def seconds_between(pages: int, cost: float) -> float:
    """The interval at which `pages` use SHARE of a core, with ticks that cost `cost` seconds."""
    return pages * cost / SHARE


def ticks_of_a_run(interval: float) -> int:
    """How many ticks a run makes that goes on."""
    return 1 + int(RUN_SECONDS / interval)


def stagger(page: str) -> float:
    """A factor from 0.9 to 1 that depends on the page, so that pages opened at the same time do not tick together."""
    return 1 - crc32(page.encode()) % 100 / 1000


PACE = Pace()
_run = threading.local()  # every run of a page is a thread of its own


def tick_interval() -> float | None:
    """Seconds to the next tick while a tick is being drawn; None while the whole page is."""
    return getattr(_run, "interval", None)


def session_id() -> str:
    """Streamlit's name of this page; "" outside a run."""
    context = get_script_run_ctx()
    return context.session_id if context is not None else ""


def set_timer(seconds: float) -> None:
    """In a tick, have the browser ask for the part so often from now on."""
    context = get_script_run_ctx()
    message = ForwardMsg()
    message.auto_rerun.interval, message.auto_rerun.fragment_id = seconds, ThreadState.get().fragment_id or ""
    if context is not None:
        context.enqueue(message)


def count_tick() -> None:
    """Count one more tick of a run that goes on."""
    PACE.count_tick(_run.page)


def ticking(
    draw: Callable[..., None], running: object, *arguments: Any, shortest: float = SHORTEST, goes_on: bool = False
) -> None:
    """Draw a part of the page and, while `running` is true, draw it again at the pace of all pages.

    draw: called with the arguments and with `running`
    shortest: seconds between two ticks at least, times the page's own factor
    goes_on: whether a run of the part makes `ticks_of_a_run` by itself
    """
    page = session_id()

    def current_interval() -> float:
        return stagger(page) * max(PACE.interval(server().engine.cycle_seconds()), shortest)

    interval, since = current_interval(), time.monotonic()
    with_the_page, has_own_timer = True, not goes_on

    def part(*given: Any) -> None:
        nonlocal has_own_timer
        if running and page:
            PACE.count_tick(page)
        _run.interval, _run.page = None if with_the_page else interval, page
        if server().labs.has_moved(session().token):
            redraw_page()
        if running and not with_the_page and not has_own_timer:
            set_timer(ticks_of_a_run(interval) * interval)
            has_own_timer = True
        draw(*given)
        is_held = time.monotonic() - since < HOLD_SECONDS
        if running and not with_the_page and not is_held and current_interval() != interval:
            redraw_page()

    try:
        st.fragment(part, run_every=interval if running else None)(*arguments, running)
    finally:
        with_the_page = False

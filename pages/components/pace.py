"""How often running pages are drawn again: every second while there are few, less often the more there are.

A tick costs the server the same whoever asks for it. Together the ticks may take SHARE of one core, so that a class
which watches its rounds leaves the rest to the rounds themselves. Nor is a page drawn more often than there is anything
new to see, as far as LONGEST lets it: of sixty rounds on two cores each comes on every 4.5 seconds.

    page --drawn--> Pace        it counts the pages and measures what a tick costs
    page <--interval-- Pace     seconds to the next tick

Streamlit tells a browser an interval with the whole page. A tick that finds another one than its page was told has the
whole page drawn, at most once in HOLDS seconds; as long as the pace stays nothing is spent on it.
"""

import math
import threading
import time
from collections.abc import Callable
from typing import Any
from zlib import crc32

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.components.session import turn

SHORTEST, LONGEST, STEP = 1.0, 3.0, 0.5  # seconds between two ticks of a page
SHARE = 0.2  # of one core, for the ticks of all pages together: a quarter is what they may take at the worst
HOLDS = 15.0  # seconds that a page keeps an interval before it is told another
GONE = 7.0  # seconds without a tick after which a page is not counted any more
WINDOW = 5.0  # seconds over which the cost of a tick is measured
USUAL = 0.005  # seconds of CPU that a tick costs, until that has been measured
CHEAPEST, DEAREST = 0.003, 0.02  # what a measurement may say
WEIGHT = 0.5  # of the newest window in the cost
WHOLE = 4  # ticks: what drawing a whole page costs beside the tick that is in it


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
        self._cost = USUAL
        self._interval = SHORTEST

    def drawn(self, page: str) -> None:
        """A page that runs has been drawn."""
        with self._lock:
            now = self._clock()
            self._seen[page] = now
            self._ticks += 1
            if now - self._began[0] >= WINDOW:
                self._begin_anew(now)

    def whole_page(self) -> None:
        """A whole page is being drawn: what that costs is not what ticks cost."""
        with self._lock:
            self._ticks += WHOLE

    def interval(self, turn: float = 0.0) -> float:
        """Seconds between two ticks of a page, a multiple of STEP that changes only when it must.

        turn: seconds in which every round comes on
        """
        with self._lock:
            self._forget(self._clock())
            wanted = min(max(seconds_between(len(self._seen), self._cost), turn), LONGEST)
            if not self._interval - 1.5 * STEP < wanted <= self._interval:
                self._interval = max(STEP * math.ceil(wanted / STEP), SHORTEST)
            return self._interval

    def _begin_anew(self, now: float) -> None:
        """Begin another window; what a tick has cost in this one counts, unless it was a lull."""
        cpu, (began, before) = self._cpu(), self._began
        if now - began < 2 * WINDOW:
            cost = min(max((cpu - before) / self._ticks, CHEAPEST), DEAREST)
            self._cost += WEIGHT * (cost - self._cost)
        self._began, self._ticks = (now, cpu), 0
        self._forget(now)

    def _forget(self, now: float) -> None:
        """Count only the pages that still tick."""
        self._seen = {page: last for page, last in self._seen.items() if now - last <= GONE}


def seconds_between(pages: int, cost: float) -> float:
    """The interval at which `pages` use SHARE of a core, with ticks that cost `cost` seconds."""
    return pages * cost / SHARE


def stagger(page: str) -> float:
    """A factor of a page's own, from 0.9 to 1: pages that began together, as a class does, do not tick together."""
    return 1 - crc32(page.encode()) % 100 / 1000


PACE = Pace()
_run = threading.local()  # a run of the page is a thread


def to_next_tick() -> float | None:
    """Seconds from one tick to the next if what is being drawn is a tick, that part alone; None with a whole page."""
    return getattr(_run, "interval", None)


def ticking(draw: Callable[..., None], running: object, *arguments: Any, shortest: float = SHORTEST) -> None:
    """Draw a part of the page and, while it is running, again and again at the pace of all pages.

    draw: called with the arguments and with `running`, which is false on a page where nothing moves
    shortest: seconds between two ticks, however few pages there are, times the page's own factor
    """
    context = get_script_run_ctx()
    page = context.session_id if context is not None else ""

    def paced() -> float:
        return stagger(page) * max(PACE.interval(turn()), shortest)

    told, since = paced(), time.monotonic()
    with_the_page = True

    def part(*given: Any) -> None:
        if running and page:
            PACE.drawn(page)
        _run.interval = None if with_the_page else told
        draw(*given)  # first, as it may stay for the end of a round
        if running and not with_the_page and time.monotonic() - since >= HOLDS and paced() != told:
            st.rerun()

    try:
        st.fragment(part, run_every=told if running else None)(*arguments, running)
    finally:
        with_the_page = False

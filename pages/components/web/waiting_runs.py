"""Runs of a page that wait most of the time: they give their turn among the sockets back, and hear of what comes.

run (its thread) --give_turn_back--> socket (event loop)     others may run
run <--wait_for_order-- socket                               the browser asks for something
"""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple


class _Tab(NamedTuple):
    end_turn: Callable[[], object]
    asked: threading.Event


_tabs: dict[str, _Tab] = {}  # by session


def know_tab(session: str, end_turn: Callable[[], object], asked: threading.Event) -> None:
    """A socket serves a session from now on.

    end_turn: called by any thread    asked: set by the socket while a run waits, when an order comes or it ends
    """
    _tabs[session] = _Tab(end_turn, asked)


def forget_tab(session: str, asked: threading.Event) -> None:
    """The socket with this event has ended; nothing happens where another serves the session by now."""
    if (tab := _tabs.get(session)) is not None and tab.asked is asked:
        del _tabs[session]


def give_turn_back(session: str) -> None:
    """From now on the present run of a session waits, but for a moment now and then."""
    if (tab := _tabs.get(session)) is not None:
        tab.end_turn()


def wait_for_order(session: str, seconds: float) -> bool:
    """Wait until a session whose run has given its turn back asks for something, at most so long; whether it has.

    Streamlit has the order a moment later.
    """
    tab = _tabs.get(session)
    if tab is None:
        time.sleep(seconds)
        return False
    asked = tab.asked.wait(seconds)
    tab.asked.clear()
    return asked

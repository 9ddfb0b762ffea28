"""The race of a lab, shared by all its tabs."""

import threading
from weakref import WeakValueDictionary

from core.engine.port import EngineBusy
from core.errors import N_
from core.lab.contestants import RaceSetup
from core.lab.lab import Lab
from core.lab.search_race import Race
from pages.components.comparison.model_queue import ModelRequest
from pages.components.comparison.modelling import model_queue
from pages.components.frame.running_server import server
from pages.components.frame.session import session

_start_lock = threading.Lock()
_races: WeakValueDictionary[str, Race] = (
    WeakValueDictionary()
)  # latest race by token, as long as it runs or a tab has it


def race_of(of: Lab) -> Race | None:
    """The lab's latest race, also if another tab started it, or this one before a reload; None before the first."""
    session().race = _races.get(of.token)
    return session().race


def begin_race(of: Lab, entry: RaceSetup) -> None:
    """Start a race. Raises EngineBusy while one runs, and LessonError while the teacher has closed the rounds."""
    of.check_start()
    with _start_lock:
        before = _races.get(of.token)
        if before is not None and not before.is_done:
            raise EngineBusy(N_("A race is running already; stop it or wait for its end."))
        session().race = _races[of.token] = Race(
            server().engine, of.token, entry, lambda: model_queue.turn(ModelRequest(of.token))
        )

"""The race of a lab, which all its tabs look at."""

import threading
from weakref import WeakValueDictionary

from core.contestants import Entry
from core.engine.scheduler import EngineBusy
from core.errors import N_
from core.lab import Lab
from core.race import Race
from pages.components.modelling import one_model
from pages.components.session import engine, session

_beginning = threading.Lock()
_races: WeakValueDictionary[str, Race] = WeakValueDictionary()  # the latest of each lab, while it runs or a tab has it


def lab_race(of: Lab) -> Race | None:
    """The lab's latest race, also one that another tab, or this one before a reload, has begun."""
    session().race = _races.get(of.token)
    return session().race


def begin_race(of: Lab, entry: Entry) -> None:
    """Let a lab race. Raises EngineBusy while it does so already, and LessonError while the teacher lets nobody."""
    of.check_start()
    with _beginning:
        before = _races.get(of.token)
        if before is not None and not before.over:
            raise EngineBusy(N_("A race is running already; stop it or wait for its end."))
        session().race = _races[of.token] = Race(engine(), of.token, entry, one_model)

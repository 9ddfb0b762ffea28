"""A school whose processes are killed at random and started anew by supervisors, and what its class does meanwhile.

    student, teacher --> proxy --> servers --> database          killed: servers (also told to end), the database,
                                      |                          the Dask scheduler, hosts, their trainers
                                      +--> scheduler --> hosts

What somebody has done counts as done once the store has it; from then on it must never be lost. Who loses the
connection comes back, as a browser does, and goes on with what the page shows.
"""

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

import psutil
import psycopg
from websockets.exceptions import WebSocketException

from core.classroom.classroom import Classroom
from core.errors import LessonError
from core.lab.choice import Choice
from core.lab.lab import Lab
from core.lab.search import proposed_trial
from core.store.class_store import ClassStore
from core.store.schema import ClassRecord
from core.store.store import Store
from tests.benchmarks.websocket_client import Tab
from tests.support.cluster import Cluster
from tests.support.cluster_kills import TRAINER_KILLS, kill_one
from tests.support.databases import Postgres
from tests.support.proxied_tabs import shown, stored, tab_through
from tests.support.server_processes import Caddy, ServerProcess, browse
from tests.support.waiting import LIMIT, until

KINDS = ("server", "server", "server told to end", "database", "host", "trainer", "trainer", "scheduler")
PAUSES = 1.5, 5.0  # seconds between two kills
SERVER_AWAY, DATABASE_AWAY = 9.0, 3.0  # seconds at most, until a supervisor starts them anew
ROUND_TIMEOUT = 60.0  # seconds after which somebody reloads a page that does not go on
ROUNDS = 3  # of a student at least
SEEN_WITHIN = 5.0  # seconds that somebody waits for the store to have what was done
NOTE = "Your note on round "
SURE = "I have finished tuning. Open the test set, once and for all."
SWITCHES = {  # of the desk, by their attributes
    "rounds_open": "rounds may be started",
    "board_open": "board on the students' screens",
    "joining_open": "students may join",
}
LOST = (OSError, WebSocketException, TimeoutError)  # of a connection
OPEN_ROUNDS = (
    "SELECT lab, number FROM round WHERE status IN ('waiting', 'running', 'paused') "
    "UNION SELECT lab, 0 FROM opening WHERE result IS NULL"
)


@dataclass
class School:
    """All processes of a class."""

    postgres: Postgres
    url: str
    machines: Cluster
    servers: tuple[ServerProcess, ...]
    proxy: Caddy

    def lab(self, token: str) -> Lab | None:
        """A lab in the store; None also without the database."""
        with suppress(LessonError):
            return stored(self.url, token)
        return None

    def classroom(self, code: str) -> ClassRecord | None:
        """The class in the store; None also without the database."""
        with suppress(LessonError), closing(Store(self.url)) as store:
            return ClassStore(store).load(code)
        return None

    def open_rounds(self) -> set[tuple[object, ...]]:
        """What is trained or waits for it, as the database knows it. Raises psycopg.Error."""
        return set(self.postgres.execute(OPEN_ROUNDS, self.url.rpartition("/")[2]))

    @contextmanager
    def supervised(self, rng: random.Random) -> Iterator[None]:
        """Meanwhile start anew what has ended, as systemd or Docker do, and in the end everything."""
        over = threading.Event()
        due: dict[int, float] = {}  # by place, when a part is started anew

        def look(place: int, part: ServerProcess | Postgres, lives: bool, longest: float) -> None:
            if lives:
                return
            if time.monotonic() >= due.setdefault(place, time.monotonic() + rng.uniform(0, longest)) or over.is_set():
                part.start()
                del due[place]

        def supervise() -> None:
            while True:
                is_last = over.wait(0.2)
                look(-1, self.postgres, self.postgres.runs, DATABASE_AWAY)
                for place, server in enumerate(self.servers):
                    look(place, server, server.process.poll() is None, SERVER_AWAY)
                if is_last:
                    return

        thread = threading.Thread(target=supervise)
        with self.machines.supervised():
            thread.start()
            try:
                yield
            finally:
                over.set()
                thread.join()


class Killer:
    """Kills what a school runs on, one process after the other; its kinds in random order before it begins anew."""

    def __init__(self, school: School, rng: random.Random) -> None:
        self._school, self._rng = school, rng
        self._coming: list[str] = []
        self._struck: Counter[tuple[object, ...]] = Counter()  # by what was trained: trainers killed meanwhile
        self.kills: Counter[str] = Counter()

    async def strike_until(self, over: asyncio.Event) -> None:
        """Kill until an event, after a pause each time."""
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), self._rng.uniform(*PAUSES))
                return
            await asyncio.to_thread(until, lambda: over.is_set() or self._is_served(), 0.2)
            if over.is_set():
                return
            self._coming = self._coming or self._rng.sample(KINDS, len(KINDS))
            kind = self._coming.pop()
            with suppress(psutil.Error, psycopg.Error, IndexError, ProcessLookupError):
                if await asyncio.to_thread(self._strike, kind):
                    self.kills[kind] += 1

    def _is_served(self) -> bool:
        """Whether anybody can work: on a slow machine servers take longer to start than there is between two kills."""
        return self._school.postgres.runs and any(server.health()[1].get("workers") for server in self._school.servers)

    def _strike(self, kind: str) -> bool:
        """Whether there was anything to kill."""
        school = self._school
        if kind == "database":
            was_there = school.postgres.runs
            school.postgres.kill()
            return was_there
        if kind in ("server", "server told to end"):
            alive = [one.process for one in school.servers if one.process.poll() is None]
            if alive:
                process = self._rng.choice(alive)
                process.kill() if kind == "server" else process.terminate()
            return bool(alive)
        if kind == "trainer":  # at a third death at the same place a round fails, as it should
            trained = school.open_rounds()
            if any(self._struck[one] >= TRAINER_KILLS for one in trained):
                return False
            self._struck.update(trained)
        kill_one(school.machines, kind, self._rng)
        return True


def shown_label(tab: Tab, start: str) -> str | None:
    """The newest label of a page that begins so and can be used."""
    return next((one for one in reversed(tab._widgets) if one.startswith(start) and tab.shows(one)), None)


def proposed_choice(lab: Lab) -> Choice | None:
    """What the page proposes to choose in a lab."""
    if (proposed := proposed_trial(lab)) is None or (round_ := lab.round(proposed[0])) is None:
        return None
    number, trial = proposed
    progress = round_.progress
    return Choice(float(progress.learning_rate[trial]), float(progress.weight_decay[trial]), number, trial)


@dataclass
class Student:
    """Joins a class and goes from round to round: a note, a choice, in the end the final test."""

    school: School
    code: str
    nickname: str
    browser: dict[str, str] = field(default_factory=dict)
    token: str = ""
    started: int = 0  # rounds that the server has taken down, as the page has said
    notes: dict[int, str] = field(default_factory=dict)  # those that the store has had
    chosen: Choice | None = None  # that the store has had last
    is_sure: bool = False  # whether no other choice was made since
    chose_after: int = 0  # rounds
    opened: float | None = None  # when the test set was, as the store had it first

    async def join(self) -> None:
        """Take a seat under a nickname; nothing is killed yet."""
        await asyncio.to_thread(browse, self.school.proxy.port, "", self.browser)
        asked = {"class": self.code}
        async with tab_through(self.school.proxy, self.browser, page="class_board", **asked) as tab:
            await tab.click("Join this class")
            self.token = tab.lab
            await tab.open("class_board")
            await tab.type("nickname (optional, not your real name)", self.nickname)

    async def learn(self, end: float) -> None:
        """Train rounds until a time.monotonic(), ROUNDS at least, then open the test set, and wait for its results."""
        while time.monotonic() < end or not await self._is_tested():
            with suppress(*LOST):
                await asyncio.to_thread(browse, self.school.proxy.port, f"?lab={self.token}", self.browser)
                page = "final_test" if self.opened is not None else ""
                async with tab_through(self.school.proxy, self.browser, self.token, page) as tab:
                    if self.opened is None:
                        await asyncio.wait_for(shown(tab, "trials"), ROUND_TIMEOUT)
                        while self._goes_on(end) or not tab.shows("Choose this value"):
                            await asyncio.wait_for(self._round(tab, end), ROUND_TIMEOUT)
                        await asyncio.wait_for(self._choose(tab), ROUND_TIMEOUT)
                        await asyncio.wait_for(self._open_test_set(tab), ROUND_TIMEOUT)
                    await asyncio.wait_for(tab.watch(time.monotonic() + 5), ROUND_TIMEOUT)
            assert time.monotonic() < end + LIMIT, f"{self.nickname} does not get to the final test"
            await asyncio.sleep(0.2)

    def _goes_on(self, end: float) -> bool:
        """Whether there is to be another round."""
        return time.monotonic() < end or self.started < ROUNDS

    async def _round(self, tab: Tab, end: float) -> None:
        """Start a round, wait for its end, note why, choose."""
        button = shown_label(tab, "Start round ")
        if button is not None and self._goes_on(end):
            await tab.click(button)
            if not tab.alarms and tab.words:
                self.started = max(self.started, int(button.removeprefix("Start round ")))
        tab.alarms.clear()
        await tab.watch(time.monotonic() + 5, lambda: tab.is_over)
        waits_for_start = self._goes_on(end) and shown_label(tab, "Start round ") is None
        if waits_for_start or not tab.shows("Choose this value"):  # the teacher may have closed the rounds meanwhile
            await tab.watch(time.monotonic() + 1)
            await tab._run()
        if tab.is_over:
            await self._note(tab)
            await self._choose(tab)
        await asyncio.sleep(0.2)

    async def _note(self, tab: Tab) -> None:
        label = shown_label(tab, NOTE)
        if label is None or (number := int(label.removeprefix(NOTE).split(":")[0])) in self.notes:
            return
        note = f"why {self.nickname} began round {number}"
        await tab.type(label, note)
        lab = await self._seen(lambda lab: any((one.number, one.note) == (number, note) for one in lab.rounds))
        if lab is not None:
            self.notes[number] = note

    async def _choose(self, tab: Tab) -> None:
        """Choose what the page proposes, once after every round."""
        if not tab.shows("Choose this value") or self.chose_after == self.started:
            return
        self.is_sure = False
        await tab.click("Choose this value")
        if (
            lab := await self._seen(lambda lab: lab.chosen is not None and lab.chosen == proposed_choice(lab))
        ) is not None:
            self.chosen, self.is_sure, self.chose_after = lab.chosen, True, self.started

    async def _open_test_set(self, tab: Tab) -> None:
        await tab.open("final_test")
        if tab.shows(SURE):
            await tab.switch(SURE, True)
            await tab.click("Open the test set")

    async def _is_tested(self) -> bool:
        lab = await asyncio.to_thread(self.school.lab, self.token)
        if lab is None or lab.final is None:
            return False
        self.opened = self.opened or lab.final.opened
        return lab.final.outcome is not None

    async def _seen(self, is_there: Callable[[Lab], bool]) -> Lab | None:
        """The lab in the store once something is there; None if it is not seen soon."""
        end = time.monotonic() + SEEN_WITHIN
        while time.monotonic() < end:
            lab = await asyncio.to_thread(self.school.lab, self.token)
            if lab is not None and is_there(lab):
                return lab
            await asyncio.sleep(0.1)
        return None


@dataclass
class Teacher:
    """Works at the desk: turns the class's switches, one after the other."""

    school: School
    classroom: Classroom
    secret: str
    rng: random.Random
    possible: dict[str, set[bool]] = field(default_factory=dict)  # by switch: its positions that the store may have
    turned: int = 0  # times that the store was seen to have a new position

    async def work(self, over: asyncio.Event) -> None:
        """Turn switches until an event; leave the rounds open."""
        browser: dict[str, str] = {}
        self.possible = {name: {getattr(self.classroom, name)} for name in SWITCHES}
        while not over.is_set() or self.possible["rounds_open"] != {True}:
            with suppress(*LOST):
                asked = f"class_board?teach={self.secret}"
                await asyncio.to_thread(browse, self.school.proxy.port, asked, browser)
                async with tab_through(self.school.proxy, browser, page="class_board", teach=self.secret) as desk:
                    await asyncio.wait_for(shown(desk, SWITCHES["rounds_open"]), ROUND_TIMEOUT)
                    while not over.is_set() or self.possible["rounds_open"] != {True}:
                        await asyncio.wait_for(self._turn(desk, over.is_set()), ROUND_TIMEOUT)
            await asyncio.sleep(0.2)

    async def _turn(self, desk: Tab, is_last: bool) -> None:
        record = await asyncio.to_thread(self.school.classroom, self.classroom.code)
        if record is None:
            await asyncio.sleep(0.2)
            return
        self.check(record)
        name = "rounds_open" if is_last else self.rng.choice(list(SWITCHES))
        on = not getattr(record, name) or (is_last and name == "rounds_open")
        self.possible[name] = self.possible[name] | {on}
        await desk.switch(SWITCHES[name], on)
        record = await asyncio.to_thread(self.school.classroom, self.classroom.code)
        if record is not None and getattr(record, name) == on and not desk.alarms:
            self.possible[name], self.turned = {on}, self.turned + 1
        desk.alarms.clear()
        pause = 0.5 if name == "rounds_open" and not on else self.rng.uniform(0.5, 3)  # rounds are closed for a moment
        await asyncio.sleep(pause)

    def check(self, record: ClassRecord) -> None:
        """No position that the store has had is lost."""
        for name, possible in self.possible.items():
            assert getattr(record, name) in possible, f"{name} has come back"

"""Servers in processes of their own with one PostgreSQL, killed and ended for real, with and without the proxy."""

import asyncio
import os
import random
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import psutil
import pytest
from websockets.exceptions import WebSocketException

from core.engine.processes import cores
from core.lab.lab import Lab
from core.rounds import run_round
from pages.components.web.lab_home import LED_COOKIE, SERVER_COOKIE, cookie_of
from tests.benchmarks.websocket_client import Tab, tab
from tests.support.databases import Missing, Postgres
from tests.support.proxied_tabs import restart_under_students, shown, stored, tab_through
from tests.support.server_processes import SECRET, Caddy, ServerProcess, ask, browse
from tests.support.servers import same
from tests.support.waiting import LIMIT, run, until

TAKEN = 12.0  # seconds after which the labs of a dead server are there at another
STUDENTS = int(os.environ.get("RESTARTED_STUDENTS", "8"))  # of a rolling restart
PUPILS, KILL_SECONDS = 6, float(os.environ.get("KILL_SECONDS", "45"))  # of a lesson under kills
SLOW = 3.0  # times that a machine may be slower than one on which these limits hold

Start = Callable[..., ServerProcess]


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.fresh()


@pytest.fixture
def start(tmp_path: Path, url: str) -> Iterator[Start]:
    """Starts a server; it may still be starting when it is handed out."""
    started: list[ServerProcess] = []

    def begin(url: str = url, **variables: str) -> ServerProcess:
        started.append(ServerProcess(tmp_path, url, variables))
        return started[-1]

    yield begin
    for server in started:
        server.kill()


@pytest.fixture
def pair(start: Start) -> tuple[ServerProcess, ServerProcess]:
    """Two servers that let visitors in."""
    a, b = start(), start()
    return a.ready(), b.ready()


# ---------------------------------------------------------------------------------------------------- settings


@pytest.mark.long
@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DATABASE_URL": "sqlite:///labs.sqlite"}, "which share a PostgreSQL: DATABASE_URL names none"),
        ({"REPLICA_SECRET": "short"}, "REPLICA needs REPLICA_SECRET, 16 characters at least"),
        ({"REPLICA": "everywhere"}, "REPLICA is 'everywhere', which is no address"),
    ],
)
def test_a_server_that_cannot_be_one_of_several_says_why_and_does_not_start(
    start: Start, variables: dict[str, str], sentence: str
) -> None:
    server = start(**variables)
    until(lambda: server.process.poll() is not None)
    assert server.process.returncode == os.EX_CONFIG
    assert sentence in server.log and "Traceback" not in server.log


# ---------------------------------------------------------------------------------------------------- two servers


@pytest.mark.long
def test_a_page_of_a_lab_at_another_server_is_asked_for_there(pair: tuple[ServerProcess, ServerProcess]) -> None:
    a, b = pair

    async def visit() -> str:
        async with tab(a.port) as visitor:
            return visitor.lab

    token = run(visit())
    until(lambda: ask(b.port, f"?lab={token}").status == 307)
    answer = ask(b.port, f"narrow?lab={token}&lesson=x")
    assert answer.headers["location"] == f"?lab={token}&lesson=x"
    home = cookie_of(a.address, SECRET)
    assert answer.cookies == {SERVER_COOKIE: home, LED_COOKIE: home}
    assert ask(a.port, f"?lab={token}", answer.cookies).status == 200
    assert ask(b.port, f"?lab={token}", answer.cookies).status == 200  # led there in vain: no second time
    assert ask(b.port, "?lab=unknown").status == 200 and ask(b.port).status == 200


@pytest.mark.long
def test_after_a_kill_a_lab_is_back_at_another_server_with_its_round_to_the_same_bits(
    pair: tuple[ServerProcess, ServerProcess], url: str
) -> None:
    a, b = pair

    async def lesson() -> tuple[str, float]:
        async with tab(a.port) as student:
            await student.set_number("trials", 60)
            await student.set_number("epochs", 100)
            await student.click("Start")
            token = student.lab
            until(lambda: (lab := stored(url, token)) is not None and lab.rounds)
            a.kill()
        async with tab(b.port, token) as student:
            waited = await shown(student, "trials")
            assert student.alarms == []
            await student.watch(time.monotonic() + LIMIT, lambda: student.epochs[0] > 0 or student.is_over)
        return token, waited

    token, waited = run(lesson())
    assert waited < TAKEN * SLOW
    until(lambda: (lab := stored(url, token)) is not None and lab.rounds[0].stored.status.is_final)
    lab = stored(url, token)
    assert lab is not None and len(lab.rounds) == 1
    assert same(lab.rounds[0].stored, run_round(lab.rounds[0].stored.plan))


@pytest.mark.long
def test_a_server_that_is_told_to_end_gives_its_labs_away_first(pair: tuple[ServerProcess, ServerProcess]) -> None:
    a, b = pair

    async def lesson() -> float:
        async with tab(a.port) as student:
            await student.set_number("trials", 47)
            token = student.lab
        a.process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        async with tab(b.port, token) as student:
            await shown(student, "trials")
            waited = time.monotonic() - begun
            assert student.alarms == []
            await student.click("Start")
            until(lambda: (lab := stored(b.url, token)) is not None and lab.rounds)
            lab = stored(b.url, token)
            assert lab is not None and lab.rounds[0].stored.plan.trials == 47
        return waited

    assert run(lesson()) < 5 * SLOW
    assert a.process.wait(LIMIT) is not None


@pytest.mark.long
def test_each_server_keeps_to_a_core_of_its_own_and_says_how_it_is(pair: tuple[ServerProcess, ServerProcess]) -> None:
    a, b = pair
    if len(cores()) > 1:
        used = [psutil.Process(server.process.pid).cpu_affinity() for server in pair]
        assert all(len(one) == 1 for one in used) and used[0] != used[1]  # type: ignore[arg-type]
    assert a.health() == b.health() == (200, {"database": True, "workers": True, "replica": True})
    a.process.send_signal(signal.SIGTERM)
    until(lambda: a.health()[0] != 200)
    assert b.health()[0] == 200


# ---------------------------------------------------------------------------------------------------- the proxy


@pytest.fixture
def caddy(tmp_path: Path, pair: tuple[ServerProcess, ServerProcess]) -> Iterator[Caddy]:
    try:
        proxy = Caddy(tmp_path, list(pair))
    except Missing as reason:
        pytest.skip(str(reason))
    yield proxy
    proxy.close()


@pytest.mark.long
def test_through_the_proxy_a_browser_gets_to_its_lab_and_comes_back_after_a_kill(
    caddy: Caddy, pair: tuple[ServerProcess, ServerProcess]
) -> None:
    browser: dict[str, str] = {}
    assert browse(caddy.port, "", browser).status == 200
    at = {cookie_of(server.address, SECRET): server for server in pair}
    home = at[browser[SERVER_COOKIE]]
    (other,) = (server for server in pair if server is not home)

    async def lesson() -> tuple[float, float]:
        async with tab_through(caddy, browser) as student:
            await student.set_number("trials", 47)
            token = student.lab
        until(lambda: ask(other.port, f"?lab={token}").status == 307)
        strange = {SERVER_COOKIE: cookie_of(other.address, SECRET)}  # of a browser that the proxy keeps elsewhere
        assert browse(caddy.port, f"?lab={token}", strange).status == 200
        assert at[strange[SERVER_COOKIE]] is home
        home.kill()
        begun = time.monotonic()
        assert browse(caddy.port, f"?lab={token}", browser).status == 200
        assert at[browser[SERVER_COOKIE]] is other
        answered = time.monotonic() - begun
        async with tab_through(caddy, browser, token) as student:
            await shown(student, "trials")
        return answered, time.monotonic() - begun

    answered, back = run(lesson())
    print(f"page after {answered:.2f} s, lab after {back:.2f} s")
    assert back < TAKEN * SLOW


@pytest.mark.long
def test_a_rolling_restart_loses_nothing_and_nobody_waits_long(
    caddy: Caddy, pair: tuple[ServerProcess, ServerProcess], url: str
) -> None:
    waits, tokens = run(restart_under_students(caddy, pair, STUDENTS))
    print(f"{len(waits)} waits: {max(waits):.1f} s at most, {statistics.median(waits):.1f} s median")
    assert len(waits) >= STUDENTS and max(waits) < 5 * SLOW
    labs = [stored(url, token) for token in tokens]
    assert [lab.rounds[0].stored.plan.trials for lab in labs if lab is not None] == [20 + n for n in range(STUDENTS)]
    assert all(lab is not None and len(lab.rounds) == 1 for lab in labs)


# ---------------------------------------------------------------------------------------------------- kills at random


@dataclass
class Pupil:
    """A student of a class who goes from round to round, whatever happens to the servers."""

    proxy: Caddy
    code: str
    browser: dict[str, str] = field(default_factory=dict)
    token: str = ""
    started: int = 0  # rounds that the server has taken down, as the page has said

    async def join(self) -> None:
        await asyncio.to_thread(browse, self.proxy.port, "", self.browser)
        asked = {"class": self.code}
        async with tab_through(self.proxy, self.browser, page="class_board", **asked) as tab:
            await tab.click("Join this class")
            self.token = tab.lab

    async def learn(self, until: float) -> None:
        """Start rounds and wait for their ends until a time.monotonic()."""
        while time.monotonic() < until:
            with suppress(OSError, WebSocketException, TimeoutError):
                await asyncio.to_thread(browse, self.proxy.port, f"?lab={self.token}", self.browser)
                async with tab_through(self.proxy, self.browser, self.token) as tab:
                    await shown(tab, "trials")
                    while time.monotonic() < until:
                        await asyncio.wait_for(self._round(tab, until), 60)
            await asyncio.sleep(0.2)

    async def _round(self, tab: Tab, until: float) -> None:
        button = next((label for label in tab._widgets if label.startswith("Start round") and tab.shows(label)), None)
        if button is not None:
            await tab.click(button)
            if not tab.alarms and tab.words:
                self.started = max(self.started, int(button.removeprefix("Start round ")))
            tab.alarms.clear()
        await tab.watch(min(until, time.monotonic() + 5), lambda: tab.is_over)
        await asyncio.sleep(0.2)


async def lesson_under_kills(
    proxy: Caddy, servers: tuple[ServerProcess, ...], postgres: Postgres, rng: random.Random, seconds: float
) -> tuple[str, list[Pupil]]:
    """A class through which servers are killed, restarted and ended, and the database with them."""
    browser: dict[str, str] = {}
    await asyncio.to_thread(browse, proxy.port, "", browser)
    async with tab_through(proxy, browser, page="class_board") as teacher:
        await teacher.click("Create the class")
        code = dict(parse_qsl(urlsplit(teacher.links["Board for the projector"]).query))["class"]
    pupils = [Pupil(proxy, code) for _ in range(PUPILS)]
    await asyncio.gather(*(pupil.join() for pupil in pupils))
    end = time.monotonic() + seconds
    learning = asyncio.gather(*(pupil.learn(end) for pupil in pupils))

    def strike() -> None:
        what = rng.choice(("kill", "kill", "end", "database"))
        if what == "database":
            postgres.stop()
            time.sleep(rng.uniform(0, 3))
            postgres.start()
            return
        server = rng.choice(servers)
        if what == "kill":
            server.kill()
        else:
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(LIMIT)
        time.sleep(rng.uniform(0, 9))
        server.start()
        server.ready()

    while time.monotonic() < end:
        await asyncio.sleep(rng.uniform(2, 6))
        await asyncio.to_thread(strike)
    await learning
    return code, pupils


@pytest.mark.long
def test_kills_at_random_lose_no_round_and_no_seat(
    caddy: Caddy, pair: tuple[ServerProcess, ServerProcess], postgres: Postgres, url: str
) -> None:
    rng = random.Random(18)
    code, pupils = run(lesson_under_kills(caddy, pair, postgres, rng, KILL_SECONDS))

    async def finish(pupil: Pupil) -> None:
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                await asyncio.to_thread(browse, caddy.port, f"?lab={pupil.token}", pupil.browser)
                async with tab_through(caddy, pupil.browser, pupil.token) as opened:
                    await shown(opened, "trials")
                    while not all(one.stored.status.is_final for one in labs()[pupil.token].rounds):
                        await opened.watch(time.monotonic() + 2)
                        await asyncio.sleep(0.2)
                    return
            await asyncio.sleep(0.2)

    def labs() -> dict[str, Lab]:
        found = {pupil.token: stored(url, pupil.token) for pupil in pupils}
        return {token: lab for token, lab in found.items() if lab is not None}

    async def finish_all() -> None:
        await asyncio.gather(*map(finish, pupils))

    run(finish_all())
    rounds = 0
    for pupil in pupils:
        lab = labs()[pupil.token]
        assert [one.number for one in lab.rounds] == list(range(1, len(lab.rounds) + 1))
        assert len(lab.rounds) >= pupil.started
        assert lab.class_seat is not None and lab.class_seat[0] == code
        assert all(same(one.stored, run_round(one.stored.plan)) for one in lab.rounds)
        rounds += len(lab.rounds)
    assert len({lab.class_seat for lab in labs().values()}) == len(pupils)
    print(f"{rounds} rounds of {len(pupils)} students with the same bits, {sum(one.started for one in pupils)} seen")
    assert rounds > len(pupils)

"""Servers in processes of their own with one PostgreSQL, killed and ended for real, with and without the proxy."""

import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.asyncio.client import connect

from core.engine.processes import cores
from core.rounds import run_round
from pages.components.web.lab_home import LED_COOKIE, SERVER_COOKIE, cookie_of
from tests.benchmarks.websocket_client import Tab, tab
from tests.support.databases import Missing, PgBouncer, Postgres, past
from tests.support.proxied_tabs import restart_under_students, shown, stored, tab_through
from tests.support.server_processes import SECRET, Caddy, ServerProcess, ask, browse
from tests.support.servers import same
from tests.support.waiting import LIMIT, run, until

TAKEN = 12.0  # seconds after which the labs of a dead server are there at another
STUDENTS = int(os.environ.get("RESTARTED_STUDENTS", "8"))  # of a rolling restart
SLOW = 3.0  # times that a machine may be slower than one on which these limits hold

Start = Callable[..., ServerProcess]


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Postgres | PgBouncer:
    """PostgreSQL, or what stands before it."""
    found: Postgres | PgBouncer = request.getfixturevalue(getattr(request, "param", "postgres"))
    return found


@pytest.fixture
def url(database: Postgres | PgBouncer) -> str:
    return database.fresh()


with_and_without_pooler = pytest.mark.parametrize("database", ["postgres", "pgbouncer"], indirect=True)


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
@with_and_without_pooler
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
    assert ask(a.port, "healthz/ready").status == ask(b.port, "healthz/ready").status == 200
    a.process.send_signal(signal.SIGTERM)
    until(lambda: a.health()[0] != 200)
    assert b.health()[0] == 200


@pytest.mark.long
def test_a_tab_at_a_server_that_stood_still_no_longer_shows_the_lab_once_another_has_it(
    pair: tuple[ServerProcess, ServerProcess], url: str
) -> None:
    a, b = pair

    async def lesson() -> str:
        async with tab(a.port) as student:
            await student.set_number("trials", 60)
            await student.set_number("epochs", 200)
            await student.click("Start")
            token = student.lab
            a.process.send_signal(signal.SIGSTOP)
            try:
                async with tab(b.port, token) as elsewhere:
                    await shown(elsewhere, "trials")
                    await elsewhere.set_number("trials", 47)
            finally:
                a.process.send_signal(signal.SIGCONT)
            await student.watch(time.monotonic() + LIMIT, lambda: not student.shows("trials"))
            assert not student.shows("trials") and student.alarms == []
        return token

    token = run(lesson())
    until(lambda: (lab := stored(url, token)) is not None and lab.plan.trials == 47)


@pytest.mark.long
def test_labs_that_an_address_begins_at_either_server_are_counted_together(
    pair: tuple[ServerProcess, ServerProcess], url: str
) -> None:
    async def begin(server: ServerProcess) -> None:
        address, header = f"ws://127.0.0.1:{server.port}/_stcore/stream", {"X-Forwarded-For": "203.0.113.9"}
        options: Any = {"additional_headers": header, "max_size": 2**24, "proxy": None, "open_timeout": LIMIT}
        async with connect(address, subprotocols=["streamlit"], **options) as socket:
            await Tab(socket).open()

    seen = []
    for server in pair:
        run(begin(server))
        with past(url).connect() as connection:
            seen += connection.exec_driver_sql("SELECT client, since FROM allowance WHERE name = 'new_labs'").all()
    (client, first), (same_client, second) = seen  # one row after each
    assert client == same_client and first < second


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
def test_while_the_database_is_away_no_server_is_well_and_the_proxy_lets_visitors_in_all_the_same(
    caddy: Caddy, pair: tuple[ServerProcess, ServerProcess], postgres: Postgres
) -> None:
    postgres.stop()
    until(lambda: all(server.health()[0] == 503 for server in pair))
    for _ in range(15):  # three times as long as the proxy takes to ask how they are
        assert ask(caddy.port).status == 200
        time.sleep(0.2)


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

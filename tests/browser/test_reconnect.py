"""A whole class comes back at once after a server was killed, and junk on the wire harms nobody.

The students are websocket clients, as a browser tab is one.
"""

import asyncio
import random
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from core.archive import restored
from core.lab import Lab
from core.plan import LIMITS
from core.progress import Status
from core.store import Store
from tests.benchmarks import websocket_client
from tests.benchmarks.websocket_client import Tab
from tests.browser.conftest import Server
from tests.waiting import LIMIT, run, until

TABS = 60
CLASS = "class_board"
LEARNING = range(0, TABS, 6)  # those with a round under way when the server is killed
LONG = 10  # epochs: some rounds are cut off by the kill
LARGE = 2 * 10**6  # bytes, more than a browser may send at once
PAUSE = 0.2  # seconds between two looks into the store
TRIES = 60  # of each kind of junk

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
Start = Callable[..., Server]


class Student(Tab):
    """A tab that also remembers what its fields show and what went wrong."""

    def __init__(self, socket: ClientConnection, address: str = "") -> None:
        super().__init__(socket, address)
        self.socket = socket
        self.ids: set[str] = set()
        self.fields: dict[str, float] = {}
        self.faults: list[Element] = []
        self.told = ""  # as HTML and as code

    def _see(self, element: Element | Block, kind: str) -> None:
        super()._see(element, kind)
        if kind in ("html", "code"):
            self.told += element.html.body if kind == "html" else element.code.code_text
        self.ids |= set(filter(None, [getattr(getattr(element, kind, None), "id", "")]))
        if not isinstance(element, Element):
            return
        if kind == "number_input":
            self.fields[element.number_input.label] = element.number_input.default
        elif kind == "exception" or (kind == "alert" and "not here any more" in element.alert.body):
            self.faults.append(element)


async def joined(stack: AsyncExitStack, port: int, token: str = "") -> Student:
    """A student whose page is open, of a new lab or of that with a token."""
    return await visitor(stack, port, **({"lab": token} if token else {}))


async def visitor(stack: AsyncExitStack, port: int, page: str = "", **address: str) -> Student:
    """Somebody who has opened an address."""
    socket = await stack.enter_async_context(wire(port))
    somebody = Student(socket, urlencode(address))
    await somebody.open(page)
    return somebody


async def seated(stack: AsyncExitStack, port: int, code: str) -> Student:
    """A student who has joined a class and gone to the rounds."""
    student = await visitor(stack, port, CLASS, **{"class": code})
    await student.click("Join this class")
    await student.open("narrow")
    return student


def wire(port: int) -> connect:
    """A connection as a browser makes it."""
    return connect(f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=["streamlit"], max_size=2**24, proxy=None)


def port_of(server: Server) -> int:
    port = urlsplit(server.url).port
    assert port
    return port


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page may take longer when sixty are opened at once and the machine has other things to do."""
    monkeypatch.setattr(websocket_client, "PATIENCE", LIMIT)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'labs.sqlite'}"


@pytest.fixture
def begin(start_server: Start, url: str) -> Iterator[Callable[[], Server]]:
    """Starts a server over the same store."""
    started: list[Server] = []

    def start() -> Server:
        started.append(start_server(DATABASE_URL=url))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.end()


def kept(url: str, token: str) -> Lab | None:
    """A lab as it stands in the store."""
    with closing(Store(url)) as store:
        record = store.load(token)
    return restored(token, record) if record else None


@dataclass(frozen=True)
class Held:
    """What the people of a class have written down: the students' tokens, the board's address, the teacher's secret."""

    tokens: list[str]
    board: dict[str, str]
    secret: str


async def a_class(port: int) -> Held:
    """A teacher creates a class; everybody joins and sets a number of their own, some let a round learn."""
    async with AsyncExitStack() as stack:
        teacher = await visitor(stack, port, CLASS)
        await teacher.click("Create the class")
        board = dict(parse_qsl(urlsplit(teacher.links["Board for the projector"]).query))
        students = await asyncio.gather(*(seated(stack, port, board["class"]) for _ in range(TABS)))
        await asyncio.gather(*(one.enter("trials", 20 + number) for number, one in enumerate(students)))
        for number in LEARNING:
            await students[number].enter("epochs", LONG)
            await students[number].click("Start")
        secret = re.search(r"teach=([\w-]+)", teacher.told)
        assert secret is not None
        return Held([student.lab for student in students], board, secret[1])


async def back_again(port: int, held: Held, url: str) -> tuple[list[Student], Student, Student]:
    """Everybody comes back at the same moment, each with their own token; and the projector, and the teacher.

    They stay until every round that had been begun has come to its end. url: of the store
    """
    async with AsyncExitStack() as stack:
        projector = visitor(stack, port, CLASS, **held.board)
        teacher = visitor(stack, port, CLASS, teach=held.secret)
        *students, wall, desk = await asyncio.gather(
            *(joined(stack, port, token) for token in held.tokens), projector, teacher
        )
        learning = [held.tokens[number] for number in LEARNING]
        await asyncio.to_thread(until, lambda: all(over(kept(url, token)) for token in learning), PAUSE)
        return students, wall, desk


def test_a_class_that_comes_back_at_once_after_a_kill_finds_every_lab(begin: Callable[[], Server], url: str) -> None:
    server = begin()
    held = run(a_class(port_of(server)))
    tokens = held.tokens
    assert len(set(tokens)) == TABS
    until(lambda: all(written(kept(url, token), number) for number, token in enumerate(tokens)), PAUSE)
    server.end(signal.SIGKILL)
    assert not all(over(kept(url, tokens[number])) for number in LEARNING)
    students, projector, teacher = run(back_again(port_of(begin()), held, url))
    assert [student.lab for student in students] == tokens
    assert [student.fields["trials"] for student in students] == [20 + number for number in range(TABS)]
    assert [one.faults for one in (*students, projector, teacher)] == [[]] * (TABS + 2)
    assert f"students: {TABS}" in projector.told and f"students: {TABS}" in teacher.told


def written(lab: Lab | None, number: int) -> bool:
    """Whether all that a student did stands in the store."""
    return lab is not None and lab.plan.trials == 20 + number and bool(lab.rounds) == (number in LEARNING)


def over(lab: Lab | None) -> bool:
    """Whether the round that was under way has been trained to its end."""
    return lab is not None and all(one.progress.status is Status.FINISHED for one in lab.rounds)


# ---------------------------------------------------------------------------------------------------- junk


def forged(rng: random.Random, student: Student) -> bytes:
    """An order to draw the page in which fields of the page have values that no page would give them."""
    order = BackMsg()
    order.rerun_script.query_string = rng.choice(["", "lab=%00&lab=x", "lesson=" + "~" * 900, "lang=%ff", "&&==&", "%"])
    order.rerun_script.page_script_hash = rng.choice(["", "x", "\u0000", "bayesian"])
    order.rerun_script.fragment_id = rng.choice(["", "", "nothing"])
    for id_ in rng.sample(sorted(student.ids), 3):
        state = order.rerun_script.widget_states.widgets.add()
        state.CopyFrom(
            rng.choice(
                [
                    WidgetState(id=id_, double_value=rng.choice([float("nan"), float("inf"), -1e300, 1e9])),
                    WidgetState(id=id_, int_value=rng.choice([-(2**62), 2**62, LIMITS["trials"][1] + 1])),
                    WidgetState(id=id_, string_value=rng.choice(["", "\u0000", "[" * 900, "한" * 300])),
                    WidgetState(id=id_, json_value=rng.choice(["", "{}", "[]", '{"width": 1e999}'])),
                    WidgetState(id=id_, trigger_value=True),
                ]
            )
        )
    return order.SerializeToString()


async def refuses(port: int, junk: bytes | str) -> bool:
    """Whether the server ends a connection that brings junk."""
    async with wire(port) as socket:
        await socket.send(junk)
        try:
            async with asyncio.timeout(LIMIT):
                while True:
                    await socket.recv()
        except ConnectionClosed:
            return True


async def storm(port: int, rng: random.Random) -> list[Element]:
    """Junk of every kind beside a student who works on; what went wrong on that student's page."""
    async with AsyncExitStack() as stack:
        quiet = await joined(stack, port)
        await quiet.enter("trials", 32)
        broken = [b"\xff" + rng.randbytes(rng.randint(1, 60)) for _ in range(TRIES)]  # no message begins so
        assert all(await asyncio.gather(*(refuses(port, junk) for junk in [*broken, "text", b"\0" * LARGE])))
        forger = await joined(stack, port)
        for _ in range(TRIES):
            await forger.socket.send(forged(rng, forger))
        await quiet.open()
        assert quiet.fields["trials"] == 32
        assert (await joined(stack, port, quiet.lab)).fields["trials"] == 32
        return quiet.faults


def test_junk_on_the_wire_harms_nobody_else(begin: Callable[[], Server], url: str) -> None:
    server = begin()
    assert run(storm(port_of(server), random.Random(0))) == []
    assert server.process.poll() is None

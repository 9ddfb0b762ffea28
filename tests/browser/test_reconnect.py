"""A whole class reconnects at once after the server was killed, and invalid messages affect no other session.

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

from core.lab.lab import Lab
from core.plan import RoundPlan
from core.progress import Status
from core.settings import WholeNumber, kinds_of
from core.store.restoring import lab_from_record
from core.store.store import Store
from tests.benchmarks import websocket_client
from tests.benchmarks.websocket_client import Tab
from tests.browser.conftest import Server
from tests.support.waiting import LIMIT, run, until

CLASS = "class_board"
EPOCHS = 10  # some rounds are cut off by the kill
LARGE_MESSAGE = 2 * 10**6  # bytes, more than a browser may send at once
POLL_SECONDS = 0.2  # seconds between two looks into the store
MESSAGES_PER_KIND = 60  # of each kind
ROUND_EVERY = 6  # students: the first one of them has a round under way when the server is killed

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
Start = Callable[..., Server]
MAX_TRIALS = kinds_of(RoundPlan, WholeNumber)["trials"].high


class RecordingTab(Tab):
    """A tab that also remembers what its fields show and what went wrong."""

    def __init__(self, socket: ClientConnection, address: str = "") -> None:
        super().__init__(socket, address)
        self.socket = socket
        self.ids: set[str] = set()
        self.fields: dict[str, str] = {}
        self.faults: list[Element] = []
        self.reported = ""  # as HTML and as code

    def _see(self, element: Element | Block, kind: str) -> None:
        super()._see(element, kind)
        if kind in ("html", "code"):
            self.reported += element.html.body if kind == "html" else element.code.code_text
        self.ids |= set(filter(None, [getattr(getattr(element, kind, None), "id", "")]))
        if not isinstance(element, Element):
            return
        if kind == "text_input":
            self.fields[element.text_input.label] = element.text_input.default
        elif kind == "exception" or (kind == "alert" and "not here any more" in element.alert.body):
            self.faults.append(element)


async def open_lab(stack: AsyncExitStack, port: int, token: str = "") -> RecordingTab:
    """A student whose page is open, of a new lab or of that with a token."""
    return await open_page(stack, port, **({"lab": token} if token else {}))


async def open_page(stack: AsyncExitStack, port: int, page: str = "", **address: str) -> RecordingTab:
    """Somebody who has opened an address."""
    socket = await stack.enter_async_context(connection(port))
    somebody = RecordingTab(socket, urlencode(address))
    await somebody.open(page)
    return somebody


async def join_class(stack: AsyncExitStack, port: int, code: str) -> RecordingTab:
    """A student who has joined a class and gone to the rounds."""
    student = await open_page(stack, port, CLASS, **{"class": code})
    await student.click("Join this class")
    await student.open("narrow")
    return student


def connection(port: int) -> connect:
    """A connection as a browser makes it."""
    return connect(f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=["streamlit"], max_size=2**24, proxy=None)


def port_of(server: Server) -> int:
    port = urlsplit(server.url).port
    assert port
    return port


@pytest.fixture(autouse=True)
def longer_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty pages that open at once on a busy machine take longer."""
    monkeypatch.setattr(websocket_client, "RUN_TIMEOUT", LIMIT)


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


def stored_lab(url: str, token: str) -> Lab | None:
    """A lab as the store has it."""
    with closing(Store(url)) as store:
        record = store.load(token)
    return lab_from_record(token, record) if record else None


@dataclass(frozen=True)
class ClassAddresses:
    """Where a class comes back to: the students' labs, the board, and the teacher's secret."""

    tokens: list[str]
    board: dict[str, str]
    secret: str


def with_round(count: int) -> range:
    """The students that have a round under way when the server is killed."""
    return range(0, count, ROUND_EVERY)


async def create_full_class(port: int, count: int) -> ClassAddresses:
    """A teacher creates a class; `count` students join and set a number of their own, some let a round learn."""
    async with AsyncExitStack() as stack:
        teacher = await open_page(stack, port, CLASS)
        await teacher.click("Create the class")
        board = dict(parse_qsl(urlsplit(teacher.links["Board for the projector"]).query))
        students = await asyncio.gather(*(join_class(stack, port, board["class"]) for _ in range(count)))
        await asyncio.gather(*(one.set_number("trials", 20 + number) for number, one in enumerate(students)))
        for number in with_round(count):
            await students[number].set_number("epochs", EPOCHS)
            await students[number].click("Start")
        secret = re.search(r"teach=([\w-]+)", teacher.reported)
        assert secret is not None
        return ClassAddresses([student.lab for student in students], board, secret[1])


async def reopen_everything(
    port: int, addresses: ClassAddresses, url: str
) -> tuple[list[RecordingTab], RecordingTab, RecordingTab]:
    """Everybody comes back at the same moment, each with their own token; and the projector, and the teacher.

    They stay until every round that had been begun has come to its end. url: of the store
    """
    async with AsyncExitStack() as stack:
        projector = open_page(stack, port, CLASS, **addresses.board)
        teacher = open_page(stack, port, CLASS, teach=addresses.secret)
        *students, wall, desk = await asyncio.gather(
            *(open_lab(stack, port, token) for token in addresses.tokens), projector, teacher
        )
        learning = [addresses.tokens[number] for number in with_round(len(addresses.tokens))]
        await asyncio.to_thread(
            until, lambda: all(all_rounds_finished(stored_lab(url, token)) for token in learning), POLL_SECONDS
        )
        return students, wall, desk


@pytest.mark.parametrize("count", [6, pytest.param(60, marks=pytest.mark.long)])
def test_a_class_that_comes_back_at_once_after_a_kill_finds_every_lab(
    begin: Callable[[], Server], url: str, count: int
) -> None:
    server = begin()
    addresses = run(create_full_class(port_of(server), count))
    tokens = addresses.tokens
    assert len(set(tokens)) == count
    until(lambda: all(is_saved(stored_lab(url, token), number) for number, token in enumerate(tokens)), POLL_SECONDS)
    server.end(signal.SIGKILL)
    assert not all(all_rounds_finished(stored_lab(url, tokens[number])) for number in with_round(count))
    students, projector, teacher = run(reopen_everything(port_of(begin()), addresses, url))
    assert [student.lab for student in students] == tokens
    assert [student.fields["trials"] for student in students] == [str(20 + number) for number in range(count)]
    assert [one.faults for one in (*students, projector, teacher)] == [[]] * (count + 2)
    assert f"students: {count}" in projector.reported and f"students: {count}" in teacher.reported


def is_saved(lab: Lab | None, number: int) -> bool:
    """Whether all that a student did is in the store."""
    return lab is not None and lab.plan.trials == 20 + number and bool(lab.rounds) == (number % ROUND_EVERY == 0)


def all_rounds_finished(lab: Lab | None) -> bool:
    """Whether the round that was under way has been trained to its end."""
    return lab is not None and all(one.progress.status is Status.FINISHED for one in lab.rounds)


# ---------------------------------------------------------------------------------------------------- invalid messages


def forged_message(rng: random.Random, student: RecordingTab) -> bytes:
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
                    WidgetState(id=id_, int_value=rng.choice([-(2**62), 2**62, MAX_TRIALS + 1])),
                    WidgetState(id=id_, string_value=rng.choice(["", "\u0000", "[" * 900, "한" * 300])),
                    WidgetState(id=id_, json_value=rng.choice(["", "{}", "[]", '{"width": 1e999}'])),
                    WidgetState(id=id_, trigger_value=True),
                ]
            )
        )
    return order.SerializeToString()


async def refuses(port: int, message: bytes | str) -> bool:
    """Whether the server closes a connection after such a message."""
    async with connection(port) as socket:
        await socket.send(message)
        try:
            async with asyncio.timeout(LIMIT):
                while True:
                    await socket.recv()
        except ConnectionClosed:
            return True


async def send_invalid_messages(port: int, rng: random.Random) -> list[Element]:
    """Send invalid messages of every kind beside a student who works on; returns the faults on that student's page."""
    async with AsyncExitStack() as stack:
        student = await open_lab(stack, port)
        await student.set_number("trials", 32)
        broken = [b"\xff" + rng.randbytes(rng.randint(1, 60)) for _ in range(MESSAGES_PER_KIND)]  # no message begins so
        assert all(
            await asyncio.gather(*(refuses(port, message) for message in [*broken, "text", b"\0" * LARGE_MESSAGE]))
        )
        forger = await open_lab(stack, port)
        for _ in range(MESSAGES_PER_KIND):
            await forger.socket.send(forged_message(rng, forger))
        await student.open()
        assert student.fields["trials"] == "32"
        assert (await open_lab(stack, port, student.lab)).fields["trials"] == "32"
        return student.faults


@pytest.mark.long
def test_invalid_messages_affect_no_other_session(begin: Callable[[], Server], url: str) -> None:
    server = begin()
    assert run(send_invalid_messages(port_of(server), random.Random(0))) == []
    assert server.process.poll() is None

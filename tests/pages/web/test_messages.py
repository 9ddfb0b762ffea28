"""Only messages that pages send get through a websocket, no larger, no more often and over no more sockets."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.components.web import messages, waiting_runs
from pages.components.web.messages import (
    FINISHED,
    MAX_MESSAGE,
    MAX_PARTS,
    NOT_TAKEN,
    NOT_UNDERSTOOD,
    PART,
    RATE,
    TOO_BIG,
    LimitedSocket,
    MessageLimits,
    examine,
    first_field,
    how_finished,
    sockets_per_address,
)
from pages.components.web.turns import Turns
from pages.components.web.waiting_runs import give_turn_back, wait_for_order
from tests.support.attacks import many_names, rerun
from tests.support.waiting import run

PASSED = [
    rerun(query_string="lab=x", fragment_id="part", is_auto_rerun=True),
    rerun(),
    BackMsg(stop_script=True).SerializeToString(),
    many_names(1),
    BackMsg(backend_operation_request={"request_id": "a", "deferred_file": {"file_id": "b"}}).SerializeToString(),
]
LEFT_OUT = [
    BackMsg(load_git_info=True),
    BackMsg(clear_cache=True),
    BackMsg(set_run_on_save=True),
    BackMsg(debug_shutdown_runtime=True),
    BackMsg(debug_disconnect_websocket=True),
    BackMsg(app_heartbeat=True),
    BackMsg(backend_operation_request={"request_id": "a", "install_skills": {}}),
]


def many_widgets(count: int) -> bytes:
    order = BackMsg()
    for _ in range(count):
        order.rerun_script.widget_states.widgets.add()
    return order.SerializeToString()


@pytest.mark.parametrize("message", PASSED, ids=range(len(PASSED)))
def test_what_pages_send_gets_through(message: bytes) -> None:
    kind, fault = examine(message)
    read = BackMsg.FromString(message)
    asked = PART if read.rerun_script.fragment_id else read.WhichOneof("type")
    assert (kind, fault) == (asked, 0)


@pytest.mark.parametrize("message", LEFT_OUT, ids=lambda one: one.WhichOneof("type"))
def test_what_no_page_sends_is_left_out(message: BackMsg) -> None:
    assert examine(message.SerializeToString()) == ("", 0)


def test_of_several_types_in_a_message_the_last_one_counts() -> None:
    """The parser takes the last; the tag that is looked at first is that of the first."""
    assert examine(rerun() + BackMsg(load_git_info=True).SerializeToString()) == ("", 0)


@pytest.mark.parametrize(
    "message", [bytes(MAX_MESSAGE + 1), many_names(2), many_names(60_000), many_widgets(MAX_PARTS + 1)]
)
def test_a_message_that_is_too_large_or_has_too_many_parts_closes_the_socket(message: bytes) -> None:
    assert examine(message) == ("", TOO_BIG)


def test_a_message_with_as_many_widgets_as_allowed_gets_through() -> None:
    assert examine(many_widgets(MAX_PARTS)) == ("rerun_script", 0)


@pytest.mark.parametrize("message", [b"", b"\xff", b"\xff" * 20, b"\x5a\xff\xff", b"\x5a\x05a", b"\x80" * 5, b"\0"])
def test_what_is_no_message_closes_the_socket(message: bytes) -> None:
    assert examine(message) == ("", NOT_UNDERSTOOD)


@pytest.mark.parametrize("number", [1, 15, 16, 19, 2047, 2048, 100_000])
def test_the_first_field_is_read_from_its_tag(number: int) -> None:
    tag, varint = number << 3, b""
    while tag >= 0x80:
        varint, tag = varint + bytes([tag & 0x7F | 0x80]), tag >> 7
    assert first_field(varint + bytes([tag]) + b"rest") == number


@pytest.mark.parametrize(
    ("status", "over"),
    [
        ("FINISHED_SUCCESSFULLY", True),
        ("FINISHED_FRAGMENT_RUN_SUCCESSFULLY", True),
        ("FINISHED_WITH_COMPILE_ERROR", True),
        ("FINISHED_EARLY_FOR_RERUN", False),
    ],
)
def test_the_end_of_a_run_is_seen(status: Any, over: bool) -> None:
    assert (how_finished(ForwardMsg(script_finished=status).SerializeToString()) in FINISHED) is over
    assert how_finished(ForwardMsg(ref_hash="a" * 300).SerializeToString()) is how_finished(None) is None


# ---------------------------------------------------------------------------------------------------- one socket


class Wire:
    """What uvicorn is to a socket: messages that have come, answers that were sent."""

    def __init__(self, *given: bytes | str) -> None:
        self.given = [
            {"type": "websocket.receive", **({"text": one} if isinstance(one, str) else {"bytes": one})}
            for one in given
        ] + [{"type": "websocket.disconnect", "code": 1005}]
        self.sent: list[dict[str, Any]] = []
        self.drained = asyncio.Event()
        self.drained.set()

    async def receive(self) -> dict[str, Any]:
        return self.given.pop(0)

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        await self.drained.wait()

    def socket(self) -> LimitedSocket:
        return LimitedSocket(self.receive, self.send, Turns())


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long messages were made to wait, which they do not."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(messages.asyncio, "sleep", sleep)
    monkeypatch.setattr(messages, "PATIENCE", 0.0)
    return waits


def received(*given: bytes | str) -> tuple[list[dict[str, Any]], Wire]:
    """What of these the app is given, and the wire."""

    async def take() -> tuple[list[dict[str, Any]], Wire]:
        wire, taken = Wire(*given), []
        limited = wire.socket()
        while not taken or taken[-1]["type"] == "websocket.receive":
            taken.append(dict(await limited.receive()))
        return taken, wire

    return run(take())


def test_messages_beyond_the_burst_wait_and_none_is_lost(slept: list[float]) -> None:
    count = int(RATE.burst) + 40
    taken, _ = received(*[rerun()] * count)
    assert len(taken) == count + 1
    assert all(wait == 0 for wait in slept[: int(RATE.burst)])
    assert slept[-1] == pytest.approx(40 / RATE.per_second, rel=0.2)


def test_messages_that_are_left_out_wait_too(slept: list[float]) -> None:
    """Else a flood of them would never let the event loop go."""
    taken, _ = received(*[b"\x60\x01"] * (int(RATE.burst) + 40))
    assert [one["type"] for one in taken] == ["websocket.disconnect"] and slept[-1] > 1


@pytest.mark.parametrize(
    ("given", "code"), [(b"\xff\xff", NOT_UNDERSTOOD), (bytes(MAX_MESSAGE + 1), TOO_BIG), ("text", NOT_TAKEN)]
)
def test_a_socket_is_closed_once_and_nothing_is_sent_afterwards(
    given: bytes | str, code: int, slept: list[float]
) -> None:
    taken, wire = received(given, rerun())
    assert taken == [{"type": "websocket.disconnect", "code": code}]
    assert wire.sent == [{"type": "websocket.close", "code": code}]


def test_who_does_not_read_gets_no_further_run() -> None:
    async def reads_nothing() -> tuple[bool, bool]:
        wire = Wire(rerun())
        limited = wire.socket()
        wire.drained.clear()
        answer = asyncio.create_task(limited.send({"type": "websocket.send", "bytes": bytes(1000)}))
        await asyncio.sleep(0)
        order = asyncio.create_task(limited.receive())
        await asyncio.sleep(0.05)
        before = order.done()
        wire.drained.set()
        await asyncio.gather(answer, order)
        return before, order.done()

    assert run(reads_nothing()) == (False, True)


# ---------------------------------------------------------------------------------------------------- many sockets


def opened(app: Callable[[], MessageLimits], *addresses: str, ends: bool = False) -> list[bool]:
    """Which of sockets from these addresses get through to the app, all open at once, or one after the other."""

    async def open_all() -> list[bool]:
        limits = app()
        through: list[bool] = []
        tasks = []
        for address in addresses:
            through.append(False)
            wire = Wire()
            scope = {"type": "websocket", "client": (address, 1), "place": len(through) - 1, "through": through}
            tasks.append(asyncio.create_task(limits(scope, wire.receive, wire.send)))
            await asyncio.sleep(0)
            if ends:
                await asyncio.sleep(0)
                tasks[-1].cancel()
                await asyncio.wait([tasks[-1]])
        for task in tasks:
            task.cancel()
        return through

    return run(open_all())


async def stay(scope: Any, receive: Any, send: Any) -> None:
    """An app that lets a socket stay open."""
    scope["through"][scope["place"]] = True
    await asyncio.Event().wait()


def test_an_address_has_so_many_sockets_and_another_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCKETS_PER_ADDRESS", "2")
    addresses = ["10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2", "2001:db8::3"]
    assert opened(lambda: MessageLimits(stay), *addresses) == [True, True, False, True, True, True, False]


def test_a_socket_that_ends_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCKETS_PER_ADDRESS", "1")
    assert opened(lambda: MessageLimits(stay), *["10.0.0.1"] * 5, ends=True) == [True] * 5


def test_an_address_opens_no_more_than_a_school_at_once_though_it_closes_them() -> None:
    found = opened(lambda: MessageLimits(stay), *["10.0.0.1"] * 320, ends=True)
    assert all(found[:300]) and sum(found) < 320


@pytest.mark.parametrize(("given", "count"), [("", 300), ("0", 300), ("many", 300), ("40", 40)])
def test_the_host_says_how_many_sockets_an_address_may_have(
    given: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOCKETS_PER_ADDRESS", given)
    assert sockets_per_address() == count


# ---------------------------------------------------------------------------------------------------- runs that wait


@dataclass
class Talk:
    """What a tab and the server say to each other, and what of it counts as a run."""

    limited: LimitedSocket

    async def order(self, part: str = "") -> None:
        """The browser asks for a part, or for the whole page."""
        self.limited._receive = Wire(rerun(fragment_id=part)).receive
        await self.limited.receive()

    async def answer(self, **message: Any) -> None:
        await self.limited.send({"type": "websocket.send", "bytes": ForwardMsg(**message).SerializeToString()})

    async def finish(self, status: str = "FINISHED_FRAGMENT_RUN_SUCCESSFULLY") -> None:
        await self.answer(script_finished=status)

    async def wait(self) -> None:
        """The run gives its turn back, in a thread of its own."""
        await asyncio.to_thread(give_turn_back, "the session")
        await asyncio.sleep(0)

    @property
    def counts(self) -> bool:
        """Whether a run of the tab counts now."""
        return self.limited.turn.began is not None


def talked(talk: Callable[[Talk], Coroutine[None, None, None]]) -> None:
    async def begin() -> None:
        limited = Wire().socket()
        tab = Talk(limited)
        await tab.order()
        await tab.answer(new_session={"initialize": {"session_id": "the session"}})
        await tab.finish("FINISHED_SUCCESSFULLY")
        try:
            await talk(tab)
        finally:
            limited.close()
        give_turn_back("the session")  # nobody is there any more

    run(begin())


def test_a_run_that_waits_does_not_count_and_the_next_one_does() -> None:
    async def talk(tab: Talk) -> None:
        await tab.order("part")
        assert tab.counts
        await tab.wait()
        assert not tab.counts
        await tab.order("part")  # which Streamlit begins when the run before has ended
        await tab.finish()
        assert tab.counts
        await tab.finish()
        assert not tab.counts

    talked(talk)


def test_the_whole_page_ends_a_run_that_waits_and_counts() -> None:
    async def talk(tab: Talk) -> None:
        await tab.order("part")
        await tab.wait()
        await tab.order()  # which Streamlit begins at once; the run before says nothing more
        assert tab.counts
        await tab.finish("FINISHED_SUCCESSFULLY")
        assert not tab.counts

    talked(talk)


def test_a_run_that_waited_counts_again_when_it_has_the_whole_page_drawn() -> None:
    async def talk(tab: Talk) -> None:
        await tab.order("part")
        await tab.wait()
        await tab.finish("FINISHED_EARLY_FOR_RERUN")
        assert tab.counts
        await tab.finish("FINISHED_SUCCESSFULLY")
        assert not tab.counts

    talked(talk)


def test_a_run_that_waits_is_told_of_an_order_and_of_the_end_of_its_tab() -> None:
    async def talk(tab: Talk) -> None:
        def waited(seconds: float = 30.0) -> asyncio.Future[bool]:
            return asyncio.ensure_future(asyncio.to_thread(wait_for_order, "the session", seconds))

        await tab.order("part")
        assert not await waited(0.01)  # the order that has begun it
        await tab.wait()
        assert not await waited(0.01)
        told = waited()
        await tab.order("another part")
        assert await told and not await waited(0.01)  # once
        asked = waiting_runs._tabs["the session"].asked
        tab.limited.close()
        assert asked.is_set() and "the session" not in waiting_runs._tabs

    talked(talk)


def test_without_a_socket_a_wait_is_as_long_as_it_is() -> None:
    before = time.monotonic()
    assert not wait_for_order("nobody's", 0.02) and time.monotonic() - before >= 0.02


def test_the_socket_that_came_last_for_a_session_gives_the_turn_back() -> None:
    """A browser that was away comes back on another one, and the first may end later."""

    async def talk() -> None:
        first, second = (Talk(Wire().socket()) for _ in range(2))
        for tab in (first, second):
            await tab.order()
            await tab.answer(new_session={"initialize": {"session_id": "the session"}})
        first.limited.close()
        await second.wait()
        assert first.counts and not second.counts
        second.limited.close()

    run(talk())

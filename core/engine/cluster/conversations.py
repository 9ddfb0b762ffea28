"""The questions to the hosts, on an event loop of their own: one conversation with each host that Dask knows.

A conversation asks, takes in the answer, and asks again: at once while nothing is new, since the host waits for news;
after PACE_SECONDS when there was some. A command asks at once, beside a question that waits.
"""

import asyncio
import logging
import threading
import time
from contextlib import suppress

from distributed import Client

from core.engine.cluster import host_service
from core.engine.cluster.cluster_state import ClusterState
from core.engine.cluster.placement import Host
from core.engine.cluster.questions import Answer, Question

MEMBERS_SECONDS = 0.5  # between two looks at which hosts there are
PACE_SECONDS = 0.25  # between two questions to a host that has news
COMMAND_PACE_SECONDS = 0.03  # between two questions that commands ask
WAIT_SECONDS = 1.0  # that a host waits for news before it answers that there are none
CALL_SECONDS = 3.0  # that an answer may take beyond that
REJOIN_SECONDS = 5.0  # that hosts get to come back after the scheduler has been away
RETRY_SECONDS = 0.5  # after a question that failed
log = logging.getLogger(__name__)


class Conversations:
    """Runs in a thread: `run` returns after `close`.

    state: used under the lock of `changed`
    """

    def __init__(self, address: str, state: ClusterState, changed: threading.Condition) -> None:
        self._address, self._state, self._changed = address, state, changed
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._client: Client | None = None
        self._has_connected = False
        self._rejoin_until = 0.0  # of the monotonic clock
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by host
        self._commands: dict[str, asyncio.Event] = {}  # by host: there is something to tell it at once
        self._background: set[asyncio.Task[bool | None]] = set()

    def run(self) -> None:
        """Ask until `close`."""
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._follow_members())
        finally:
            self._loop.close()

    def command(self, host: str | None) -> None:
        """Have a host asked at once. Any thread may call it."""
        with suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self._wake, host)

    def close(self) -> None:
        """End `run`, after the hosts have been told to forget the rounds. Any thread may call it."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._closing.set)

    def _wake(self, host: str | None) -> None:
        if host in self._commands:
            self._commands[host].set()

    async def _follow_members(self) -> None:
        """Look for hosts again and again, and begin a conversation with each."""
        while not self._closing.is_set():
            addresses = await self._members()
            now = time.monotonic()
            with self._changed:
                if addresses is not None:
                    self._state.set_hosts(addresses, now, now < self._rejoin_until)
                self._state.look_for_hosts(now)
                hosts = dict(self._state.hosts)
                self._changed.notify_all()
            self._converse_with(hosts)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), MEMBERS_SECONDS)
        await self._say_goodbye()

    async def _members(self) -> dict[str, str] | None:
        """The hosts' names and addresses; None while the scheduler does not answer."""
        try:
            client = await self._connect()
            identity = await asyncio.wait_for(client.scheduler.identity(n_workers=-1), CALL_SECONDS)
            return {str(one["name"]): address for address, one in identity["workers"].items()}
        except Exception as fault:
            log.warning("the scheduler at %s does not answer: %r", self._address, fault)
            await self._disconnect()
            return None

    async def _connect(self) -> Client:
        if self._client is None or self._client.status != "running":
            await self._disconnect()
            self._client = Client(self._address, asynchronous=True, timeout=CALL_SECONDS, set_as_default=False)
            await self._client
            if self._has_connected:  # the scheduler was away: its hosts have yet to come back to it
                self._rejoin_until = time.monotonic() + REJOIN_SECONDS
            self._has_connected = True
        return self._client

    async def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                await asyncio.wait_for(client.close(timeout=1), 2)

    def _converse_with(self, hosts: dict[str, Host]) -> None:
        """Begin and end conversations."""
        for name in [name for name in self._tasks if name not in hosts or self._tasks[name].done()]:
            self._tasks.pop(name).cancel()
            self._commands.pop(name, None)
        for name, host in hosts.items():
            if name not in self._tasks:
                self._commands[name] = asyncio.Event()
                self._tasks[name] = self._loop.create_task(self._converse(host, self._commands[name]))

    async def _converse(self, host: Host, command: asyncio.Event) -> None:
        """Ask one host until it is gone."""
        while not self._closing.is_set():
            asking = self._loop.create_task(self._ask(host, WAIT_SECONDS if host.kind else 0.0))
            told = await self._wait_for_answer_or_command(asking, command)
            if told:  # the question that waits goes on beside the next one
                self._background.add(asking)
                asking.add_done_callback(self._background.discard)
                await asyncio.sleep(COMMAND_PACE_SECONDS)
            elif asking.result() is None:
                await asyncio.sleep(RETRY_SECONDS)
            elif asking.result():
                with suppress(TimeoutError):
                    await asyncio.wait_for(command.wait(), PACE_SECONDS)
            command.clear()

    async def _wait_for_answer_or_command(self, asking: "asyncio.Task[bool | None]", command: asyncio.Event) -> bool:
        """Whether a command came before the answer."""
        commanded = self._loop.create_task(command.wait())
        try:
            await asyncio.wait({asking, commanded}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            commanded.cancel()
        return not asking.done()

    async def _ask(self, host: Host, wait_seconds: float) -> bool | None:
        """Ask a host once: whether anything is new, None if it did not answer."""
        with self._changed:
            question = self._state.question(host, wait_seconds)
        try:
            answer = await asyncio.wait_for(self._call(host, question), wait_seconds + CALL_SECONDS)
        except Exception as fault:
            log.warning("the host %s does not answer: %r", host.name, fault)
            with self._changed:
                self._state.take_silence(host, time.monotonic())
                self._changed.notify_all()
            return None
        with self._changed:
            before = {one.number: one.host for one in self._state.rounds.values()}
            found = self._state.take_answer(host, question, answer, time.monotonic())
            moved = {one.host for one in self._state.rounds.values() if one.host != before.get(one.number)}
            self._changed.notify_all()
        for name in moved:
            self._wake(name)
        return found

    async def _call(self, host: Host, question: Question) -> Answer:
        if self._client is None:
            raise ConnectionError("there is no scheduler")
        found: dict[str, Answer] = await self._client.run(host_service.answer, question, workers=[host.address])
        return found[host.address]

    async def _say_goodbye(self) -> None:
        """Have the hosts forget this server's rounds, and end."""
        asking = [*self._tasks.values(), *self._background]
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        with self._changed:
            self._state.rounds.clear()
            farewell = [(host, self._state.question(host, 0.0)) for host in self._state.hosts.values()]
        with suppress(Exception):
            await asyncio.wait_for(asyncio.gather(*(self._call(*one) for one in farewell)), 1.0)
        await self._disconnect()

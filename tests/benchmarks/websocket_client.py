"""A browser tab without a browser: it speaks to the Streamlit server as the page's own script does.

    tab --BackMsg: rerun_script--> ws://127.0.0.1:port/_stcore/stream
    tab <--ForwardMsg: new_session, delta ..., script_finished--      one run of the page or of its live part

The tab keeps what a browser keeps between runs: the address, the page, what was entered, and the timers of the parts
that ask to be drawn again. They tick only during `watch`. Seconds are those from the order to the end of
the run. A browser that holds a message already is sent its name instead; this tab is always sent the whole.
"""

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

import pyarrow as pa
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Common_pb2 import StringArray
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

RUN_TIMEOUT = 120.0  # seconds for one run
COMPLETE = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
WORDS = re.compile(r'class="progress-line"><span[^>]*>([^<]*)<')
TOTALS = re.compile(r"<span>(students|rounds|trials|epochs): ([\d,]+)</span>")  # of a class, on its board
ALERTS = (Alert.ERROR, Alert.WARNING)


@dataclass
class Timer:
    """A part of the page that asks to be drawn again and again."""

    interval: float  # seconds
    due: float  # time.monotonic()

    def skip(self, now: float) -> None:
        """Let go of the times that have passed."""
        self.due += self.interval * max(0, math.ceil((now - self.due) / self.interval))


class Tab:
    """One tab on a page."""

    def __init__(self, socket: ClientConnection, address: str = "") -> None:
        self._socket = socket
        self._address = address  # what follows "?" in it
        self._page = ""
        self._widgets: dict[str, str] = {}  # their ids by their labels
        self._entered: dict[str, WidgetState] = {}
        self._drawn: set[str] = set()  # ids of the widgets of the latest run of the whole page that can be used
        self._points = b""  # the map's table of trials
        self.drawings = 0  # how often the curves have come, which are drawn last
        self.ticks = 0  # while it was watched: drawings, or runs that drew no curves
        self.first_point: float | None = None  # time.monotonic() when the map of the latest round had one
        self._first_drawing: float | None = None  # time.monotonic() of that after the latest order
        self.timers: dict[str, Timer] = {}  # by the ids of the parts
        self.words = ""  # of the line about the round's progress
        self.totals: dict[str, int] = {}  # of a class, as its board says them: students, rounds, trials, epochs
        self.links: dict[str, str] = {}  # where buttons lead that are links
        self.alarms: list[str] = []  # faults and warnings that the page has shown
        self.pages: list[str] = []  # those that the navigation leads to

    @property
    def live(self) -> str:
        """The id of the part that ticks, the last one if there are several; "" while none does."""
        return next(reversed(self.timers), "")

    def shows(self, label: str) -> bool:
        """Whether the page has a widget of that label that can be used."""
        return self._widgets.get(label) in self._drawn

    @property
    def points(self) -> int:
        """How many trials are on the map."""
        return int(pa.ipc.open_stream(self._points).read_all().num_rows) if self._points else 0

    @property
    def epochs(self) -> tuple[int, int]:
        """How many epochs of the round in view are done, and of how many."""
        found = re.search(r"(\d+) of (\d+) epochs", self.words)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    @property
    def is_over(self) -> bool:
        """Whether the round in view has ended; a page of a class ticks on after that."""
        return self.words.startswith("Round ")

    @property
    def lab(self) -> str:
        """The token of the lab that the address names."""
        return parse_qs(self._address)["lab"][0]

    async def open(self, page: str = "") -> float:
        """The first run of a page, the one that the address leads to by itself unless another is named."""
        return await self._run(page=page)

    async def tick(self) -> float:
        """One run of the live part to its end; that of a page with a running round draws several times."""
        return await self._run(part=self.live)

    async def watch(self, until: float, enough: Callable[[], bool] = lambda: False) -> list[float]:
        """Let the timers tick until a time.monotonic(), until `enough`, or until none is left.

        Returns the seconds from when each run was due to its first drawing, or to its end.

        A tick that is still on its way when the next one is due takes its place, as on the server.
        """
        waits = []
        while self.timers and not enough():
            now = time.monotonic()
            for timer in self.timers.values():
                timer.skip(now)
            part, timer = min(self.timers.items(), key=lambda item: item[1].due)
            due = timer.due
            if due >= until:
                break
            await asyncio.sleep(due - now)
            before = self.drawings
            await self._run(part=part)
            self.ticks += max(self.drawings - before, 1)
            waits.append((self._first_drawing or time.monotonic()) - due)
        return waits

    async def click(self, button: str) -> float:
        """Press the newest button whose label begins so."""
        label = next((label for label in reversed(self._widgets) if label.startswith(button)), button)
        if button.startswith("Start"):
            self.first_point = None
        return await self._run(pressed=WidgetState(id=self._widgets[label], trigger_value=True))

    async def set_number(self, label: str, number: int) -> float:
        """Type a whole number into a field."""
        return await self.type(label, str(number))

    async def type(self, label: str, text: str) -> float:
        """Type a text into a field."""
        return await self._enter(WidgetState(id=self._widgets[label], string_value=text))

    async def choose(self, label: str, option: str) -> float:
        """Choose in a segmented control."""
        return await self._enter(WidgetState(id=self._widgets[label], string_array_value=StringArray(data=[option])))

    async def unfold(self, label: str, is_open: bool = True) -> float:
        """Open what is folded away behind a button, or close it again."""
        return await self.switch(label, is_open)

    async def switch(self, label: str, on: bool) -> float:
        """Turn a switch, or tick a box."""
        return await self._enter(WidgetState(id=self._widgets[label], bool_value=on))

    async def _enter(self, state: WidgetState) -> float:
        self._entered[state.id] = state  # a browser tells it again with every run
        return await self._run()

    async def _run(self, part: str = "", pressed: WidgetState | None = None, page: str = "") -> float:
        order = BackMsg()
        run = order.rerun_script
        run.query_string, run.page_script_hash, run.page_name = self._address, "" if page else self._page, page
        run.widget_states.widgets.extend([*self._entered.values(), *filter(None, [pressed])])
        run.fragment_id, run.is_auto_rerun = part, bool(part)
        start, self._first_drawing = time.perf_counter(), None
        await self._socket.send(order.SerializeToString())
        await asyncio.wait_for(self._answer(), RUN_TIMEOUT)
        return time.perf_counter() - start

    async def _answer(self) -> None:
        """Take in what the server sends until a run is complete; a run that asks for another one is not."""
        while True:
            message = ForwardMsg.FromString(await self._socket.recv())
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._page = message.new_session.page_script_hash
                if not message.metadata.run.fragment_ids:  # the whole page, which says anew what ticks
                    self.timers.clear()
                    self._drawn.clear()
            elif kind == "navigation":
                self._page = message.navigation.page_script_hash
                self.pages = [page.url_pathname for page in message.navigation.app_pages if not page.is_hidden]
            elif kind == "page_info_changed":
                self._address = message.page_info_changed.query_string
            elif kind == "auto_rerun":
                self._set_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            elif kind == "stop_auto_rerun":
                for stopped in message.stop_auto_rerun.fragment_ids:
                    self.timers.pop(stopped, None)
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                element = message.delta.new_element
                self._see(element, element.WhichOneof("type") or "")
            elif kind == "delta" and message.delta.WhichOneof("type") == "add_block":
                block = message.delta.add_block
                self._see(block, block.WhichOneof("type") or "")
            elif kind == "script_finished" and message.script_finished in COMPLETE:
                if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:  # what is gone is forgotten
                    self._entered = {name: state for name, state in self._entered.items() if name in self._drawn}
                return

    def _set_timer(self, part: str, interval: float) -> None:
        """Set a timer; one that has the interval already goes on."""
        if part not in self.timers or self.timers[part].interval != interval:
            self.timers[part] = Timer(interval, time.monotonic() + interval)

    def _see(self, element: Element | Block, kind: str) -> None:
        """Remember a widget, the map's trials, what is said about the round, and what should not be there."""
        shown = getattr(element, kind, None)
        if label := getattr(shown, "label", ""):
            self._widgets.pop(label, None)  # the newest comes last
            self._widgets[label] = getattr(shown, "id", "")
            if not getattr(shown, "disabled", False):
                self._drawn.add(self._widgets[label])
            self.links[label] = getattr(shown, "url", "")
        elif kind == "vega_lite_chart":
            self._points = next((one.data.data for one in shown.datasets if one.name == "points"), self._points)
            if self.first_point is None and self.points:
                self.first_point = time.monotonic()
            if any(one.name == "curves" for one in shown.datasets):
                self.drawings += 1
                self._first_drawing = self._first_drawing or time.monotonic()
        elif kind == "html" and (line := WORDS.search(shown.body)):
            self.words = line[1]
        elif kind == "html" and (totals := TOTALS.findall(shown.body)):
            self.totals = {name: int(count.replace(",", "")) for name, count in totals}
        elif kind == "exception":
            self.alarms.append(shown.message)
        elif kind == "alert" and shown.format in ALERTS:
            self.alarms.append(shown.body)


@asynccontextmanager
async def tab(port: int, lab: str = "", page: str = "", **asked: str) -> AsyncIterator[Tab]:
    """A tab that has just been opened and shows a page, of a new lab or of that with a token.

    asked: what else is in the address
    """
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    options: dict[str, Any] = {
        "max_size": 2**24,
        "proxy": None,
        "open_timeout": RUN_TIMEOUT,
    }  # a server may still start
    async with connect(address, subprotocols=["streamlit"], **options) as socket:
        opened = Tab(socket, urlencode(asked | ({"lab": lab} if lab else {})))
        await opened.open(page)
        yield opened

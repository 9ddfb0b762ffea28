"""A browser tab without a browser: it speaks to the Streamlit server as the page's own script does.

    tab --BackMsg: rerun_script--> ws://127.0.0.1:port/_stcore/stream
    tab <--ForwardMsg: new_session, delta ..., script_finished--      one run of the page or of its live part

The tab keeps what a browser keeps between runs: the address, the page, what was entered, and the live part's id. Its
clock ticks only when it is told to. Seconds are those from the order to the end of the run.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import StringArray
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

PATIENCE = 30.0  # seconds for one run


class Tab:
    """One tab on a page."""

    def __init__(self, socket: ClientConnection, address: str = "") -> None:
        self._socket = socket
        self._address = address  # what follows "?" in it
        self._page = ""
        self._widgets: dict[str, str] = {}  # their ids by their labels
        self._entered: dict[str, WidgetState] = {}
        self.live = ""  # the id of the part that asks to be drawn again every second; "" while none does

    @property
    def lab(self) -> str:
        """The token of the lab that the address names."""
        return parse_qs(self._address)["lab"][0]

    async def open(self) -> float:
        """The page's first run."""
        return await self._run()

    async def tick(self) -> float:
        """Draw the live part again."""
        return await self._run(part=self.live)

    async def click(self, button: str) -> float:
        """Press the newest button whose label begins so."""
        label = next((label for label in reversed(self._widgets) if label.startswith(button)), button)
        return await self._run(pressed=WidgetState(id=self._widgets[label], trigger_value=True))

    async def enter(self, label: str, number: int) -> float:
        """Type a whole number into a field."""
        return await self._enter(WidgetState(id=self._widgets[label], int_value=number))

    async def choose(self, label: str, option: str) -> float:
        """Choose in a segmented control."""
        return await self._enter(WidgetState(id=self._widgets[label], string_array_value=StringArray(data=[option])))

    async def _enter(self, state: WidgetState) -> float:
        self._entered[state.id] = state  # a browser tells it again with every run
        return await self._run()

    async def _run(self, part: str = "", pressed: WidgetState | None = None) -> float:
        order = BackMsg()
        run = order.rerun_script
        run.query_string, run.page_script_hash = self._address, self._page
        run.widget_states.widgets.extend([*self._entered.values(), *filter(None, [pressed])])
        run.fragment_id, run.is_auto_rerun = part, bool(part)
        start = time.perf_counter()
        await self._socket.send(order.SerializeToString())
        await asyncio.wait_for(self._answer(), PATIENCE)
        return time.perf_counter() - start

    async def _answer(self) -> None:
        """Take in what the server sends until a run is complete; a run that asks for another one is not."""
        live = ""
        while True:
            message = ForwardMsg.FromString(await self._socket.recv())
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._page, live = message.new_session.page_script_hash, ""
            elif kind == "page_info_changed":
                self._address = message.page_info_changed.query_string
            elif kind == "auto_rerun":
                live = message.auto_rerun.fragment_id
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self._see(message.delta.new_element)
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self.live = live
                return
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY:
                return

    def _see(self, element: Element) -> None:
        """Remember a widget."""
        widget = getattr(element, element.WhichOneof("type") or "")
        if label := getattr(widget, "label", ""):
            self._widgets.pop(label, None)  # the newest comes last
            self._widgets[label] = getattr(widget, "id", "")


@asynccontextmanager
async def tab(port: int, lab: str = "", **parameters: str) -> AsyncIterator[Tab]:
    """A tab that has just been opened and shows the page, of a new lab or of that with a token.

    parameters: what else stands in the address
    """
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    async with connect(address, subprotocols=["streamlit"], max_size=2**24, proxy=None) as socket:
        opened = Tab(socket, urlencode(({"lab": lab} if lab else {}) | parameters))
        await opened.open()
        yield opened

"""A browser tab without a browser: it speaks to the Streamlit server as the page's own script does.

    tab --BackMsg: rerun_script--> ws://127.0.0.1:port/_stcore/stream
    tab <--ForwardMsg: new_session, delta ..., script_finished--      one run of the page or of its live part

The tab keeps what a browser keeps between runs: the address, the page, the widgets on it, and the live part's id. Its
clock ticks only when it is told to.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import StringArray
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

PATIENCE = 30.0  # seconds for one run


class Tab:
    """One tab on the lab's page."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._address = ""  # what follows "?" in it
        self._page = ""
        self._widgets: dict[str, str] = {}  # id by key and by label
        self._states: dict[str, WidgetState] = {}
        self.live = ""  # the id of the part that asks to be drawn again every second; "" while none does
        self.received = 0  # bytes

    async def open(self) -> float:
        """The page's first run; seconds it took."""
        return await self._run()

    async def tick(self) -> float:
        """Draw the live part again; seconds until it is here."""
        return await self._run(part=self.live)

    async def click(self, button: str) -> float:
        """Press the button whose label begins so; seconds until the page is here."""
        label = next(label for label in self._widgets if label.startswith(button))
        return await self._run(pressed=WidgetState(id=self._widgets[label], trigger_value=True))

    async def enter(self, key: str, number: int) -> float:
        """Type a whole number into the field with that key; seconds until the page is here."""
        return await self._set(WidgetState(id=self._widgets[key], int_value=number))

    async def choose(self, key: str, option: str) -> float:
        """Choose in the segmented control with that key; seconds until the page is here."""
        return await self._set(WidgetState(id=self._widgets[key], string_array_value=StringArray(data=[option])))

    async def _set(self, state: WidgetState) -> float:
        self._states[state.id] = state  # from now on a part of every run
        return await self._run()

    async def _run(self, part: str = "", pressed: WidgetState | None = None) -> float:
        order = BackMsg()
        run = order.rerun_script
        run.query_string, run.page_script_hash = self._address, self._page
        run.widget_states.widgets.extend([*self._states.values(), *filter(None, [pressed])])
        run.fragment_id, run.is_auto_rerun = part, bool(part)
        start = time.perf_counter()
        await self._socket.send(order.SerializeToString())
        await asyncio.wait_for(self._answer(), PATIENCE)
        return time.perf_counter() - start

    async def _answer(self) -> None:
        """Take in what the server sends until a run is complete; a run that asks for another one is not."""
        live = ""
        while True:
            data = await self._socket.recv()
            self.received += len(data)
            message = ForwardMsg.FromString(data)
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

    def _see(self, element: object) -> None:
        """Remember a widget. Streamlit's ids end in the widget's key."""
        widget = getattr(element, element.WhichOneof("type"))
        if name := getattr(widget, "id", ""):
            self._widgets[name.split("-", 2)[-1]] = name
            self._widgets[getattr(widget, "label", "")] = name


@asynccontextmanager
async def tab(port: int) -> AsyncIterator[Tab]:
    """A tab that has just been opened and shows the page."""
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    async with connect(address, subprotocols=["streamlit"], max_size=2**24, proxy=None) as socket:
        opened = Tab(socket)
        await opened.open()
        yield opened

"""How many files a browser may leave with the server.

Streamlit keeps every file that is put into a session until the session ends. A journal is read as soon as it has come,
so the newest KEPT files of a session stay, and the newest of all sessions up to BYTES_IN_ALL; and few are taken in at a
time.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterator

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from core.server.rate_limits import network

KEPT = 2  # files of a session: one that is replaced by another is there with it
BYTES_IN_ALL = 64 * 2**20  # a file has at most 20 MB (maxUploadSize), most journals have less than one
AT_ONCE = 4  # files that an address may send at a time; others wait
WAIT = 20.0  # seconds that they do
UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")


class UploadLimits:
    """Keeps uploads to the limits above; everything else passes untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._places: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))
        self._present: defaultdict[str, int] = defaultdict(int)  # uploads of an address that wait or are under way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        found = UPLOAD.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if found is None or not runtime.get_instance().is_active_session(found[1]):  # which Streamlit refuses
            await self._app(scope, receive, send)
            return
        client = network((scope.get("client") or ("",))[0])
        self._present[client] += 1
        try:
            await asyncio.wait_for(self._places[client].acquire(), WAIT)
        except TimeoutError:
            await PlainTextResponse("Too many files at once.", 503)(scope, receive, send)
        else:
            try:
                await self._app(scope, receive, send)
            finally:
                self._places[client].release()
                forget_old_files(kept_files(), found[1])
        finally:
            self._present[client] -= 1
            if not self._present[client]:
                del self._present[client], self._places[client]


def kept_files() -> MemoryUploadedFileManager:
    """The files of all sessions, as Streamlit keeps them."""
    files = runtime.get_instance().uploaded_file_mgr
    assert isinstance(files, MemoryUploadedFileManager)
    return files


def forget_old_files(files: MemoryUploadedFileManager, session: str) -> None:
    """Forget the oldest files of a session beyond KEPT, and the oldest of all beyond BYTES_IN_ALL."""
    for name in list(files.file_storage.get(session, {}))[:-KEPT]:
        files.remove_file(session, name)
    everywhere = list(_by_age(files))
    excess = sum(size for _, _, size in everywhere) - BYTES_IN_ALL
    for place, name, size in everywhere:
        if excess <= 0:
            return
        files.remove_file(place, name)
        excess -= size


def _by_age(files: MemoryUploadedFileManager) -> Iterator[tuple[str, str, int]]:
    """Session, name and bytes of all files, those first whose session has had a file for the longest time."""
    for session, held in list(files.file_storage.items()):
        for name, file in list(held.items()):
            yield session, name, len(file.data)

"""Files that are put into sessions do not pile up."""

import asyncio
from typing import Any

import pytest
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from pages.components.web.uploads import AT_ONCE, BYTES_IN_ALL, KEPT, UploadLimits, forget_old_files
from tests.support.waiting import run


def put(files: MemoryUploadedFileManager, session: str, name: str) -> None:
    files.add_file(session, UploadedFileRec(name, name, "text/plain", b"1"))


def kept(files: MemoryUploadedFileManager) -> list[str]:
    return [name for held in files.file_storage.values() for name in held]


def test_a_session_keeps_its_newest_files() -> None:
    files = MemoryUploadedFileManager("/upload")
    for number in range(300):
        put(files, "session", str(number))
        forget_old_files(files, "session")
    assert kept(files) == [str(number) for number in range(300 - KEPT, 300)]


@pytest.mark.parametrize("count", [1, 8, 60])
def test_all_sessions_together_keep_so_many_bytes(count: int) -> None:
    files, content = MemoryUploadedFileManager("/upload"), bytes(BYTES_IN_ALL // count)
    for number in range(3 * count):
        files.add_file(f"session {number}", UploadedFileRec(str(number), str(number), "text/plain", content))
        forget_old_files(files, f"session {number}")
    assert kept(files) == [str(number) for number in range(2 * count, 3 * count)]


class FakeRuntime:
    """A runtime with one session."""

    def __init__(self) -> None:
        self.uploaded_file_mgr = MemoryUploadedFileManager("/upload")

    def is_active_session(self, session: str) -> bool:
        return session == "here"


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        ("PUT", "/_stcore/upload_file/here/a", AT_ONCE),
        ("PUT", "/below/_stcore/upload_file/here/a", AT_ONCE),
        ("PUT", "/_stcore/upload_file/gone/a", 20),  # Streamlit refuses it unread
        ("DELETE", "/_stcore/upload_file/here/a", 20),
    ],
)
def test_few_files_of_an_address_are_taken_in_at_a_time(
    method: str, path: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "get_instance", FakeRuntime)
    under_way = highest = done = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal under_way, highest, done
        under_way += 1
        highest = max(highest, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        done += 1

    async def all_at_once() -> None:
        limits = UploadLimits(app)
        scope = {"type": "http", "method": method, "path": path, "client": ("10.0.0.1", 1)}
        await asyncio.gather(*(limits(scope, None, None) for _ in range(20)))  # type: ignore[arg-type]
        assert not limits._present and not limits._places

    run(all_at_once())
    assert (highest, done) == (most, 20)

"""Libraries that are imported late are whole when they are handed out, however many threads want them at once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest

from core.late import library
from tests.test_architecture import ROOT, imports_of

MEETING = 0.2  # seconds in which two threads that import at once would meet
HALF = """
from contextlib import suppress
from threading import BrokenBarrierError
import meeting_point
with suppress(BrokenBarrierError):
    meeting_point.both.wait()
import {other} as other
meeting_point.never.wait({pause})
whole = True
"""


def test_two_threads_that_import_at_once_get_whole_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two modules that import each other, as those of a library may, each of them entered by a thread of its own."""
    names = "left_half", "right_half"
    (tmp_path / "meeting_point.py").write_text("")
    for name, other in (names, names[::-1]):
        (tmp_path / f"{name}.py").write_text(HALF.format(other=other, pause=MEETING))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(library("meeting_point"), "both", Barrier(2, timeout=MEETING), raising=False)
    monkeypatch.setattr(library("meeting_point"), "never", Event(), raising=False)
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda name: library(name).other.whole, names)) == [True, True]


def test_what_pages_import_is_there_before_any_page_is_drawn() -> None:
    """Else two visitors of a server that has just been started import at once, each for another page."""
    show = "import app, sys; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", show], cwd=ROOT, capture_output=True, text=True, check=True)
    there = set(told.stdout.split())
    for page in (ROOT / "pages").glob("*.py"):
        wanted = {module for module in imports_of(page) if module.split(".")[0] not in ("core", "pages")}
        assert {module.split(".")[0] for module in wanted} <= there
    assert {f"pages.components.{file.stem}" for file in (ROOT / "pages/components").glob("[a-z]*.py")} <= there

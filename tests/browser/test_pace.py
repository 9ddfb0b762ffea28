"""A page ticks less often in a crowd, and nothing on it is mounted again for that."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.components.pace import LONGEST, SHORTEST
from tests.browser.conftest import PATIENCE, Server, Student

SVG = "document.querySelector('.st-key-live_chart svg')"
LINE = "document.querySelector('.st-key-live_chart .mark-line path')?.getAttribute('d')?.length ?? 0"


@pytest.fixture
def crowd(tmp_path: Path) -> Path:
    """The crowd is there while this file is."""
    return tmp_path / "crowd"


@pytest.fixture
def server(start_server: Callable[..., Server], crowd: Path) -> Server:
    """A server on which a crowd comes and goes."""
    return start_server("tests.browser.crowded", CROWD=str(crowd))


def asks_for(interval: float) -> Callable[[bytes | str], bool]:
    """Whether a message asks the page to tick at an interval, but for the factor that each page has."""

    def asked(frame: bytes | str) -> bool:
        message = ForwardMsg.FromString(frame) if isinstance(frame, bytes) else ForwardMsg()
        asks = message.WhichOneof("type") == "auto_rerun"
        return asks and 0.9 * interval < message.auto_rerun.interval <= interval

    return asked


def test_in_a_crowd_a_page_ticks_less_often_and_nothing_is_mounted_again(
    server: Server, browser: Browser, crowd: Path
) -> None:
    page = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US").new_page()
    student = Student(page)
    with page.expect_websocket() as opened:
        student.go(server.url)
    for label in ("trials", "epochs"):
        student.set_number(label, 200)
    student.press("Start round 1")
    page.wait_for_function(f"({LINE}) > 0")
    page.evaluate(f"{SVG}.dataset.first = 'yes'")
    for change, interval in ((crowd.touch, LONGEST), (crowd.unlink, SHORTEST)):
        with opened.value.expect_event("framereceived", asks_for(interval), timeout=PATIENCE):
            change()
        before = page.evaluate(LINE)
        page.wait_for_function(f"({LINE}) > {before}")
    assert page.evaluate(f"{SVG}.dataset.first") == "yes"
    student.press("Stop")
    page.context.close()
    server.end()
    assert student.faults == []

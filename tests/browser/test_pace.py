"""A page refreshes less often while many pages are open, without mounting its chart again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.components.refresh.pace import LONGEST, SHORTEST, ticks_of_a_run
from tests.browser.conftest import Server
from tests.browser.student import TIMEOUT_MS, Student, wait_until_true

pytestmark = pytest.mark.long

SVG = "document.querySelector('.st-key-map_chart svg')"
LINE = "document.querySelector('.st-key-curves_chart .mark-line path')?.getAttribute('d')?.length ?? 0"


@pytest.fixture
def crowd_file(tmp_path: Path) -> Path:
    """The many pages are open while this file exists."""
    return tmp_path / "crowd"


@pytest.fixture
def server(start_server: Callable[..., Server], crowd_file: Path) -> Server:
    """A server on which many pages open and close."""
    return start_server("tests.browser.crowded", CROWD=str(crowd_file))


def asks_for(interval: float) -> Callable[[bytes | str], bool]:
    """Whether a message asks the page to tick at an interval, but for the factor that each page has.

    The timer is that of runs which draw several times.
    """
    longest = interval * ticks_of_a_run(interval)

    def asked(frame: bytes | str) -> bool:
        message = ForwardMsg.FromString(frame) if isinstance(frame, bytes) else ForwardMsg()
        asks = message.WhichOneof("type") == "auto_rerun"
        return asks and 0.9 * longest < message.auto_rerun.interval <= longest

    return asked


def test_with_many_pages_open_a_page_refreshes_less_often_and_keeps_its_chart(
    server: Server, browser: Browser, crowd_file: Path
) -> None:
    page = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US").new_page()
    student = Student(page)
    with page.expect_websocket() as opened:
        student.go(server.url)
    for label in ("trials", "epochs"):
        student.set_number(label, 200)
    student.press("Start round 1")
    wait_until_true(page, f"({LINE}) > 0")
    page.evaluate(f"{SVG}.dataset.first = 'yes'")
    for change, interval in ((crowd_file.touch, LONGEST), (crowd_file.unlink, SHORTEST)):
        with opened.value.expect_event("framereceived", asks_for(interval), timeout=TIMEOUT_MS):
            change()
        before = page.evaluate(LINE)
        wait_until_true(page, f"({LINE}) > {before}")
    assert page.evaluate(f"{SVG}.dataset.first") == "yes"
    student.press("Stop")
    page.context.close()
    server.end()
    assert student.faults == []

"""A page whose round is in progress: its runs draw several times, and what is done meanwhile is not kept waiting."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.components.refresh.pace import RUN_SECONDS, SHORTEST, ticks_of_a_run
from tests.browser.conftest import Server
from tests.browser.student import Student, bounding_box
from tests.support.waiting import until

pytestmark = pytest.mark.long

RUNNING = re.compile(r"\d+ of \d+ epochs · ")


@dataclass
class Run:
    """What the server sends in one run of the page or of a part of it."""

    parts: list[str]
    charts: dict[str, list[tuple[str, str, bytes]]] = field(default_factory=dict)  # id, specification, table; by table
    over: bool = False


@dataclass
class Line:
    """What comes over a page's websocket."""

    runs: list[Run] = field(default_factory=list)
    live: str = ""  # the part that has a timer
    timers: list[float] = field(default_factory=list)  # seconds, since the latest run of the whole page

    def take(self, frame: bytes | str) -> None:
        message = ForwardMsg.FromString(frame) if isinstance(frame, bytes) else ForwardMsg()
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.runs.append(Run(list(message.metadata.run.fragment_ids)))
            self.timers = self.timers if self.runs[-1].parts else []
        elif kind == "auto_rerun":
            self.live = message.auto_rerun.fragment_id
            self.timers.append(message.auto_rerun.interval)
        elif kind == "script_finished" and self.runs:
            self.runs[-1].over = True
        elif kind == "delta" and message.delta.new_element.HasField("vega_lite_chart"):
            chart = message.delta.new_element.vega_lite_chart
            for table in chart.datasets:
                found = chart.id, chart.spec, table.data.data
                self.runs[-1].charts.setdefault(table.name, []).append(found)

    def of_live_part(self) -> list[Run]:
        return [run for run in self.runs if run.parts == [self.live] and run.over]


@pytest.fixture
def line(student: Student) -> Line:
    """Of a student who has begun a long round."""
    heard = Line()
    page: Page = student.page
    page.on("websocket", lambda opened: opened.on("framereceived", heard.take))
    page.reload()
    student.settled()
    for label in ("trials", "epochs"):
        student.set_number(label, 200)
    student.press("Start round 1")
    student.sees(RUNNING)
    return heard


def until_heard(student: Student, condition: Callable[[], object]) -> None:
    """Wait for something that comes over the line, which is heard while the browser is asked something."""
    until(lambda: student.page.evaluate("true") and condition())


def test_a_run_draws_several_times_and_the_charts_stay_the_same(student: Student, line: Line) -> None:
    student.page.evaluate("document.querySelector('.st-key-map_chart svg.marks').dataset.first = 'yes'")
    until_heard(student, lambda: len(line.of_live_part()) >= 2)
    run = max(line.of_live_part(), key=lambda one: len(one.charts["points"]))
    assert len(run.charts["points"]) == len(run.charts["curves"]) >= 3
    for drawn in (run.charts["points"], run.charts["curves"]):
        assert len({(name, spec) for name, spec, _ in drawn}) == 1
        assert len({table for _, _, table in drawn}) == len(drawn)  # each with what was trained meanwhile
    assert student.page.evaluate("document.querySelector('.st-key-map_chart svg.marks').dataset.first") == "yes"


def test_the_first_tick_comes_after_an_interval_and_the_others_by_themselves(student: Student, line: Line) -> None:
    until_heard(student, lambda: len(line.of_live_part()) >= 2)
    first, later = line.timers
    assert first <= SHORTEST and later == pytest.approx(first * ticks_of_a_run(first), rel=0.001)


def test_a_box_dragged_while_a_run_goes_on_becomes_the_next_ranges_at_once(student: Student, line: Line) -> None:
    until_heard(student, lambda: line.of_live_part() and not line.runs[-1].over)  # it goes on for seconds
    before, box, mouse = len(line.runs), bounding_box(student.chart), student.page.mouse
    mouse.move(box["x"] + 320, box["y"] + 60)
    mouse.down()
    mouse.move(box["x"] + 560, box["y"] + 240, steps=6)
    mouse.up()
    released = time.monotonic()
    until_heard(student, lambda: any(not run.parts for run in line.runs[before:]))
    assert time.monotonic() - released < RUN_SECONDS / 2
    expect(student.ends().first).not_to_have_text("-6.0")
    student.sees(RUNNING)


def test_streamlits_sign_of_a_running_script_does_not_show(student: Student, line: Line) -> None:
    sign = student.page.get_by_test_id("stStatusWidget")
    sign.wait_for(state="attached")
    assert not sign.is_visible()


def test_a_round_is_stopped_while_a_run_goes_on(student: Student, line: Line) -> None:
    until_heard(student, lambda: line.of_live_part() and not line.runs[-1].over)
    student.page.locator(".st-key-start_row").get_by_role("button", name="Stop").click()
    student.sees(re.compile(r"Round 1 was stopped at \d+ of 40000 epochs"))
    student.settled()
    assert line.runs[-1].over and not line.runs[-1].parts


def test_a_lost_connection_is_said(browser: Browser, server: Server) -> None:
    """In the place of Streamlit's sign of a running script, which is hidden."""
    lines: list[WebSocketRoute] = []

    def pass_on(line: WebSocketRoute) -> None:
        if lines:  # the first one is lost, and none comes back
            line.close()
            return
        line.connect_to_server()
        lines.append(line)

    context = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US")
    context.route_web_socket(re.compile("/_stcore/stream"), pass_on)
    student = Student(context.new_page()).go(server.url)
    student.set_number("epochs", 200)
    student.press("Start round 1")
    student.sees(RUNNING)
    lines[0].close()
    expect(student.page.locator(".stConnectionStatus")).to_be_visible()
    context.close()

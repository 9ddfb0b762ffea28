"""The page of the rounds in a browser: training, narrowing, settings, widths, and the server's processes."""

import os
import re
import signal
import time
from collections.abc import Callable

import psutil
import pytest
from playwright.sync_api import Browser, WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.conftest import Server
from tests.browser.student import Student, bounding_box, drag_a_box, wait_until_true
from tests.support.waiting import LIMIT, until

pytestmark = pytest.mark.long

LONG_ROUND = 200  # epochs: the round is still running while a test acts
IS_ON_SCREEN = """element => {
  const box = element.getBoundingClientRect();
  const met = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return met !== null && (element.contains(met) || met.contains(element));
}"""


def test_curves_grow_without_the_chart_being_mounted_again(student: Student) -> None:
    student.set_number("epochs", LONG_ROUND)
    student.press("Start round 1")
    wait_until_true(student.page, "document.querySelectorAll('.st-key-map_chart .mark-symbol path').length >= 60")
    student.page.evaluate("document.querySelector('.st-key-map_chart svg').dataset.first = 'yes'")
    line = "document.querySelector('.st-key-curves_chart .mark-line path')?.getAttribute('d')?.length ?? 0"
    before = student.page.evaluate(line)
    wait_until_true(student.page, f"({line}) > {before} + 50")
    assert student.page.evaluate("document.querySelector('.st-key-map_chart svg').dataset.first") == "yes"
    student.press("Stop")


def test_a_box_inside_the_last_one_is_a_new_box(student: Student) -> None:
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    drag_a_box(student)
    expect(student.primary).to_have_text([re.compile("Start round 2 in these ranges")])
    outer = student.exponents()
    box = student.chart.bounding_box()
    assert box is not None
    mouse = student.page.mouse
    mouse.move(box["x"] + 400, box["y"] + 100)
    mouse.down()
    mouse.move(box["x"] + 480, box["y"] + 160, steps=6)
    mouse.up()
    wait_until_true(
        student.page, f"document.querySelector('[data-testid=stSliderThumbValue]').textContent != '{outer[0]:.1f}'"
    )
    low, high = student.exponents()
    assert outer[0] < low < high < outer[1]


def test_the_end_of_a_round_is_noticed_while_an_older_one_is_in_view(student: Student) -> None:
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    student.set_number("epochs", 200)  # so that it runs on while the other round is chosen
    student.press("Start round 2")
    student.sees(re.compile(r"\d+ of 4000 epochs · "))
    student.choose(student.page.get_by_role("combobox").first, "round 1")
    student.sees("Round 1: 400 epochs")
    expect(student.primary).to_have_text([re.compile("Start round 3")])


def test_clicks_that_follow_each_other_at_once_all_count(student: Student) -> None:
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    student.page.get_by_role("button", name="Zoom to the best area").click()
    student.primary.click()
    student.sees("Round 2: 400 epochs")
    low, high = student.exponents()
    assert high - low < 4
    boxes = student.page.get_by_test_id("stVegaLiteChart").get_by_text(re.compile("^round [12]$"))
    assert boxes.count() == 2


def test_pointing_at_a_panel_marks_its_point_on_the_map(student: Student) -> None:
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    rings = student.chart.locator(".mark-symbol path[stroke='#d97706']")
    expect(rings).to_have_count(0)
    panel = bounding_box(student.page.get_by_text(re.compile("^Best-1\\s+0\\.")))
    student.page.mouse.move(panel["x"] + 60, panel["y"] + 50)
    expect(rings).to_have_count(3)


def test_a_stopped_round_keeps_what_it_learned(student: Student) -> None:
    student.set_number("epochs", LONG_ROUND)
    student.press("Start round 1")
    expect(student.marks()).to_have_count(60)  # every trial has been measured once
    student.press("Stop")
    student.sees(re.compile(r"Round 1 was stopped at \d+ of 4000 epochs"))
    expect(student.marks()).to_have_count(60)


def test_a_round_is_paused_and_resumed(student: Student) -> None:
    student.set_number("epochs", LONG_ROUND)
    student.press("Start round 1")
    student.sees(re.compile(r"\d+ of 4000 epochs · "))
    student.press("Pause")
    student.sees(re.compile(r"Paused at \d+ of 4000 epochs"))
    student.press("Resume")
    student.sees(re.compile(r"\d+ of 4000 epochs · "))
    student.press("Stop")


def test_another_browser_with_the_link_sees_the_same_lab(student: Student, browser: Browser) -> None:
    student.set_number("from 10^", -3)
    expect(student.ends()).to_have_text(["-3.0", "-2.0"])  # so the server has heard of it
    context = browser.new_context(viewport={"width": 1366, "height": 1300})
    other = Student(context.new_page()).go(student.page.url)
    expect(other.ends()).to_have_text(["-3.0", "-2.0"])
    context.close()


def test_the_keyboard_alone_can_narrow_and_start(student: Student) -> None:
    student.set_number("from 10^", -2.5)
    student.set_number("to 10^", -1.5)
    expect(student.ends()).to_have_text(["-2.5", "-1.5"])
    student.primary.focus()
    student.page.keyboard.press("Enter")
    student.sees("Round 1: 400 epochs")


def test_the_language_is_the_browsers_and_can_be_switched(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="ko-KR")
    someone = Student(context.new_page()).go(server.url)
    expect(someone.primary).to_have_text([re.compile("라운드 1 시작")])
    someone.primary.click()
    someone.sees("라운드 1: 400에폭")
    someone.page.get_by_role("radio", name="English").or_(someone.page.get_by_role("button", name="English")).click()
    expect(someone.primary).to_have_text([re.compile("Start round 2")])
    assert "lang=en" in someone.page.url
    assert someone.faults == []
    context.close()


@pytest.mark.parametrize("width", [390, 820, 1920])
def test_nothing_is_wider_than_the_screen(browser: Browser, server: Server, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    someone = Student(context.new_page()).go(server.url)
    someone.press("Start round 1")
    someone.sees("Round 1: 400 epochs")
    main = "document.querySelector('[data-testid=stMain]')"
    wait_until_true(someone.page, f"{main}.scrollWidth <= {main}.clientWidth")
    best = "document.querySelector('.aside ol')"
    wait_until_true(someone.page, f"{best}.scrollWidth <= {best}.clientWidth")
    chart = "document.querySelector('.st-key-map_chart svg').getBoundingClientRect().right"
    wait_until_true(someone.page, f"{chart} <= window.innerWidth")
    context.close()


def test_a_popover_of_settings_fits_on_a_phones_screen(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-US")

    def slow(line: WebSocketRoute) -> None:
        """A connection on which the server's messages arrive one by one."""

        def pass_on(said: str | bytes) -> None:
            time.sleep(0.02)
            line.send(said)

        line.connect_to_server().on_message(pass_on)

    context.route_web_socket(re.compile("/_stcore/stream"), slow)
    student = Student(context.new_page()).go(server.url)
    student.press("More settings")
    first, last = student.page.get_by_text("data set").first, student.page.get_by_text("batch normalisation").first
    until(lambda: first.evaluate(IS_ON_SCREEN), 0.05)
    last.scroll_into_view_if_needed()  # what does not fit is reached by scrolling in the popover
    until(lambda: last.evaluate(IS_ON_SCREEN), 0.05)
    context.close()
    assert student.faults == []


def test_a_value_typed_into_a_popover_counts_when_the_popover_closes_at_once(student: Student) -> None:
    shown: list[bool] = []  # whether it was open when the server drew it

    def note(message: str | bytes) -> None:
        block = ForwardMsg.FromString(message if isinstance(message, bytes) else message.encode()).delta.add_block
        if block.popover.label == "More settings":
            shown.append(block.popover.open)

    student.page.on("websocket", lambda line: line.on("framereceived", note))
    student.go(student.page.url)
    field = student.page.get_by_label("seed", exact=True)
    for seed in ("1234", "987"):
        # a closing that arrived while one types would remove the field
        until(lambda: student.settled() and shown[-1:] == [False])
        student.press("More settings")
        field.fill(seed)
        student.press("More settings")  # with the field still in hand
        field.wait_for(state="detached")
        student.press("More settings")
        expect(field).to_have_value(seed)
        student.press("More settings")
        field.wait_for(state="detached")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no way to hold a process to a core")
def test_the_server_keeps_to_one_core_and_leaves_its_workers_free(student: Student, server: Server) -> None:
    assert len(psutil.Process(server.process.pid).cpu_affinity()) == 1
    assert {tuple(worker.cpu_affinity()) for worker in server.workers()} == {tuple(sorted(os.sched_getaffinity(0)))}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_server_that_ends_leaves_no_process(
    browser: Browser, start_server: Callable[[], Server], how: signal.Signals
) -> None:
    server = start_server()
    context = browser.new_context(viewport={"width": 1366, "height": 1300})
    someone = Student(context.new_page()).go(server.url)
    someone.set_number("epochs", LONG_ROUND)
    someone.press("Start round 1")
    someone.sees(re.compile(r"\d+ of 4000 epochs · "))
    workers = server.workers()
    assert workers
    server.end(how)
    _, left = psutil.wait_procs(workers, timeout=LIMIT)
    assert left == []
    context.close()

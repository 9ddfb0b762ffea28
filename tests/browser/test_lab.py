"""The whole way of a student in a real browser."""

import os
import re
import signal
import time
from collections.abc import Callable

import psutil
import pytest
from playwright.sync_api import Browser, WebSocketRoute, expect

from tests.browser.conftest import Server, Student, place_of
from tests.waiting import LIMIT, until

LONG = 200  # epochs: long enough to do something while a round runs
IN_SIGHT = """element => {
  const box = element.getBoundingClientRect();
  const met = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return met !== null && (element.contains(met) || met.contains(element));
}"""


def drag_over_the_right_half(student: Student) -> None:
    box = student.chart.bounding_box()
    assert box is not None
    mouse = student.page.mouse
    mouse.move(box["x"] + 320, box["y"] + 30)
    mouse.down()
    mouse.move(box["x"] + 450, box["y"] + 150, steps=6)
    mouse.move(box["x"] + 560, box["y"] + 260, steps=6)
    mouse.up()


def test_a_round_from_start_to_end(student: Student) -> None:
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    assert student.points() == 60  # twenty on the map and on either strip
    student.sees(re.compile(r"^Best-1 \(val acc:\d\.\d\d\) \| lr:[\d.e-]+, weight decay:[\d.e-]+$"))
    expect(student.primary).to_have_text([re.compile("Start round 2")])


def test_curves_grow_without_the_chart_being_mounted_again(student: Student) -> None:
    student.set_number("epochs", LONG)
    student.press("Start round 1")
    student.page.wait_for_function("document.querySelectorAll('.st-key-live_chart .mark-symbol path').length >= 60")
    student.page.evaluate("document.querySelector('.st-key-live_chart svg').dataset.first = 'yes'")
    line = "document.querySelector('.st-key-live_chart .mark-line path')?.getAttribute('d')?.length ?? 0"
    before = student.page.evaluate(line)
    student.page.wait_for_function(f"({line}) > {before} + 50")
    assert student.page.evaluate("document.querySelector('.st-key-live_chart svg').dataset.first") == "yes"
    student.press("Stop")


def test_a_box_dragged_on_the_map_becomes_the_next_ranges(student: Student) -> None:
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    drag_over_the_right_half(student)
    expect(student.primary).to_have_text([re.compile("Start round 2 in these ranges")])
    low, high = student.exponents()
    assert -6 < low < high
    student.primary.click()
    student.sees("Round 2: 400 epochs")
    assert student.page.get_by_text("round 2", exact=True).count() >= 1
    student.press("Undo")
    expect(student.ends()).to_have_text(["-6.0", "-2.0"])


def test_a_box_inside_the_last_one_is_a_new_box(student: Student) -> None:
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    drag_over_the_right_half(student)
    expect(student.primary).to_have_text([re.compile("Start round 2 in these ranges")])
    outer = student.exponents()
    box = student.chart.bounding_box()
    assert box is not None
    mouse = student.page.mouse
    mouse.move(box["x"] + 400, box["y"] + 100)
    mouse.down()
    mouse.move(box["x"] + 480, box["y"] + 160, steps=6)
    mouse.up()
    student.page.wait_for_function(
        f"document.querySelector('[data-testid=stSliderThumbValue]').textContent != '{outer[0]:.1f}'"
    )
    low, high = student.exponents()
    assert outer[0] < low < high < outer[1]


def test_the_end_of_a_round_is_noticed_while_an_older_one_is_in_view(student: Student) -> None:
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    student.set_number("epochs", LONG)
    student.press("Start round 2")
    student.sees(re.compile(r"\d+ of 4000 epochs · "))
    student.page.get_by_role("combobox").first.click()
    student.page.get_by_role("option", name="round 1").click()
    student.sees("Round 1: 400 epochs")
    expect(student.primary).to_have_text([re.compile("Start round 3")])


def test_clicks_that_follow_each_other_at_once_all_count(student: Student) -> None:
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    student.page.get_by_role("button", name="Best-5's box").click()
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
    panel = place_of(student.page.get_by_text(re.compile("^Best-1\\s+0\\.")))
    student.page.mouse.move(panel["x"] + 60, panel["y"] + 50)
    expect(rings).to_have_count(3)


def test_a_stopped_round_keeps_what_it_learned(student: Student) -> None:
    student.set_number("epochs", LONG)
    student.press("Start round 1")
    student.sees(re.compile(r"\d+ of 4000 epochs · "))
    student.press("Stop")
    student.sees(re.compile(r"Round 1 was stopped at \d+ of 4000 epochs"))
    assert student.points() == 60


def test_a_paused_round_stands_still_and_goes_on(student: Student) -> None:
    student.set_number("epochs", LONG)
    student.press("Start round 1")
    student.sees(re.compile(r"\d+ of 4000 epochs · "))
    student.press("Pause")
    student.sees(re.compile(r"Paused at \d+ of 4000 epochs"))
    student.press("Resume")
    student.sees(re.compile(r"\d+ of 4000 epochs · "))
    student.press("Stop")


def test_a_reload_finds_the_round_running(student: Student) -> None:
    student.set_number("epochs", LONG)
    student.press("Start round 1")
    student.sees(re.compile(r"\d+ of 4000 epochs · "))
    address = student.page.url
    assert "lab=" in address
    student.page.reload()
    student.settled()
    assert student.page.url == address
    student.sees("Round 1: 4000 epochs")


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
    someone.page.wait_for_function(f"{main}.scrollWidth <= {main}.clientWidth")
    best = "document.querySelector('.aside ol')"
    someone.page.wait_for_function(f"{best}.scrollWidth <= {best}.clientWidth")
    chart = "document.querySelector('.st-key-live_chart svg').getBoundingClientRect().right"
    someone.page.wait_for_function(f"{chart} <= window.innerWidth")
    context.close()


def test_folded_settings_stand_wholly_on_a_phones_screen(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-US")

    def slow(line: WebSocketRoute) -> None:
        """A line on which what the server says comes piece by piece."""

        def pass_on(said: str | bytes) -> None:
            time.sleep(0.02)
            line.send(said)

        line.connect_to_server().on_message(pass_on)

    context.route_web_socket(re.compile("/_stcore/stream"), slow)
    student = Student(context.new_page()).go(server.url)
    student.press("More settings")
    last = student.page.get_by_text("batch normalisation")
    for shown in (last, student.page.get_by_text("data set")):
        until(lambda shown=shown: shown.first.evaluate(IN_SIGHT), 0.05)  # each time as it then stands there
    context.close()
    assert student.faults == []


def test_what_was_typed_into_a_folded_setting_counts_when_it_is_folded_away_at_once(student: Student) -> None:
    field = student.page.get_by_label("seed", exact=True)
    for seed in ("1234", "987"):
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


def test_killed_workers_are_not_noticed(student: Student, server: Server) -> None:
    student.set_number("epochs", LONG)
    student.press("Start round 1")
    student.sees(re.compile(r"\d+ of 4000 epochs · "))
    for worker in server.workers():
        worker.kill()
    student.sees("Round 1: 4000 epochs")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_server_that_ends_leaves_no_process(
    browser: Browser, start_server: Callable[[], Server], how: signal.Signals
) -> None:
    server = start_server()
    context = browser.new_context(viewport={"width": 1366, "height": 1300})
    someone = Student(context.new_page()).go(server.url)
    someone.set_number("epochs", LONG)
    someone.press("Start round 1")
    someone.sees(re.compile(r"\d+ of 4000 epochs · "))
    workers = server.workers()
    assert workers
    server.end(how)
    _, left = psutil.wait_procs(workers, timeout=LIMIT)
    assert left == []
    context.close()

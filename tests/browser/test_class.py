"""A class: teacher, students and projector, each in a separate browser."""

import csv
import io
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from core.classroom import join_codes as codes
from tests.benchmarks.live_page import server as benchmark_server
from tests.browser.accessibility import accessibility_violations
from tests.browser.classroom import (
    Classroom,
    displayed_name,
    go_to,
    press,
    settled,
    train_and_return,
    wait_for_teacher_page,
)
from tests.browser.conftest import Server
from tests.browser.student import Student, expect_one, wait_until_true
from tests.support.languages import TRANSLATIONS
from tests.support.waiting import run, until

pytestmark = pytest.mark.long

HTML_NICKNAME = "<img src=x onerror=h()>"


def test_a_lesson_from_the_invitation_to_the_end(classroom: Classroom) -> None:
    teacher, code = classroom.create_class()
    expect_one(teacher.get_by_alt_text(re.compile("QR code")), "visible")

    first, second = classroom.join(code), classroom.join(code)
    third = classroom.open_page("class_board")
    third.get_by_placeholder("XXXX XXXX").fill(f"{code[:4].lower()} {code[4:]}")
    press(third, "Join")
    expect_one(third.get_by_text("You are"), "visible")
    students = [first, second, third]
    pseudonyms = [displayed_name(page) for page in students]
    assert len(set(pseudonyms)) == 3
    expect_one(teacher.get_by_text("students: 3"), "visible")

    first.get_by_role("textbox", name="nickname").fill(HTML_NICKNAME)
    first.keyboard.press("Tab")
    expect(first.locator(".class-title .who b")).to_have_text([HTML_NICKNAME])
    for page in students:
        train_and_return(page)

    teacher.get_by_text("Board", exact=True).click()
    expect_one(teacher.get_by_text("trials: 60"), "visible")
    with teacher.expect_popup() as opening:
        teacher.get_by_role("link", name="Board for the projector").click()
    projector = settled(opening.value)
    expect_one(projector.get_by_text("students: 3"), "visible")
    expect(projector.get_by_role("button", name="shown")).to_have_count(0)

    expect(projector.get_by_text(pseudonyms[1])).to_have_count(0)
    teacher.get_by_role("radio", name="shown").click()
    ranking = projector.locator(".ranking")
    expect(ranking).to_contain_text([pseudonyms[1]])
    expect(ranking).to_contain_text([HTML_NICKNAME])
    assert projector.locator(".ranking img, #board img").count() == 0
    assert_tooltips_are_text(projector)

    teacher.get_by_text("Students", exact=True).click()
    teacher.get_by_role("button", name="Nicknames").click()
    teacher.get_by_text(f"hide the nickname of {pseudonyms[0]}").click()
    teacher.keyboard.press("Escape")
    expect(ranking).to_contain_text([pseudonyms[0]])
    expect(ranking.filter(has_not_text=HTML_NICKNAME)).to_have_count(1)

    teacher.get_by_text("rounds may be started").click()
    expect_one(projector.get_by_text("rounds are closed"), "visible")
    go_to(second, "Narrow")
    expect_one(second.get_by_text("Your teacher has closed the rounds"), "visible")
    expect_one(second.get_by_role("button", name="Start round 2"), "disabled")

    expect_one(first.get_by_text("the final tests are open"), "visible")
    teacher.get_by_role("radio", name="locked").click()
    expect_one(first.get_by_text("Look at what you have"), "visible")
    go_to(third, "Narrow")
    Student(third).press("Choose this value")
    third.get_by_role("link", name="Go to the final test").click()
    expect_one(third.get_by_text("keeps the final tests locked"), "visible")
    third.get_by_text("I have finished tuning").click()
    settled(third)
    expect_one(third.get_by_role("button", name="Open the test set"), "disabled")
    teacher.get_by_role("radio", name="open, results on the board").click()
    expect_one(first.get_by_text("the final tests are open"), "visible")
    expect_one(third.get_by_role("button", name="Open the test set"), "enabled")
    third.get_by_role("button", name="Open the test set").click()
    third.get_by_test_id("stMetric").first.wait_for()
    expect_one(projector.get_by_text("Final tests: 1"), "visible")

    with teacher.expect_download() as waiting:
        press(teacher, "Trials as a table (CSV)")
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text(encoding="utf-8-sig"))))
    assert len(rows) == 60 and {row["student"] for row in rows} == set(pseudonyms)

    teacher.get_by_role("button", name="End the class").click()
    press(teacher, "End it")
    expect_one(projector.get_by_text("the class has ended"), "visible")
    Student(second).press("Start round 2")  # the lab is the student's own from now on
    Student(second).sees(re.compile(r"Round 2: \d+ epochs"))
    expect_one(projector.get_by_text("rounds: 3"), "visible")


def test_idle_pages_show_what_the_teacher_closes_and_opens_by_themselves(classroom: Classroom) -> None:
    teacher, code = classroom.create_class()
    rounds, network = classroom.join(code), classroom.join(code)
    go_to(rounds, "Narrow")
    go_to(network, "Network")
    for shut in (True, False):
        teacher.get_by_text("rounds may be started").click()
        for page, button in ((rounds, "Start round 1"), (network, "Train both")):
            expect_one(page.get_by_role("button", name=button), "disabled" if shut else "enabled")
            expect(page.get_by_text("Your teacher has closed the rounds")).to_have_count(1 if shut else 0)


def assert_tooltips_are_text(page: Page) -> None:
    """Point at a range on the map: the name in the tooltip is shown as text."""
    ranges = page.locator(".mark-rect path")
    box = ranges.first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 6, box["y"] + box["height"] - 6)
    tooltip = page.locator("#vg-tooltip-element")
    expect(tooltip).to_contain_text(["student"])
    assert tooltip.locator("img").count() == 0
    assert page.evaluate("document.querySelectorAll('img[onerror]').length") == 0


def test_the_teachers_secret_stays_out_of_the_address_and_a_reload_keeps_it(classroom: Classroom) -> None:
    teacher, code = classroom.create_class()
    teacher.get_by_role("button", name="Teacher's link").click()
    link = teacher.get_by_test_id("stCode").inner_text().strip()
    secret = link.split("teach=")[1]
    assert secret not in teacher.url
    teacher.reload()
    wait_for_teacher_page(teacher)

    other = classroom.open_page(link.removeprefix(classroom.url))
    wait_for_teacher_page(other)
    wait_until_true(other, "!location.href.includes('teach')")
    assert secret not in other.url and f"class={code}" in other.url
    assert other.evaluate("history.length") == 2  # the empty page that it began with, and this one
    go_to(other, "Narrow")
    assert secret not in other.url
    go_to(other, "My class")
    wait_for_teacher_page(other)

    stranger = classroom.open_page(other.url.removeprefix(classroom.url))
    expect_one(stranger.get_by_text("Open your teacher's link in this tab"), "visible")
    expect(stranger.get_by_text("rounds may be started")).to_have_count(0)


def test_waiting_students_see_that_rounds_and_final_tests_are_opened(classroom: Classroom) -> None:
    teacher, code = classroom.create_class()
    student, other = classroom.join(code), classroom.join(code)
    teacher.get_by_role("radio", name="locked").click()
    train_and_return(student)
    go_to(student, "Narrow")
    teacher.get_by_text("rounds may be started").click()
    expect_one(other.get_by_text("Your teacher has closed the rounds"), "visible")
    go_to(other, "Narrow")
    expect_one(other.get_by_text("Your teacher has closed the rounds"), "visible")
    expect_one(other.get_by_role("button", name="Start round 1"), "disabled")
    student.locator(".st-key-map_chart .mark-symbol path").first.click()
    press(student, "Choose this value")
    go_to(student, "Final test")
    expect_one(student.get_by_text("keeps the final tests locked"), "visible")

    teacher.get_by_role("radio", name="open", exact=True).click()
    expect_one(student.get_by_text("How good is the value you have chosen"), "visible")  # without a click
    teacher.get_by_text("rounds may be started").click()
    expect_one(other.get_by_role("button", name="Start round 1"), "enabled")
    expect(other.get_by_text("Your teacher has closed the rounds")).to_have_count(0)


def test_the_class_pages_have_no_accessibility_violations(classroom: Classroom) -> None:
    """The teacher's page and the way in with the dark theme, the board and the student's page with the light one."""
    classroom.scheme = "dark"
    teacher, code = classroom.create_class()
    assert accessibility_violations(classroom.open_page(f"?class={code}")) == []
    classroom.scheme = "light"
    student = classroom.join(code)
    train_and_return(student)
    student.get_by_role("textbox", name="nickname").fill("Kim")
    student.keyboard.press("Tab")
    for switch in ("board on the students' screens", "shown"):
        teacher.get_by_text(switch, exact=True).click()
    expect_one(student.get_by_text("trials: 20"), "visible")
    assert accessibility_violations(student) == []
    for view, seen in (("Invite", "Scan, or open"), ("Board", "trials: 20"), ("Students", "Nicknames")):
        teacher.get_by_text(view, exact=True).click()
        expect_one(teacher.get_by_text(seen), "visible")
        assert accessibility_violations(settled(teacher)) == [], view
    link = teacher.get_by_role("link", name="Board for the projector").get_attribute("href")
    assert link is not None
    projector = classroom.open_page(link.removeprefix(classroom.url))
    expect_one(projector.get_by_text("trials: 20"), "visible")
    assert accessibility_violations(projector) == []


SIZES = """selectors => selectors.split(', ').flatMap(one => [...document.querySelectorAll(one)])
  .filter(one => one.textContent.trim()).map(one => parseFloat(getComputedStyle(one).fontSize))"""
CUT = """() => {
  const cut = [...document.querySelectorAll('.who')].filter(one => one.scrollWidth > one.clientWidth);
  for (const svg of document.querySelectorAll('[data-testid=stVegaLiteChart] svg.marks')) {
    const frame = svg.getBoundingClientRect();
    cut.push(...[...svg.querySelectorAll('text')].filter(one => {
      const box = one.getBoundingClientRect();
      return one.textContent.endsWith('…') || box.left < frame.left - 1 || box.right > frame.right + 1
        || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
    }));
  }
  return cut.map(one => one.textContent);
}"""


@pytest.mark.parametrize(
    ("width", "height", "lang"),
    [
        (1920, 1080, "en"),
        pytest.param(1366, 768, "en", marks=pytest.mark.long),
        *((1366, 768, lang) for lang in TRANSLATIONS),
    ],
)
def test_the_board_fits_on_a_projector_in_large_type(classroom: Classroom, width: int, height: int, lang: str) -> None:
    teacher, code = classroom.create_class()
    student = classroom.join(code)
    train_and_return(student)
    teacher.get_by_role("radio", name="shown").click()
    link = teacher.get_by_role("link", name="Board for the projector").get_attribute("href")
    assert link is not None
    projector = classroom.open_page(f"{link.removeprefix(classroom.url)}&lang={lang}", width, height)
    expect(projector.get_by_test_id("stVegaLiteChart").locator("svg.marks")).to_have_count(3)
    texts = "[data-testid=stVegaLiteChart] svg.marks text:not([fill=transparent])"
    smallest = {1920: 22, 1366: 15}[width]
    wait_until_true(projector, f"Math.min(...({SIZES})('{texts}')) >= {smallest}")  # once the width is known
    words = projector.evaluate(SIZES, ".board-line span, .ranking h3, .ranking p, .ranking li, .board-marks")
    assert len(words) > 8 and min(words) >= 28 * width / 1920
    main = "document.querySelector('[data-testid=stMain]')"
    fits = f"{main}.scrollHeight <= {main}.clientHeight && {main}.scrollWidth <= {main}.clientWidth"
    wait_until_true(projector, f"{fits} && ({CUT})().length === 0")


def test_how_to_join_stays_on_the_board_while_somebody_may(classroom: Classroom) -> None:
    teacher, code = classroom.create_class()
    link = teacher.get_by_role("link", name="Board for the projector").get_attribute("href")
    assert link is not None
    projector = classroom.open_page(link.removeprefix(classroom.url), 1920, 1080)
    qr = projector.locator(".st-key-board img")
    width = "document.querySelector('.st-key-board img').getBoundingClientRect().width"
    wait_until_true(projector, f"{width} > 500")  # large before the first round
    student = classroom.join(code)
    train_and_return(student)
    expect(projector.get_by_test_id("stVegaLiteChart")).to_have_count(3)
    expect_one(qr, "visible")
    expect_one(projector.get_by_text(codes.grouped(code)), "visible")
    teacher.get_by_text("students may join").click()
    expect(qr).to_have_count(0)


@pytest.mark.parametrize("width", [390, 820])
def test_nothing_of_the_class_is_wider_than_the_screen(classroom: Classroom, width: int) -> None:
    teacher, code = classroom.create_class()
    student = classroom.join(code)
    train_and_return(student)
    teacher.get_by_text("board on the students' screens").click()
    for page in (student, teacher):
        page.set_viewport_size({"width": width, "height": 900})
    teacher.get_by_text("Board", exact=True).click()
    for page in (student, teacher):
        expect_one(page.get_by_text("trials: 20"), "visible")
        main = "document.querySelector('[data-testid=stMain]')"
        wait_until_true(page, f"{main}.scrollWidth <= {main}.clientWidth")
        charts = "[...document.querySelectorAll('[data-testid=stVegaLiteChart] svg.marks')]"
        wait_until_true(
            page,
            f"{charts}.length === 3 && {charts}.every(one => one.getBoundingClientRect().right <= window.innerWidth)",
        )


def test_guesses_of_a_class_code_are_limited(classroom: Classroom, start_server: Callable[[], Server]) -> None:
    classroom.url = start_server().url  # whose allowances nobody else uses
    _, code = classroom.create_class()
    guesser = classroom.open_page("class_board")
    refused = guesser.get_by_text("Too many tries")

    def is_refused() -> int:
        guesser.get_by_placeholder("XXXX XXXX").fill(codes.draw())
        press(guesser, "Join")
        expect_one(guesser.get_by_text("no class with this code").or_(refused), "visible")
        settled(guesser)
        return refused.count()

    until(is_refused)  # ten and one for every ten seconds they take; the page's own tests count them
    classroom.join(code)  # somebody else is not held up


def test_a_proxy_on_this_machine_tells_addresses_apart() -> None:
    async def asked_from(port: int, **headers: str) -> str:
        address = f"ws://127.0.0.1:{port}/_stcore/stream"
        async with connect(
            address, subprotocols=["streamlit"], additional_headers=headers, proxy=None, max_size=2**24
        ) as socket:
            order = BackMsg()
            order.rerun_script.query_string = ""
            await socket.send(order.SerializeToString())
            while True:
                message = ForwardMsg.FromString(await socket.recv())
                body = message.delta.new_element.markdown.body
                if body.startswith("asked from"):
                    return body.removeprefix("asked from ")

    with benchmark_server("tests/browser/address_page.py") as page:
        forged, true = "198.51.100.7", "203.0.113.5"
        assert run(asked_from(page.port)) == "None"
        assert run(asked_from(page.port, **{"X-Forwarded-For": f"{forged}, {true}"})) == true

"""A lesson held together: a teacher and three students at once, each in a browser of their own."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from core import codes
from tests.benchmarks.live import server as benchmark_server
from tests.browser.conftest import PATIENCE, Server, Student, one
from tests.browser.test_pages import barriers
from tests.waiting import run, until

HOSTILE = "<img src=x onerror=h()>"
CODE = re.compile(r"class=([A-Z0-9]{8})")


@dataclass
class Classroom:
    """A teacher, students and a projector, in separate browsers."""

    browser: Browser
    url: str
    scheme: str = "light"
    contexts: list[BrowserContext] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def opens(self, path: str, width: int = 1366, height: int = 900, **settings: object) -> Page:
        """Somebody new opens an address."""
        size = {"width": width, "height": height}
        settings = {"locale": "en-US", "color_scheme": self.scheme, **settings}
        self.contexts.append(self.browser.new_context(viewport=size, **settings))  # type: ignore[arg-type]
        page = self.contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.goto(self.url + path)
        return settled(page)

    def teaches(self, title: str = "Chapter 6") -> tuple[Page, str]:
        """A teacher who has created a class, and its code."""
        page = self.opens("class_board")
        page.get_by_label("title of the class").fill(title)
        press(page, "Create the class")
        at_desk(page)
        found = CODE.search(page.url)
        assert found is not None
        return page, found[1]

    def joins(self, code: str) -> Page:
        """A student who joins by the link."""
        page = self.opens(f"?class={code}")
        press(page, "Join this class")
        one(page.get_by_text("You are"), "visible")
        return settled(page)


def settled(page: Page) -> Page:
    """Wait until the script has run."""
    page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
    page.wait_for_selector("[data-test-script-state=notRunning]")
    return page


def at_desk(page: Page) -> None:
    """Wait until the teacher's page can be seen."""
    one(page.get_by_text("rounds may be started"), "visible")


def press(page: Page, name: str) -> None:
    button = page.get_by_role("button", name=name, exact=True)
    one(button, "enabled")
    button.click()


def to(page: Page, name: str) -> Page:
    """Go to a page by the navigation."""
    page.get_by_role("link", name=name, exact=True).click()
    page.locator(".st-key-header").wait_for()
    return settled(page)


def name_of(page: Page) -> str:
    """What the page calls its student."""
    return page.locator(".class-title .who b").inner_text()


def trains(page: Page, epochs: int = 5) -> None:
    """A student's round from start to end, and back to the class."""
    to(page, "Narrow")
    someone = Student(page)
    someone.set_number("epochs", epochs)
    someone.press("Start round")
    someone.sees(re.compile(rf"Round \d: {20 * epochs} epochs"))
    to(page, "Class")


@pytest.fixture
def classroom(browser: Browser, server: Server) -> Iterator[Classroom]:
    made = Classroom(browser, server.url)
    yield made
    for context in made.contexts:
        context.close()
    assert made.faults == []


def test_a_lesson_from_the_invitation_to_the_end(classroom: Classroom) -> None:
    teacher, code = classroom.teaches()
    one(teacher.get_by_alt_text(re.compile("QR code")), "visible")

    first, second = classroom.joins(code), classroom.joins(code)
    third = classroom.opens("class_board")
    third.get_by_placeholder("XXXX XXXX").fill(f"{code[:4].lower()} {code[4:]}")
    press(third, "Join")
    one(third.get_by_text("You are"), "visible")
    students = [first, second, third]
    pseudonyms = [name_of(page) for page in students]
    assert len(set(pseudonyms)) == 3
    one(teacher.get_by_text("students: 3"), "visible")

    first.get_by_label("nickname, if you like one").fill(HOSTILE)
    first.keyboard.press("Tab")
    expect(first.locator(".class-title .who b")).to_have_text([HOSTILE])
    for page in students:
        trains(page)

    teacher.get_by_text("Board", exact=True).click()
    one(teacher.get_by_text("trials: 60"), "visible")
    with teacher.expect_popup() as opening:
        teacher.get_by_role("link", name="Board for the projector").click()
    projector = settled(opening.value)
    one(projector.get_by_text("students: 3"), "visible")
    expect(projector.get_by_role("button", name="shown")).to_have_count(0)

    expect(projector.get_by_text(pseudonyms[1])).to_have_count(0)
    teacher.get_by_role("radio", name="shown").click()
    ranking = projector.locator(".ranking")
    expect(ranking).to_contain_text([pseudonyms[1]])
    expect(ranking).to_contain_text([HOSTILE])
    assert projector.locator(".ranking img, #board img").count() == 0
    assert_tooltips_are_text(projector)

    teacher.get_by_text("Names", exact=True).click()
    teacher.get_by_text(f"hide the nickname of {pseudonyms[0]}").click()
    expect(ranking).to_contain_text([pseudonyms[0]])
    expect(ranking.filter(has_not_text=HOSTILE)).to_have_count(1)

    teacher.get_by_text("rounds may be started").click()
    one(projector.get_by_text("rounds are closed"), "visible")
    to(second, "Narrow")
    one(second.get_by_text("Your teacher has closed the rounds"), "visible")
    one(second.get_by_role("button", name="Start round 2"), "disabled")

    one(first.get_by_text("the final tests are open"), "visible")
    teacher.get_by_role("radio", name="locked").click()
    one(first.get_by_text("Look at what you have"), "visible")
    to(third, "Narrow")
    Student(third).press("Choose this value")
    third.get_by_role("link", name="Go to the final test").click()
    one(third.get_by_text("keeps the final tests locked"), "visible")
    third.get_by_text("I have finished tuning").click()
    settled(third)
    one(third.locator("button[kind=primary]"), "disabled")
    teacher.get_by_role("radio", name="open, results on the board").click()
    one(first.get_by_text("the final tests are open"), "visible")
    one(third.locator("button[kind=primary]"), "enabled")
    third.locator("button[kind=primary]").click()
    third.get_by_test_id("stMetric").first.wait_for()
    one(projector.get_by_text("Final tests: 1"), "visible")

    with teacher.expect_download() as waiting:
        press(teacher, "Trials as a table (CSV)")
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text(encoding="utf-8-sig"))))
    assert len(rows) == 60 and {row["student"] for row in rows} == set(pseudonyms)

    teacher.get_by_role("button", name="End the class").click()
    press(teacher, "End it")
    one(projector.get_by_text("the class has ended"), "visible")
    Student(second).press("Start round 2")  # the lab is the student's own from now on
    Student(second).sees(re.compile(r"Round 2: \d+ epochs"))
    one(projector.get_by_text("rounds: 3"), "visible")


def assert_tooltips_are_text(page: Page) -> None:
    """Point at a range on the map: whose it is stands there as text."""
    ranges = page.locator(".mark-rect path")
    box = ranges.first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 6, box["y"] + box["height"] - 6)
    tooltip = page.locator("#vg-tooltip-element")
    expect(tooltip).to_contain_text(["student"])
    assert tooltip.locator("img").count() == 0
    assert page.evaluate("document.querySelectorAll('img[onerror]').length") == 0


def test_the_teachers_secret_stays_out_of_the_address_and_a_reload_keeps_it(classroom: Classroom) -> None:
    teacher, code = classroom.teaches()
    teacher.get_by_role("button", name="Teacher's link").click()
    link = teacher.get_by_test_id("stCode").inner_text().strip()
    secret = link.split("teach=")[1]
    assert secret not in teacher.url
    teacher.reload()
    at_desk(teacher)

    other = classroom.opens(link.removeprefix(classroom.url))
    at_desk(other)
    other.wait_for_function("!location.href.includes('teach')")
    assert secret not in other.url and f"class={code}" in other.url
    assert other.evaluate("history.length") == 2  # the empty page that it began with, and this one
    to(other, "Narrow")
    assert secret not in other.url
    to(other, "Class")
    at_desk(other)

    stranger = classroom.opens(other.url.removeprefix(classroom.url))
    one(stranger.get_by_text("Open your teacher's link in this tab"), "visible")
    expect(stranger.get_by_text("rounds may be started")).to_have_count(0)


def test_students_see_the_board_when_the_teacher_shows_it(classroom: Classroom) -> None:
    teacher, code = classroom.teaches()
    student = classroom.joins(code)
    one(student.get_by_text("The board is with your teacher"), "visible")
    teacher.get_by_text("board on the students' screens").click()
    one(student.get_by_text("students: 1"), "visible")  # without a click of the student's
    expect(student.get_by_test_id("stVegaLiteChart")).to_have_count(2)


def test_who_waits_for_the_teacher_hears_when_rounds_and_final_tests_are_opened(classroom: Classroom) -> None:
    teacher, code = classroom.teaches()
    student, other = classroom.joins(code), classroom.joins(code)
    teacher.get_by_role("radio", name="locked").click()
    trains(student)
    to(student, "Narrow")
    teacher.get_by_text("rounds may be started").click()
    one(other.get_by_text("Your teacher has closed the rounds"), "visible")
    to(other, "Narrow")
    one(other.get_by_text("Your teacher has closed the rounds"), "visible")
    one(other.get_by_role("button", name="Start round 1"), "disabled")
    student.locator(".st-key-live_chart .mark-symbol path").first.click()
    press(student, "Choose this value")
    to(student, "Final test")
    one(student.get_by_text("keeps the final tests locked"), "visible")

    teacher.get_by_role("radio", name="open", exact=True).click()
    one(student.get_by_text("How good is the value you have chosen"), "visible")  # without a click
    teacher.get_by_text("rounds may be started").click()
    one(other.get_by_role("button", name="Start round 1"), "enabled")
    expect(other.get_by_text("Your teacher has closed the rounds")).to_have_count(0)


def test_nothing_of_the_class_keeps_anybody_out(classroom: Classroom) -> None:
    """Desk and way in dark, board and the student's page light."""
    classroom.scheme = "dark"
    teacher, code = classroom.teaches()
    assert barriers(classroom.opens(f"?class={code}")) == []
    classroom.scheme = "light"
    student = classroom.joins(code)
    trains(student)
    student.get_by_label("nickname, if you like one").fill("Kim")
    student.keyboard.press("Tab")
    for switch in ("board on the students' screens", "shown"):
        teacher.get_by_text(switch, exact=True).click()
    one(student.get_by_text("trials: 20"), "visible")
    assert barriers(student) == []
    for view, seen in (("Invite", "Scan, or open"), ("Board", "trials: 20"), ("Names", "hide the nickname of")):
        teacher.get_by_text(view, exact=True).click()
        one(teacher.get_by_text(seen), "visible")
        assert barriers(settled(teacher)) == [], view
    link = teacher.get_by_role("link", name="Board for the projector").get_attribute("href")
    assert link is not None
    projector = classroom.opens(link.removeprefix(classroom.url))
    one(projector.get_by_text("trials: 20"), "visible")
    assert barriers(projector) == []


def test_the_board_fits_on_one_screen_for_the_back_row(classroom: Classroom) -> None:
    teacher, code = classroom.teaches()
    student = classroom.joins(code)
    trains(student)
    teacher.get_by_role("radio", name="shown").click()
    link = teacher.get_by_role("link", name="Board for the projector").get_attribute("href")
    assert link is not None
    projector = classroom.opens(link.removeprefix(classroom.url), 1920, 1080)
    one(projector.get_by_text("trials: 20"), "visible")
    expect(projector.get_by_test_id("stVegaLiteChart")).to_have_count(3)
    main = "document.querySelector('[data-testid=stMain]')"
    projector.wait_for_function(f"{main}.scrollHeight <= {main}.clientHeight")
    words = "[...document.querySelectorAll('.board-line span, .ranking li')]"
    assert projector.evaluate(f"Math.min(...{words}.map(one => parseFloat(getComputedStyle(one).fontSize)))") >= 20


@pytest.mark.parametrize("width", [390, 820])
def test_nothing_of_the_class_is_wider_than_the_screen(classroom: Classroom, width: int) -> None:
    teacher, code = classroom.teaches()
    student = classroom.joins(code)
    trains(student)
    teacher.get_by_text("board on the students' screens").click()
    for page in (student, teacher):
        page.set_viewport_size({"width": width, "height": 900})
    teacher.get_by_text("Board", exact=True).click()
    for page in (student, teacher):
        one(page.get_by_text("trials: 20"), "visible")
        main = "document.querySelector('[data-testid=stMain]')"
        page.wait_for_function(f"{main}.scrollWidth <= {main}.clientWidth")
        charts = "[...document.querySelectorAll('[data-testid=stVegaLiteChart] svg.marks')]"
        page.wait_for_function(
            f"{charts}.length === 3 && {charts}.every(one => one.getBoundingClientRect().right <= window.innerWidth)"
        )


def test_a_code_is_not_found_by_trying(classroom: Classroom, start_server: Callable[[], Server]) -> None:
    classroom.url = start_server().url  # whose allowances nobody else uses
    _, code = classroom.teaches()
    guesser = classroom.opens("class_board")
    refused = guesser.get_by_text("Too many tries")

    def is_refused() -> int:
        guesser.get_by_placeholder("XXXX XXXX").fill(codes.draw())
        press(guesser, "Join")
        one(guesser.get_by_text("no class with this code").or_(refused), "visible")
        settled(guesser)
        return refused.count()

    until(is_refused)  # ten and one for every ten seconds they take; the page's own tests count them
    classroom.joins(code)  # somebody else is not held up


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

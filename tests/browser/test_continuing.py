"""Going on in a lab that the browser remembers, showing it by a link, handing it in, and deleting it."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.classroom import Classroom
from tests.browser.conftest import ROOT, Server
from tests.browser.student import Student, expect_one, open_test_set, train_round
from tests.support.waiting import until

pytestmark = pytest.mark.long
STORED = "localStorage.getItem('narrowing-lab')"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of its own, without anything remembered."""
    made = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US", reduced_motion="reduce")
    yield made
    made.close()


@pytest.fixture
def visit(context: BrowserContext, server: Server) -> Iterator[Callable[[str], Student]]:
    """Opens a tab of that browser at an address; at the end no page may have raised a JavaScript error."""
    tabs: list[Student] = []

    def go(path: str = "") -> Student:
        tabs.append(Student(context.new_page()))
        return tabs[-1].go(server.url + path)

    yield go
    assert [tab.faults for tab in tabs] == [[] for _ in tabs]


def token_in(page: Page) -> str:
    """The token of the lab in the address; "" while there is none."""
    return page.url.partition("lab=")[2].split("&")[0]


def requests_of(page: Page) -> list[str]:
    """The addresses that a page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def menu(student: Student) -> None:
    """Open the popover of the lab, by the keyboard."""
    button = student.page.locator(".st-key-header .stPopover button").first
    button.focus()
    student.page.keyboard.press("Enter")
    student.sees("Remember my lab in this browser")


def remembered(student: Student) -> dict[str, object]:
    return dict(json.loads(student.page.evaluate(STORED) or "{}"))


@pytest.mark.parametrize("path", ["", "?lesson=trials.30", "final_test"])
def test_a_browser_that_comes_back_is_offered_its_lab(visit: Callable[[str], Student], path: str) -> None:
    first = train_round(visit(""))
    token = token_in(first.page)
    until(lambda: first.page.wait_for_timeout(20) or "latest" in remembered(first))
    first.page.close()
    again = visit("" if path == "final_test" else path)
    if path == "final_test":
        again.page.goto(again.page.url.split("?")[0] + path)
    offer = again.page.get_by_role("button", name=re.compile("Continue as"))
    expect_one(offer, "visible")
    assert token_in(again.page) != token
    offer.focus()
    again.page.keyboard.press("Enter")
    until(lambda: again.page.wait_for_timeout(20) or token_in(again.page) == token)
    expect(offer).to_have_count(0)


def test_nothing_is_remembered_of_a_lab_without_a_round(visit: Callable[[str], Student]) -> None:
    first = visit("")
    menu(first)
    assert remembered(first) == {}


def test_one_click_forgets_the_lab(visit: Callable[[str], Student]) -> None:
    train_round(visit(""))
    again = visit("")
    again.press("Forget it here")
    expect(again.page.get_by_role("button", name=re.compile("Continue as"))).to_have_count(0)
    until(lambda: again.page.wait_for_timeout(20) or remembered(again) == {})
    third = visit("")
    menu(third)
    expect(third.page.get_by_role("button", name=re.compile("Continue as"))).to_have_count(0)


def test_on_a_shared_computer_nothing_is_remembered_after_one_click(visit: Callable[[str], Student]) -> None:
    first = train_round(visit(""))
    menu(first)
    first.page.get_by_text("Remember my lab in this browser").click()
    until(lambda: first.page.wait_for_timeout(20) or remembered(first) == {"off": True})
    first.page.reload()
    first.settled()
    assert remembered(first) == {"off": True}
    menu(first)  # the page asks the browser only now
    expect(first.page.get_by_role("switch", name="Remember my lab in this browser")).not_to_be_checked()
    again = visit("")
    menu(again)
    expect(again.page.get_by_role("switch", name="Remember my lab in this browser")).not_to_be_checked()
    again.page.get_by_text("Remember my lab in this browser").click()
    until(lambda: again.page.wait_for_timeout(20) or "off" not in remembered(again))


def test_who_opens_the_class_link_again_gets_the_same_seat(
    classroom: Classroom, browser: Browser, server: Server
) -> None:
    _, code = classroom.create_class()
    link = f"{server.url}?class={code}"
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-US")
    first = context.new_page()
    first.goto(link)
    first.get_by_role("button", name="Join this class").click()
    until(lambda: first.wait_for_timeout(20) or token_in(first))
    token = token_in(first)
    until(lambda: first.wait_for_timeout(20) or code in (first.evaluate(STORED) or ""))
    first.close()
    again = context.new_page()
    again.goto(link)
    again.get_by_role("button", name=re.compile("Continue as")).click()
    until(lambda: again.wait_for_timeout(20) or token_in(again))
    assert token_in(again) == token
    context.close()


def test_a_reading_link_shows_the_lab_and_leads_nowhere_once_it_is_taken_back(
    visit: Callable[[str], Student], browser: Browser
) -> None:
    student = train_round(visit(""))
    student.page.get_by_label(re.compile("Your note on round 1")).fill("<b>because</b>")
    student.page.keyboard.press("Enter")
    menu(student)
    student.page.get_by_text("A link to show my rounds").click()
    code = student.page.get_by_test_id("stCode").filter(has_text="/reading/")
    link = code.inner_text().strip()
    assert token_in(student.page) not in link
    for width, scheme in ((1366, "light"), (390, "dark")):
        other = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, locale="ko-KR")
        page = other.new_page()
        asked = requests_of(page)
        page.goto(link)
        expect(page.get_by_text("<b>because</b>")).to_have_count(1)
        expect(page.get_by_role("heading", name="라운드 1")).to_have_count(1)
        assert [url for url in asked if not url.endswith("favicon.ico")] == [link]
        assert page.locator("button, input, a, form, script").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert page.request.fetch(link, method=method).status in (404, 405)
        other.close()
    student.page.get_by_text("A link to show my rounds").click()
    expect(code).to_have_count(0)
    page = student.page.context.new_page()
    response = page.goto(link)
    assert response is not None and response.status == 404
    page.get_by_text("This link shows nothing").wait_for()
    page.close()


def test_the_page_to_hand_in_stands_alone(student: Student, browser: Browser, tmp_path: Path) -> None:
    open_test_set(student)
    student.page.get_by_role("link", name="Narrow", exact=True).first.click()
    student.page.get_by_text("Export", exact=True).click()
    with student.page.expect_download() as waiting:
        student.press("Page to hand in")
    assert re.fullmatch(r"narrowing-lab-[a-z]+-[a-z]+(-\d+)?-\d{4}-\d\d-\d\d\.html", waiting.value.suggested_filename)
    waiting.value.save_as(tmp_path / "page.html")
    context = browser.new_context(viewport={"width": 390, "height": 844}, offline=True)
    page = context.new_page()
    asked = requests_of(page)
    page.goto((tmp_path / "page.html").as_uri())
    expect(page.get_by_text(re.compile("^Test accuracy 0"))).to_have_count(1)
    assert page.locator("svg").count() == 3 and len(asked) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    context.close()


def test_a_lab_is_deleted_after_it_was_asked_about(visit: Callable[[str], Student]) -> None:
    student = train_round(visit(""))
    token, before = token_in(student.page), student.page.url
    menu(student)
    student.press("Delete this lab")
    student.press("Keep it")
    expect(student.page.get_by_role("button", name="Delete for good")).to_have_count(0)
    student.press("Delete this lab")
    student.press("Delete for good")
    until(lambda: student.page.wait_for_timeout(20) or token_in(student.page) not in ("", token))
    student.sees("Start round 1")
    until(lambda: student.page.wait_for_timeout(20) or remembered(student) == {})
    expect(student.page.get_by_role("button", name=re.compile("Continue as|Back to the lab"))).to_have_count(0)
    other = visit("")
    other.go(before)
    other.sees("not here any more")
    assert token_in(other.page) != token


@pytest.mark.parametrize("guide", sorted(path.name for path in (ROOT / "docs").glob("privacy*.md")))
def test_the_guide_for_schools_names_all_that_a_browser_keeps(
    visit: Callable[[str], Student], context: BrowserContext, guide: str
) -> None:
    student = train_round(visit(""))
    until(lambda: student.page.wait_for_timeout(20) or "latest" in remembered(student))
    teacher = context.new_page()
    teacher.goto(student.page.url.split("?")[0] + "class_board")
    teacher.get_by_role("button", name="Create the class").click()
    until(lambda: teacher.wait_for_timeout(20) or teacher.evaluate("sessionStorage.length"))
    kept = [cookie["name"] for cookie in context.cookies()]
    kept += teacher.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    assert teacher.evaluate("indexedDB.databases()") == []
    text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
    named = [name.rstrip("…").strip() for name in re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)]
    assert len(kept) >= 4 and [name for name in kept if not name.startswith(tuple(named))] == []

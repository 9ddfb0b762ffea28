"""`python -m tests.browser.look ja folder` takes a picture of every page in a language, on a desktop and on a phone.

For whoever translates the app: what is cut off, collides or breaks badly is best seen. `views` also serves the tests.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Page, expect

from tests.benchmarks.live_page import server
from tests.browser.accessibility import ANIMATIONS_ENDED
from tests.browser.chromium import running_chromium
from tests.browser.classroom import settled
from tests.browser.student import TIMEOUT_MS, Student, expect_one, wait_until_true
from tests.support.languages import LANGUAGES, longest_part, round_over, shown

SIZES = {"desktop": (1366, 900), "phone": (390, 844)}  # pixels
TO_READ = ("importance", "glossary", "about", "lesson_link")  # pages that train nothing themselves
COMPARED = "Best on the grid {grid:.2f}, best at random {random:.2f}: "
BEST_OF_SETTING = "{setting}: best {best:.2f}; the trials that tie with it lie from {low} to {high}."
PEEKED = (
    "The best of {trials} trials by the {images} opened test images has {opened:.3f} on them, and {fresh:.3f} on fresh "
    "ones: {loss:+.3f}."
)
GROW = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  return main.scrollHeight - main.clientHeight;
}"""  # pixels of the page below the screen


def views(browser: Browser, url: str, lang: str, width: int, height: int) -> Iterator[tuple[str, Page]]:
    """Every page of the app in a language, each with its name: of a lab from its start to its end, and of a class."""
    context = browser.new_context(viewport={"width": width, "height": height}, locale=lang, reduced_motion="reduce")
    page = context.new_page()
    yield from lab_views(Student(page).go(url), url, lang)
    yield from class_views(page, context.new_page(), url, lang)
    context.close()


def lab_views(student: Student, url: str, lang: str) -> Iterator[tuple[str, Page]]:
    """The pages of a lab that is new, after a round, and after its final test."""
    page = student.page
    yield "narrow", page
    student.press(shown("More settings", lang))
    page.get_by_text(shown("batch normalisation", lang)).first.wait_for()
    yield "narrow, settings", page
    page.keyboard.press("Escape")
    student.primary.click()
    student.sees(round_over(lang))
    student.settled()
    yield "narrow, after a round", page
    student.press(shown("Choose this value", lang))
    expect_one(page.locator(".st-key-to_final_test button"), "visible")
    yield "narrow, with a choice", page
    lab = page.url.split("?")[1]

    def go(name: str) -> Page:
        page.goto(f"{url}{name}?{lab}")
        page.locator(".st-key-header h4").wait_for()
        return settled(page)

    for name in TO_READ:
        yield name, go(name)
    trained: dict[str, Callable[[], None]] = {
        "validation": lambda: expect(page.locator(".st-key-split_train button")).to_be_enabled(),
        "strategies": lambda: student.sees(longest_part(COMPARED, lang)),
        "knobs": lambda: student.sees(longest_part(BEST_OF_SETTING, lang)),
        "bayesian": lambda: student.sees(shown("Round {number} is learning", lang, number=2)),
        "race": lambda: student.sees(shown("The race is over.", lang)),
    }
    for name, wait in trained.items():
        go(name)
        student.primary.click()
        wait()
        yield name, settled(page)
    go("final_test")
    yield "final_test", page
    page.get_by_text(shown("I have finished tuning. Open the test set, once and for all.", lang)).click()
    expect_one(student.primary, "enabled")
    student.primary.click()
    page.get_by_test_id("stMetric").first.wait_for()
    page.get_by_role("button", name=shown("Show it", lang), exact=True).click()
    student.sees(longest_part(PEEKED, lang))
    yield "final_test, opened", settled(page)
    yield "narrow, after the final test", go("")


def class_views(teacher: Page, student: Page, url: str, lang: str) -> Iterator[tuple[str, Page]]:
    """The pages of a class: its entry, the teacher's desk with all of its views, a student's page, the board."""
    teacher.goto(f"{url}class_board")
    expect_one(teacher.locator(".st-key-create_class button"), "visible")
    yield "class, entry", teacher
    teacher.locator(".st-key-class_title input").fill(shown("Chapter 6", lang))
    teacher.locator(".st-key-create_class button").click()
    expect_one(teacher.locator(".st-key-switches"), "visible")
    yield "class, invitation", settled(teacher)
    code = parse_qs(urlsplit(teacher.url).query)["class"][0]
    student.set_default_timeout(TIMEOUT_MS)
    student.goto(f"{url}?class={code}")
    student.locator(".st-key-join_class button").click()
    student.get_by_text(longest_part("You're in! Your teacher has the board.", lang)).wait_for()
    yield "class, student", settled(student)
    lab = parse_qs(urlsplit(student.url).query)["lab"][0]
    someone = Student(student).go(f"{url}?lab={lab}")
    someone.primary.click()
    someone.sees(round_over(lang))
    teacher.get_by_text(shown("board on the students' screens", lang), exact=True).click()
    for choice in ("shown", "Board"):
        teacher.get_by_role("radio", name=shown(choice, lang), exact=True).click()
    expect(teacher.get_by_test_id("stVegaLiteChart").locator("svg.marks")).to_have_count(3)
    yield "class, desk", settled(teacher)
    teacher.get_by_role("radio", name=shown("Students", lang), exact=True).click()
    teacher.get_by_text(shown("Remove students", lang)).first.wait_for()
    yield "class, students", settled(teacher)
    link = teacher.get_by_role("link", name=shown("Board for the projector", lang)).get_attribute("href")
    student.goto(f"{url}class_board?lab={lab}")
    expect(student.get_by_test_id("stVegaLiteChart").locator("svg.marks")).to_have_count(3)
    yield "class, student with the board", settled(student)
    student.goto(str(link))
    expect(student.get_by_test_id("stVegaLiteChart").locator("svg.marks")).to_have_count(3)
    yield "class, board", settled(student)


def whole(page: Page) -> bytes:
    """A picture of all of a page, once it no longer changes."""
    width, height = page.viewport_size["width"], page.viewport_size["height"]  # type: ignore[index]
    page.set_viewport_size({"width": width, "height": height + max(page.evaluate(GROW), 0)})
    page.mouse.move(5, 5)  # away from what has a tooltip
    wait_until_true(page, ANIMATIONS_ENDED)
    before, picture = b"", page.screenshot()
    while before != picture:
        before, picture = picture, page.screenshot()
    page.set_viewport_size({"width": width, "height": height})
    return picture


def main() -> None:
    """Take the pictures against a server of their own."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.look", description="Take a picture of every page.")
    parser.add_argument("language", choices=LANGUAGES)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with running_chromium() as browser, server("app.py") as app:
        for screen, size in SIZES.items():
            for name, page in views(browser, f"http://127.0.0.1:{app.port}/", given.language, *size):
                file = given.folder / f"{name.replace(', ', '-').replace(' ', '-')}-{screen}.png"
                file.write_bytes(whole(page))
                print(file, flush=True)


if __name__ == "__main__":
    main()

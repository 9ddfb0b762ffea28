"""`python -m tests.browser.screenshots` takes the pictures in docs anew; --only names some of them.

It also writes docs/pictures.json: the sentences of the catalogue that can be read in each picture. A test fails when
one of them has changed since (tests/test_readme.py).
"""

import argparse
import asyncio
import io
import json
import re
import time
from collections.abc import Callable

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.benchmarks.live_page import server
from tests.benchmarks.websocket_client import Tab, tab
from tests.browser.accessibility import ANIMATIONS_ENDED
from tests.browser.chromium import running_chromium
from tests.browser.classroom import Classroom, settled
from tests.browser.student import Student, bounding_box, wait_until_true
from tests.catalogue import ROOT, texts
from tests.support.languages import round_over, shown
from tests.support.waiting import LIMIT, run

DOCS = ROOT / "docs"
RECORD = DOCS / "pictures.json"
DESKTOP, PHONE, PROJECTOR, FILM = (1366, 1400), (390, 1500), (1920, 1080), (1366, 1190)  # pixels
FILM_EPOCHS = 60  # of its first round
STUDENTS, ROUNDS = 12, 3  # of the class on the board
MAX_MOVES = 3  # rounds after which the ranges are moved as the hints say
FILM_WIDTH = 1100  # pixels of the animation
FILM_SECONDS, LAST_SECONDS, MIN_SECONDS = 8.0, 2.0, 0.04  # of the animation: all but the last frame, that one, any one
COLOURS = 200  # of the animation
STEPS = 8  # frames for a movement of the mouse
MARGIN = 12  # pixels around the best trials
CURSOR = """() => {
  const cursor = document.createElement('div');
  cursor.style = 'position: fixed; z-index: 1000000; width: 18px; height: 18px; margin: -9px; border-radius: 9px;'
    + 'background: rgba(49, 51, 63, .6); pointer-events: none; left: -99px; top: 0';
  document.body.append(cursor);
  addEventListener('mousemove', event => {
    cursor.style.left = `${event.clientX}px`;
    cursor.style.top = `${event.clientY}px`;
  }, {capture: true});
}"""  # pictures of a page have none
TEXT = """() => {
  const BLOCK = 'p, li, h1, h2, h3, h4, h5, h6, button, label, a, summary, td, th, text, div';
  const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
  let text = '', before = null;
  while (nodes.nextNode()) {
    const node = nodes.currentNode, block = node.parentElement.closest(BLOCK);
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (!box.width || box.bottom < 0 || box.top > innerHeight) continue;
    text += (block === before ? '' : '\\n') + node.data;
    before = block;
  }
  return text;
}"""  # that can be seen without scrolling, a line for each block


# ---------------------------------------------------------------------------------------------------- pages


def open_lab(browser: Browser, url: str, size: tuple[int, int], language: str, scheme: str = "light") -> Student:
    """A student with the page of the rounds open."""
    viewport = {"width": size[0], "height": size[1]}
    page = browser.new_page(
        viewport=viewport, color_scheme=scheme, locale=language, reduced_motion="reduce",  # no replay plays by itself
    )  # type: ignore[arg-type]  # fmt: skip
    return Student(page).go(url)


def train(student: Student, number: int, language: str = "en") -> None:
    """Start a round and wait for its end."""
    student.primary.click()
    student.page.get_by_text(round_over(language, number=number)).wait_for()
    student.settled()


def two_rounds(browser: Browser, url: str, size: tuple[int, int], language: str, scheme: str = "light") -> Page:
    """Two rounds, the second in the box around the five best trials of the first."""
    student = open_lab(browser, url, size, language, scheme)
    train(student, 1, language)
    student.page.get_by_role("button", name=shown("Zoom to the best area", language)).click()
    train(student, 2, language)
    return student.page


def final_test(browser: Browser, url: str) -> Page:
    """Rounds whose ranges were moved beyond the edge as the hints say; the best trial chosen, the test set opened."""
    student = open_lab(browser, url, DESKTOP, "en")
    train(student, 1)
    move = student.page.get_by_role("button", name="Apply the suggestion")
    expect(move).to_be_enabled()  # the first ranges end too early
    for number in range(2, MAX_MOVES + 2):
        if move.is_disabled():
            break
        move.click()
        student.page.get_by_role("button", name=f"Start round {number} in these ranges").wait_for()
        train(student, number)
    student.press("Choose this value")
    student.page.get_by_role("button", name="Go to the final test").click()
    student.page.get_by_text("I have finished tuning").click()
    student.page.get_by_role("button", name="Open the test set").and_(student.page.locator(":enabled")).click()
    student.page.get_by_text("Misclassified digits").wait_for()
    return student.page


def class_board(browser: Browser, url: str) -> Page:
    """The board of a class for the projector, after some rounds of every student."""
    classroom = Classroom(browser, url)
    teacher, code = classroom.create_class("Hyperparameters")
    port = int(url.rstrip("/").rsplit(":", 1)[1])
    run(lessons(port, code))
    teacher.get_by_role("radio", name="shown").click()
    link = teacher.get_by_role("link", name="Board for the projector").get_attribute("href")
    assert link
    board = classroom.open_page(link.removeprefix(url), *PROJECTOR)
    board.get_by_text(f"trials: {STUDENTS * ROUNDS * 20}").first.wait_for()
    return settled(board)


async def lessons(port: int, code: str) -> None:
    """Students of a class who train rounds, each in the ranges that the page suggests after the one before."""

    async def student() -> None:
        async with tab(port, page="class_board", **{"class": code}) as page:
            await page.click("Join this class")
            await page.open("narrow")
            for _ in range(ROUNDS):
                await page.click("Start round")
                await page.watch(time.monotonic() + LIMIT, lambda: page.is_over)
                await page.click(suggestion(page))

    await asyncio.gather(*(student() for _ in range(STUDENTS)))


def suggestion(page: Tab) -> str:
    """The button that moves the ranges."""
    return next(name for name in ("Apply the suggestion", "Zoom to the best area") if page.shows(name))


# ---------------------------------------------------------------------------------------------------- film


class Film:
    """Frames of a page, each with the time when it was taken."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: list[tuple[float, Image.Image]] = []
        self._mouse = (600.0, 500.0)

    def take(self) -> None:
        """Add a frame."""
        with Image.open(io.BytesIO(self.page.screenshot())) as picture:
            height = picture.height * FILM_WIDTH // picture.width
            self.frames.append((time.monotonic(), picture.convert("RGB").resize((FILM_WIDTH, height))))

    def until(self, condition: Callable[[], object]) -> None:
        """Add frames until a condition holds."""
        while not condition():
            self.take()
        self.take()

    def move_to(self, x: float, y: float) -> None:
        """Move the mouse there in some frames."""
        left, top = self._mouse
        for step in range(1, STEPS + 1):
            self.page.mouse.move(left + (x - left) * step / STEPS, top + (y - top) * step / STEPS)
            self.take()
        self._mouse = x, y

    def click(self, element: Locator) -> None:
        """Move the mouse to an element and click."""
        box = bounding_box(element)
        self.move_to(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        element.click()

    def gif(self) -> bytes:
        """All frames as an animation that repeats; what did not change takes no room."""
        times, frames = zip(*self.frames, strict=True)
        speed = max((times[-1] - times[0]) / FILM_SECONDS, 1.0)
        seconds = [(after - before) / speed for before, after in zip(times, times[1:], strict=False)]
        durations = [int(1000 * max(each, MIN_SECONDS)) for each in [*seconds, LAST_SECONDS]]
        # every colour of some frames counts once, else the many greys would leave no room for those of the trials
        some = np.concatenate([np.asarray(frame).reshape(-1, 3) for frame in frames[:: len(frames) // 4]])
        _, index = np.unique(some // 8, axis=0, return_index=True)
        palette = Image.fromarray(some[index][None]).quantize(COLOURS)
        palette.putpalette([*(palette.getpalette() or [])[: 3 * COLOURS], 255, 255, 255])
        first, *others = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
        file = io.BytesIO()
        first.save(file, "GIF", save_all=True, append_images=others, duration=durations, loop=0, optimize=True)
        return file.getvalue()


def film_round(browser: Browser, url: str) -> tuple[Page, bytes]:
    """A round from its start, a box dragged on the map, and the next round in it."""
    student = open_lab(browser, url, FILM, "en")
    student.set_number("epochs", FILM_EPOCHS)
    page, film = student.page, Film(student.page)
    page.evaluate(CURSOR)
    film.take()
    film.click(student.primary)
    film.until(lambda: page.get_by_text(re.compile(r"^Round 1: \d+")).count())
    start, end = around_the_best(student)
    film.move_to(*start)
    page.mouse.down()
    film.move_to(*end)
    page.mouse.up()
    film.until(lambda: page.get_by_role("button", name="Start round 2 in these ranges").count())
    film.click(student.primary)
    film.until(lambda: page.get_by_text(re.compile(r"^Round 2: \d+")).count())
    return page, film.gif()


def around_the_best(student: Student) -> tuple[tuple[float, float], tuple[float, float]]:
    """Two corners on the map with the five best trials between them, in pixels of the page."""
    points = student.chart.locator(".mark-symbol path")  # the map's first, the best trial first
    boxes = [bounding_box(points.nth(rank)) for rank in range(5)]
    lefts, tops = [box["x"] for box in boxes], [box["y"] for box in boxes]
    return (min(lefts) - MARGIN, min(tops) - MARGIN), (max(lefts) + 2 * MARGIN, max(tops) + 2 * MARGIN)


# ---------------------------------------------------------------------------------------------------- all of them


def screenshot(page: Page) -> bytes:
    """A picture of a page once it no longer changes."""
    page.mouse.move(5, 5)
    wait_until_true(page, ANIMATIONS_ENDED)
    before, picture = b"", page.screenshot()
    while before != picture:
        before, picture = picture, page.screenshot()
    return picture


def readable(page: Page, language: str) -> dict[str, str]:
    """The sentences of the catalogue that can be read on a page: message → text in the page's language."""
    shown = plain(page.evaluate(TEXT))
    return {message: text for message, text in texts(language).items() if pattern(text).search(shown)}


def plain(text: str) -> str:
    """Without Markdown's marks and with single spaces."""
    return re.sub(r"[ \u00a0]+", " ", re.sub(r"[*`]", "", text))


def pattern(text: str) -> re.Pattern[str]:
    """Finds a text of the catalogue as a whole, with anything in its gaps."""
    parts = [re.escape(part) for part in re.split(r"\{\w+(?::[^}]*)?\}", plain(text))]
    return re.compile(r"(?<!\w)" + r"[^\n]{1,40}?".join(parts) + r"(?!\w)")


Show = Callable[
    [Browser, str], Page | tuple[Page, bytes]
]  # browser, address → a page, and the picture if taken already
PICTURES: dict[str, tuple[str, Show]] = {  # file: language, what it shows
    "round.gif": ("en", film_round),
    "narrow.png": ("en", lambda browser, url: two_rounds(browser, url, DESKTOP, "en")),
    "narrow-korean-dark.png": ("ko", lambda browser, url: two_rounds(browser, url, DESKTOP, "ko", "dark")),
    "narrow-phone.png": ("en", lambda browser, url: two_rounds(browser, url, PHONE, "en")),
    "final-test.png": ("en", final_test),
    "class-board.png": ("en", class_board),
}


def main() -> None:
    """Take the pictures against a server of their own."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description="Take the pictures anew.")
    parser.add_argument("--only", nargs="+", choices=PICTURES, default=list(PICTURES), metavar="PICTURE")
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    with running_chromium() as browser:
        for name in parser.parse_args().only:
            language, show = PICTURES[name]
            with server("app.py") as app:
                found = show(browser, f"http://127.0.0.1:{app.port}/")
                page, picture = found if isinstance(found, tuple) else (found, screenshot(found))
                record[name] = {"language": language, "sentences": readable(page, language)}
                (DOCS / name).write_bytes(picture)
                page.context.close()
            text = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
            RECORD.write_text(text, encoding="utf-8")  # each at once: one that fails leaves those before it complete
            print(f"{name}: {len(picture) // 1000} kB, {len(record[name]['sentences'])} sentences", flush=True)


if __name__ == "__main__":
    main()

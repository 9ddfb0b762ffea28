"""Teacher, students and projector of a class, each in a separate browser."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.student import TIMEOUT_MS, Student, expect_one, navigate

CODE_IN_ADDRESS = re.compile(r"class=([A-Z0-9]{8})")


@dataclass
class Classroom:
    """A teacher, students and a projector, in separate browsers."""

    browser: Browser
    url: str
    scheme: str = "light"
    contexts: list[BrowserContext] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open_page(self, path: str, width: int = 1366, height: int = 900, **settings: object) -> Page:
        """Somebody new opens an address."""
        size = {"width": width, "height": height}
        settings = {"locale": "en-US", "color_scheme": self.scheme, **settings}
        self.contexts.append(self.browser.new_context(viewport=size, **settings))  # type: ignore[arg-type]
        page = self.contexts[-1].new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.goto(self.url + path)
        return settled(page)

    def create_class(self, title: str = "Chapter 6") -> tuple[Page, str]:
        """A teacher who has created a class, and its code."""
        page = self.open_page("class_board")
        page.get_by_label("title of the class", exact=True).fill(title)
        press(page, "Create the class")
        wait_for_teacher_page(page)
        found = CODE_IN_ADDRESS.search(page.url)
        assert found is not None
        return page, found[1]

    def join(self, code: str) -> Page:
        """A student who joins by the link."""
        page = self.open_page(f"?class={code}")
        press(page, "Join this class")
        expect_one(page.get_by_text("You are"), "visible")
        return settled(page)


def settled(page: Page) -> Page:
    """Wait until the script has run."""
    page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
    page.wait_for_selector("[data-test-script-state=notRunning]")
    return page


def wait_for_teacher_page(page: Page) -> None:
    """Wait until the teacher's page can be seen."""
    expect_one(page.get_by_text("rounds may be started"), "visible")


def press(page: Page, name: str) -> None:
    button = page.get_by_role("button", name=name, exact=True)
    expect_one(button, "enabled")
    button.click()


def go_to(page: Page, name: str) -> Page:
    """Go to another page by the navigation, also while ticks draw the old one."""
    before = urlsplit(page.url).path
    navigate(page, name)
    page.wait_for_url(lambda address: urlsplit(address).path != before)
    page.locator(".st-key-header").wait_for()
    return settled(page)


def displayed_name(page: Page) -> str:
    """What the page calls its student."""
    return page.locator(".class-title .who b").inner_text()


def train_and_return(page: Page, epochs: int = 5) -> None:
    """A student's round from start to end, and back to the class."""
    go_to(page, "Narrow")
    someone = Student(page)
    someone.set_number("epochs", epochs)
    someone.press("Start round")
    someone.sees(re.compile(rf"Round \d: {20 * epochs} epochs"))
    go_to(page, "My class")

"""`python -m tests.browser.screenshots` takes the README's pictures anew: a short lesson, photographed."""

import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import ROOT, Student, free_port, launch

PICTURES = ROOT / "docs"


def lesson(browser: Browser, url: str, size: tuple[int, int], lang: str, scheme: Literal["light", "dark"]) -> Student:
    """Two rounds, the second in the Best-5's box."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, locale=lang, device_scale_factor=1
    )
    student = Student(context.new_page()).go(url)
    student.primary.click()
    student.page.wait_for_function("document.querySelector('[data-testid=stDataFrame]') !== null")
    student.page.get_by_role("button", name=re.compile("Best-5('s|의)")).click()
    student.primary.click()
    student.page.get_by_text(re.compile("(Round|라운드) 2: 400")).wait_for()
    student.page.mouse.move(5, 5)
    student.settled()
    return student


def to_the_end(student: Student) -> Student:
    """The best trial chosen and the test set opened."""
    student.press("Choose this value")
    student.page.get_by_role("link", name="Go to the final test").click()
    student.page.get_by_text("I have finished tuning").click()
    student.page.get_by_role("button", name="Open the test set").and_(student.page.locator(":enabled")).click()
    student.page.get_by_text("Misclassified digits").wait_for()
    student.page.mouse.move(5, 5)
    student.page.wait_for_timeout(1500)  # until the charts stand still
    return student


def main() -> None:
    """Start a server, take the pictures, end it."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # labs of its own, not the user's
    own = os.environ | {"DATABASE_URL": f"sqlite:///{folder.name}/labs.sqlite"}
    server = subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/"
    try:
        while server.poll() is None:
            with suppress(OSError), urlopen(f"{url}_stcore/health", timeout=1):
                break
            time.sleep(0.1)
        with sync_playwright() as playwright:
            browser = launch(playwright)
            take(lesson(browser, url, (1366, 1010), "en-US", "light"), PICTURES / "narrow.png")
            take(lesson(browser, url, (1366, 1010), "ko-KR", "dark"), PICTURES / "narrow-korean-dark.png")
            take(lesson(browser, url, (390, 1500), "en-US", "light"), PICTURES / "narrow-phone.png")
            take(to_the_end(lesson(browser, url, (1366, 1010), "en-US", "light")), PICTURES / "final-test.png")
            browser.close()
    finally:
        server.terminate()
        server.wait()
        folder.cleanup()


def take(student: Student, file: Path) -> None:
    """One picture."""
    student.page.screenshot(path=file)
    student.page.context.close()


if __name__ == "__main__":
    main()

"""The pages in surroundings that are not theirs: a browser's translation, another site's frame, a proxy in between."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Error, expect

from tests.browser.conftest import Server
from tests.browser.student import Student, expect_one, navigate
from tests.support.languages import LANGUAGES
from tests.support.waiting import until

pytestmark = pytest.mark.long

# What a browser's translation does, again with every change of the page. `moves`: the text goes on in nested <font>
# elements of the translation, as Google Translate once did it; else such elements stand in its place, as it does now.
TRANSLATION = """
const moves = MOVES, done = 'font, script, style, textarea, svg, .notranslate';
const translate = root => {
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), found = [];
  while (texts.nextNode()) found.push(texts.currentNode);
  for (const text of found) {
    if (!text.nodeValue.trim() || text.parentElement?.closest(done)) continue;
    const outer = document.createElement('font'), inner = document.createElement('font');
    outer.append(inner);
    window.translated = (window.translated ?? 0) + 1;
    if (moves) { text.parentNode.insertBefore(outer, text); inner.append(text); }
    else { inner.textContent = text.nodeValue; text.parentNode.replaceChild(outer, text); }
  }
};
new MutationObserver(() => document.body && translate(document.body)).observe(document, {
  childList: true, subtree: true, characterData: true,
});
"""


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Student]]:
    """Opens a page in a browser of its own; at the end no page may have raised a JavaScript error."""
    visitors: list[Student] = []

    def go(**settings: object) -> Student:
        context = browser.new_context(viewport={"width": 1366, "height": 1300}, **{"locale": "en-US", **settings})
        visitors.append(Student(context.new_page()))
        return visitors[-1]

    yield go
    for visitor in visitors:
        visitor.page.context.close()
    assert [visitor.faults for visitor in visitors] == [[] for _ in visitors]


@pytest.mark.parametrize("moves", [True, False], ids=["texts are moved", "texts are replaced"])
def test_a_browsers_translation_breaks_no_page(visit: Callable[..., Student], server: Server, moves: bool) -> None:
    student = visit()
    student.page.add_init_script(TRANSLATION.replace("MOVES", str(moves).lower()))
    student.go(server.url)
    student.set_number("trials", 40)
    student.press("Start round 1")
    student.sees("Round 1 is learning")
    student.sees("Round 1: 800 epochs")
    expect_one(student.page.get_by_role("button", name="Start round 2"), "enabled")
    expect(student.page.get_by_text("Round 1 is learning")).to_have_count(0)  # no old translation is left
    for name in ("Validation", "Grid or random", "Bayesian search", "Which one matters", "Network", "Glossary"):
        navigate(student.page, name)
        student.page.wait_for_selector("[data-test-script-state=notRunning]")
    navigate(student.page, "Narrow")
    student.settled()
    student.page.get_by_role("radio", name="한국어").click()
    student.sees("라운드 2 시작")
    expect(student.page.get_by_text("Start round 2")).to_have_count(0)
    student.press("라운드 2 시작")
    student.sees(re.compile("라운드 2: "))
    assert student.page.evaluate("window.translated") > 100
    assert student.page.get_by_text("NotFoundError").count() == 0


AS_REACT_DOES = """async moves => {
  const parent = document.createElement('div'), texts = ['a', 'b', 'c'].map(text => document.createTextNode(text));
  document.body.append(parent);
  parent.append(...texts);
  for (const text of texts) {  // the translation
    const font = document.createElement('font');
    font.textContent = moves ? '' : text.nodeValue;
    if (moves) { text.before(font); font.append(text); } else text.replaceWith(font);
  }
  await new Promise(resolve => setTimeout(resolve));  // what watches the page is told
  const seen = [parent.textContent], see = () => seen.push(parent.textContent);
  const inserted = document.createElement('i');
  inserted.textContent = 'x';
  parent.insertBefore(inserted, texts[1]); see();
  texts[2].nodeValue = 'C'; see();
  parent.removeChild(texts[0]); see();
  parent.removeChild(texts[2]); see();
  parent.remove();
  return seen;
}"""


@pytest.mark.parametrize("moves", [True, False], ids=["texts are moved", "texts are replaced"])
def test_a_text_that_a_translation_has_taken_is_still_changed_and_removed(
    visit: Callable[..., Student], server: Server, moves: bool
) -> None:
    """React does this to a text that has neighbours; on a page as it comes it raises, and React ends the page."""
    student = visit().go(server.url)
    assert student.page.evaluate(AS_REACT_DOES, moves) == ["abc", "axbc", "axbC", "xbC", "xb"]


def test_a_fault_that_is_no_translations_is_still_one(visit: Callable[..., Student], server: Server) -> None:
    student = visit().go(server.url)
    with pytest.raises(Error, match="NotFoundError"):
        student.page.evaluate("document.body.removeChild(document.createElement('b'))")
    with pytest.raises(Error, match="NotFoundError"):
        student.page.evaluate("document.body.insertBefore(document.createElement('i'), document.createElement('b'))")


def test_without_websockets_the_page_and_the_log_say_so(
    visit: Callable[..., Student], start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = start_server()
    for lang in LANGUAGES:
        student = visit(locale=lang)
        student.page.route_web_socket(re.compile("_stcore/stream"), lambda socket: socket.close())
        student.page.goto(server.url)
        notice = student.page.locator("#no-websocket p")
        expect(notice).to_have_count(len(LANGUAGES))
        assert notice.first.get_attribute("lang") == lang
    assert "websocket" in server.log() and server.log().count("does not arrive") == 1


def test_with_websockets_no_such_notice_comes(visit: Callable[..., Student], server: Server) -> None:
    student = visit()
    student.page.clock.install()
    student.go(server.url)
    student.page.clock.run_for(60_000)
    expect(student.page.locator("#no-websocket")).to_have_count(0)


JOURNAL = {"name": "x.json", "mimeType": "application/json", "buffer": b"{}"}


@contextmanager
def platform(framed: str) -> Iterator[str]:
    """The address of another site, whose page shows an address in a frame."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f'<iframe src="{framed}" style="width: 1300px; height: 1200px"></iframe>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as site:
        Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield f"http://127.0.0.1:{site.server_port}/"
        site.shutdown()


def test_in_a_frame_of_a_site_that_the_host_allows_uploads_work(
    visit: Callable[..., Student], start_server: Callable[..., Server]
) -> None:
    server = start_server(FRAME_ANCESTORS="http://127.0.0.1:*")
    with platform(server.url.replace("127.0.0.1", "localhost")) as url:  # another site, and as safe as HTTPS
        student = visit()
        student.page.goto(url)
        frame = student.page.frame_locator("iframe")
        frame.get_by_role("button", name="Start round 1").click()
        frame.get_by_text("Round 1: 400 epochs").wait_for()
        frame.get_by_text("Export", exact=True).click()
        frame.locator("input[type=file]").set_input_files(JOURNAL)  # type: ignore[arg-type]
        frame.get_by_text("This is no journal").wait_for()


def test_a_site_that_the_host_does_not_name_cannot_show_the_app(visit: Callable[..., Student], server: Server) -> None:
    student = visit()
    refused: list[str] = []
    student.page.on("console", lambda message: refused.append(message.text))
    with platform(server.url.replace("127.0.0.1", "localhost")) as url:
        student.page.goto(url)
        until(lambda: student.page.wait_for_timeout(50) or any("frame-ancestors" in text for text in refused))

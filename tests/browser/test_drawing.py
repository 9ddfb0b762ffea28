"""Drawing a digit: what the network sees of it, what it answers, and that nothing of it leaves the browser."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from pages.components.comparison import drawing
from tests.browser.conftest import Server
from tests.browser.student import Student, bounding_box, open_test_set
from tests.support.waiting import until

pytestmark = pytest.mark.long

FOLDER = Path(drawing.__file__).parent
FULL_SCALE = {8: 16, 28: 255}
WORDS = {
    name: name for name in ("paper", "clear", "sample", "seen", "how")
} | {"answer": "reads {digit}", "labelled": "labelled {digit}"}  # fmt: skip
BEGIN = """async ([source, html, data]) => {
  document.body.innerHTML = html;
  const { default: draw } = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
  window.draw = data => draw({ data, parentElement: document.body });
  window.draw(data);
}"""
SEEN = """() => { const small = document.querySelector('.small');
  const { data } = small.getContext('2d').getImageData(0, 0, small.width, small.height);
  return Array.from({ length: small.width * small.height }, (_, at) => 1 - data[4 * at] / 255); }"""
SHARES = "[...document.querySelectorAll('li em')].map(one => Number(one.textContent))"
FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

Begin = Callable[..., Page]


def network(side: int, normalised: bool, activation: str, dropout: float) -> tuple[dict[str, Any], list[np.ndarray]]:
    """A network with made-up numbers as the page hands it over, and these numbers."""
    rng, sizes = np.random.default_rng(1), [side * side, 30, 20, 10]
    arrays: list[np.ndarray] = []
    for place, (n_in, n_out) in enumerate(zip(sizes, sizes[1:], strict=False)):
        arrays += [rng.normal(0, 1 / np.sqrt(n_in) * 2, (n_in, n_out)), rng.normal(0, 0.3, n_out)]
        if normalised and place < 2:
            arrays += [rng.uniform(0.5, 2, n_out), rng.normal(0, 1, n_out)]
    arrays = [array.astype(np.float32) for array in arrays]
    text = base64.b64encode(b"".join(array.tobytes() for array in arrays)).decode()
    given = {"sizes": sizes, "activation": activation, "normalised": normalised, "dropout": dropout, "numbers": text}
    return given, arrays


def shares(arrays: list[np.ndarray], images: np.ndarray, given: dict[str, Any]) -> np.ndarray:
    """What the network answers, (images, 10), in float64."""
    below, left = images.astype(float), [array.astype(float) for array in arrays]
    for layer in range(3):
        below = below @ left.pop(0) + left.pop(0)
        if layer < 2:
            if given["normalised"]:
                below = below * left.pop(0) + left.pop(0)
            below = np.maximum(below, 0) if given["activation"] == "relu" else 1 / (1 + np.exp(-below))
            below = below * (1 - given["dropout"])
    powers = np.exp(below - below.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@pytest.fixture
def begin(browser: Browser) -> Iterator[Begin]:
    """Puts the component on an empty page, with some test images."""
    context = browser.new_context(viewport={"width": 1000, "height": 700})
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))

    def start(side: int, images: np.ndarray | None = None, **settings: Any) -> Page:
        given, _ = network(side, **{"normalised": False, "activation": "relu", "dropout": 0.0, **settings})
        images = np.zeros((1, side * side), np.uint8) if images is None else images
        data = {
            "id": f"{side} {settings}", "side": side, "full_scale": FULL_SCALE[side], "network": given, "words": WORDS,
            "labels": list("0123456789"), "samples": base64.b64encode(images.tobytes()).decode(),
            "truth": [0] * len(images),
        }  # fmt: skip
        source, html = ((FOLDER / f"drawing.{kind}").read_text(encoding="utf-8") for kind in ("js", "html"))
        page.evaluate(BEGIN, [source, html, data])
        return page

    yield start
    context.close()
    assert faults == []


def draw(page: Page, points: list[tuple[float, float]]) -> np.ndarray:
    """A stroke through points of the paper; what the network sees then, (side, side), 0 to 1."""
    box = page.locator(".paper").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + points[0][0], box["y"] + points[0][1])
    page.mouse.down()
    for x, y in points[1:]:
        page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.up()
    return seen(page)


def seen(page: Page) -> np.ndarray:
    page.evaluate(FRAME)
    pixels = np.array(page.evaluate(SEEN))
    side = int(np.sqrt(len(pixels)))
    return pixels.reshape(side, side)


STROKES = {
    "dot": [(140.0, 140.0)],
    "diagonal": [(0.0, 0.0), (280.0, 280.0)],
    "upright": [(140.0, 5.0), (140.0, 275.0)],
    "flat": [(5.0, 140.0), (275.0, 140.0)],
}
SEVEN = [(70.0, 60.0), (180.0, 60.0), (140.0, 130.0), (110.0, 220.0)]


@pytest.mark.parametrize("side", [8, 28])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"activation": "sigmoid"},
        {"normalised": True, "dropout": 0.25},
        {"normalised": True, "activation": "sigmoid"},
    ],
    ids=str,
)
def test_a_test_image_gets_the_answer_that_numpy_computes(begin: Begin, side: int, settings: dict[str, Any]) -> None:
    images = np.random.default_rng(0).integers(0, FULL_SCALE[side] + 1, (4, side * side)).astype(np.uint8)
    page = begin(side, images, **settings)
    given, arrays = network(side, **{"normalised": False, "activation": "relu", "dropout": 0.0, **settings})
    expected = shares(arrays, images / np.float32(FULL_SCALE[side]), given)
    for place in range(len(images)):
        page.locator(".sample").press("Enter")  # without a mouse
        found = seen(page)
        assert np.abs(found.ravel() - images[place] / FULL_SCALE[side]).max() < 1 / 255
        assert np.abs(np.array(page.evaluate(SHARES)) - expected[place]).max() < 0.00051  # shown in three digits
        answer = page.locator("output").inner_text()
        assert answer == f"reads {expected[place].argmax()} labelled 0"


@pytest.mark.parametrize("side", [8, 28])
def test_where_on_the_paper_a_digit_is_drawn_does_not_matter(begin: Begin, side: int) -> None:
    page = begin(side)
    first = draw(page, SEVEN)
    before = page.evaluate(SHARES)
    page.locator(".clear").click()
    second = draw(page, [(x + 40, y + 20) for x, y in SEVEN])
    assert np.array_equal(first, second) and page.evaluate(SHARES) == before
    assert sum(before) == pytest.approx(1, abs=0.006)


@pytest.mark.parametrize("side", [8, 28])
def test_how_large_a_digit_is_drawn_hardly_matters(begin: Begin, side: int) -> None:
    page = begin(side)
    first = draw(page, SEVEN)
    page.locator(".clear").click()
    second = draw(page, [(0.7 * x, 0.7 * y) for x, y in SEVEN])
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.8


def test_an_image_of_8_by_8_has_counts_of_16_and_its_digit_is_as_high_as_the_image(begin: Begin) -> None:
    found = draw(begin(8), SEVEN)
    assert np.abs(found * 16 - np.round(found * 16)).max() < 16 / 255
    assert (found.sum(axis=1) > 0).all() and found[:, 0].sum() == found[:, 7].sum() == 0
    assert found[0].sum() > found[4].sum()  # the bar of the seven is above


def test_an_image_of_28_by_28_has_its_centre_of_gravity_in_the_middle_and_a_margin(begin: Begin) -> None:
    found = draw(begin(28), SEVEN)
    rows, columns = np.nonzero(found)
    assert np.ptp(rows) + 1 <= 20 and np.ptp(columns) + 1 <= 20 and np.ptp(rows) + 1 >= 19
    across, down = (
        (found * grid).sum() / found.sum() for grid in np.meshgrid(np.arange(28) + 0.5, np.arange(28) + 0.5)
    )
    assert abs(across - 14) <= 0.6 and abs(down - 14) <= 0.6


@pytest.mark.parametrize("side", [8, 28])
@pytest.mark.parametrize("points", STROKES.values(), ids=STROKES)
def test_any_drawing_has_an_answer(begin: Begin, side: int, points: list[tuple[float, float]]) -> None:
    page = begin(side)
    found = draw(page, points)
    assert found.max() > 0 and np.isfinite(found).all()
    assert sum(page.evaluate(SHARES)) == pytest.approx(1, abs=0.006)


def test_an_empty_paper_has_no_answer_and_a_stroke_over_a_test_image_begins_anew(begin: Begin) -> None:
    page = begin(8, np.full((1, 64), 16, np.uint8))
    assert page.locator("output").inner_text() == "" and seen(page).max() == 0
    page.locator(".sample").click()
    assert seen(page).min() == 1
    assert draw(page, SEVEN).min() == 0 and "labelled" not in page.locator("output").inner_text()
    page.locator(".clear").click()
    assert seen(page).max() == 0 and page.locator("output").inner_text() == ""


def test_drawing_again_after_a_run_of_the_page_keeps_what_is_drawn(begin: Begin) -> None:
    page = begin(8)
    first = draw(page, SEVEN)
    given, _ = network(8, False, "relu", 0.0)
    data = {
        "id": "8 {}", "side": 8, "full_scale": 16, "network": given, "words": WORDS, "labels": list("0123456789"),
        "samples": base64.b64encode(bytes(64)).decode(), "truth": [0],
    }  # fmt: skip
    page.evaluate("data => window.draw(data)", json.loads(json.dumps(data)))
    assert np.array_equal(seen(page), first)


# ---------------------------------------------------------------------------------------------------- in the app


def test_after_the_final_test_a_digit_is_drawn_and_nothing_of_it_is_sent(student: Student) -> None:
    sent: list[int] = []
    student.page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(len(frame))))
    student.page.on("request", lambda request: sent.append(0))
    student.page.reload()
    student.settled()
    open_test_set(student)
    student.press("Draw a digit")
    paper = student.page.locator(".paper")
    paper.wait_for()
    paper.scroll_into_view_if_needed()
    student.page.wait_for_selector("[data-test-script-state=notRunning]")
    before = len(sent)
    box = bounding_box(paper)
    student.page.mouse.move(box["x"] + SEVEN[0][0], box["y"] + SEVEN[0][1])
    student.page.mouse.down()
    for x, y in SEVEN[1:]:
        student.page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
    student.page.mouse.up()
    answer = student.page.locator(".drawing output")
    expect(answer).to_contain_text("The network reads")
    assert len(student.page.locator(".drawing li em").all_text_contents()) == 10
    assert len(sent) == before
    student.page.locator(".drawing .sample").focus()
    student.page.keyboard.press("Enter")
    expect(answer).to_contain_text("The test image is labelled")
    student.page.get_by_role("radio", name="한국어").click()
    expect(student.page.locator(".drawing .clear")).to_have_text("지우기")


def test_a_finger_draws_and_does_not_scroll(browser: Browser, server: Server) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, locale="en-US", reduced_motion="reduce"
    )
    student = open_test_set(Student(context.new_page()).go(server.url))
    student.press("Draw a digit")
    paper = student.page.locator(".paper")
    paper.wait_for()
    student.page.wait_for_selector("[data-test-script-state=notRunning]")
    paper.scroll_into_view_if_needed()
    box, scrolled = bounding_box(paper), "document.querySelector('[data-testid=stMain]').scrollTop"
    before = student.page.evaluate(scrolled)
    line = context.new_cdp_session(student.page)
    places = [{"x": box["x"] + x, "y": box["y"] + y} for x, y in SEVEN]
    line.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": places[:1]})
    for place in places[1:]:
        line.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    line.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(student.page.locator(".drawing output")).to_contain_text("The network reads")
    assert student.page.evaluate(scrolled) == before
    until(lambda: student.page.evaluate("document.documentElement.scrollWidth") <= 390)
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    context.close()
    assert student.faults == []

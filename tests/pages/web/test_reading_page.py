"""The page of a reading link, as its route answers: in the visitor's language, never kept, and in bounds."""

from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import Response

from core.lab.reading_link import open_reading_link, reading_token
from core.server.rate_limits import Allowance, Limiter
from core.store.store import StoreError
from pages.components.frame.running_server import server
from pages.components.web import reading_page
from pages.components.web.reading_page import READING_ROUTES, show_lab
from tests.support.app_tests import lab_after_round
from tests.support.waiting import run

pytestmark = pytest.mark.usefixtures("page_server")


@pytest.fixture(scope="module")
def link(page_server: object) -> Iterator[str]:
    """What the reading link of a lab ends with."""
    lab = lab_after_round(trials=2, epochs=1)
    lab.note(1, "<script>alert(1)</script>")
    open_reading_link(lab)
    yield reading_token(lab) or ""


def answered(token: str, lang: str = "en", address: str = "203.0.113.9") -> tuple[Response, str]:
    """The answer to a visitor, and its text."""
    scope = {
        "type": "http", "method": "GET", "path": f"/reading/{token}", "query_string": b"",
        "path_params": {"token": token}, "headers": [(b"accept-language", lang.encode())], "client": (address, 1),
    }  # fmt: skip
    answers: list[Response] = []

    async def ask() -> None:
        answers.append(await show_lab(Request(scope)))

    run(ask())
    return answers[0], bytes(answers[0].body).decode()


def test_the_lab_is_shown_in_the_visitors_language_and_kept_nowhere(link: str) -> None:
    for lang, word in (("en-GB", "The rounds"), ("ko-KR", "라운드"), ("fr", "The rounds")):
        answer, text = answered(link, lang)
        assert answer.status_code == 200 and word in text and answer.headers["cache-control"] == "no-store"
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text and "<script" not in text
        assert "noindex" in answer.headers["x-robots-tag"]


@pytest.mark.parametrize("token", ["x", "a" * 24, "<b>", "../../labs.sqlite"])
def test_any_other_link_shows_a_sentence(token: str) -> None:
    answer, text = answered(token)
    assert answer.status_code == 404 and "This link shows nothing" in text and token not in text.replace("x", "", 1)


def test_who_asks_too_often_waits(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(server().limits), "shown_labs", Limiter(None, Allowance(1, 0)))
    assert answered(link)[0].status_code == 200
    answer, text = answered(link, "ko")
    assert answer.status_code == 503 and "잠시" in text or "1분" in text
    assert answered(link, address="203.0.113.10")[0].status_code == 200


def test_a_store_that_does_not_answer_is_a_sentence(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(token: str) -> None:
        raise StoreError("The lab's store cannot be reached or written just now.")

    monkeypatch.setattr(server().labs, "look", away)
    answer, text = answered(link)
    assert answer.status_code == 503 and "cannot be reached" in text


def test_only_reading_is_routed() -> None:
    assert all(route.methods == {"GET", "HEAD"} for route in READING_ROUTES)
    assert reading_page.AT_ONCE == 1

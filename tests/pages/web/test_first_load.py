"""Every page gets the script that runs before the app's own ones, and the log says seldom that no websocket arrives."""

import json
from typing import Any

import pytest
from starlette.requests import Request

from core.languages import LANGUAGES
from pages.components.web import first_load
from pages.components.web.first_load import LOGGED_EVERY, FirstLoad, WebsocketWatch, first_load_script
from pages.components.web.static_files import FOLDER
from pages.components.web.streamlit_words import WORDS, words_by_language
from tests.support.languages import TRANSLATIONS
from tests.support.waiting import run

PAGE = '<!DOCTYPE html><html><head><title>ö</title></head><body><div id="root"></div></body></html>'.encode()


def answered(
    kind: str, body: bytes, method: str = "GET", accept: str = "text/html"
) -> tuple[dict[bytes, bytes], bytes]:
    """Headers and body of an answer that passes through; kind: its content type"""
    sent: list[dict[str, Any]] = []
    asked: list[set[bytes]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.append({name for name, _ in scope["headers"]})
        headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body)), (b"etag", b'"x"')]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"accept", accept.encode()), (b"if-none-match", b'"x"'), (b"accept-encoding", b"gzip")]
    scope = {"type": "http", "method": method, "path": "/", "headers": headers}
    run(FirstLoad(app)(scope, None, send))  # type: ignore[arg-type]
    return dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


def test_a_page_gets_the_script_before_its_own_ones() -> None:
    headers, body = answered("text/html; charset=utf-8", PAGE)
    assert b'<head><script src="./first_load.js"></script><title>' in body
    assert int(headers[b"content-length"]) == len(body) and b"etag" not in headers


@pytest.mark.parametrize(
    ("kind", "method", "accept"),
    [("text/javascript", "GET", "text/html"), ("text/html", "HEAD", "text/html"), ("text/html", "GET", "*/*")],
)
def test_everything_else_passes_as_it_is(kind: str, method: str, accept: str) -> None:
    headers, body = answered(kind, PAGE, method, accept)
    assert body == PAGE and headers[b"etag"] == b'"x"'


def test_a_page_that_is_not_the_apps_own_gets_no_script() -> None:
    _, body = answered("text/html; charset=utf-8", b"<html><head></head><body>a lab to look at</body></html>")
    assert body == b"<html><head></head><body>a lab to look at</body></html>"


def test_the_script_has_the_sentence_in_all_languages() -> None:
    line = next(line for line in first_load_script().splitlines() if line.startswith("const sentences = "))
    sentences = json.loads(line.removeprefix("const sentences = ").removesuffix(";"))
    assert set(sentences) == set(LANGUAGES) and len(set(sentences.values())) == len(LANGUAGES)


def test_a_missing_websocket_is_logged_now_and_then(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    watch = WebsocketWatch(lambda: now)

    def report() -> int:
        assert run(watch(Request({"type": "http"}))).status_code == 204  # type: ignore[arg-type]
        return len(caplog.records)

    monkeypatch.setattr(first_load.FirstLoad, "websockets", 0)
    assert [report() for _ in range(50)] == [1] * 50
    assert "none has come since the start" in caplog.records[0].message
    monkeypatch.setattr(first_load.FirstLoad, "websockets", 7)
    now += LOGGED_EVERY
    assert report() == 2 and "those of others do come" in caplog.records[1].message


def test_a_page_has_the_line_that_it_is_loading_and_says_on_what_that_depends() -> None:
    headers, body = answered("text/html", b'<html lang="en"><head></head><body><div id="root"></div></body></html>')
    assert b'<div id="loading"' in body and int(headers[b"content-length"]) == len(body)
    assert headers[b"vary"] == b"Accept-Language"


@pytest.mark.parametrize("word", WORDS)
def test_the_words_that_are_replaced_are_streamlits(word: str, streamlits_scripts: str) -> None:
    parts = [f"`{part}`" for part in ("submit form", "apply") if word.endswith(f"Enter to {part}")]
    if "{}" in word:  # a gap, ${...} in a script
        start, end = word.split("{}")
        parts = [f"`{start}${{" if start else f"}}{end}`"]
    assert any(written in streamlits_scripts for written in [f"`{word}`", *parts])
    assert all(word in words_by_language()[lang] for lang in TRANSLATIONS)


@pytest.fixture(scope="module")
def streamlits_scripts() -> str:
    """All scripts of Streamlit's in which one of the words may be."""
    return "".join(path.read_text("utf-8") for path in FOLDER.glob("js/*.js") if path.stat().st_size < 1_000_000)

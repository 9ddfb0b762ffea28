"""Streamlit's scripts and style sheets come compressed to whoever takes that, and everything else passes."""

import gzip
from typing import Any

import pytest

from pages.components.web.static_files import FOLDER, ICONS, CompressedFiles, IconFont
from tests import icon_font
from tests.support.waiting import run

SCRIPT = min(FOLDER.glob("js/index.*.js"))
STYLES = min(FOLDER.glob("css/index.*.css"))


def asked(path: str, method: str = "GET", layer: Any = CompressedFiles, **headers: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of the answer, both empty where the request passes on to Streamlit."""
    sent: list[dict[str, Any]] = []

    async def passes(scope: Any, receive: Any, send: Any) -> None:
        sent.extend([{"headers": []}, {"body": b""}])

    async def send(message: Any) -> None:
        sent.append(message)

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": given}
    run(layer(passes)(scope, None, send))  # type: ignore[arg-type]
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}, sent[1]["body"]


@pytest.mark.parametrize(("file", "kind"), [(SCRIPT, "text/javascript"), (STYLES, "text/css")])
@pytest.mark.parametrize("base", ["", "/lab"])
def test_a_file_comes_compressed_and_is_kept_by_browsers(file: Any, kind: str, base: str) -> None:
    headers, body = asked(f"{base}/static/{file.parent.name}/{file.name}", accept_encoding="gzip, deflate, br")
    assert gzip.decompress(body) == file.read_bytes() and len(body) < file.stat().st_size / 2
    assert headers["content-type"].startswith(kind) and headers["content-encoding"] == "gzip"
    assert headers["cache-control"] == "public, immutable, max-age=31536000" and headers["vary"] == "Accept-Encoding"
    assert int(headers["content-length"]) == len(body)


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [(f"/static/js/{SCRIPT.name}", "GET", {}), (f"/static/js/{SCRIPT.name}", "HEAD", {"accept_encoding": "gzip"}),
     (f"/static/js/{SCRIPT.name}", "GET", {"accept_encoding": "gzip", "range": "bytes=0-9"}),
     ("/static/js/none.js", "GET", {"accept_encoding": "gzip"}),
     ("/static/js/../../index.html", "GET", {"accept_encoding": "gzip"}),
     ("/static/js/../../../web/cli.js", "GET", {"accept_encoding": "gzip"}),
     ("/", "GET", {"accept_encoding": "gzip"})],
)  # fmt: skip
def test_everything_else_passes_on(path: str, method: str, headers: dict[str, str]) -> None:
    assert asked(path, method, **headers) == ({}, b"")


# ---------------------------------------------------------------------------------------------------- icons


def test_every_icon_that_pages_or_streamlit_name_is_in_the_font_under_the_name_of_the_whole() -> None:
    """Otherwise run python -m tests.icon_font."""
    (font,) = ICONS.glob("*.woff2")
    assert font.name == icon_font.whole().name
    assert icon_font.of_pages() | icon_font.of_streamlit() == icon_font.names(font)
    assert {"play_arrow", "undo", "keyboard_arrow_down", "check"} <= icon_font.names(font)
    assert font.stat().st_size < icon_font.whole().stat().st_size / 5


def test_the_font_comes_once_and_is_asked_about_again() -> None:
    (font,) = ICONS.glob("*.woff2")
    headers, body = asked(f"/lab/static/media/{font.name}", layer=IconFont)
    assert body == font.read_bytes() and headers["content-type"] == "font/woff2"
    assert headers["cache-control"] == "public, no-cache"
    again, nothing = asked(f"/static/media/{font.name}", layer=IconFont, if_none_match=headers["etag"])
    assert nothing == b"" and again["etag"] == headers["etag"]
    assert asked(f"/static/media/{font.name}", layer=IconFont, if_none_match='"another"')[1] == body


@pytest.mark.parametrize("name", ["MaterialSymbols-Rounded.other.woff2", "../icons.woff2", "SourceSansVF-Upright.ttf"])
def test_other_fonts_are_streamlits(name: str) -> None:
    assert asked(f"/static/media/{name}", layer=IconFont) == ({}, b"")

"""What stands on the page until the app is there: Streamlit's page with a line in the visitor's language."""

from pathlib import Path

import pytest
import streamlit as st

from core.languages import LANGUAGES
from pages.components.frame.translation import catalogue
from pages.components.web.loading import LOADING, visitors_language, with_loading_line

INDEX = Path(st.__file__).parent / "static" / "index.html"


@pytest.mark.parametrize(
    ("query", "accepted", "lang"),
    [("", "ko-KR,ko;q=0.9,en;q=0.8", "ko"), ("", "fr,en;q=0.5,ko;q=0.1", "en"), ("", "", "en"), ("", "fr", "en"),
     ("", "ja", "ja"), ("", "ja-JP,en;q=0.9,ko;q=0.8", "ja"),
     ("lang=en", "ko", "en"), ("lab=x&lang=ko", "en", "ko"), ("lang=xx", "ko", "ko"), ("lang=%3Cb%3E", "en-GB", "en")],
)  # fmt: skip
def test_the_language_is_the_addresss_else_the_browsers(query: str, accepted: str, lang: str) -> None:
    headers = [(b"accept-language", accepted.encode())]
    assert visitors_language({"query_string": query.encode(), "headers": headers, "type": "http"}) == lang


@pytest.mark.parametrize("lang", LANGUAGES)
def test_streamlits_page_gets_the_line_and_the_language(lang: str) -> None:
    page = with_loading_line(INDEX.read_bytes(), lang).decode()
    assert f'<html lang="{lang}">' in page and page.count("<html") == 1
    assert page.count(catalogue(lang).gettext(LOADING)) == 1
    assert page.index('<div id="root"></div>') < page.index('<div id="loading"')

"""The line that stands on the page until the app's scripts have come, in the visitor's language.

It is part of the HTML, since all scripts together take seconds on a slow network. first_load.js takes it away.
"""

from html import escape
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import Scope

from core.errors import N_
from core.languages import LANGUAGES
from pages.components.frame.assets import style
from pages.components.frame.translation import catalogue

LOADING = N_("Narrowing Lab is loading. On a slow network this takes some seconds.")
LANG, ROOT = b'<html lang="en">', b'<div id="root"></div>'  # in index.html
STYLE = (  # in the colours of the device, as the app itself will have
    "position: fixed; inset: 0; z-index: 1000; color-scheme: light dark; background: Canvas; color: CanvasText; "
    "padding: 20vh 1rem 0; text-align: center; font: 1.1rem/1.5 sans-serif"
)
LINE_BREAKS = style(__file__, "line_breaks.css")  # of the whole app, in every language


def visitors_language(scope: Scope) -> str:
    """`?lang=` in the address of a request, else the first of the browser's languages that there is, else "en"."""
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("lang", [])
    accepted = Headers(scope=scope).get("accept-language", "").split(",")
    for name in [*asked, *accepted]:
        if (lang := name.strip().split(";")[0].split("-")[0].lower()) in LANGUAGES:
            return lang
    return "en"


def with_loading_line(page: bytes, lang: str) -> bytes:
    """index.html in a language, with the line."""
    text = escape(catalogue(lang).gettext(LOADING))
    hidden = "<noscript><style>#loading {display: none}</style></noscript>"
    line = f'{LINE_BREAKS}{hidden}<div id="loading" role="status" style="{STYLE}">{text}</div>'
    return page.replace(LANG, f'<html lang="{lang}">'.encode(), 1).replace(ROOT, ROOT + line.encode(), 1)

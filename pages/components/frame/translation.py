"""Translation of everything on screen: English in the source, other languages from gettext catalogues."""

import gettext
import re
import threading
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import streamlit as st

from core.analysis.insight import Insight
from core.errors import LessonError
from core.languages import LANGUAGES

CHOSEN = "chosen_language"  # in the session state
PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")  # all of ASCII's: what Markdown may take for markup
CATALOGUES = Path(__file__).parent / "locale"

_run = threading.local()  # every run of a page is a thread of its own


def language() -> str:
    """The page's language."""
    return getattr(_run, "language", None) or detect_language()


def detect_language() -> str:
    """Find the language and keep it for the run: to ask Streamlit at every sentence takes a tenth of a tick."""
    _run.language = _requested_language()
    return _run.language


def _requested_language() -> str:
    """The language chosen here, else `?lang=` in the address, else the browser's, else English."""
    requested = st.session_state.get(CHOSEN) or st.query_params.get("lang")
    if requested in LANGUAGES:
        choose_language(requested)  # a link to another page may drop the parameter
        return requested
    browser = (st.context.locale or "").split("-")[0].lower()
    return browser if browser in LANGUAGES else "en"


def choose_language(lang: str) -> None:
    """Set the language of this tab."""
    st.session_state[CHOSEN] = lang


def set_language(lang: str) -> bool:
    """Set the language of this tab unless one has been chosen, in the address or by hand. Whether it is another now."""
    before = language()
    if not st.session_state.get(CHOSEN):
        choose_language(lang)
        detect_language()
    return language() != before


def use_language(lang: str) -> None:
    """Set the language of this thread, for what is made outside a run of a page."""
    _run.language = lang


def keep_in_address() -> None:
    """Write a chosen language into the address, unless that holds a teacher's secret (see teacher_key.py)."""
    chosen = st.session_state.get(CHOSEN)
    if chosen and "teach" not in st.query_params and st.query_params.get("lang") != chosen:
        st.query_params["lang"] = chosen


@lru_cache
def catalogue(lang: str) -> gettext.NullTranslations:
    """The catalogue of a language; English is the source itself."""
    return gettext.translation("lab", CATALOGUES, [lang], fallback=lang == "en")


def _(message: str) -> str:
    """`message` in the page's language."""
    return catalogue(language()).gettext(message)


def listed(items: Iterable[str]) -> str:
    """Names or figures one after the other, as the page's language sets them apart."""
    return _(", ").join(items)


def translate_error(fault: LessonError) -> str:
    """A fault as a sentence in the page's language: plain text, which HTML escapes and Markdown must not get."""
    return _(fault.sentence).format(**_translated_values(fault))


def error_markdown(fault: LessonError) -> str:
    """The same for Markdown: a value may come from a file or a link, and could fetch a picture from anywhere."""
    values = {
        name: escape_markdown(value) if isinstance(value, str) else value
        for name, value in _translated_values(fault).items()
    }
    return _(fault.sentence).format(**values)


def escape_markdown(text: str) -> str:
    """A text that Markdown shows as it is, in one line."""
    return PUNCTUATION.sub(r"\\\g<0>", " ".join(text.split()))


def _translated_values(fault: LessonError) -> dict[str, object]:
    return {name: _(value) if isinstance(value, str) and value else value for name, value in fault.values.items()}


def translate_insight(insight: Insight) -> str:
    """An insight as a sentence in the page's language, its first letter large."""
    sentence = _(insight.sentence).format(**insight.values, **{name: _(term) for name, term in insight.terms.items()})
    return sentence[:1].upper() + sentence[1:]

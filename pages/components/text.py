"""Everything on screen goes through here: English in the source, other languages from the gettext catalogues."""

import gettext
import threading
from functools import lru_cache
from pathlib import Path

import streamlit as st

from core.errors import LessonError
from core.remarks import Remark

LANGUAGES = {"en": "English", "ko": "한국어"}
CHOSEN = "chosen_language"  # in the session state
CATALOGUES = Path(__file__).parent / "locale"

_heard = threading.local()  # a run of the page is a thread


def language() -> str:
    """The page's language."""
    return getattr(_heard, "language", None) or listen()


def listen() -> str:
    """Find out the language at the start of a run; asking Streamlit at every word would take a tenth of a tick."""
    _heard.language = _asked()
    return _heard.language


def _asked() -> str:
    """The language chosen here, else `?lang=` in the address, else the browser's, else English."""
    asked = st.session_state.get(CHOSEN) or st.query_params.get("lang")
    if asked in LANGUAGES:
        choose_language(asked)  # the way to another page may lose the address's
        return asked
    browser = (st.context.locale or "").split("-")[0].lower()
    return browser if browser in LANGUAGES else "en"


def choose_language(lang: str) -> None:
    """Take a language for this tab."""
    st.session_state[CHOSEN] = lang


def speak(lang: str) -> None:
    """Take a language for this tab unless one has been chosen, in the address or by hand."""
    if not st.session_state.get(CHOSEN):
        choose_language(lang)
        listen()


def keep_in_address() -> None:
    """Write a chosen language into the address, again if a run began with an older address.

    Not into one that holds a teacher's secret, which is about to be replaced (see keeping.py).
    """
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


def told(fault: LessonError) -> str:
    """A fault as a sentence in the page's language."""
    values = {name: _(value) if isinstance(value, str) and value else value for name, value in fault.values.items()}
    return _(fault.sentence).format(**values)


def said(remark: Remark) -> str:
    """A remark as a sentence in the page's language, its first letter large."""
    sentence = _(remark.sentence).format(**remark.values, **{name: _(term) for name, term in remark.terms.items()})
    return sentence[:1].upper() + sentence[1:]

"""Everything on screen goes through here: English in the source, other languages from the gettext catalogues."""

import gettext
from functools import lru_cache
from pathlib import Path

import streamlit as st

from core.errors import LessonError
from core.remarks import Remark

LANGUAGES = {"en": "English", "ko": "한국어"}
CATALOGUES = Path(__file__).parent / "locale"


def language() -> str:
    """The page's language: `?lang=` in the address, else the browser's, else English."""
    asked = st.query_params.get("lang")
    if asked in LANGUAGES:
        return asked
    browser = (st.context.locale or "").split("-")[0].lower()
    return browser if browser in LANGUAGES else "en"


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

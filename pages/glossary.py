"""The words of the lesson in both languages."""

import streamlit as st

from core.glossary import TERMS
from pages.components.layout import header
from pages.components.session import lab
from pages.components.text import LANGUAGES, _, catalogue, language


def glossary() -> None:
    """The page."""
    header(lab(), _("The words of the lesson"))
    for term, meaning in TERMS.items():
        here, *others = sorted(LANGUAGES, key=lambda lang: lang != language())
        names = ", ".join(catalogue(lang).gettext(term) for lang in others)
        st.markdown(f"**{catalogue(here).gettext(term)}** ({names})  \n{_(meaning)}")


if __name__ == "__main__":
    glossary()

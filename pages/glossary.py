"""The words of the lesson in both languages."""

import streamlit as st

from core.glossary import TERMS
from pages.components.layout import header
from pages.components.session import lab
from pages.components.text import LANGUAGES, _, catalogue


def glossary() -> None:
    """The page."""
    header(lab(), _("The words of the lesson"))
    head = [*LANGUAGES.values(), _("meaning")]
    rows = [[*(catalogue(lang).gettext(term) for lang in LANGUAGES), _(meaning)] for term, meaning in TERMS.items()]
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
    st.markdown("\n".join(lines))


if __name__ == "__main__":
    glossary()

"""Streamlit's own words on the screen, which it has in English alone, and what is shown in their place.

The script streamlit_words.js replaces them in the browser, in the language of the page.
"""

from core.errors import N_
from core.languages import LANGUAGES
from pages.components.frame.translation import catalogue

WORDS = {  # what Streamlit writes: what the page shows; {} stands for any text
    "Connecting": N_("Connecting"),
    "Error": N_("Error"),
    "Connection error": N_("No connection"),
    "Streamlit server is not responding. Are you connected to the internet?": N_(
        "The server does not answer. Your work is kept. This page goes on by itself as soon as the connection is back."
    ),
    "Running...": N_("Working"),
    "Stop": N_("Stop"),
    "Stopping...": N_("Stopping"),
    "Main menu": N_("Menu"),
    "Theme": N_("Theme"),
    "System": N_("Auto"),
    "Light": N_("Light"),
    "Dark": N_("Dark"),
    "Print": N_("Print"),
    "About": N_("About"),
    "Close": N_("Close"),
    "Expand sidebar": N_("Open the list of pages"),
    "Collapse sidebar": N_("Close the list of pages"),
    "Press Enter to apply": N_("Press Enter to apply"),
    "Press Enter to submit form": N_("Press Enter to send"),
    "Upload": N_("Choose a file"),
    "Drag and drop a file here": N_("or drop it here"),
    "Copy to clipboard": N_("Copy"),
    "Copied": N_("Copied"),
    "Fullscreen": N_("Full screen"),
    "Close fullscreen": N_("Leave full screen"),
    "Download as CSV": N_("Download as CSV"),
    "Show/hide columns": N_("Show or hide columns"),
    "Search": N_("Search"),
    "Show data": N_("Show the numbers"),
    "Show chart": N_("Show the chart"),
    "No results": N_("Nothing found"),
    "Help for {}": N_("Help: {}"),
    "{} per file": N_("up to {} a file"),
}


def words_by_language() -> dict[str, dict[str, str]]:
    """For each language, Streamlit's words with what is shown in their place, without those that stay."""
    found = {}
    for lang in LANGUAGES:
        translated = {word: catalogue(lang).gettext(shown) for word, shown in WORDS.items()}
        found[lang] = {word: shown for word, shown in translated.items() if word != shown}
    return found

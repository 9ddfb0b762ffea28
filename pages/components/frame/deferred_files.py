"""Files that are made when they are downloaded, in the page's language, and what is said when one cannot be made.

Streamlit makes such a file in a thread that knows nothing of the page, and has an English sentence of its own for every
fault. Here a file has the language that its button was drawn in, and the button says in it what went wrong.

    browser --request--> DeferredFiles --thread--> made_in_language --> file, or a sentence in _sentences
"""

from collections.abc import Callable
from contextvars import ContextVar

import streamlit as st
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest
from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse
from streamlit.runtime import app_session
from streamlit.runtime.backend_operation_handler import DeferredFileHandler

from core.errors import N_, LessonError
from core.languages import LANGUAGES
from pages.components.frame.translation import _, catalogue, language, translate_error, use_language

GONE = N_("This file cannot be made any more. Reload the page and try again.")

_sentences: ContextVar[list[str]] = ContextVar("sentences")  # of the request that is being answered


def download_button(label: str, make: Callable[[], str | bytes], name: str, mime: str, icon: str) -> None:
    """A button that downloads a file, which is made when the button is pressed. make: gives its content"""
    st.download_button(label, made_in_language(make, language()), name, mime, icon=icon, on_click="ignore")


def made_in_language(make: Callable[[], str | bytes], lang: str) -> Callable[[], str | bytes]:
    """`make` in a language, wherever it is called; of what it raises a sentence is kept for the answer."""

    def made() -> str | bytes:
        use_language(lang)
        try:
            return make()
        except Exception as fault:  # which Streamlit logs
            unexpected = _("This file could not be made because of an unexpected fault. Your work is kept.")
            sentence = translate_error(fault) if isinstance(fault, LessonError) else unexpected
            _sentences.get([]).append(sentence)
            raise

    return made


class DeferredFiles(DeferredFileHandler):
    """Answers a request for a file as Streamlit does, but with our sentence where there is none."""

    async def handle(self, request: BackendOperationRequest, session_id: str) -> BackendOperationResponse:
        """See Streamlit's."""
        sentences: list[str] = []
        _sentences.set(sentences)  # the thread that makes the file gets a copy of this context
        response = await super().handle(request, session_id)
        if response.error_msg:  # without a sentence the file was not even begun, and its language is not known
            response.error_msg = " ".join(sentences or [catalogue(lang).gettext(GONE) for lang in LANGUAGES])
        return response


def answer_in_our_words() -> None:
    """Have sessions that begin from now on answer requests for files by DeferredFiles."""
    app_session.DeferredFileHandler = DeferredFiles  # type: ignore[misc]

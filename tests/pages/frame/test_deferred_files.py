"""Files that are made when they are downloaded: the language of their button, and our own sentence on a fault."""

import re
from collections.abc import Callable

import pytest
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest
from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from core.errors import LessonError
from pages.components.classroom.desk import class_table
from pages.components.frame.deferred_files import GONE, DeferredFiles, made_in_language
from tests.support.class_tests import new_class, student
from tests.support.languages import LANGUAGES, TRANSLATIONS, is_in, shown
from tests.support.waiting import run


def answer(make: Callable[[], str | bytes] | None, lang: str) -> tuple[BackendOperationResponse, bytes]:
    """What the server answers when a file is asked for, and the file."""
    storage = MemoryMediaFileStorage("/media")
    files = MediaFileManager(storage)
    id_ = "none"
    if make is not None:
        id_ = files.add_deferred(made_in_language(make, lang), "text/csv", "place", "file.csv")
    request = BackendOperationRequest(request_id="1")
    request.deferred_file.file_id = id_
    response = run(DeferredFiles(lambda: files).handle(request, "session"))
    url = response.deferred_file.url
    return response, storage.get_file(url.rsplit("/", 1)[-1]).content if url else b""


@pytest.mark.usefixtures("page_server")
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_table_made_at_its_download_has_the_language_of_its_button(lang: str) -> None:
    classroom, _secret = new_class()
    student(classroom, 0.5)
    response, table = answer(lambda: class_table(classroom), lang)
    written = table.decode("utf-8-sig")
    assert not response.error_msg and [one for one in TRANSLATIONS if is_in(one, written)] == [lang] * (lang != "en")


def refused() -> str:
    raise LessonError("A journal has at most {limit} MB.", limit=16)


def broken() -> str:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("make", "lang", "sentence"),
    [
        (refused, "en", "^A journal has at most 16 MB.$"),
        *((refused, lang, "^[^A-Za-z]*16[^A-Za-z]*MB[^A-Za-z]*$") for lang in TRANSLATIONS),
        (broken, "en", "^This file could not be made because of an unexpected fault"),
        *((broken, lang, "^[^A-Za-z]+$") for lang in TRANSLATIONS),
        (None, "ko", f"{GONE}.*{shown(GONE, 'ko')}.*{shown(GONE, 'ja')}"),
    ],
)
def test_a_fault_is_told_in_our_own_words(make: Callable[[], str] | None, lang: str, sentence: str) -> None:
    response, content = answer(make, lang)
    assert re.search(sentence, response.error_msg) and "Failed to" not in response.error_msg and not content

"""Every sentence on screen has its translation, and the translation fills the same gaps."""

import gettext
import string

import pytest

from tests.catalogue import TRANSLATIONS, collect, po_file, read


def gaps(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_sentence_of_the_source_is_translated(language: str) -> None:
    catalogue = read(language)
    missing = [message.id for message in collect() if message.id and not (catalogue.get(message.id) or message).string]
    assert missing == []


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_no_translation_is_left_over_or_uncertain(language: str) -> None:
    source = {message.id for message in collect() if message.id}
    catalogue = [message for message in read(language) if message.id]
    assert {message.id for message in catalogue} == source
    assert [message.id for message in catalogue if message.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_has_the_gaps_of_its_sentence(language: str) -> None:
    wrong = [message.id for message in read(language) if message.id and gaps(message.id) != gaps(message.string)]
    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_the_compiled_catalogue_is_that_of_the_edited_one(language: str) -> None:
    with po_file(language).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    different = [
        message.id for message in read(language) if message.id and compiled.gettext(message.id) != message.string
    ]
    assert different == []


def test_collecting_finds_sentences_of_core_and_of_pages() -> None:
    found = {message.id for message in collect()}
    assert {"This is not the plan of a round.", "Findings will appear here.", "Pause"} <= found

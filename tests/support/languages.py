"""The languages of the app as tests meet them: what a page says in one, and what it has left in English."""

import re
import unicodedata
from functools import cache

from core.languages import LANGUAGES
from tests.catalogue import TRANSLATIONS, texts

__all__ = ["LANGUAGES", "TRANSLATIONS", "is_in", "longest_part", "round_over", "shown", "untranslated"]

ANY = "any"  # takes no sign that an expression must escape
OF_FORMULAS = {"LATIN", "GREEK", "MODIFIER"}  # scripts of letters that a text in any language may have


def shown(message: str, lang: str, **values: object) -> str:
    """What a page shows for a message of the catalogue, its gaps filled. Raises KeyError where there is no such one."""
    return _texts(lang)[message].format(**values)


def longest_part(message: str, lang: str) -> str:
    """The longest part between two gaps of what a page shows for a message of the catalogue."""
    return max(re.split(r"\{.*?\}", _texts(lang)[message]), key=len)


def is_in(lang: str, text: str) -> bool:
    """Whether a text has letters in which a translation is written and no other language is."""
    return bool(_scripts(text) & _scripts_of(lang))


def untranslated(sentences: list[str], lang: str) -> list[str]:
    """The sentences without a letter of a language's own, empty ones left out.

    A name that a translation writes in Latin letters, such as Batch Normalization in Japanese, is none of them.
    """
    names = {text for message, text in _texts(lang).items() if text != message}
    return [one for one in sentences if one.strip() and not is_in(lang, one) and one not in names]


def round_over(lang: str, epochs: int | None = None, number: int = 1) -> re.Pattern[str]:
    """The sentence that a round has come to its end. epochs: of all its trials together; any without"""
    gaps = {"number": number, "total": epochs or ANY, "seconds": 0.0}
    sentence = re.escape(shown("Round {number}: {total} epochs in {seconds:.1f} s", lang, **gaps))
    return re.compile(sentence.replace(ANY, r"\d+").replace(re.escape("0.0"), r"[\d.]+"))


@cache
def _texts(lang: str) -> dict[str, str]:
    return texts(lang)


@cache
def _scripts_of(lang: str) -> set[str]:
    """HANGUL for Korean; CJK, HIRAGANA and KATAKANA for Japanese; "en" has none of its own."""
    return _scripts("".join(_texts(lang).values())) - OF_FORMULAS


def _scripts(text: str) -> set[str]:
    """The first words of the names that Unicode gives to letters: mostly their scripts."""
    return {unicodedata.name(letter, "").split(" ")[0] for letter in set(text) if letter.isalpha()}

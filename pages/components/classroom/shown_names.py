"""What a student of a class is called on the page: a nickname, or a pseudonym in the page's language."""

from functools import lru_cache

from core.classroom.member import Member
from core.languages import LANGUAGES
from pages.components.frame.translation import catalogue, language


def shown_name(member: Member) -> str:
    """A student's nickname if it is set and not hidden, else the pseudonym in the page's language."""
    return member.public_nickname or translate_pseudonym(member.pseudonym, language())


@lru_cache(maxsize=4096)
def translate_pseudonym(pseudonym: str, lang: str) -> str:
    """A pseudonym in a language."""
    return " ".join(catalogue(lang).gettext(word) for word in pseudonym.split())


def pseudonym_in_all_languages(pseudonym: str) -> list[str]:
    """A pseudonym in every language of the app, so that no nickname imitates it."""
    return [translate_pseudonym(pseudonym, lang) for lang in LANGUAGES]

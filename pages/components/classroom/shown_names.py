"""What a student of a class is called on the page: a nickname, or a pseudonym in the page's language."""

from functools import lru_cache

from core.classroom.classroom import Classroom
from core.classroom.seats import merged_seats, primary_seat
from core.languages import LANGUAGES
from pages.components.frame.translation import catalogue, language


def shown_name(classroom: Classroom, seat: int) -> str:
    """What the student at a seat is called: a nickname if there is one and it is not hidden, else the pseudonym.

    A seat that was merged has the name of the first; "" for one that is not there.
    """
    member = classroom.members.get(primary_seat(classroom, seat))
    if member is None:
        return ""
    nickname = "" if classroom.nicknames_hidden else member.public_nickname
    return nickname or translate_pseudonym(member.pseudonym, language())


def shown_names(classroom: Classroom) -> dict[int, str]:
    """The names of all students, by the seats that count."""
    return {seat: shown_name(classroom, seat) for seat in merged_seats(classroom)}


@lru_cache(maxsize=4096)
def translate_pseudonym(pseudonym: str, lang: str) -> str:
    """A pseudonym in a language."""
    return " ".join(catalogue(lang).gettext(word) for word in pseudonym.split())


def pseudonym_in_all_languages(pseudonym: str) -> list[str]:
    """A pseudonym in every language of the app, so that no nickname imitates it."""
    return [translate_pseudonym(pseudonym, lang) for lang in LANGUAGES]

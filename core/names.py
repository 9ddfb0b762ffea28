"""Names that people type: plain text of a bounded length that looks on every screen like what it is.

What does not show or turns its surroundings around is taken out: control characters, directional overrides, zero-width
joiners, fillers, variation selectors, marks on no letter. Markup stays, as the characters that it is; who shows a name
shows it as text.
"""

import unicodedata

from core.errors import N_, LessonError

NICKNAME, TITLE = 24, 60  # characters
MARKS = 2  # combining marks on one character; more climb into the lines above
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}  # categories of characters that do not show
IGNORED = {0x034F, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}  # marks
BLANK = set("\u115f\u1160\u3164\uffa0\u2800")  # letters by category, and nothing on screen


def plain_text(given: str) -> str:
    """A text without what does not show, every run of spaces and line ends as one space."""
    showing = (letter for letter in given.encode(errors="ignore").decode() if _shows(letter))
    kept: list[str] = []
    marks = MARKS  # there is nothing yet to put one on
    for letter in unicodedata.normalize("NFC", "".join(showing)):
        if letter.isspace() or letter in BLANK or unicodedata.category(letter).startswith("Z"):
            kept.append(" ")
            marks = MARKS
            continue
        marks = marks + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        if marks <= MARKS:
            kept.append(letter)
    return " ".join("".join(kept).split())


def _shows(letter: str) -> bool:
    """Whether a character does anything on a screen; spaces and line ends do."""
    if letter.isspace():
        return True
    return unicodedata.category(letter) not in HIDDEN and ord(letter) not in IGNORED


def nickname(given: str) -> str:
    """A nickname, "" for none. Raises LessonError when it is too long."""
    name = plain_text(given)
    if len(name) > NICKNAME:
        raise LessonError(N_("A nickname has at most {most} characters."), most=NICKNAME)
    return name


def title(given: str) -> str:
    """The title of a class. Raises LessonError when it is empty or too long."""
    name = plain_text(given)
    if not 0 < len(name) <= TITLE:
        raise LessonError(N_("A class needs a title of 1 to {most} characters."), most=TITLE)
    return name


def alike(first: str, second: str) -> bool:
    """Whether two names are read as the same."""
    return _skeleton(first) == _skeleton(second)


def _skeleton(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())

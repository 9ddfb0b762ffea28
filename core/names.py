"""Names that people type: plain text of a bounded length that looks on every screen like what it is.

What does not show or turns its surroundings around is taken out: control characters, directional overrides, zero-width
joiners, fillers. Markup stays, as the characters that it is; who shows a name shows it as text.
"""

import unicodedata

from core.errors import N_, LessonError

NICKNAME, TITLE = 24, 60  # characters
MARKS = 2  # combining marks on one character; more climb into the lines above
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}  # categories of characters that do not show
BLANK = set("\u115f\u1160\u3164\uffa0\u2800")  # letters by category, and nothing on screen


def plain_text(given: str) -> str:
    """A text without what does not show, every run of spaces and line ends as one space."""
    kept: list[str] = []
    marks = 0
    for letter in unicodedata.normalize("NFC", given.encode(errors="ignore").decode()):
        category = unicodedata.category(letter)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if letter.isspace() or letter in BLANK or category.startswith("Z"):
            kept.append(" ")
        elif category not in HIDDEN and marks <= MARKS:
            kept.append(letter)
    return " ".join("".join(kept).split())


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

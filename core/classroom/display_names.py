"""Names on screen: nicknames and titles that people type, cleaned, and pseudonyms that are drawn.

Cleaning removes invisible characters and those that change how their surroundings are shown: control characters,
directional overrides, zero-width joiners, fillers, variation selectors, marks on no letter. Markup is left as plain
characters: pages show a name as text.
"""

import secrets
import unicodedata
from collections.abc import Collection
from itertools import count

from core.errors import N_, LessonError

MAX_NICKNAME, MAX_TITLE = 24, 60  # characters
MAX_MARKS = 2  # combining marks on one character; more would cover the lines above
HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn"}  # Unicode categories of invisible characters
HIDDEN_MARKS = {0x034F, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
BLANK = set("\u115f\u1160\u3164\uffa0\u2800")  # letters and symbols by category, blank on screen
ADJECTIVES = [
    N_("amber"), N_("brave"), N_("bright"), N_("calm"), N_("cheerful"), N_("clever"), N_("curious"), N_("eager"),
    N_("gentle"), N_("golden"), N_("happy"), N_("humming"), N_("kind"), N_("lively"), N_("lucky"), N_("merry"),
    N_("nimble"), N_("patient"), N_("playful"), N_("polite"), N_("quick"), N_("quiet"), N_("shiny"), N_("silver"),
    N_("sleepy"), N_("smiling"), N_("snowy"), N_("steady"), N_("sunny"), N_("swift"), N_("thoughtful"), N_("wise"),
]  # fmt: skip
ANIMALS = [
    N_("badger"), N_("beaver"), N_("bee"), N_("crane"), N_("deer"), N_("dolphin"), N_("duck"), N_("eagle"),
    N_("falcon"), N_("fox"), N_("frog"), N_("hare"), N_("hedgehog"), N_("heron"), N_("koala"), N_("lark"),
    N_("lynx"), N_("magpie"), N_("marten"), N_("otter"), N_("owl"), N_("panda"), N_("penguin"), N_("robin"),
    N_("salmon"), N_("seal"), N_("sparrow"), N_("squirrel"), N_("stork"), N_("swan"), N_("tiger"), N_("turtle"),
]  # fmt: skip
MAX_DRAWS = 20  # before a pseudonym gets a number


def plain_text(given: str) -> str:
    """A text without invisible characters, every run of spaces and line ends as one space."""
    visible = (letter for letter in given.encode(errors="ignore").decode() if _is_visible(letter))
    kept: list[str] = []
    marks = MAX_MARKS  # a mark needs a letter before it
    for letter in unicodedata.normalize("NFC", "".join(visible)):
        if letter.isspace() or letter in BLANK or unicodedata.category(letter).startswith("Z"):
            kept.append(" ")
            marks = MAX_MARKS
            continue
        marks = marks + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        if marks <= MAX_MARKS:
            kept.append(letter)
    return " ".join("".join(kept).split())


def _is_visible(letter: str) -> bool:
    """Whether a character changes what is on screen; spaces and line ends do."""
    if letter.isspace():
        return True
    return unicodedata.category(letter) not in HIDDEN_CATEGORIES and ord(letter) not in HIDDEN_MARKS


def clean_nickname(given: str) -> str:
    """A nickname, "" for none. Raises LessonError when it is too long."""
    name = plain_text(given)
    if len(name) > MAX_NICKNAME:
        raise LessonError(N_("A nickname has at most {most} characters."), most=MAX_NICKNAME)
    return name


def clean_title(given: str) -> str:
    """The title of a class. Raises LessonError when it is empty or too long."""
    name = plain_text(given)
    if not 0 < len(name) <= MAX_TITLE:
        raise LessonError(N_("A class needs a title of 1 to {most} characters."), most=MAX_TITLE)
    return name


def same_name(first: str, second: str) -> bool:
    """Whether two names look the same: case, width and spaces do not count."""
    return _comparison_form(first) == _comparison_form(second)


def _comparison_form(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def draw_pseudonym() -> str:
    """A pseudonym such as "quick otter": two words, each with a translation."""
    return f"{secrets.choice(ADJECTIVES)} {secrets.choice(ANIMALS)}"


def draw_unused_pseudonym(taken: Collection[str]) -> str:
    """A pseudonym that is not taken; after MAX_DRAWS attempts the last one drawn gets a number."""
    for _ in range(MAX_DRAWS):
        if (name := draw_pseudonym()) not in taken:
            return name
    return next(numbered for number in count(2) if (numbered := f"{name} {number}") not in taken)

"""Names that people type come out as bounded plain text; codes come out as they were meant."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import codes, names, pseudonyms
from core.errors import LessonError

RIGHT_TO_LEFT = "\u202e\u2066\u2067\u2068\u200f\u061c"
ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
MARKUP = "<b onclick=x>Kim</b> [a](b) $x$"


@given(st.text(max_size=60))
def test_nothing_that_does_not_show_is_left(text: str) -> None:
    kept = names.plain_text(text)
    assert not {unicodedata.category(letter) for letter in kept} & names.HIDDEN
    assert kept == " ".join(kept.split())


@given(st.text(max_size=60))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert names.plain_text(names.plain_text(text)) == names.plain_text(text)


@pytest.mark.parametrize(
    "hidden", [RIGHT_TO_LEFT, ZERO_WIDTH, "\0\x01\x1b\x7f", "\U000e0041", "\ud800", "\ufe0f\u034f\u180b\U000e0100"]
)
def test_what_hides_in_a_name_is_taken_out(hidden: str) -> None:
    assert names.nickname(f"K{hidden}im") == "Kim"


@pytest.mark.parametrize("blank", ["\n", "\u2028", "\u3164", "\u2800", "\u00a0", "\t \n"])
def test_what_looks_blank_is_one_space(blank: str) -> None:
    assert names.nickname(f"K{blank}im") == "K im"
    assert names.nickname(blank) == ""


@pytest.mark.parametrize("nothing", ["\u0301", "\ufe0f", "\u0301\u0302 \u20dd", "\u200d\u0301"])
def test_a_name_of_marks_alone_is_none(nothing: str) -> None:
    assert names.nickname(nothing) == ""


def test_what_hides_between_a_letter_and_its_mark_leaves_one_letter() -> None:
    assert names.nickname("Zoe\u200b\u0308") == "Zoë" and names.alike(names.nickname("Kim\ufe0f"), "Kim")


def test_marks_do_not_climb_into_the_lines_above() -> None:
    assert len(names.plain_text("e" + "\u0301" * 50 + "x")) <= 2 + names.MARKS


@pytest.mark.parametrize("name", ["수달", "Zoë", "Ольга", "عمر", "李 雷", "a<b&c"])
def test_real_names_stay_as_they_are(name: str) -> None:
    assert names.nickname(name) == name


def test_markup_stays_the_characters_that_it_is() -> None:
    assert names.plain_text(MARKUP) == MARKUP


@pytest.mark.parametrize("length", [names.NICKNAME + 1, 10_000])
def test_a_long_nickname_is_refused_with_a_sentence(length: int) -> None:
    with pytest.raises(LessonError, match="at most 24 characters"):
        names.nickname("x" * length)


@pytest.mark.parametrize("title", ["", " \u200b ", "x" * (names.TITLE + 1)])
def test_a_class_needs_a_title(title: str) -> None:
    with pytest.raises(LessonError, match="title"):
        names.title(title)


@pytest.mark.parametrize(
    ("first", "second"), [("Kim", "kim"), ("Kim", "Ｋｉｍ"), ("quick otter", "Quick  Otter"), ("ﬁn", "fin")]
)
def test_names_that_are_read_as_the_same_are_alike(first: str, second: str) -> None:
    assert names.alike(first, second)


# ---------------------------------------------------------------------------------------------------- pseudonyms


def test_a_drawn_name_is_none_of_those_that_are_taken() -> None:
    every = {f"{one} {other}" for one in pseudonyms.ADJECTIVES for other in pseudonyms.ANIMALS}
    left = "quick otter"
    assert {pseudonyms.draw_besides(every - {left, "calm owl"}) for _ in range(3)} & every <= {left, "calm owl"}


def test_when_all_are_taken_a_name_gets_a_number() -> None:
    taken = {f"{one} {other}" for one in pseudonyms.ADJECTIVES for other in pseudonyms.ANIMALS}
    for _ in range(5):
        name = pseudonyms.draw_besides(taken)
        assert name not in taken and name.rsplit(" ", 1)[1].isdigit()
        taken.add(name)


# ---------------------------------------------------------------------------------------------------- codes


def test_a_code_has_no_look_alikes() -> None:
    assert not set(codes.ALPHABET) & set("0OQ1IL2Z5S6G8BUV")
    assert len(set(codes.ALPHABET)) == len(codes.ALPHABET)


def test_a_drawn_code_is_read_however_it_is_typed() -> None:
    code = codes.draw()
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    for typed in (code, code.lower(), codes.written(code), f" {code[:4]}-{code[4:]} ", wide):
        assert codes.read(typed) == code


@pytest.mark.parametrize(
    "typed", ["", "ACDEFHJ", "ACDEFHJKM", "ACDEFHJ0", "한글한글한글한글", "A" * 10_000, "\0" * 8, "٣٣٣٣٣٣٣٣"]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert codes.read(typed) is None

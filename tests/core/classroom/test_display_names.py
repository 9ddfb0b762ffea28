"""Names that people type become bounded plain text; codes are parsed however they are typed."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import kana_keys
from core.classroom import display_names as names
from core.classroom import join_codes as codes
from core.errors import LessonError
from core.hangul_keys import KEYS
from tests.support.generated_input import cases

RIGHT_TO_LEFT = "\u202e\u2066\u2067\u2068\u200f\u061c"
ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
MARKUP = "<b onclick=x>Kim</b> [a](b) $x$"


@given(st.text(max_size=60))
def test_no_invisible_character_is_left(text: str) -> None:
    kept = names.plain_text(text)
    assert not {unicodedata.category(letter) for letter in kept} & names.HIDDEN_CATEGORIES
    assert kept == " ".join(kept.split())


@given(st.text(max_size=60))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert names.plain_text(names.plain_text(text)) == names.plain_text(text)


@pytest.mark.parametrize(
    "hidden", [RIGHT_TO_LEFT, ZERO_WIDTH, "\0\x01\x1b\x7f", "\U000e0041", "\ud800", "\ufe0f\u034f\u180b\U000e0100"]
)
def test_invisible_characters_are_removed(hidden: str) -> None:
    assert names.clean_nickname(f"K{hidden}im") == "Kim"


@pytest.mark.parametrize("blank", ["\n", "\u2028", "\u3164", "\u2800", "\u00a0", "\t \n"])
def test_what_looks_blank_is_one_space(blank: str) -> None:
    assert names.clean_nickname(f"K{blank}im") == "K im"
    assert names.clean_nickname(blank) == ""


@pytest.mark.parametrize("nothing", ["\u0301", "\ufe0f", "\u0301\u0302 \u20dd", "\u200d\u0301"])
def test_a_name_of_nothing_but_marks_is_empty(nothing: str) -> None:
    assert names.clean_nickname(nothing) == ""


def test_a_letter_and_its_mark_become_one_when_an_invisible_character_between_them_is_removed() -> None:
    assert names.clean_nickname("Zoe\u200b\u0308") == "Zoë"
    assert names.same_name(names.clean_nickname("Kim\ufe0f"), "Kim")


def test_the_marks_on_a_letter_are_bounded() -> None:
    assert len(names.plain_text("e" + "\u0301" * 50 + "x")) <= 2 + names.MAX_MARKS


@pytest.mark.parametrize("name", ["수달", "Zoë", "Ольга", "عمر", "李 雷", "a<b&c"])
def test_real_names_are_not_changed(name: str) -> None:
    assert names.clean_nickname(name) == name


def test_markup_is_kept_as_plain_characters() -> None:
    assert names.plain_text(MARKUP) == MARKUP


@pytest.mark.parametrize("length", [names.MAX_NICKNAME + 1, 10_000])
def test_a_long_nickname_is_refused_with_a_sentence(length: int) -> None:
    with pytest.raises(LessonError, match="at most 24 characters"):
        names.clean_nickname("x" * length)


@pytest.mark.parametrize("title", ["", " \u200b ", "x" * (names.MAX_TITLE + 1)])
def test_a_class_needs_a_title(title: str) -> None:
    with pytest.raises(LessonError, match="title"):
        names.clean_title(title)


@pytest.mark.parametrize(
    ("first", "second"), [("Kim", "kim"), ("Kim", "Ｋｉｍ"), ("quick otter", "Quick  Otter"), ("ﬁn", "fin")]
)
def test_names_that_are_read_as_the_same_are_alike(first: str, second: str) -> None:
    assert names.same_name(first, second)


# ---------------------------------------------------------------------------------------------------- pseudonyms


def test_a_drawn_name_is_none_of_those_that_are_taken() -> None:
    every = {f"{one} {other}" for one in names.ADJECTIVES for other in names.ANIMALS}
    left = "quick otter"
    assert {names.draw_unused_pseudonym(every - {left, "calm owl"}) for _ in range(3)} & every <= {left, "calm owl"}


def test_when_all_are_taken_a_name_gets_a_number() -> None:
    taken = {f"{one} {other}" for one in names.ADJECTIVES for other in names.ANIMALS}
    for _ in range(5):
        name = names.draw_unused_pseudonym(taken)
        assert name not in taken and name.rsplit(" ", 1)[1].isdigit()
        taken.add(name)


# ---------------------------------------------------------------------------------------------------- codes


def test_a_code_has_no_look_alikes() -> None:
    assert not set(codes.ALPHABET) & set("0OQ1IL2Z5S6G8BUV")
    assert len(set(codes.ALPHABET)) == len(codes.ALPHABET)


@cases(200)
@given(st.text(codes.ALPHABET, min_size=codes.LENGTH, max_size=codes.LENGTH))
def test_a_code_is_read_however_it_is_typed(code: str) -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    hangul = "".join({key: letter for letter, key in KEYS.items()}.get(one.lower(), one) for one in code)
    joined = unicodedata.normalize("NFKC", hangul)  # letters put together, as an input method does
    for typed in (code, code.lower(), codes.grouped(code), f" {code[:4]}-{code[4:]} ", wide, hangul, joined):
        assert codes.parse(typed) == code


def as_romaji(code: str) -> str:
    """What a Japanese input method makes of a code's letters as they are typed: small full-width ones, っ and ん."""
    doubled = re.sub(r"([a-z])(?=\1)", "っ", code.lower())
    joined = re.sub("n(?=[a-mo-xz])", "ん", doubled)
    return "".join(chr(ord(one) + 0xFEE0) if one.isascii() else one for one in joined)


def test_a_code_that_is_drawn_is_read_in_kana_mode() -> None:
    kana_of = {key: letter for letter, key in kana_keys.KEYS.items()}
    drawn = {codes.draw() for _ in range(2000)}
    assert len(drawn) == 2000 and set("".join(drawn)) == set(codes.ALPHABET) - set("AE")
    for code in drawn:
        for typed in ("".join(kana_of[one] for one in code.lower()), as_romaji(code)):
            assert codes.parse(typed) == code


@pytest.mark.parametrize(
    "typed", ["", "ACDEFHJ", "ACDEFHJKM", "ACDEFHJ0", "한글한글한글한글", "A" * 10_000, "\0" * 8, "٣٣٣٣٣٣٣٣"]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert codes.parse(typed) is None

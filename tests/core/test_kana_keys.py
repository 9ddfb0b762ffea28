"""Kana are read as the keys that they were typed with, each a key of its own or Latin letters becoming kana."""

import unicodedata

import pytest

from core.kana_keys import KEYS, latin_keys

ROWS = ("1234567890-^", "qwertyuiop", "asdfghjkl", "zxcvbnm,./")
KANA = ("ぬふあうえおやゆよわほへ", "たていすかんなにらせ", "ちとしはきくまのり", "つさそひこみもねるめ")  # JIS X 6002


@pytest.mark.parametrize(("row", "kana"), [*zip(ROWS, KANA, strict=True)])
def test_a_row_of_keys_gives_its_kana(row: str, kana: str) -> None:
    katakana = "".join(chr(ord(one) + 0x60) for one in kana)
    half = "".join(_half_width(one) for one in katakana)
    for typed in (kana, katakana, half):
        assert latin_keys(typed) == row


def _half_width(katakana: str) -> str:
    return next(chr(code) for code in range(0xFF66, 0xFF9E) if unicodedata.normalize("NFKC", chr(code)) == katakana)


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("ほあ", "-3"), ("ぬいほあ", "1e-3"), ("ゃょ", "79"), ("やよ あう", "79 34"),
        ("ー３", "-3"), ("１えー３", "1e-3"), ("１０＾ー２", "10^-2"), ("っｋ", "kk"), ("っっｋ", "kkk"),
        ("ｃんｋっｔ３", "cnktt3"), ("ん3", "n3"),
        ("A3 x-y", "A3 x-y"), ("한글", "한글"), ("漢字", "漢字"), ("", ""),
    ],
)  # fmt: skip
def test_kana_is_the_keys_it_was_typed_with(typed: str, keys: str) -> None:
    assert latin_keys(typed) == keys


def test_no_two_kana_are_on_one_key() -> None:
    assert len(set(KEYS.values())) == len(KEYS) == 41

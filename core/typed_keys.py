"""What is typed with an input method on by mistake, as the Latin letters on its keys."""

from core import hangul_keys, kana_keys


def latin_keys(text: str) -> str:
    """The text with Hangul and kana replaced by what is on their keys, and ASCII for what has another width."""
    return kana_keys.latin_keys(hangul_keys.latin_keys(text))

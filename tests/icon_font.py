"""`python -m tests.icon_font` cuts Streamlit's font of icons down to those that pages and Streamlit itself show.

The font has some four thousand icons, a fifth of what a first visit loads. An icon is a ligature: the letters of its
name are drawn as one glyph. Streamlit's scripts name icons among thousands of other words, so every word in them that
is the name of an icon is kept.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from pages.components.web.static_files import FOLDER, ICONS

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r":material/([a-z0-9_]+):")
WORD = re.compile(r"""["'`]([a-z0-9_]{2,40})["'`]""")


def whole() -> Path:
    """Streamlit's font of icons, whose name holds a hash of what is in it."""
    (found,) = (FOLDER / "media").glob("MaterialSymbols-Rounded.*.woff2")
    return found


def ligatures(font: TTFont) -> Iterator[tuple[str, list[Any], Any]]:
    """Of every icon its name, the ligatures that begin with the same letter, and its own among them."""
    letters: dict[str, str] = {}
    for code, glyph in sorted(font.getBestCmap().items()):
        if code < 128:
            letters[glyph] = chr(code)  # a small letter has the glyph of its capital
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            for first, same in getattr(table, "ExtSubTable", table).ligatures.items():
                for one in list(same):
                    if all(glyph in letters for glyph in one.Component):
                        yield "".join(letters[glyph] for glyph in [first, *one.Component]), same, one


def names(path: Path) -> set[str]:
    """The names of the icons that a font has."""
    return {name for name, _, _ in ligatures(TTFont(path))}


def of_pages() -> set[str]:
    """The icons that the app names."""
    sources = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "core").rglob("*.py")]
    return {name for path in sources for name in NAMED.findall(path.read_text(encoding="utf-8"))}


@cache
def of_streamlit() -> frozenset[str]:
    """The icons that Streamlit's own scripts may name."""
    found: set[str] = set()
    for path in (FOLDER / "js").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        found.update(WORD.findall(text), NAMED.findall(text))
    return frozenset(found & names(whole()))


def main() -> None:
    """Write the font anew."""
    kept = of_pages() | of_streamlit()
    font = TTFont(whole())
    for name, same, one in list(ligatures(font)):
        if name not in kept:
            same.remove(one)
    options = Options()
    options.layout_features = ["*"]
    options.glyph_names = False
    cutter = Subsetter(options)
    cutter.populate(text="".join(sorted(set("".join(kept)))))
    cutter.subset(font)
    for before in ICONS.glob("*.woff2"):
        before.unlink()
    font.flavor = "woff2"
    font.save(ICONS / whole().name)


if __name__ == "__main__":
    main()

"""`python -m tests.catalogue` collects all sentences of the source into the catalogues and compiles them.

A translator fills in the empty entries of `lab.po` between two runs; `test_catalogue.py` finds what is missing.
"""

import ast
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from core.languages import LANGUAGES

ROOT = Path(__file__).parents[1]
LOCALE = ROOT / "pages" / "components" / "frame" / "locale"
MARKS = {"_", "N_", "word"}  # functions whose argument is a message
TRANSLATIONS = [language for language in LANGUAGES if language != "en"]


def collect() -> Catalog:
    """Every sentence in the source, with the files it is in; also those inside f-strings."""
    template = Catalog(project="Narrowing Lab", version="1", charset="utf-8")
    for file in [ROOT / "app.py", *sorted((ROOT / "core").rglob("*.py")), *sorted((ROOT / "pages").rglob("*.py"))]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if is_marked(node):
                template.add(node.args[0].value, locations=[(file.relative_to(ROOT).as_posix(), 0)])
    return template


def is_marked(node: ast.AST) -> bool:
    """Whether it is a call such as _("a sentence")."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS and node.args):
        return False
    return isinstance(node.args[0], ast.Constant)


def po_file(language: str) -> Path:
    """Where the translations of a language are edited."""
    return LOCALE / language / "LC_MESSAGES" / "lab.po"


def read(language: str) -> Catalog:
    """The translations in the file of a language."""
    with po_file(language).open("rb") as file:
        return read_po(file, locale=language)


def texts(language: str) -> dict[str, str]:
    """The text shown for every message, in English or a language that it is translated to."""
    messages = collect() if language == "en" else read(language)
    return {message.id: message.id if language == "en" else message.string for message in messages if message.id}


def main() -> None:
    """Update every catalogue from the source and compile it."""
    for language in TRANSLATIONS:
        path = po_file(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        catalogue = read(language) if path.exists() else Catalog(locale=language, project="Narrowing Lab")
        catalogue.update(collect(), no_fuzzy_matching=True, update_creation_date=False)  # else every run changes files
        catalogue.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalogue, width=110, sort_output=True, include_lineno=False, omit_header=False)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue)


if __name__ == "__main__":
    main()

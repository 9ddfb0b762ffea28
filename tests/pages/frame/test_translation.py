"""What comes from files and links is shown as the text that it is."""

import ast
import json

import pytest

from core.errors import LessonError
from core.export.journal import journal_json
from core.export.journal_reader import import_journal
from pages.components.frame.translation import error_markdown, escape_markdown, translate_error
from tests.support.app_tests import new_lab
from tests.test_architecture import SOURCES, name

MARKUP = "![a](https://example.org/a.png) [b](https://example.org) **c** `d` :material/home: $e$ <b>f</b> www.g.org"
OF_MARKDOWN = {"markdown", "write", "caption", "warning", "info", "error", "success", "toast", "subheader", "title"}

pytestmark = pytest.mark.usefixtures("page_server")


def test_a_value_in_a_sentence_is_no_markup() -> None:
    fault = LessonError("There is no {name}: {count:.1f}.", name=MARKUP, count=1.5)
    shown = error_markdown(fault)
    assert translate_error(fault) == f"There is no {MARKUP}: 1.5."
    assert shown == f"There is no {escape_markdown(MARKUP)}: 1.5."


@pytest.mark.parametrize("text", [MARKUP, "a\n# b", "a\n\n- b", "\\", "| a |\n|---|", "&lt;", "a@b.org", "~~a~~"])
def test_escaped_text_has_no_mark_that_counts(text: str) -> None:
    shown = escape_markdown(text)
    assert "\n" not in shown
    assert shown.replace("\\\\", "").count("\\") == sum(one.isascii() and not one.isalnum() for one in
        "".join(text.split()).replace("\\", ""))  # fmt: skip


def test_a_picture_in_the_name_of_a_journals_data_set_is_text() -> None:
    document = json.loads(journal_json(new_lab()))
    document["plan"]["dataset"] = MARKUP
    with pytest.raises(LessonError) as refused:
        import_journal(json.dumps(document), "a" * 24)
    assert "![" not in error_markdown(refused.value) and "](" not in error_markdown(refused.value)


def calls(source: ast.AST, names: set[str]) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(source)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in names
    ]


@pytest.mark.parametrize("path", [path for path in SOURCES if name(path).startswith("pages/")], ids=name)
def test_no_page_gives_a_fault_to_markdown_unescaped(path: object) -> None:
    source = ast.parse(path.read_text())  # type: ignore[attr-defined]
    told = [call.lineno for one in calls(source, OF_MARKDOWN) for call in ast.walk(one)
            if isinstance(call, ast.Name) and call.id == "translate_error"]  # fmt: skip
    assert told == []

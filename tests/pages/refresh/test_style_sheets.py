"""No part of a page that ticks draws a style sheet alone.

Streamlit keeps those apart from what is seen, by their places on the page: one that comes with a tick takes the place
of another, and the page loses its layout.
"""

import ast
from collections.abc import Iterator

from tests.catalogue import ROOT

FILES = [path for path in (ROOT / "pages").rglob("*.py")]
TREES = [ast.parse(path.read_text(encoding="utf-8")) for path in FILES]
FUNCTIONS: dict[str, list[ast.FunctionDef]] = {}
for found in (node for tree in TREES for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
    FUNCTIONS.setdefault(found.name, []).append(found)


def calls(node: ast.AST) -> Iterator[ast.Call]:
    return (one for one in ast.walk(node) if isinstance(one, ast.Call))


def name_of(node: ast.AST) -> str:
    """What a name or an attribute is called."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def ticking() -> set[str]:
    """The functions that ticks call, and those that these call."""
    known: set[str] = set()
    coming = {name_of(one.args[0]) for tree in TREES for one in calls(tree) if name_of(one.func) == "ticking"}
    while coming:
        known |= coming
        inside = {name_of(one.func) for name in coming for own in FUNCTIONS.get(name, []) for one in calls(own)}
        coming = (inside & FUNCTIONS.keys()) - known
    return known


def draws_a_style_sheet_alone(function: ast.FunctionDef) -> bool:
    return any(
        name_of(one.func) == "html" and one.args and name_of(one.args[0]).endswith("STYLE") for one in calls(function)
    )


def test_no_tick_draws_a_style_sheet_alone() -> None:
    drawn = ticking()
    assert {"draw_notice", "draw_board", "draw_students", "round_html"} <= drawn  # what is found is all there is
    assert [name for name in sorted(drawn) for one in FUNCTIONS[name] if draws_a_style_sheet_alone(one)] == []
    assert draws_a_style_sheet_alone(FUNCTIONS["class_notice"][0])

"""The house keeps its rooms: imports run one way, and each outside library has its one place."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [ROOT / "app.py", *sorted((ROOT / "core").rglob("*.py")), *sorted((ROOT / "pages").rglob("*.py"))]
PLACES = {  # library: files and folders that may import it
    "streamlit": ["app.py", "pages/"],
    "altair": [f"pages/components/{name}.py" for name in ("charts", "figures", "race_chart", "board_charts")],
    "subprocess": ["core/engine/"],
    "multiprocessing": ["core/engine/"],
    "concurrent.futures": ["core/engine/"],
    "sqlalchemy": ["core/store.py", "core/class_store.py", "core/migrations/"],
    "alembic": ["core/store.py", "core/migrations/"],
    "segno": ["pages/components/sharing.py"],
    "sklearn": [],  # late, by core/late.py
    "core.digits": ["core/datasets.py", "core/test_part.py"],  # all of them, the test part too
    "core.test_part": ["core/final_test.py"],  # test images and labels are read by the final test alone
}
CLOSED = {  # folder: what nothing in it may import
    "core/": ["pages", "app", "tests"],
    "pages/": ["app", "tests"],
    "pages/components/": [f"pages.{path.stem}" for path in (ROOT / "pages").glob("*.py") if path.stem != "__init__"],
}
BELOW_THE_ENGINE = [
    "space", "plan", "datasets", "layers", "parameters", "network", "optimizers", "training", "progress",
]  # fmt: skip


def name(path: Path) -> str:
    """A file as the tables above name it."""
    return path.relative_to(ROOT).as_posix()


def imports(source: str, package: str = "") -> Iterator[str]:
    """Every module, and every name from one, that is imported anywhere in a source; package: whose relative ones."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def imports_of(path: Path) -> set[str]:
    return set(imports(path.read_text(), ".".join(path.relative_to(ROOT).parts[:-1])))


def within(module: str, of: str) -> bool:
    return module == of or module.startswith(f"{of}.")


def is_power_of_ten(node: ast.AST) -> bool:
    """Whether it turns an exponent into a value or back."""
    match node:
        case ast.BinOp(left=ast.Constant(value=10), op=ast.Pow()):
            return True
        case ast.Call(func=ast.Attribute(attr="power" | "pow"), args=[ast.Constant(value=10), *_]):
            return True
        case ast.Call(func=ast.Name(id="power" | "pow"), args=[ast.Constant(value=10), *_]):
            return True
        case ast.Attribute(attr="log10") | ast.alias(name="log10"):
            return True
    return False


def entries_read(source: str) -> int:
    """How often a source takes a value from the session state that may not be there."""
    return sum(
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "session_state"
        for node in ast.walk(ast.parse(source))
    )


def powers_of_ten(source: str) -> int:
    """How often a source has one."""
    return sum(map(is_power_of_ten, ast.walk(ast.parse(source))))


# ---------------------------------------------------------------------------------------------------- the rules


@pytest.mark.parametrize("library", PLACES)
def test_a_library_is_imported_in_its_place_only(library: str) -> None:
    allowed = PLACES[library]
    users = [name(path) for path in SOURCES if any(within(module, library) for module in imports_of(path))]
    assert [user for user in users if not any(user == place or user.startswith(place) for place in allowed)] == []


@pytest.mark.parametrize("folder", CLOSED)
def test_imports_run_one_way(folder: str) -> None:
    found = [
        (name(path), module)
        for path in SOURCES
        if name(path).startswith(folder)
        for module in imports_of(path)
        if any(within(module, closed) for closed in CLOSED[folder])
    ]
    assert found == []


@pytest.mark.parametrize("module", BELOW_THE_ENGINE)
def test_what_the_engine_runs_knows_nothing_of_the_engine(module: str) -> None:
    assert [one for one in imports_of(ROOT / "core" / f"{module}.py") if within(one, "core.engine")] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    modules = {name(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in SOURCES}
    graph = {module: {one for one in imports_of(path) if one in modules} for module, path in modules.items()}
    list(TopologicalSorter(graph).static_order())  # raises CycleError, with the circle


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_only_space_turns_exponents_into_values(path: Path) -> None:
    if name(path) == "core/space.py":
        assert powers_of_ten(path.read_text()) == 2  # there and back
    else:
        assert powers_of_ten(path.read_text()) == 0


@pytest.mark.parametrize("path", [path for path in SOURCES if name(path).startswith("pages/")], ids=name)
def test_what_was_entered_is_read_in_one_place(path: Path) -> None:
    """A widget may be gone when its change arrives; see pages/components/widgets.py."""
    assert entries_read(path.read_text()) == (2 if name(path) == "pages/components/widgets.py" else 0)


# ---------------------------------------------------------------------------------------------------- the rulers


def test_the_sources_are_all_there() -> None:
    assert {"app.py", "core/space.py", "core/engine/local.py", "pages/components/text.py"} <= set(map(name, SOURCES))


@pytest.mark.parametrize(
    "source, module",
    [
        ("import a.b", "a.b"),
        ("import x as y, a", "a"),
        ("from a.b import c", "a.b"),
        ("from a import b", "a.b"),
        ("def f():\n    if x:\n        from a import b", "a"),
        ("from . import b", "p.q.b"),
        ("from ..r import b", "p.r.b"),
    ],
)
def test_an_import_is_seen_however_it_is_written(source: str, module: str) -> None:
    assert module in set(imports(source, "p.q"))


@pytest.mark.parametrize(
    "source",
    [
        "10**x",
        "10.0 ** -x",
        "np.log10(x)",
        "math.log10(x)",
        "from math import log10",
        "pow(10, x)",
        "np.power(10.0, x)",
    ],
)
def test_a_power_of_ten_is_seen_however_it_is_written(source: str) -> None:
    assert powers_of_ten(source) == 1


@pytest.mark.parametrize("source", ["2**10", "x**10", "'10**x'", "100**2", "log(x)", "np.power(x, 10)"])
def test_what_is_no_power_of_ten_is_let_be(source: str) -> None:
    assert powers_of_ten(source) == 0


@pytest.mark.parametrize(
    "source", ["st.session_state[key]", "f(st.session_state['a'].rows)", "a = st.session_state[b]"]
)
def test_an_entry_that_is_read_is_seen_however_it_is_written(source: str) -> None:
    assert entries_read(source) == 1


@pytest.mark.parametrize(
    "source", ["st.session_state[key] = 1", "st.session_state.get(key)", "key in st.session_state"]
)
def test_what_reads_no_entry_is_let_be(source: str) -> None:
    assert entries_read(source) == 0

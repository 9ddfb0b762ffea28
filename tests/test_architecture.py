"""The rules of the source: imports run one way, a library has its places, files are short."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [ROOT / "app.py", *sorted((ROOT / "core").rglob("*.py")), *sorted((ROOT / "pages").rglob("*.py"))]
ROOMS = [  # from the ground up: a room imports itself and rooms above it in this list
    "core/errors.py",
    "core/languages.py",
    "core/hangul_keys.py",
    "core/kana_keys.py",
    "core/typed_keys.py",
    "core/ranges.py",
    "core/axes.py",
    "core/space.py",
    "core/typed_numbers.py",
    "core/data/",
    "core/settings.py",
    "core/rungs.py",
    "core/plan_settings.py",
    "core/plan.py",
    "core/lesson.py",
    "core/lesson_text.py",
    "core/training/",
    "core/progress.py",
    "core/engine/",
    "core/analysis/",
    "core/rounds.py",
    "core/classroom/",
    "core/lab/",
    "core/store/",
    "core/export/",
    "core/server/",
    "pages/components/frame/",
    "pages/components/web/",
    "pages/components/refresh/",
    "pages/components/round/",
    "pages/components/comparison/",
    "pages/components/classroom/",
    "pages/",
    "app.py",
]
CHARTS = [
    "round/chart_style",
    "round/axis_charts",
    "round/curves_chart",
    "round/map_chart",
    "round/parallel_chart",
    "round/seeds_chart",
    "comparison/final_test_charts",
    "comparison/model_charts",
    "comparison/pair_chart",
    "comparison/race_chart",
    "comparison/validation_charts",
    "classroom/board_charts",
]
LIBRARIES = {  # library: files and rooms that may import it
    "streamlit": ["app.py", "pages/"],
    "altair": [f"pages/components/{name}.py" for name in CHARTS],
    "subprocess": ["core/engine/processes.py"],
    "multiprocessing": ["core/engine/"],
    "concurrent.futures": ["core/engine/"],
    "distributed": ["core/engine/cluster/", "core/engine/host.py"],
    "dask": ["core/engine/cluster/"],
    "sqlalchemy": ["core/store/"],
    "alembic": ["core/store/"],
    "segno": ["pages/components/frame/qr.py"],
    "sklearn": ["core/analysis/gaussian_process.py", "core/data/digits.py"],
    "starlette": ["pages/components/web/"],
    "core.data.digits": ["core/data/"],  # all of them, the test part too
    "core.data.test_set": ["core/lab/final_evaluation.py"],  # test images and labels are read by the final test alone
}


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


@cache
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


def room_of(path: str) -> int:
    """The place in ROOMS of a file or package, as it is named from the root; the narrowest room counts."""
    rooms = [room for room in ROOMS if path.startswith(room)]
    return ROOMS.index(max(rooms, key=len))


def project_imports(path: Path) -> set[Path]:
    """The project's own files that a file imports."""
    found = set()
    for module in imports_of(path):
        place = ROOT.joinpath(*module.split("."))
        found |= {file for file in (place.with_suffix(".py"), place / "__init__.py") if file in SOURCES}
    return {file for file in found if file.name != "__init__.py" or file.read_text()}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_is_imported_in_its_place_only(library: str) -> None:
    allowed = LIBRARIES[library]
    users = [name(path) for path in SOURCES if any(within(module, library) for module in imports_of(path))]
    assert [user for user in users if not any(user == place or user.startswith(place) for place in allowed)] == []


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name != "__init__.py"], ids=name)
def test_a_file_imports_only_its_own_room_and_those_below(path: Path) -> None:
    own = room_of(name(path))
    assert [name(file) for file in project_imports(path) if room_of(name(file)) > own] == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_nothing_imports_tests(path: Path) -> None:
    assert [module for module in imports_of(path) if within(module, "tests")] == []


def test_no_module_name_is_used_twice_in_core_and_pages() -> None:
    names = Counter(path.stem for path in SOURCES if not path.stem.startswith("__") and "migrations" not in path.parts)
    assert [stem for stem, count in names.items() if count > 1] == []


def test_no_file_is_longer_than_250_lines() -> None:
    files = [path for folder in ("core", "pages") for path in sorted((ROOT / folder).rglob("*.*"))]
    sources = [path for path in files if path.suffix in (".py", ".css", ".js")]
    lines = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    too_long = [f"{path}: {count} lines" for path, count in lines.items() if count > 250]
    assert not too_long, "\n".join(too_long)


def test_no_modules_import_each_other_in_a_circle() -> None:
    modules = {name(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in SOURCES}
    graph = {module: {one for one in imports_of(path) if one in modules} for module, path in modules.items()}
    list(TopologicalSorter(graph).static_order())  # raises CycleError, with the circle


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_only_ranges_turns_exponents_into_values(path: Path) -> None:
    if name(path) == "core/ranges.py":
        assert powers_of_ten(path.read_text()) == 2  # there and back
    else:
        assert powers_of_ten(path.read_text()) == 0


@pytest.mark.parametrize("path", [path for path in SOURCES if name(path).startswith("pages/")], ids=name)
def test_session_state_entries_are_read_in_one_module(path: Path) -> None:
    """A widget may be gone when its change arrives; see pages/components/frame/widgets.py."""
    assert entries_read(path.read_text()) == (3 if name(path) == "pages/components/frame/widgets.py" else 0)


# ---------------------------------------------------------------------------------------------------- the checks


def test_the_sources_are_all_there() -> None:
    assert {"app.py", "core/space.py", "core/engine/engine.py", "pages/components/frame/translation.py"} <= set(
        map(name, SOURCES)
    )


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
def test_what_is_no_power_of_ten_is_not_counted(source: str) -> None:
    assert powers_of_ten(source) == 0


@pytest.mark.parametrize(
    "source", ["st.session_state[key]", "f(st.session_state['a'].rows)", "a = st.session_state[b]"]
)
def test_an_entry_that_is_read_is_seen_however_it_is_written(source: str) -> None:
    assert entries_read(source) == 1


@pytest.mark.parametrize(
    "source", ["st.session_state[key] = 1", "st.session_state.get(key)", "key in st.session_state"]
)
def test_what_reads_no_entry_is_not_counted(source: str) -> None:
    assert entries_read(source) == 0

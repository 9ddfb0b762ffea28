"""Dependencies are declared and pinned, and the scripts that install them do so when, and only when, it is needed."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from shlex import quote

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
CLUSTER = [Requirement(line) for line in PROJECT["project"]["optional-dependencies"]["cluster"]]
DEV = [Requirement(line) for line in PROJECT["dependency-groups"]["dev"]]
FILES = {
    "requirements.txt": RUNTIME,
    "requirements-cluster.txt": RUNTIME + CLUSTER,
    "requirements-dev.txt": RUNTIME + CLUSTER + DEV,
}
SCRIPTS = ["scripts/environment.sh", "scripts/lock", "scripts/start", "scripts/test"]
PACKAGING = ["pyproject.toml", *FILES, *SCRIPTS, "Dockerfile", ".dockerignore", "compose.yaml", ".ci/run"]
OWN = {"app", "core", "pages", "tests"}
OTHER_PYTHON = {"torch"}  # the benchmark against it runs under a Python of its own
NOT_IMPORTED = {
    "mypy": "a command",
    "psycopg": "SQLAlchemy's driver for PostgreSQL",
    "pytest-timeout": "a plugin",
    "pytest-xdist": "a plugin",
    "ruff": "a command",
    "types-cachetools": "types for mypy",
    "uvloop": "Streamlit's event loop where it is installed",
}


@cache
def distributions(*places: str) -> dict[str, set[str]]:
    """Third-party modules that the Python files in some places import, each with the distributions that have it."""
    known = packages_distributions()
    found: dict[str, set[str]] = {}
    for place in places:
        for file in [ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and not node.level:
                    names = [str(node.module)]
                for module in {name.split(".")[0] for name in names} - OWN - OTHER_PYTHON - sys.stdlib_module_names:
                    found[module] = {canonicalize_name(name) for name in known.get(module, [])}
    return found


def names(requirements: list[Requirement]) -> set[str]:
    """The names of some requirements, as an index spells them."""
    return {canonicalize_name(requirement.name) for requirement in requirements}


def pins(file: str) -> dict[str, tuple[Requirement, list[str]]]:
    """What a requirements file pins: name → (requirement, hashes). Fails on a line that is anything else."""
    text = re.sub(r"^ *#.*\n", "", (ROOT / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: dict[str, tuple[Requirement, list[str]]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        requirement, *hashes = line.split(" --hash=")
        pin = Requirement(requirement.strip())
        found[canonicalize_name(pin.name)] = (pin, [value.strip() for value in hashes])
    return found


def version(pin: Requirement) -> str:
    """The one version that a pin admits."""
    (specifier,) = pin.specifier
    assert specifier.operator == "==" and "*" not in specifier.version, f"{pin} is not pinned"
    return specifier.version


# ---------------------------------------------------------------------------------------------------- declarations


@pytest.mark.parametrize(
    "places, declared",
    [(["app.py", "core", "pages"], RUNTIME + CLUSTER), (["tests"], RUNTIME + CLUSTER + DEV)],
    ids=["app", "tests"],
)
def test_every_imported_module_belongs_to_a_declared_dependency(places: list[str], declared: list[Requirement]) -> None:
    imported = distributions(*places)
    assert imported
    assert [module for module, having in imported.items() if not having & names(declared)] == []


@pytest.mark.parametrize(
    "places, declared", [(["app.py", "core", "pages"], RUNTIME + CLUSTER), (["tests"], DEV)], ids=["app", "tests"]
)
def test_every_declared_dependency_is_used(places: list[str], declared: list[Requirement]) -> None:
    used = set().union(*distributions(*places).values()) | set(NOT_IMPORTED)
    assert sorted(names(declared) - used) == []


def test_streamlit_stays_at_the_minor_version_that_is_tested() -> None:
    (streamlit,) = [requirement for requirement in RUNTIME if requirement.name == "streamlit"]
    major, minor = version(pins("requirements.txt")["streamlit"][0]).split(".")[:2]
    assert not streamlit.specifier.contains(f"{major}.{int(minor) + 1}.0")


# ---------------------------------------------------------------------------------------------------- pins


@pytest.mark.parametrize("file", FILES)
def test_every_dependency_is_pinned_within_its_range(file: str) -> None:
    pinned = pins(file)
    assert names(FILES[file]) <= set(pinned)
    outside = [
        str(requirement)
        for requirement in FILES[file]
        if not requirement.specifier.contains(version(pinned[canonicalize_name(requirement.name)][0]))
    ]
    assert outside == []


@pytest.mark.parametrize("file", FILES)
def test_every_pin_has_hashes(file: str) -> None:
    without = [
        name
        for name, (pin, hashes) in pins(file).items()
        if not version(pin) or not hashes or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes)
    ]
    assert without == []


@pytest.mark.parametrize("file", FILES)
def test_what_a_pinned_package_needs_is_pinned_too(file: str) -> None:
    """As far as the packages are installed here, and for this Python and system."""
    pinned = pins(file)
    missing = []
    for name in pinned:
        try:
            needs = [Requirement(line) for line in requires(name) or []]
        except PackageNotFoundError:
            continue
        for need in needs:
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                pin = pinned.get(canonicalize_name(need.name))
                if pin is None or not need.specifier.contains(version(pin[0]), prereleases=True):
                    missing.append(f"{name} needs {need}")
    assert missing == []


@pytest.mark.parametrize(
    "file, whole",
    [("requirements.txt", "requirements-cluster.txt"), ("requirements-cluster.txt", "requirements-dev.txt")],
)
def test_an_app_under_test_has_the_packages_of_a_started_one(file: str, whole: str) -> None:
    assert {name: str(pin) for name, (pin, _) in pins(file).items()}.items() <= {
        name: str(pin) for name, (pin, _) in pins(whole).items()
    }.items()


def test_the_packages_of_a_cluster_are_asked_for_only_where_one_is() -> None:
    assert not names(CLUSTER) & set(pins("requirements.txt"))
    program = (
        "import sys, app, core.rounds, core.engine.start; print(sorted({'dask', 'distributed'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True,
        env={name: value for name, value in os.environ.items() if name != "ENGINE"},
    )  # fmt: skip
    assert found.stdout.splitlines()[-1] == "[]"


def test_no_file_says_where_packages_come_from() -> None:
    assert not (ROOT / "uv.lock").exists()
    reported = {}
    for file in PACKAGING:
        text = (ROOT / file).read_text(encoding="utf-8")
        addresses = re.findall(r"(?:https?|file|git\+\w+)://(?!127\.0\.0\.1[:/])\S*", text)
        reported[file] = addresses + re.findall(r"--(?:extra-|default-)?index-url|--find-links", text)
    assert {file: found for file, found in reported.items() if found} == {}


# ---------------------------------------------------------------------------------------------------- scripts


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with the scripts and the requirements files, and a space in its name."""
    folder = tmp_path / "narrowing lab"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    for file in FILES:
        shutil.copy(ROOT / file, folder)
    return folder


def executable(path: Path, text: str) -> None:
    """A bash script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/usr/bin/env bash\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def fake_python(path: Path, minor: int, log: Path) -> None:
    """A Python that says it is 3.`minor`. It logs what it runs with -m; its virtual environments hold a copy of it."""
    code = f"import sys; sys.version_info = (3, {minor}, 2, 'final', 0); sys.argv.pop(1); exec(sys.argv.pop(1))"
    venv = 'mkdir -p "${@: -1}/bin" && cp "$0" "${@: -1}/bin/python"'
    executable(
        path,
        f'if [ "$1" = -m ]; then echo "$*" >> {quote(str(log))}; if [ "$2" = venv ]; then {venv}; fi\n'
        f'elif [ "$1" = -c ]; then exec {quote(sys.executable)} -c "{code}" "$@"; fi',
    )


def run(folder: Path, pythons: dict[str, int | None], *command: str) -> subprocess.CompletedProcess[str]:
    """A command in another folder, with other Pythons on the path: name → minor version, None for one that fails."""
    fakes = folder.parent / "bin"
    shutil.rmtree(fakes, ignore_errors=True)
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        minor = pythons.get(name)
        if minor is None:
            executable(fakes / name, "exit 127")
        else:
            fake_python(fakes / name, minor, folder.parent / "log")
    environment = os.environ | {"PATH": f"{fakes}{os.pathsep}{os.environ['PATH']}", "CHROMIUM": "/usr/bin/true"}
    return subprocess.run(command, cwd=folder.parent, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", ["start", "test", "lock"])
def test_a_script_can_be_run(name: str) -> None:
    script = ROOT / "scripts" / name
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")


def test_the_scripts_look_for_the_pythons_that_the_project_is_for() -> None:
    classifiers = PROJECT["project"]["classifiers"]
    declared = {found[1] for line in classifiers if (found := re.fullmatch(r".* :: Python :: (3\.\d+)", line))}
    text = (ROOT / "scripts/environment.sh").read_text(encoding="utf-8")
    looked_for = re.search(r'^PYTHONS="([\d. ]+)"', text, re.MULTILINE)
    assert looked_for and set(looked_for[1].split()) == declared
    assert PROJECT["project"]["requires-python"] == f">={min(declared, key=lambda one: int(one[2:]))}"


@pytest.mark.parametrize("name", ["start", "test"])
@pytest.mark.parametrize("found, said", [({"python3": 9}, "3.9.2"), ({}, "missing")], ids=["old", "none"])
def test_without_a_supported_python_one_sentence_says_so(
    copy: Path, name: str, found: dict[str, int | None], said: str
) -> None:
    ended = run(copy, found, str(copy / "scripts" / name))
    assert ended.returncode == 1 and ended.stdout == ""
    assert ended.stderr == (
        f"Narrowing Lab needs Python 3.11 to 3.14, and python3 is {said}: please install one of them.\n"
    )
    assert not (copy / ".venv").exists()


@pytest.mark.parametrize(
    "found, chosen",
    [({"python3": 12, "python3.14": 14}, "python3"), ({"python3": 9, "python3.11": 11, "python3.13": 13}, "python3.13"),
     ({"python3": 15, "python3.12": 12}, "python3.12")],
    ids=["python3", "newest", "not too new"],
)  # fmt: skip
def test_a_supported_python_is_found(copy: Path, found: dict[str, int | None], chosen: str) -> None:
    ended = run(copy, found, "bash", "-c", f"source '{copy}/scripts/environment.sh'; find_python")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{chosen}\n", "")


def test_packages_are_installed_when_requirements_have_changed_and_only_then(copy: Path) -> None:
    def installed(script: str) -> list[str]:
        (copy.parent / "log").unlink(missing_ok=True)
        ended = run(copy, {"python3": 12}, str(copy / "scripts" / script))
        assert ended.returncode == 0, ended.stderr
        lines = (copy.parent / "log").read_text().splitlines()
        return [line.split()[-1] for line in lines if line.startswith("-m pip install") and "--require-hashes" in line]

    runtime, _, dev = FILES
    assert installed("start") == [runtime] and installed("start") == []
    assert installed("test") == [dev] and installed("test") == installed("start") == []
    with (copy / runtime).open("a") as file:
        file.write("# a change\n")
    assert installed("start") == [runtime] and installed("start") == []
    assert installed("test") == [dev]


def test_arguments_are_passed_to_pytest_and_streamlit(copy: Path) -> None:
    for script, argument in (("start", "--server.port=80"), ("test", "tests/core/test_space.py")):
        assert run(copy, {"python3": 12}, str(copy / "scripts" / script), argument).returncode == 0
        assert (copy.parent / "log").read_text().splitlines()[-1] == {
            "start": "-m streamlit run app.py --server.port=80",
            "test": "-m pytest -n 2 --dist worksteal tests/core/test_space.py",
        }[script]

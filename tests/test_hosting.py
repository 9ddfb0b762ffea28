"""The files of a host fit the app: what they name is there, what they start starts, what they set is known."""

import fnmatch
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit import config

from core.preset import Preset
from pages.components.session import SETTINGS
from tests.benchmarks import live
from tests.benchmarks.websocket_client import tab
from tests.hosting import ROOT, caddy_headers, dockerfile, exec_form, yaml
from tests.waiting import run

README = (ROOT / "README.md").read_text(encoding="utf-8")
START = ".venv/bin/python -m streamlit run app.py"
COMPOSE = yaml((ROOT / "compose.yaml").read_text())
UNIT = dict(re.findall(r"^([A-Za-z]+)=(.*)$", (ROOT / "hosting/narrowing-lab.service").read_text(), re.MULTILINE))
DOCS = sorted((ROOT / "docs").glob("*.md"))


def words(instruction: str) -> list[list[str]]:
    """All uses of an instruction in the Dockerfile."""
    return [given for name, given in dockerfile() if name == instruction]


def copied() -> list[str]:
    """What the Dockerfile takes from here."""
    return [name for given in words("COPY") if not given[0].startswith("--from") for name in given[:-1]]


# ---------------------------------------------------------------------------------------------------- the image


def test_what_the_image_copies_is_there() -> None:
    assert copied() and [name for name in copied() if not (ROOT / name).exists()] == []


def test_what_the_image_copies_is_let_through_and_nothing_else() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == set(copied())
    assert any(fnmatch.fnmatch(".streamlit/secrets.toml", rule) for rule in rules[1:])


def test_the_image_starts_as_the_readme_says() -> None:
    assert START in README
    assert exec_form(words("CMD")[-1]) == START.split()


def test_the_image_has_no_root_and_no_build_tools() -> None:
    assert words("USER") == [["lab"]]
    assert all(given[0].endswith("-slim") for given in words("FROM"))
    last = max(place for place, (name, _) in enumerate(dockerfile()) if name == "FROM")
    assert not [given for name, given in dockerfile()[last:] if name == "RUN" and {"apt-get", "pip"} & set(given)]


def test_the_image_is_asked_for_its_health_where_streamlit_tells_it() -> None:
    assert "/_stcore/health" in " ".join(words("HEALTHCHECK")[0])


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Path]:
    """A folder with what the image has, and the packages of this Python."""
    for name in copied():
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    yield tmp_path


async def labels(port: int) -> list[str]:
    """What can be pressed or filled in on the page that a student gets."""
    async with tab(port) as student:
        return list(student._widgets)


def test_what_the_image_copies_is_enough(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "ROOT", image)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with live.server("app.py") as server:
        assert str(image) in {server.process.cwd()}
        assert "trials" in run(labels(server.port))


# ---------------------------------------------------------------------------------------------------- settings


def test_every_setting_of_streamlit_is_known_to_this_version() -> None:
    given = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())

    def names(table: dict[str, object], above: str = "") -> Iterator[str]:
        for name, value in table.items():
            if isinstance(value, dict):
                yield from names(value, f"{above}{name}.")
            else:
                yield f"{above}{name}"

    assert [name for name in names(given) if name not in config._config_options_template] == []


@pytest.mark.parametrize(
    "name, value",
    [("client.showErrorDetails", "none"), ("server.enableXsrfProtection", True), ("server.enableCORS", True),
     ("server.maxUploadSize", 1), ("server.maxMessageSize", 8), ("server.maxWidgetStateSize", 1),
     ("client.toolbarMode", "minimal"), ("browser.gatherUsageStats", False), ("server.enableAgentApi", False)],
)  # fmt: skip
def test_a_public_server_is_closed_where_it_can_be(name: str, value: object) -> None:
    given = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())
    section, option = name.split(".")
    default = config._config_options_template[name].default_val
    assert given.get(section, {}).get(option, default) == value


def test_what_image_and_services_set_is_what_the_app_asks_for() -> None:
    image = {name.split("=")[0] for given in words("ENV") for name in given}
    service = set(COMPOSE["services"]["app"]["environment"])
    unit = set(re.findall(r"^Environment=([A-Z_]+)=", (ROOT / "hosting/narrowing-lab.service").read_text(), re.M))
    assert (image | service | unit) - {"PYTHONUNBUFFERED", "HOME", "FORWARDED_ALLOW_IPS"} == set(SETTINGS)


def test_addresses_are_taken_from_a_proxy_that_alone_reaches_the_app() -> None:
    app = COMPOSE["services"]["app"]
    assert app["environment"]["FORWARDED_ALLOW_IPS"] == "*" and "ports" not in app


# ---------------------------------------------------------------------------------------------------- services


def test_the_reader_of_compose_reads_what_it_is_given() -> None:
    assert yaml("a:\n  b: 1\n  c:\n    - x\n    - y: z\nd:\n") == {"a": {"b": "1", "c": ["x", "y: z"]}, "d": None}


def test_app_database_and_proxy_are_the_services() -> None:
    assert set(COMPOSE["services"]) == {"app", "database", "proxy"}
    assert all(one["restart"] == "unless-stopped" for one in COMPOSE["services"].values())


def test_every_volume_is_declared_and_every_file_is_there() -> None:
    mounts = [mount.split(":")[0] for one in COMPOSE["services"].values() for mount in one.get("volumes", [])]
    assert {mount for mount in mounts if "/" not in mount} == set(COMPOSE["volumes"])
    assert [mount for mount in mounts if "/" in mount and not (ROOT / mount).is_file()] == []


def test_who_waits_for_health_waits_for_somebody_who_tells_it() -> None:
    tells = {name for name, one in COMPOSE["services"].items() if "healthcheck" in one or one.get("build")}
    waits = {name for one in COMPOSE["services"].values() for name in one.get("depends_on", {})}
    assert waits == {"database", "app"} <= tells


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    assert [name for name, one in COMPOSE["services"].items() if "ports" in one] == ["proxy"]


def test_the_proxy_leads_to_the_app() -> None:
    caddy = (ROOT / "hosting/Caddyfile").read_text()
    exposed = words("EXPOSE")[0][0]
    assert f"reverse_proxy {{$APP:app:{exposed}}}" in caddy and caddy.count("{") == caddy.count("}")


def test_the_proxy_adds_what_streamlit_leaves_out() -> None:
    headers = caddy_headers()
    assert headers["Referrer-Policy"] == "no-referrer" and headers["X-Content-Type-Options"] == "nosniff"
    assert "max-age" in headers["Strict-Transport-Security"] and headers["X-Frame-Options"] == "DENY"
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in policy["script-src"] and "http" not in headers["Content-Security-Policy"]


def test_the_unit_starts_the_app_as_the_readme_says_in_the_folder_it_lives_in() -> None:
    assert UNIT["ExecStart"].startswith(f"{UNIT['WorkingDirectory']}/{START}")


# ---------------------------------------------------------------------------------------------------- the documents


def test_every_setting_of_compose_is_explained() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))
    told = (ROOT / "docs/hosting.md").read_text(encoding="utf-8")
    assert asked and [name for name in asked if f"`{name}`" not in told] == []


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_every_file_that_a_document_leads_to_is_there(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_every_lesson_in_a_document_is_one(document: Path) -> None:
    texts = re.findall(r"lesson=([A-Za-z0-9._~-]+)", document.read_text(encoding="utf-8"))
    assert [(text, faults) for text in texts if (faults := Preset.from_text(text)[1])] == []
    assert [text for text in texts if Preset.from_text(text)[0].to_text() != text] == []


def test_both_languages_tell_teachers_of_the_same_lessons() -> None:
    texts = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("teachers.md", "teachers.ko.md")]
    for pattern in (r"lesson=[A-Za-z0-9._~-]+", r"^#+ ", r"^\| *\d+"):
        english, korean = (re.findall(pattern, text, re.M) for text in texts)
        assert len(english) == len(korean) > 0


def test_this_python_is_one_that_the_image_could_have() -> None:
    version = re.search(r"python:(\d+)\.(\d+)-slim", (ROOT / "Dockerfile").read_text())
    required = re.search(r'requires-python = ">=(\d+)\.(\d+)"', (ROOT / "pyproject.toml").read_text())
    assert version and required
    assert tuple(map(int, version.groups())) >= tuple(map(int, required.groups())) <= sys.version_info[:2]

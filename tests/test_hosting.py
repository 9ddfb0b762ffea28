"""The files for hosts fit the app: paths, commands and settings in them exist."""

import fnmatch
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dask
import distributed  # noqa: F401 -- its settings
import pytest
import yaml
from streamlit import config

from core.data.idx_sets import IDX_SETS
from core.engine.start import SCHEDULER
from core.lesson_text import read_lesson, write_lesson
from pages.components.web.embedding import frame_ancestors
from pages.components.web.headers import HEADERS, headers_in_frames_of
from pages.components.web.health import ROUTES
from pages.components.web.lab_home import SERVER_COOKIE
from tests.benchmarks import live_page
from tests.benchmarks.websocket_client import tab
from tests.catalogue import texts
from tests.support.hosting_files import ROOT, caddy_headers, dockerfile, exec_form
from tests.support.languages import LANGUAGES, TRANSLATIONS, shown
from tests.support.waiting import run

README = (ROOT / "README.md").read_text(encoding="utf-8")
START = ".venv/bin/python -m streamlit run app.py"
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVERS = yaml.safe_load((ROOT / "compose.servers.yaml").read_text())["services"]
UNIT = dict(re.findall(r"^([A-Za-z]+)=(.*)$", (ROOT / "hosting/narrowing-lab.service").read_text(), re.MULTILINE))
SCHOOL = yaml.safe_load((ROOT / "compose.school.yaml").read_text())
HOST_UNIT_FILE = (ROOT / "hosting/narrowing-lab-host.service").read_text()
HOST_UNIT = dict(re.findall(r"^([A-Za-z]+)=(.*)$", HOST_UNIT_FILE, re.MULTILINE))
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


def test_docker_ignores_all_but_what_the_image_copies() -> None:
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


def test_the_health_check_of_the_image_asks_healthz() -> None:
    assert f":8501{ROUTES[0].path}'" in " ".join(words("HEALTHCHECK")[0])


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
    monkeypatch.setattr(live_page, "ROOT", image)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with live_page.server("app.py") as server:
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
     ("server.maxUploadSize", 20), ("server.maxMessageSize", 8), ("server.maxWidgetStateSize", 1),
     ("client.toolbarMode", "viewer"), ("client.allowedOrigins", []),
     ("browser.gatherUsageStats", False), ("server.enableAgentApi", False)],
)  # fmt: skip
def test_a_public_server_is_closed_where_it_can_be(name: str, value: object) -> None:
    given = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())
    section, option = name.split(".")
    default = config._config_options_template[name].default_val
    assert given.get(section, {}).get(option, default) == value


def test_what_image_and_services_set_is_what_the_app_asks_for() -> None:
    image = {name.split("=")[0] for given in words("ENV") for name in given}
    services = [*COMPOSE["services"].values(), *SCHOOL["services"].values(), SERVERS["app"]]
    service = {name for one in services if one.get("build") for name in one.get("environment", {})}
    unit_files = [(ROOT / "hosting/narrowing-lab.service").read_text(), HOST_UNIT_FILE]
    unit = {name for file in unit_files for name in re.findall(r"^Environment=([A-Z_]+)=", file, re.M)}
    sources = "".join(file.read_text() for room in ("core", "pages") for file in (ROOT / room).rglob("*.py"))
    asked = set(re.findall(r'os\.environ\.get\("(\w+)"', sources)) | {one.variable for one in IDX_SETS.values()}
    of_dask = {name for name in unit if name.startswith("DASK_")}
    assert (image | service | unit) - {"PYTHONUNBUFFERED", "HOME"} - of_dask == asked - {"PYTHONPATH"}


def test_every_setting_of_dask_is_one() -> None:
    """In the unit and in the guide: a name that Dask does not know would leave the port open to everybody."""
    guide = (ROOT / "docs/hosting.md").read_text(encoding="utf-8")
    named = set(re.findall(r"DASK_[A-Z_]+", HOST_UNIT_FILE + guide))
    known = dask.config.collect_env({name: "1" for name in named})["distributed"]["comm"]
    assert set(known) == {"require_encryption", "tls"} and set(known["tls"]) == {"ca_file", "client", "worker"}
    assert dask.config.get("distributed.comm.require-encryption", default="missing") != "missing"
    for role in ("client", "worker"):
        assert set(known["tls"][role]) == {"cert"}
        assert dask.config.get(f"distributed.comm.tls.{role}.cert", default="missing") != "missing"


def test_addresses_are_taken_from_a_proxy_that_alone_reaches_the_app() -> None:
    app = COMPOSE["services"]["app"]
    assert app["environment"]["FORWARDED_ALLOW_IPS"] == "*" and "ports" not in app


# ---------------------------------------------------------------------------------------------------- services


def test_app_database_and_proxy_are_the_services() -> None:
    assert set(COMPOSE["services"]) == {"app", "database", "proxy"}
    assert all(one["restart"] == "unless-stopped" for one in COMPOSE["services"].values())


def test_every_volume_is_declared_and_every_file_is_there() -> None:
    mounts = [mount.split(":")[0] for one in COMPOSE["services"].values() for mount in one.get("volumes", [])]
    assert {mount for mount in mounts if "/" not in mount} == set(COMPOSE["volumes"])
    assert [mount for mount in mounts if "/" in mount and not (ROOT / mount).is_file()] == []


def test_every_dependency_on_health_has_a_health_check() -> None:
    tells = {name for name, one in COMPOSE["services"].items() if "healthcheck" in one or one.get("build")}
    waits = {name for one in COMPOSE["services"].values() for name in one.get("depends_on", {})}
    assert waits == {"database", "app"} <= tells


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    assert [name for name, one in COMPOSE["services"].items() if "ports" in one] == ["proxy"]


def test_the_proxy_forwards_to_the_app() -> None:
    caddy = (ROOT / "hosting/Caddyfile").read_text()
    exposed = words("EXPOSE")[0][0]
    assert f"reverse_proxy {{$APP:app:{exposed}}}" in caddy and caddy.count("{") == caddy.count("}")


def test_app_and_proxy_add_what_streamlit_leaves_out() -> None:
    assert HEADERS["Referrer-Policy"] == "no-referrer" and HEADERS["X-Content-Type-Options"] == "nosniff"
    assert HEADERS["X-Frame-Options"] == "SAMEORIGIN" and "max-age" in caddy_headers()["Strict-Transport-Security"]
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == "'none'" and policy["frame-ancestors"] == "'self'"
    assert "unsafe" not in policy["script-src"] and "http" not in HEADERS["Content-Security-Policy"]


def test_a_site_that_the_host_names_may_show_the_app_in_a_frame_and_no_other_header_changes() -> None:
    sites = ["https://moodle.school.example", "https://*.university.example"]
    headers = headers_in_frames_of(sites)
    assert headers.keys() == HEADERS.keys() - {"X-Frame-Options"}
    assert headers["Content-Security-Policy"] == f"{HEADERS['Content-Security-Policy']} {' '.join(sites)}"
    same = headers.keys() - {"Content-Security-Policy"}
    assert {name: headers[name] for name in same} == {name: HEADERS[name] for name in same}
    assert headers_in_frames_of([]) == HEADERS


@pytest.mark.parametrize(
    ("given", "sites"),
    [
        ("", []),
        ("https://a.example", ["https://a.example"]),
        (" https://a.example/, http://b.example:8080 ", ["https://a.example", "http://b.example:8080"]),
        ("https://*.a.example", ["https://*.a.example"]),
    ],
)
def test_sites_are_read_from_the_environment(
    given: str, sites: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FRAME_ANCESTORS", given)
    assert frame_ancestors() == sites and caplog.records == []


@pytest.mark.parametrize("given", ["a.example", "*", "https://a.example;script-src", "https://", "https://a.example/x"])
def test_what_is_no_site_is_left_out_and_named_in_the_log(
    given: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FRAME_ANCESTORS", f"https://b.example {given}")
    assert frame_ancestors() == ["https://b.example"]
    assert [repr(given) in one.message for one in caplog.records] == [True]


def test_servers_of_one_class_differ_in_nothing_but_their_address_and_cores() -> None:
    apps = {name: one for name, one in SERVERS.items() if name.startswith("app")}
    assert len(apps) > 1
    addresses = [one["environment"]["REPLICA"] for one in apps.values()]
    assert addresses == [f"{name}:{words('EXPOSE')[0][0]}" for name in apps]
    assert SERVERS["proxy"]["environment"]["APPS"].split() == addresses
    alone = COMPOSE["services"]["app"]
    for app in apps.values():
        of_several = {name: given for name, given in app["environment"].items() if not name.startswith("REPLICA")}
        assert {**app, "environment": of_several, "cpuset": ""} == {**alone, "cpuset": ""}
    assert {one["environment"]["REPLICA_SECRET"] for one in SERVERS.values()} == {
        SERVERS["proxy"]["environment"]["REPLICA_SECRET"]
    }


def test_the_proxy_of_several_servers_is_that_of_one_but_for_where_it_sends_a_browser() -> None:
    one, several = ((ROOT / "hosting" / name).read_text() for name in ("Caddyfile", "Caddyfile.servers"))

    def directives(text: str) -> list[str]:
        lines = [line.strip() for line in text.split("reverse_proxy")[0].splitlines()]
        return [line for line in lines if line and not line.startswith("#")]

    assert directives(one) == directives(several) and several.count("{") == several.count("}")
    assert f"lb_policy cookie {SERVER_COOKIE} " in several
    assert re.findall(r"health_uri (\S+)", several) == [ROUTES[-2].path] == ["/healthz/ready"]


def test_the_unit_starts_the_app_as_the_readme_says_in_the_folder_it_lives_in() -> None:
    assert UNIT["ExecStart"].startswith(f"{UNIT['WorkingDirectory']}/{START}")


def test_the_unit_waits_for_the_clock_before_anything_is_deleted_by_its_age() -> None:
    assert all("time-sync.target" in UNIT[order].split() for order in ("Wants", "After"))


# ------------------------------------------------------------------------------------------------ more than one machine


def joined(under: object, over: object) -> object:
    """Two values of Compose files as Compose joins them: mappings by their keys, lists one after the other."""
    if isinstance(under, dict) and isinstance(over, dict):
        return under | {key: joined(under[key], over[key]) if key in under else over[key] for key in over}
    if isinstance(under, list) and isinstance(over, list):
        return under + over
    if isinstance(under, str) and isinstance(over, dict):
        return {"context": under} | over  # the short form of build
    return over


def test_a_school_is_a_proxy_servers_postgresql_a_scheduler_and_hosts() -> None:
    whole: Any = COMPOSE
    for name in ("compose.servers.yaml", "compose.school.yaml"):
        whole = joined(whole, yaml.safe_load((ROOT / name).read_text()))
    services = whole["services"]
    apps = {name: one for name, one in services.items() if name.startswith("app")}
    assert set(services) == {*apps, "proxy", "database", "scheduler", "host"} and len(apps) > 1
    assert set(apps) == {name for name in SERVERS if name.startswith("app")}
    for app in apps.values():
        assert app["environment"]["ENGINE"] == SCHOOL["services"]["host"]["command"][-1]
        assert app["environment"]["REPLICA"] in services["proxy"]["environment"]["APPS"].split()
        assert {"database", "scheduler"} <= set(app["depends_on"])
        assert app["build"] == {"context": ".", "args": {"REQUIREMENTS": "requirements-cluster.txt"}}
        assert app["networks"] == ["default", "training"]
    assert [name for name, one in services.items() if "ports" in one] == ["proxy"]
    trained = {name for name, one in services.items() if "training" in one.get("networks", [])}
    assert trained == {*apps, "scheduler", "host"}


def test_every_file_that_the_guide_gives_compose_is_there() -> None:
    guide = (ROOT / "docs/hosting.md").read_text(encoding="utf-8")
    given = [one.split(":") for one in re.findall(r"COMPOSE_FILE=([\w.:]+)", guide)]
    assert len(given) == 2 and all((ROOT / file).is_file() for files in given for file in files)


def test_the_services_of_a_school_are_the_app_on_a_scheduler_with_hosts_in_a_network_of_their_own() -> None:
    services = SCHOOL["services"]
    assert set(services) == {"app", "app2", "scheduler", "host"}
    assert set(services["app"]["networks"]) == {"default", "training"} and SCHOOL["networks"]["training"]["internal"]
    assert all(services[name]["networks"] == ["training"] for name in ("scheduler", "host"))
    assert not any("ports" in one for one in services.values())
    assert all(services[name]["restart"] == "unless-stopped" for name in ("scheduler", "host"))
    assert {one["build"]["args"]["REQUIREMENTS"] for one in services.values()} == {"requirements-cluster.txt"}
    mounts = [mount.split(":")[0] for mount in services["host"]["volumes"]]
    assert set(mounts) <= set(COMPOSE["volumes"])


def test_app_and_hosts_are_given_the_address_at_which_the_scheduler_listens() -> None:
    scheduler, host = (SCHOOL["services"][name]["command"] for name in ("scheduler", "host"))
    address = f"tcp://scheduler:{scheduler[scheduler.index('--port') + 1]}"
    assert SCHOOL["services"]["app"]["environment"]["ENGINE"] == host[-1] == address
    assert SCHEDULER.fullmatch(address)


def test_every_command_of_a_cluster_runs_a_module_that_is_there() -> None:
    guide = (ROOT / "docs/hosting.md").read_text(encoding="utf-8")
    commands = [one["command"] for one in SCHOOL["services"].values() if "command" in one]
    commands += [HOST_UNIT["ExecStart"].split()]
    commands += [line.split() for line in re.findall(r"^\.venv/bin/python -m \S.*$", guide, re.M)]
    modules = {command[command.index("-m") + 1] for command in commands}
    assert {"core.engine.host", "distributed.cli.dask_scheduler"} <= modules
    assert [module for module in modules if find_spec(module) is None] == []


def test_the_unit_of_a_host_trains_behind_certificates_in_the_folder_of_the_app() -> None:
    python, _, module, address = HOST_UNIT["ExecStart"].split()
    assert python == f"{UNIT['WorkingDirectory']}/.venv/bin/python" and module == "core.engine.host"
    assert HOST_UNIT["WorkingDirectory"] == UNIT["WorkingDirectory"]
    assert SCHEDULER.fullmatch(address) and address.startswith("tls://")
    assert "Environment=DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION=True" in HOST_UNIT_FILE


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs OpenSSL")
def test_the_certificates_of_the_guide_are_good_for_the_strictest_python(tmp_path: Path) -> None:
    guide = (ROOT / "docs/hosting.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- certificates -->\n```bash\n(.*?)```", guide, re.DOTALL)
    assert block
    check = "openssl verify -x509_strict -CAfile ca.pem app.crt scheduler.crt host.crt"
    subprocess.run(["bash", "-ec", block[1] + check], cwd=tmp_path, check=True, capture_output=True)
    assert {f"{name}.pem" for name in ("ca", "app", "scheduler", "host")} <= {one.name for one in tmp_path.iterdir()}


# ---------------------------------------------------------------------------------------------------- the documents


def test_every_setting_of_compose_is_explained() -> None:
    files = [(ROOT / name).read_text() for name in ("compose.yaml", "compose.school.yaml", "compose.servers.yaml")]
    asked = set(re.findall(r"\$\{([A-Z0-9_]+)", "".join(files)))
    reported = (ROOT / "docs/hosting.md").read_text(encoding="utf-8")
    assert asked and [name for name in asked if f"`{name}`" not in reported] == []


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_every_link_in_a_document_leads_to_a_file(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_every_lesson_in_a_document_is_one(document: Path) -> None:
    texts = re.findall(r"lesson=([A-Za-z0-9._~-]+)", document.read_text(encoding="utf-8"))
    assert [(text, faults) for text in texts if (faults := read_lesson(text)[1])] == []
    assert [text for text in texts if write_lesson(read_lesson(text)[0]) != text] == []


@pytest.mark.parametrize("lang", TRANSLATIONS)
def test_a_translated_guide_has_the_lessons_the_parts_and_the_minutes_of_the_english_one(lang: str) -> None:
    texts = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("teachers.md", f"teachers.{lang}.md")]
    for pattern in (r"lesson=[A-Za-z0-9._~-]+", r"^#+ ", r"^\| *\d+", r"^\| `[^|]+"):
        english, translated = (re.findall(pattern, text, re.M) for text in texts)
        assert len(english) == len(translated) > 0


def test_the_guide_leads_to_its_translations_and_they_lead_back() -> None:
    for lang in TRANSLATIONS:
        assert f"[{LANGUAGES[lang]}](teachers.{lang}.md)" in (ROOT / "docs/teachers.md").read_text(encoding="utf-8")
        assert f"[{LANGUAGES[lang]}](docs/teachers.{lang}.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
        assert "[English](teachers.md)" in (ROOT / f"docs/teachers.{lang}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", TRANSLATIONS)
def test_a_guide_calls_what_it_names_on_the_screen_as_the_screen_does(lang: str) -> None:
    """Words in italics or bold italics that the app shows in English are what it shows in the guide's language."""
    guides = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("teachers.md", f"teachers.{lang}.md")]
    english, translated = ({name for name in re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", guide)} for guide in guides)
    named = {shown(name, lang) for name in english if name in texts(lang)}
    assert len(named) > 10 and named - translated == set()


def test_this_python_is_one_that_the_image_could_have() -> None:
    version = re.search(r"python:(\d+)\.(\d+)-slim", (ROOT / "Dockerfile").read_text())
    required = re.search(r'requires-python = ">=(\d+)\.(\d+)"', (ROOT / "pyproject.toml").read_text())
    assert version and required
    assert tuple(map(int, version.groups())) >= tuple(map(int, required.groups())) <= sys.version_info[:2]

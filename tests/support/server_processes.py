"""Servers of the app in processes of their own, several of one database, and the proxy before them."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tests.support.databases import Missing, free_port, listens
from tests.support.hosting_files import ROOT
from tests.support.waiting import LIMIT, until

SECRET = "a secret of the tests, and of no server"


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *given: object) -> None:
        return None


@dataclass
class Answer:
    """Of a request over HTTP that follows no redirect."""

    status: int
    headers: dict[str, str]  # by names in small letters
    cookies: dict[str, str]
    body: bytes


def ask(port: int, path: str = "", cookies: dict[str, str] | None = None) -> Answer:
    """Ask for a page."""
    headers = {"Accept": "text/html"}
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    try:
        answer = build_opener(_NoRedirect).open(
            Request(f"http://127.0.0.1:{port}/{path}", headers=headers), None, LIMIT
        )
    except HTTPError as refusal:
        answer = refusal
    with answer:
        jar: SimpleCookie = SimpleCookie()
        for line in answer.headers.get_all("Set-Cookie") or []:
            jar.load(line)
        found = {name: one.value for name, one in jar.items()}
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, headers, found, answer.read())


def browse(port: int, path: str, cookies: dict[str, str]) -> Answer:
    """Ask for a page as a browser does: with cookies, which it keeps, and on to where it is led."""
    for _ in range(5):
        answer = ask(port, path, cookies)
        cookies.update(answer.cookies)
        if answer.status != 307:
            return answer
        path = answer.headers["location"]
    raise AssertionError("the browser is led round and round")


@dataclass
class ServerProcess:
    """A server of the app, one of several unless it is told otherwise."""

    folder: Path  # of its log
    url: str
    variables: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.start()

    @property
    def address(self) -> str:
        """As the proxy names it."""
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / f"log-{self.port}").read_text(encoding="utf-8")

    def start(self) -> None:
        """Start it, also once more."""
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port),
                   "--server.address", "127.0.0.1"]  # fmt: skip
        replica = {"DATABASE_URL": self.url, "REPLICA": self.address, "REPLICA_SECRET": SECRET}
        with (self.folder / f"log-{self.port}").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | replica | self.variables, stdout=log, stderr=subprocess.STDOUT
            )

    def health(self) -> tuple[int, dict[str, bool]]:
        """What the server says about itself; status 0 if it does not answer."""
        with suppress(OSError):
            answer = ask(self.port, "healthz")
            return answer.status, json.loads(answer.body)
        return 0, {}

    def ready(self) -> "ServerProcess":
        """Wait until visitors are let in and the other servers know it."""
        until(lambda: self.health()[0] == 200 or self.process.poll() is not None, pause=0.1)
        assert self.process.poll() is None, self.log
        return self

    def kill(self) -> None:
        """End it at once, with its workers' pipes."""
        self.process.kill()
        self.process.wait()


class Caddy:
    """The proxy of hosting/Caddyfile.servers before some servers, over plain HTTP."""

    def __init__(self, folder: Path, servers: list[ServerProcess]) -> None:
        if (program := shutil.which("caddy")) is None:
            raise Missing("Caddy is not installed: there is no caddy")
        self.port = free_port()
        variables = {
            "SITE_ADDRESS": f"http://127.0.0.1:{self.port}", "REPLICA_SECRET": SECRET,
            "APPS": " ".join(server.address for server in servers), "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder),
        }  # fmt: skip
        text = (ROOT / "hosting/Caddyfile.servers").read_text(encoding="utf-8")
        (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + text, encoding="utf-8")
        with (folder / "caddy-log").open("wb") as log:
            command = [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
            self._process = subprocess.Popen(command, env=os.environ | variables, stdout=log, stderr=log)
        until(lambda: listens(self.port) or self._process.poll() is not None)
        assert self._process.poll() is None, (folder / "caddy-log").read_text()

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

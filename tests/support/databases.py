"""A PostgreSQL server and a pooler for tests, with fresh databases, and connections that bypass the store."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

import psycopg
import sqlalchemy as sa

from tests.support.waiting import LIMIT

OWNER = "postgres"  # PostgreSQL refuses to run as root
OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}


class Missing(Exception):
    """PostgreSQL or PgBouncer is not on this machine."""


def program(name: str) -> Path:
    """One of PostgreSQL's programs, of the latest version that is installed. Raises Missing."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if installed:
        return installed[-1]
    if found := shutil.which(name):
        return Path(found)
    raise Missing(f"PostgreSQL is not installed: there is no {name}")


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


class Postgres:
    """A PostgreSQL server on a free port of this machine."""

    def __init__(self) -> None:
        initdb, self._program = program("initdb"), program("postgres")
        self._names = count(1)
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._who: dict[str, str] = {}
        if os.geteuid() == 0:
            owner = pwd.getpwnam(OWNER)
            self._who = {"user": OWNER, "group": OWNER}
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        self.port = free_port()
        self._data = self._folder / "data"
        self._run(initdb, "-D", self._data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def _run(self, *command: object) -> None:
        done = subprocess.run([*map(str, command)], cwd=self._folder, capture_output=True, text=True, **self._who)
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start the server and wait until it answers; nothing happens when it runs."""
        if self._process is not None:
            return
        command = [self._program, "-D", self._data, "-p", self.port, "-h", "127.0.0.1", "-k", self._folder]
        for name, value in OPTIONS.items():
            command += ["-c", f"{name}={value}"]
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen([*map(str, command)], cwd=self._folder, stdout=log, stderr=log, **self._who)
        deadline = time.monotonic() + LIMIT
        while True:
            with suppress(psycopg.OperationalError):
                self.execute("SELECT 1")
                self._process = process  # from now on others may end it
                return
            assert process.poll() is None and time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server and its connections at once, as a restart of the machine does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            self._process.wait(LIMIT)
            self._process = None

    def kill(self) -> None:
        """End the server without letting it write anything more, as a crash does; it recovers when it starts."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # PostgreSQL's immediate shutdown, of all its processes
            self._process.wait(LIMIT)
            self._process = None

    @property
    def runs(self) -> bool:
        """Whether the server has been started and not ended."""
        return self._process is not None

    def close(self) -> None:
        """End the server and delete its files."""
        self.stop()
        shutil.rmtree(self._folder)

    def execute(self, statement: str, database: str = OWNER) -> list[tuple[object, ...]]:
        """One statement as the owner of everything; its rows."""
        address = f"host=127.0.0.1 port={self.port} user={OWNER} dbname={database} connect_timeout=5"
        with psycopg.connect(address, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def fresh(self) -> str:
        """The URL of a new, empty database."""
        name = f"lab_{next(self._names)}"
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{name}"


class PgBouncer:
    """A pooler in transaction mode before a PostgreSQL server; transactions take turns on so few connections to it."""

    CONNECTIONS = 2

    def __init__(self, server: Postgres) -> None:
        if (found := shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")) is None:
            raise Missing("PgBouncer is not installed: there is no pgbouncer")
        self._server, self._port = server, free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
        (self._folder / "users").write_text(f'"{OWNER}" ""\n')
        settings = {
            "listen_addr": "127.0.0.1", "listen_port": self._port, "unix_socket_dir": "", "auth_type": "any",
            "auth_file": self._folder / "users", "pool_mode": "transaction", "default_pool_size": self.CONNECTIONS,
            "server_idle_timeout": 1,  # seconds: every test has a database of its own, and connections to it
        }  # fmt: skip
        lines = ["[databases]", f"* = host=127.0.0.1 port={server.port} user={OWNER}", "[pgbouncer]"]
        (self._folder / "ini").write_text("\n".join(lines + [f"{name} = {value}" for name, value in settings.items()]))
        who: dict[str, str] = {}
        if os.geteuid() == 0:  # it too refuses to run as root
            who = {"user": OWNER, "group": OWNER}
            os.chown(self._folder, pwd.getpwnam(OWNER).pw_uid, -1)
        with (self._folder / "log").open("wb") as log:
            command = [found, str(self._folder / "ini")]
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log, **who)
        deadline = time.monotonic() + LIMIT
        while not listens(self._port):
            assert self._process.poll() is None and time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.02)

    def fresh(self) -> str:
        """The URL of a new, empty database behind the pooler."""
        return self._server.fresh().replace(f":{self._server.port}/", f":{self._port}/")

    def close(self) -> None:
        """End the pooler and its connections, and delete its files."""
        self._process.terminate()
        self._process.wait(LIMIT)
        shutil.rmtree(self._folder)


def past(url: str) -> sa.Engine:
    """An engine for a store's database that bypasses the store and keeps no connections."""
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)


def everything(connection: sa.Connection) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    tables = sorted(sa.inspect(connection).get_table_names())
    rows = {name: [tuple(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"')] for name in tables}
    connection.rollback()
    return rows

"""Real databases for tests: a PostgreSQL server of our own on this machine, and fresh databases in it or in a file."""

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

from tests.waiting import LIMIT

OWNER = "postgres"  # PostgreSQL refuses to run as root
OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}


class Missing(Exception):
    """PostgreSQL is not on this machine."""


def program(name: str) -> Path:
    """One of PostgreSQL's programs, of the latest version that is installed. Raises Missing."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if installed:
        return installed[-1]
    if found := shutil.which(name):
        return Path(found)
    raise Missing(f"PostgreSQL is not installed: there is no {name}")


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
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            self.port = int(held.getsockname()[1])
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
            self._process = subprocess.Popen(
                [*map(str, command)], cwd=self._folder, stdout=log, stderr=log, **self._who
            )
        deadline = time.monotonic() + LIMIT
        while True:
            with suppress(psycopg.OperationalError):
                self.execute("SELECT 1")
                return
            assert self._process.poll() is None and time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server at once, its connections too, as when somebody starts the machine anew."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            self._process.wait(LIMIT)
            self._process = None

    def close(self) -> None:
        """End the server and forget all it held."""
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


def past(url: str) -> sa.Engine:
    """A way to a store's database past the store; it keeps no connections."""
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)


def everything(connection: sa.Connection) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    tables = sorted(sa.inspect(connection).get_table_names())
    rows = {name: [tuple(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"')] for name in tables}
    connection.rollback()
    return rows

"""What several test modules share."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from threadpoolctl import threadpool_limits

from core.engine.local import Engine, cores
from core.store import Store
from pages.components import session
from tests.database import Missing, Postgres, past
from tests.servers import Serve, Server

# the labs of all tests, and of the servers they start, never stand among the user's own
_folder = tempfile.TemporaryDirectory(prefix="labs-", ignore_cleanup_errors=True)
os.environ["DATABASE_URL"] = f"sqlite:///{_folder.name}/labs.sqlite"

# Workers give way to a server, which is seldom busy; beside tests, which always are, their rounds would take ten times
# as long. So the tests, and the servers they start, give way as far as workers do.
if hasattr(os, "nice"):
    os.nice(19)


@pytest.fixture
def mnist_dir() -> Path:
    """The folder of the real MNIST files; without one the test is skipped."""
    if not os.environ.get("MNIST_DIR"):
        pytest.skip("MNIST_DIR names no folder with the MNIST files")
    return Path(os.environ["MNIST_DIR"])


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread() -> Iterator[None]:
    """As in a worker: products of this size are not worth a second thread, and tests leave the other core alone."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session", autouse=True)
def all_cores() -> Iterator[None]:
    """A page drawn for a test begins an engine as a server does, but does not hold all other tests to one core."""
    before = cores()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "keep_to_one_core", lambda: None)
        yield
    assert cores() == before


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One PostgreSQL server for all tests; without PostgreSQL they are skipped."""
    try:
        server = Postgres()
    except Missing as reason:
        pytest.skip(str(reason))
    yield server
    server.close()


@pytest.fixture
def postgres(postgres_server: Postgres) -> Iterator[Postgres]:
    """That server, which runs again after a test that stopped it."""
    yield postgres_server
    postgres_server.start()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh database, once in SQLite and once in PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'labs.sqlite'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.fresh()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store in a fresh database, its tables in place."""
    made = Store(store_url)
    made.prepare()
    yield made
    made.close()


@pytest.fixture
def connection(store_url: str, store: Store) -> Iterator[sa.Connection]:
    """A look past the store at its database."""
    with past(store_url).connect() as opened:
        yield opened


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Two workers for all tests that leave them alive."""
    made = Engine(2)
    yield made
    made.close()


@pytest.fixture
def serve(engine: Engine) -> Iterator[Serve]:
    """Starts a server over a store; it ends with the test."""
    started: list[Server] = []

    def start(url: str, engine: Engine = engine) -> Server:
        started.append(Server.over(url, engine))
        return started[-1]

    yield start
    for server in started:
        server.saver.close()

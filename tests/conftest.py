"""What several test modules share."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from threadpoolctl import threadpool_limits

from core.engine.engine import EmbeddedEngine
from core.server.server import Server
from core.store.store import Store
from pages.components.frame.running_server import serving
from tests.support import servers
from tests.support.databases import Missing, PgBouncer, Postgres, past
from tests.support.generated_input import FULL
from tests.support.servers import Serve

# the labs of all tests, and of the servers they start, never stand among the user's own
_folder = tempfile.TemporaryDirectory(prefix="labs-", ignore_cleanup_errors=True)
os.environ["DATABASE_URL"] = f"sqlite:///{_folder.name}/labs.sqlite"

# Workers give way to a server, which is seldom busy; beside tests, which always are, their rounds would take ten times
# as long. So the tests, and the servers they start, give way as far as workers do.
if hasattr(os, "nice"):
    os.nice(19)


hypothesis.settings.register_profile(FULL)


def pytest_configure(config: pytest.Config) -> None:
    """Property tests have their full number of cases unless the long tests are left out."""
    if "not long" not in config.option.markexpr:
        hypothesis.settings.load_profile(FULL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under `-m long` property tests run too: by default they have run with few cases."""
    if hypothesis.settings.get_current_profile_name() == FULL:
        for item in items:
            if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
                item.add_marker("long")


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


@pytest.fixture(scope="session")
def page_server() -> Iterator[Server]:
    """The server that pages find which are drawn without one; one for all tests, as no test ends it."""
    with serving(Server.start(lambda session: True)) as started:
        yield started


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


@pytest.fixture(scope="session")
def pgbouncer_server(postgres_server: Postgres) -> Iterator[PgBouncer]:
    """One pooler in transaction mode for all tests; without PgBouncer they are skipped."""
    try:
        pooler = PgBouncer(postgres_server)
    except Missing as reason:
        pytest.skip(str(reason))
    yield pooler
    pooler.close()


@pytest.fixture
def pgbouncer(postgres: Postgres, pgbouncer_server: PgBouncer) -> PgBouncer:
    """That pooler, before a PostgreSQL that runs."""
    return pgbouncer_server


@pytest.fixture(params=["sqlite", *(pytest.param(name, marks=pytest.mark.long) for name in ("postgres", "pgbouncer"))])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh database: in SQLite, in PostgreSQL, and in PostgreSQL behind a pooler."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'labs.sqlite'}"
    server: Postgres | PgBouncer = request.getfixturevalue(request.param)
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
def engine() -> Iterator[EmbeddedEngine]:
    """Two workers for all tests that leave them alive."""
    made = EmbeddedEngine(2)
    yield made
    made.close()


@pytest.fixture
def serve(engine: EmbeddedEngine) -> Iterator[Serve]:
    """Starts a server over a store; it ends with the test."""
    started: list[servers.Server] = []

    def start(url: str, engine: EmbeddedEngine = engine) -> servers.Server:
        started.append(servers.Server.on_store(url, engine))
        return started[-1]

    yield start
    for server in started:
        server.saver.close()

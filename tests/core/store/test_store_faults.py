"""Every error of the database is one sentence, leaves nothing half written, and ends when its cause does."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest

from core.store import store as module
from core.store.schema import LabRecord
from core.store.store import Store, StoreError
from tests.support.databases import PgBouncer, Postgres
from tests.support.privileges import without_privileges
from tests.support.store_writers import OPENING, lab_record, prepared, round_record, works

TOKEN, OTHER = "a" * 24, "b" * 24


ACTIONS: dict[str, Callable[[Store], object]] = {
    "save": lambda store: store.save(OTHER, lab_record(1)),
    "load": lambda store: store.load(TOKEN),
    "open_test": lambda store: store.open_test(TOKEN, OPENING),
    "save_opening": lambda store: store.save_opening(TOKEN, replace(OPENING, result="[]")),
    "prune": lambda store: store.prune(0.0, 180.0),
    "prepare": lambda store: store.prepare(),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_locked_database_is_a_sentence_and_goes_on_afterwards(
    action: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT", 0.05)
    file = tmp_path / "labs.sqlite"
    with closing(prepared(f"sqlite:///{file}")) as store:
        store.save(TOKEN, lab_record(1))
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StoreError):
                ACTIONS[action](store)
            other.execute("ROLLBACK")
        assert works(store)
        assert store.load(TOKEN) == lab_record(1)


def test_a_writer_waits_for_another_one_that_is_soon_done(tmp_path: Path) -> None:
    file = tmp_path / "labs.sqlite"
    with closing(prepared(f"sqlite:///{file}")) as store, closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE alembic_version SET version_num = version_num")
        found: list[bool] = []
        writer = Thread(target=lambda: found.append(works(store)))
        writer.start()
        writer.join(0.2)
        assert writer.is_alive()
        other.execute("ROLLBACK")
        writer.join()
        assert found == [True]


@pytest.mark.long
@pytest.mark.parametrize("action", ACTIONS)
def test_a_postgresql_that_is_away_is_a_sentence_and_goes_on_afterwards(action: str, postgres: Postgres) -> None:
    with closing(prepared(postgres.fresh())) as store:
        store.save(TOKEN, lab_record(1))
        postgres.stop()
        with pytest.raises(StoreError):
            ACTIONS[action](store)
        postgres.start()
        assert works(store)
        assert store.load(TOKEN) == lab_record(1)


@pytest.mark.long
def test_a_restart_of_postgresql_between_two_calls_is_not_noticed(postgres: Postgres) -> None:
    with closing(prepared(postgres.fresh())) as store:
        store.save(TOKEN, lab_record(1))
        postgres.stop()
        postgres.start()
        assert works(store)


def test_an_error_of_the_database_names_nothing_that_was_to_be_written(store: Store) -> None:
    """It is logged with its cause."""
    record = replace(lab_record(1), pseudonym="a private word", created=None)  # type: ignore[arg-type]
    with pytest.raises(StoreError) as fault:
        store.save("a" * 24, record)
    assert fault.value.__cause__ is not None and "created" in str(fault.value.__cause__)
    assert "private word" not in str(fault.value.__cause__)


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with closing(Store(f"sqlite:///{tmp_path / 'file' / 'labs.sqlite'}")) as store, pytest.raises(StoreError):
        store.prepare()


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    with closing(prepared(f"sqlite:///{tmp_path / 'a' / 'b' / 'labs.sqlite'}")) as store:
        assert works(store)


@pytest.mark.parametrize("action", ["save", "open_test", "save_opening", "prune"])
def test_a_file_that_may_not_be_written_is_a_sentence_and_goes_on_afterwards(action: str) -> None:
    with TemporaryDirectory() as name:
        folder, file = Path(name), Path(name) / "labs.sqlite"
        with closing(prepared(f"sqlite:///{file}")) as store:
            store.save(TOKEN, lab_record(1))
        with closing(Store(f"sqlite:///{file}")) as store:
            folder.chmod(0o555)
            file.chmod(0o444)
            with without_privileges(), pytest.raises(StoreError):
                ACTIONS[action](store)
            folder.chmod(0o755)
            file.chmod(0o644)
            store.close()  # SQLite remembers that a file could not be written
            assert works(store)


def test_a_file_that_is_no_database_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "labs.sqlite").write_text("my diary" * 1000)
    with closing(Store(f"sqlite:///{tmp_path / 'labs.sqlite'}")) as store, pytest.raises(StoreError):
        store.prepare()
    assert (tmp_path / "labs.sqlite").read_text() == "my diary" * 1000


def test_a_full_disk_is_a_sentence_and_goes_on_afterwards(tmp_path: Path) -> None:
    with closing(prepared(f"sqlite:///{tmp_path / 'labs.sqlite'}")) as store:
        store.save(TOKEN, lab_record(1))
        pages = limited(store, "max_page_count = 1")
        with pytest.raises(StoreError):
            store.save(OTHER, big())
        assert store.load(TOKEN) == lab_record(1) and store.load(OTHER) is None
        limited(store, f"max_page_count = {1000 * pages}")
        store.save(OTHER, big())
        assert store.load(OTHER) == big()


def limited(store: Store, pragma: str) -> int:
    """Set how many pages the store's own connection may fill; how many it may now."""
    with store._engine.connect() as connection:
        return int(connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one())


def big() -> LabRecord:
    return replace(lab_record(), rounds=[replace(round_record(1), train_accuracy=bytes(200_000))])


@pytest.mark.parametrize("url", ["", "no url", "oracle://host/labs", "postgresql://:x@host:port/", "mysql://host/labs"])
def test_a_url_of_no_database_is_a_sentence(url: str) -> None:
    with pytest.raises(StoreError):
        Store(url)


@pytest.mark.long
def test_servers_that_share_a_poolers_connections_do_not_disturb_each_other(pgbouncer: PgBouncer) -> None:
    """Statements that were prepared on a connection would be missing, or there already, on the next one."""
    url = pgbouncer.fresh()
    prepared(url).close()
    stores = [Store(url) for _ in range(2 * PgBouncer.CONNECTIONS)]
    for number in range(12):  # psycopg by itself prepares what it has executed five times
        for place, store in enumerate(stores):
            store.save(f"{place}" * 24, lab_record(number, seed=place))
    for place, store in enumerate(stores):
        assert store.load(f"{place}" * 24) == lab_record(*range(12), seed=place)
        store.close()


@pytest.mark.parametrize("fault", [ValueError, TypeError, KeyError, AttributeError, RuntimeError])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_fault_of_the_program_is_not_told_as_one_of_the_database(
    action: str, fault: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault("a mistake")

    with closing(Store(f"sqlite:///{tmp_path / 'labs.sqlite'}")) as store:
        monkeypatch.setattr(store._engine, "begin", fail)
        with pytest.raises(fault, match="a mistake") as caught:
            ACTIONS[action](store)
    assert not isinstance(caught.value, StoreError)


@pytest.mark.long
def test_postgresql_is_known_by_its_short_name_too(postgres: Postgres) -> None:
    with closing(prepared(postgres.fresh().replace("postgresql://", "postgres://"))) as store:
        assert works(store)

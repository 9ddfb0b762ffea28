"""Migrations make the tables of schema.py, also when several servers start at once, and leave other tables alone."""

from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.store import schema
from core.store import store as module
from core.store.records import lab_record as lab_record_of
from core.store.restoring import lab_from_record
from core.store.store import Store, StoreError, lab_id
from tests.support.databases import everything, past
from tests.support.sample_rounds import made
from tests.support.store_writers import at_once, lab_record

TOKEN, OTHER = "a" * 24, "b" * 24


def alembic(connection: sa.Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(module.__file__).with_name("migrations")))
    return config


def differences(connection: sa.Connection) -> list[object]:
    """Between the tables that are there and those that the store knows."""
    return list(compare_metadata(MigrationContext.configure(connection), schema.tables))


def test_the_tables_that_are_made_are_those_that_the_store_knows(store: Store, connection: sa.Connection) -> None:
    assert differences(connection) == []


def test_a_difference_between_the_tables_would_be_seen(store: Store, connection: sa.Connection) -> None:
    connection.exec_driver_sql('ALTER TABLE "lab" DROP COLUMN pseudonym')
    assert len(differences(connection)) == 1


def test_preparing_again_changes_nothing(store: Store, connection: sa.Connection) -> None:
    store.save(TOKEN, lab_record(1))
    before = everything(connection)
    store.prepare()
    assert everything(connection) == before


def test_several_servers_may_prepare_at_once(store_url: str) -> None:
    at_once([("prepare", store_url)] * 3)
    with closing(Store(store_url)) as store:
        store.save(TOKEN, lab_record(1))
        assert store.load(TOKEN) == lab_record(1)


def test_down_and_up_again_gives_the_same_tables(store: Store, connection: sa.Connection) -> None:
    config = alembic(connection)
    command.downgrade(config, "base")
    assert set(sa.inspect(connection).get_table_names()) == {"alembic_version"}
    command.upgrade(config, "head")
    assert differences(connection) == []


def test_a_round_from_before_trials_could_be_given_up_is_read_with_none_given_up(
    store: Store, connection: sa.Connection
) -> None:
    progress = made([-2, -3], [0.9, 0.8])
    lab = Lab(TOKEN, rounds=[LabRound(1, progress)])
    command.downgrade(alembic(connection), "0001")
    assert "given_up" not in [column["name"] for column in sa.inspect(connection).get_columns("round")]
    record, id_ = lab_record_of(lab, [1]), lab_id(TOKEN)
    head = {name: getattr(record, name) for name in ("pseudonym", "created", "used", "plan", "earlier", "chosen")}
    row = {name: given for name, given in asdict(record.rounds[0]).items() if name != "given_up"}
    connection.execute(sa.insert(sa.table("lab", *map(sa.column, ["id", *head]))).values(id=id_, **head))
    connection.execute(sa.insert(sa.table("round", *map(sa.column, ["lab", *row]))).values(lab=id_, **row))
    connection.commit()
    store.prepare()
    found = store.load(TOKEN)
    assert found is not None and found.rounds[0].given_up is None
    read = lab_from_record(TOKEN, found).rounds[0].progress
    assert read.given_up.tolist() == [False, False]
    assert read.validation_accuracy.tobytes() == progress.validation_accuracy.tobytes()


def test_a_database_of_a_later_version_is_refused_and_not_changed(store: Store, connection: sa.Connection) -> None:
    store.save(TOKEN, lab_record(1))
    with connection.begin():
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    before = everything(connection)
    with pytest.raises(StoreError, match="another version"):
        store.prepare()
    assert everything(connection) == before


def test_a_migration_that_fails_half_way_leaves_nothing(store_url: str) -> None:
    engine = past(store_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE repeat (mine INTEGER)")  # in the way of the third table
    with closing(Store(store_url)) as store, pytest.raises(StoreError):
        store.prepare()
    with engine.connect() as connection:
        assert set(everything(connection)) <= {"repeat", "alembic_version"}

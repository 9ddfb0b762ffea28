"""How rows are written and how the rows of a lab are read, on a connection of the store's."""

from dataclasses import fields
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.store.schema import (
    LabRecord,
    MemberRecord,
    OpeningRecord,
    RepeatRecord,
    RoundRecord,
    lab_table,
    membership_table,
    opening_table,
    repeat_table,
    round_table,
)

LAB_COLUMNS = (  # of both LabRecord and the table
    "pseudonym",
    "created",
    "used",
    "plan",
    "earlier",
    "chosen",
    "preset",
    "reading_salt",
    "reading_key",
)

Record = TypeVar("Record")


def upsert(connection: sa.Connection, table: sa.Table, key: dict[str, Any], row: dict[str, Any]) -> None:
    """Update the row of a key or insert it, in one statement, since another server may write it too."""
    columns = {name: given for name, given in row.items() if name not in key}
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table).values(**key, **columns)
    new = {name: insert.excluded[name] for name in columns}
    connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=new))


def load_lab(connection: sa.Connection, lab_key: str) -> LabRecord | None:
    """The lab of a key, None if there is none. lab_key: see lab_id"""
    found = connection.execute(sa.select(lab_table).where(lab_table.c.id == lab_key)).mappings().first()
    if found is None:
        return None
    opening = _load_rows(connection, opening_table, lab_key, OpeningRecord, opening_table.c.opened)
    member = _load_rows(connection, membership_table, lab_key, MemberRecord, membership_table.c.seat)
    return LabRecord(
        **{name: found[name] for name in LAB_COLUMNS},
        rounds=_load_rows(connection, round_table, lab_key, RoundRecord, round_table.c.number),
        repeats=_load_rows(connection, repeat_table, lab_key, RepeatRecord, repeat_table.c.number),
        opening=opening[0] if opening else None,
        member=member[0] if member and not member[0].removed else None,
    )


def _load_rows(
    connection: sa.Connection, table: sa.Table, lab_key: str, kind: type[Record], order: sa.Column[Any]
) -> list[Record]:
    """A lab's rows of a table, in their order, as records."""
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    chosen = sa.select(*(table.c[name] for name in names)).where(table.c.lab == lab_key).order_by(order)
    return [kind(**row) for row in connection.execute(chosen).mappings()]

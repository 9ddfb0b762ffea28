"""A deleted lab is gone with all that it held, whatever was under way, and nothing of it comes back."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.classroom import seats
from core.lab.choice import Choice
from core.lab.extra_training import open_test_set, repeat_trials
from core.lab.lab import Lab
from core.lab.reading_link import open_reading_link, reading_token
from core.lesson import Lesson
from core.server.class_boards import BoardCache, current_board
from core.server.labs import Labs
from core.store.schema import LabRecord
from core.store.store import Store, StoreError
from tests.support.databases import everything
from tests.support.final_tests import CHOICE, PLAN
from tests.support.servers import MIDDLE, SHORT, Serve, Server
from tests.support.waiting import LIMIT, until

SECRET = "my very own reason"


def full_lab(server: Server) -> Lab:
    """A lab with rounds, a note, repeats, a reading link and a final test, all written down."""
    lab = server.open()
    server.ran(lab, PLAN)
    lab.note(1, SECRET)
    repeat_trials(lab, server.engine, 1, [0])
    until(lambda: lab.repeats)
    lab.choose(CHOICE)
    open_reading_link(lab)
    open_test_set(lab, server.engine, server.saver.record_opening, 2)
    server.settled(lab)
    return lab


def rows(connection: sa.Connection) -> list[str]:
    """The tables in which anything is, those of the migrations left out."""
    return [name for name, found in everything(connection).items() if found and name != "alembic_version"]


def test_nothing_of_a_deleted_lab_is_left(serve: Serve, store_url: str, connection: sa.Connection) -> None:
    server = serve(store_url)
    lab = full_lab(server)
    link = reading_token(lab)
    assert link is not None and server.labs.look(link) is not None
    assert {"lab", "round", "repeat", "opening"} <= set(rows(connection))
    connection.rollback()
    server.labs.delete(lab)
    assert rows(connection) == []
    assert server.labs.look(link) is None and server.labs.in_memory(lab.token) is None
    new, known = server.labs.open(lab.token, "browser")
    assert not known and new.token != lab.token and not new.rounds


def test_nothing_of_a_deleted_lab_is_left_in_the_file_of_sqlite(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "labs.sqlite"
    server = serve(f"sqlite:///{file}")
    lab = full_lab(server)
    assert SECRET.encode() in file.read_bytes() + b"".join(one.read_bytes() for one in tmp_path.glob("*-wal"))
    server.labs.delete(lab)
    server.saver.close()
    assert SECRET.encode() not in file.read_bytes()


def test_what_is_under_way_ends_and_is_not_written(serve: Serve, store_url: str, connection: sa.Connection) -> None:
    server = serve(store_url)
    lab = server.open()
    lab.change(**{name: getattr(MIDDLE, name) for name in MIDDLE.__dataclass_fields__})
    round_ = lab.start(server.engine)
    server.labs.delete(lab)
    assert round_.wait().status.is_final
    lab.note(1, "too late")
    server.saver.mark_dirty(lab, 1)
    until(lambda: server.saver.saved(lab.token))
    assert server.saver.load(lab.token) is None and rows(connection) == []


def test_a_deleted_labs_test_set_cannot_be_opened(serve: Serve, store_url: str) -> None:
    server = serve(store_url)
    lab = server.open()
    server.ran(lab, PLAN)
    lab.choose(CHOICE)
    server.labs.delete(lab)
    with pytest.raises(StoreError, match="deleted"):
        open_test_set(lab, server.engine, server.saver.record_opening, 2)
    assert server.saver.load(lab.token) is None


def test_a_final_test_under_way_ends(serve: Serve, store_url: str) -> None:
    server = serve(store_url)
    lab = server.open()
    server.ran(lab, PLAN)
    lab.choose(Choice(0.01, 1e-6))
    open_test_set(lab, server.engine, server.saver.record_opening, 200)
    final = lab.final
    assert final is not None
    server.labs.delete(lab)
    until(lambda: final.share is None)
    assert final.outcome is None


def test_a_write_that_ends_after_the_deletion_leaves_nothing(
    serve: Serve, store_url: str, connection: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(store_url)
    lab = server.open()
    server.ran(lab, PLAN)
    save, begun, deleted = Store.save, threading.Event(), threading.Event()

    def slow(store: Store, token: str, record: LabRecord) -> bool:
        begun.set()
        assert deleted.wait(LIMIT)
        return save(store, token, record)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "save", slow)
        lab.note(1, "just now")
        assert begun.wait(LIMIT)
        server.labs.delete(lab)
        deleted.set()
        until(lambda: server.saver.saved(lab.token))
    assert rows(connection) == []


def test_other_labs_stay(serve: Serve, store_url: str) -> None:
    server = serve(store_url)
    mine, other = full_lab(server), full_lab(server)
    server.labs.delete(mine)
    again = serve(store_url).open(other.token)
    assert again.rounds[0].note == SECRET and again.final is not None and again.repeats


def test_the_seat_in_the_class_is_free_again_and_the_class_forgets_the_lab(serve: Serve, store_url: str) -> None:
    server = serve(store_url)
    classroom, secret = server.labs.classes.create("class", "en", Lesson(replace(SHORT, space=PLAN.space)))
    mine, other = (server.labs.adopt(lambda token: server.labs.classes.join(classroom, token)) for _ in range(2))
    for lab in (mine, other):
        lab.start(server.engine).wait()
        server.settled(lab)
    assert server.labs.classes.board(classroom).seats.tolist() == [1, 2]
    assert mine.class_seat is not None
    server.labs.delete(mine)
    assert list(classroom.members) == [2] and list(classroom.labs) == [2]
    assert current_board(classroom, BoardCache()).seats.tolist() == [2]
    until(lambda: server.saver.saved(classroom.code))
    again = serve(store_url).labs.classes.taught(secret)
    assert again is not None and list(again.members) == [2] and list(again.labs) == [2]


def test_a_lab_whose_seat_was_taken_away_is_no_longer_offered_to_be_readmitted(serve: Serve, store_url: str) -> None:
    server = serve(store_url)
    classroom, secret = server.labs.classes.create("class", "en", Lesson())
    lab = server.labs.adopt(lambda token: server.labs.classes.join(classroom, token))
    server.settled(lab)
    seats.remove(classroom, secret, [1])
    assert list(classroom.former) == [1]
    server.labs.delete(lab)
    assert not classroom.former and not classroom.members
    until(lambda: server.saver.saved(classroom.code))
    again = serve(store_url).labs.classes.taught(secret)
    assert again is not None and not again.former and not again.members


def test_while_the_database_is_away_a_lab_is_not_deleted(
    serve: Serve, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(store_url)
    lab = full_lab(server)

    def away(store: Store, token: str) -> None:
        raise StoreError("The lab's store cannot be reached or written just now.")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "delete", away)
        with pytest.raises(StoreError):
            server.labs.delete(lab)
    assert server.labs.in_memory(lab.token) is lab and server.saver.load(lab.token) is not None
    lab.note(1, "still here")
    server.settled(lab)
    record = server.saver.load(lab.token)
    assert record is not None and record.rounds[0].note == "still here"


def test_a_lab_in_memory_alone_is_deleted() -> None:
    labs = Labs(lambda session: True)
    lab, _ = labs.open(None, "browser")
    labs.delete(lab)
    assert labs.in_memory(lab.token) is None

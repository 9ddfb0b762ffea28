"""What a page changes is written by a thread: nothing is lost while the database is away, and no page waits."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.lab.final_evaluation import FinalTest
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.plan import RoundPlan
from core.store import store as store_module
from core.store import writer as writer_module
from core.store.pruning import DAY
from core.store.records import lab_record
from core.store.schema import LabRecord
from core.store.store import Store
from core.store.writer import StoreWriter
from tests.support import store_writers as writers
from tests.support.databases import Postgres
from tests.support.sample_rounds import made
from tests.support.store_writers import prepared
from tests.support.waiting import LIMIT, until

Savers = Callable[..., StoreWriter]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short delays between attempts, so that tests need not wait."""
    monkeypatch.setattr(writer_module, "RETRY", 0.02)
    monkeypatch.setattr(store_module, "LOCK_TIMEOUT", 0.05)


@pytest.fixture
def savers() -> Iterator[Savers]:
    """Makes writers of a database; they end with the test."""
    begun: list[StoreWriter] = []

    def make(store: str | Store, days: float = 180.0) -> StoreWriter:
        saver = StoreWriter(lambda: Store(store) if isinstance(store, str) else store, days)
        begun.append(saver)
        return saver

    yield make
    for saver in begun:
        saver.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "labs.sqlite"


def lab(token: str = "t", rounds: int = 2) -> Lab:
    progress = made([-2, -3], [0.9, 0.8])
    return Lab(token, rounds=[LabRound(number, progress, f"why {number}") for number in range(1, rounds + 1)])


def saved(url: str, token: str = "t") -> LabRecord | None:
    with closing(Store(url)) as store:
        return store.load(token)


class BlockedStore(Store):
    """A store whose `save` waits for the event `open`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.reached, self.open = threading.Event(), threading.Event()

    def save(self, token: str, lab: LabRecord) -> None:
        self.reached.set()
        assert self.open.wait(LIMIT)
        super().save(token, lab)


class Locked:
    """Holds the lock of a SQLite database."""

    def __init__(self, file: Path) -> None:
        self._other = sqlite3.connect(file, isolation_level=None)
        self._other.execute("BEGIN EXCLUSIVE")

    def release(self) -> None:
        self._other.close()


# ---------------------------------------------------------------------------------------------------- writing


def test_what_is_marked_is_written(savers: Savers, store_url: str) -> None:
    saver, mine = savers(store_url), lab()
    saver.mark_dirty(mine, 1)
    saver.mark_dirty(mine, 2)
    assert saver.wait("t", LIMIT)
    assert saved(store_url) == lab_record(mine, [1, 2])


def test_only_the_rounds_that_are_marked_are_written(savers: Savers, store_url: str) -> None:
    saver, mine = savers(store_url), lab(rounds=3)
    saver.mark_dirty(mine, 2)
    assert saver.wait("t", LIMIT)
    for round_ in mine.rounds:
        round_.note = "new"
    saver.mark_dirty(mine, 2)
    assert saver.wait("t", LIMIT)
    assert [round_.note for round_ in saved(store_url).rounds] == ["why 1", "new", "why 3"]


def test_a_store_that_does_not_know_a_lab_gets_all_of_it(savers: Savers, store_url: str) -> None:
    saver, mine = savers(store_url), lab(rounds=3)
    saver.mark_dirty(mine, 2)
    assert saver.wait("t", LIMIT)
    assert saved(store_url) == lab_record(mine, [1, 2, 3])


def test_a_database_whose_file_was_deleted_is_made_anew_with_all_that_is_in_use(savers: Savers, file: Path) -> None:
    saver, mine = savers(f"sqlite:///{file}"), lab(rounds=2)
    saver.mark_dirty(mine, 1)
    assert saver.wait("t", LIMIT)
    file.unlink()
    mine.note(2, "after the file was gone")
    saver.mark_dirty(mine, 2)
    assert saver.wait("t", LIMIT)
    assert saver.fault() is None
    assert saved(f"sqlite:///{file}") == lab_record(mine, [1, 2])


def test_a_lab_is_unsaved_from_the_mark_until_it_is_written(savers: Savers, file: Path) -> None:
    store = BlockedStore(f"sqlite:///{file}")
    saver = savers(store)
    saver.mark_dirty(lab(), 1)
    assert store.reached.wait(LIMIT)
    assert not saver.saved("t") and not saver.wait("t", 0.0)
    store.open.set()
    assert saver.wait("t", LIMIT) and saver.saved("t")


def test_what_is_marked_while_it_is_written_is_written_too(savers: Savers, file: Path) -> None:
    store, mine = BlockedStore(f"sqlite:///{file}"), lab()
    saver = savers(store)
    saver.mark_dirty(mine, 1)
    assert store.reached.wait(LIMIT)
    mine.note(2, "while round 1 was being written")
    saver.mark_dirty(mine, 2)
    store.open.set()
    assert saver.wait("t", LIMIT)
    assert saved(f"sqlite:///{file}") == lab_record(mine, [1, 2])


def test_marking_never_waits_for_a_slow_store(savers: Savers, file: Path) -> None:
    store = BlockedStore(f"sqlite:///{file}")
    saver = savers(store)
    labs = [lab(f"token {number}", 1) for number in range(20)]
    saver.mark_dirty(labs[0], 1)
    assert store.reached.wait(LIMIT)
    for one in labs:
        saver.mark_dirty(one, 1)  # `open` is set below: a mark that waited here would wait for ever
    store.open.set()
    assert all(saver.wait(one.token, LIMIT) for one in labs)


def test_labs_not_used_for_the_days_given_are_deleted_at_the_start(savers: Savers, store_url: str) -> None:
    """At the second start that finds them old, on another day."""
    with closing(prepared(store_url)) as store:
        for name, age in (("old", 33), ("young", 29), ("newest", 2)):
            store.save(name, writers.lab_record(1, used=time.time() - age * DAY))
        store.prune(time.time() - DAY, 30.0)  # the start on the day before
    saver = savers(store_url, 30.0)
    assert saver.load("old") is None and saver.load("young") is not None


def test_a_server_that_runs_on_deletes_them_every_day(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "PRUNE_CHECK", 0.01)
    monkeypatch.setattr(store_module, "LOCK_TIMEOUT", LIMIT)  # test and server write at the same time
    start = now = 2e9
    saver = StoreWriter(lambda: Store(store_url), 30.0, lambda: now)
    with closing(saver), closing(prepared(store_url)) as store:
        for day in range(3):
            store.save(f"day {day}", writers.lab_record(1, used=start + (day - 29.5) * DAY))
        for days in range(1, 5):
            store.save("in use", writers.lab_record(1, used=now + DAY))
            now += DAY  # nobody does anything but the clock
            until(lambda today=now: saver._pruned == today)
            left = [f"day {day}" for day in range(3) if store.load(f"day {day}") is not None]
            assert left == [f"day {day}" for day in range(3) if day + 2 > days]


def test_they_are_deleted_once_a_day_and_no_more(savers: Savers, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "PRUNE_CHECK", 0.01)
    pruned = []
    monkeypatch.setattr(Store, "prune", lambda store, now, days: pruned.append(now))
    saver = savers(f"sqlite:///{file}")
    for number in range(5):
        saver.mark_dirty(lab(f"token {number}"))
        assert saver.wait(f"token {number}", LIMIT)
    assert len(pruned) == 1


def test_an_opening_is_recorded_once(savers: Savers, store_url: str) -> None:
    saver, mine = savers(store_url), lab()
    final = FinalTest(1.7e9, RoundPlan(trials=1, values=((0.01, 1e-6),)))
    assert saver.record_opening(mine, final)
    assert not saver.record_opening(mine, final)


# ---------------------------------------------------------------------------------------------------- faults


def test_while_all_is_well_there_is_no_fault(savers: Savers, store_url: str) -> None:
    saver = savers(store_url)
    saver.mark_dirty(lab(), 1)
    assert saver.wait("t", LIMIT)
    assert saver.fault() is None


def check_outage(saver: StoreWriter, stop: Callable[[], object], start: Callable[[], object], url: str) -> None:
    """Check that changes during an outage of the store are saved after it."""
    labs = [lab(f"token {number}") for number in range(5)]
    saver.mark_dirty(labs[0], 1)
    assert saver.wait(labs[0].token, LIMIT)
    stop()
    for one in labs:
        one.note(2, "in bad times")
        saver.mark_dirty(one, 2)
        saver.mark_dirty(one, 1)
    until(saver.fault)
    assert "cannot be reached or written" in str(saver.fault())
    assert not any(saver.saved(one.token) for one in labs)
    start()
    assert all(saver.wait(one.token, LIMIT) for one in labs)
    until(lambda: saver.fault() is None)
    assert [saved(url, one.token) for one in labs] == [lab_record(one, [1, 2]) for one in labs]


def test_nothing_is_lost_while_sqlite_is_locked(savers: Savers, file: Path) -> None:
    url, locks = f"sqlite:///{file}", []
    check_outage(savers(url), lambda: locks.append(Locked(file)), lambda: locks[0].release(), url)


@pytest.mark.long
def test_nothing_is_lost_while_postgresql_is_away(savers: Savers, postgres: Postgres) -> None:
    url = postgres.fresh()
    check_outage(savers(url), postgres.stop, postgres.start, url)


def test_a_store_that_comes_after_the_server_is_no_fault_any_more(savers: Savers, file: Path) -> None:
    prepared(f"sqlite:///{file}").close()
    lock = Locked(file)
    saver = savers(f"sqlite:///{file}")
    until(saver.fault)
    lock.release()
    until(lambda: saver.fault() is None)  # though nobody changes anything


def test_a_store_that_does_not_answer_is_a_fault(savers: Savers, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "UNSAVED_SECONDS", 0.0)
    store = BlockedStore(f"sqlite:///{file}")
    saver = savers(store)
    saver.mark_dirty(lab(), 1)
    assert store.reached.wait(LIMIT)
    assert "cannot be reached or written" in str(saver.fault())
    store.open.set()
    assert saver.wait("t", LIMIT)
    assert saver.fault() is None


def test_many_that_wait_for_a_busy_store_are_no_fault(
    savers: Savers, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole class starts at once: what counts is whether anything is written, not how long the last one waits."""
    now = 0.0
    monkeypatch.setattr(writer_module, "time", SimpleNamespace(monotonic=lambda: now, time=time.time))
    passes = threading.Semaphore(0)

    class CountedStore(Store):
        def save(self, token: str, lab: LabRecord) -> bool:
            assert passes.acquire(timeout=LIMIT)
            return super().save(token, lab)

    saver = savers(CountedStore(f"sqlite:///{file}"))
    for token in "abc":
        saver.mark_dirty(lab(token, rounds=0))
    for token in "ab":
        now += 0.9 * writer_module.UNSAVED_SECONDS
        assert saver.fault() is None
        passes.release()
        assert saver.wait(token, LIMIT)
    now += 0.9 * writer_module.UNSAVED_SECONDS  # the last one has waited nearly three times as long
    assert saver.fault() is None and not saver.saved("c")
    now += 0.2 * writer_module.UNSAVED_SECONDS
    assert "cannot be reached or written" in str(saver.fault())
    passes.release()
    assert saver.wait("c", LIMIT) and saver.fault() is None


def test_a_lab_that_cannot_be_written_does_not_block_others(
    savers: Savers, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The page says that it is a fault of the program, not of the database, and the log has it, once."""

    class RefusingStore(Store):
        def save(self, token: str, lab: LabRecord) -> None:
            if token == "bad":
                raise ValueError("not this one")
            super().save(token, lab)

    saver = savers(RefusingStore(f"sqlite:///{file}"))
    saver.mark_dirty(lab("bad"), 1)
    saver.mark_dirty(lab("good"), 1)
    assert saver.wait("good", LIMIT)
    assert not saver.saved("bad")
    until(saver.fault)
    assert "the server's log" in str(saver.fault())
    saver.mark_dirty(lab("another"), 1)
    assert saver.wait("another", LIMIT)
    until(saver.fault)
    assert [one.message for one in caplog.records if one.exc_info] == ["work cannot be saved"]


@pytest.mark.parametrize("note", ["a\0b", "a\ud800b"])
def test_characters_that_no_database_takes_are_left_out_of_a_note(savers: Savers, store_url: str, note: str) -> None:
    saver, mine = savers(store_url), lab()
    mine.note(1, note)
    saver.mark_dirty(mine, 1)
    assert saver.wait("t", LIMIT)
    record = saved(store_url)
    assert record is not None and record.rounds[0].note == "ab"


# ---------------------------------------------------------------------------------------------------- the end


def test_close_writes_what_is_unsaved(savers: Savers, store_url: str) -> None:
    saver, labs = savers(store_url), [lab(f"token {number}") for number in range(10)]
    for one in labs:
        saver.mark_dirty(one, 1)
    saver.close()
    assert [saved(store_url, one.token) for one in labs] == [lab_record(one, [1, 2]) for one in labs]


def test_close_tries_a_store_again_that_was_away(savers: Savers, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "RETRY", LIMIT)
    url, mine = f"sqlite:///{file}", lab()
    prepared(url).close()
    lock = Locked(file)
    saver = savers(url)
    until(saver.fault)
    saver.mark_dirty(mine, 1)
    lock.release()
    saver.close()
    assert saved(url) == lab_record(mine, [1, 2])


def test_close_ends_the_thread_though_the_store_stays_away(savers: Savers, file: Path) -> None:
    prepared(f"sqlite:///{file}").close()
    lock = Locked(file)
    saver = savers(f"sqlite:///{file}")
    saver.mark_dirty(lab(), 1)
    until(saver.fault)
    saver.close()
    saver.close()
    assert not saver._thread.is_alive()
    lock.release()


def test_a_lab_is_written_as_it_is_at_the_write(savers: Savers, file: Path) -> None:
    store, mine, first = BlockedStore(f"sqlite:///{file}"), lab("second"), lab("first")
    saver = savers(store)
    saver.mark_dirty(first)
    assert store.reached.wait(LIMIT)
    saver.mark_dirty(mine)
    mine.plan = replace(mine.plan, seed=77)
    store.open.set()
    assert saver.wait("second", LIMIT)
    record = saved(f"sqlite:///{file}", "second")
    assert record is not None and '"seed": 77' in record.plan

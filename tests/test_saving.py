"""What a page changes is written down behind its back: nothing is lost while the store is away, and nobody waits."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from core import saving
from core import store as store_module
from core.archive import lab_record
from core.final_test import FinalTest
from core.lab import Lab
from core.lab_round import Kept, LabRound
from core.plan import RoundPlan
from core.saving import DAY, Saver
from core.store import LabRecord, Store
from tests import writers
from tests.database import Postgres
from tests.made import made
from tests.waiting import LIMIT, until
from tests.writers import prepared

Savers = Callable[..., Saver]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests need not wait as long as a lesson can."""
    monkeypatch.setattr(saving, "RETRY", 0.02)
    monkeypatch.setattr(store_module, "PATIENCE", 0.05)


@pytest.fixture
def savers() -> Iterator[Savers]:
    """Makes savers of a database; they end with the test."""
    begun: list[Saver] = []

    def make(store: str | Store, days: float = 180.0) -> Saver:
        saver = Saver(lambda: Store(store) if isinstance(store, str) else store, days)
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
    return Lab(token, rounds=[LabRound(number, Kept(progress), f"why {number}") for number in range(1, rounds + 1)])


def saved(url: str, token: str = "t") -> LabRecord | None:
    with closing(Store(url)) as store:
        return store.load(token)


class Gate(Store):
    """A store whose `save` waits until it is let through."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.reached, self.open = threading.Event(), threading.Event()

    def save(self, token: str, lab: LabRecord) -> None:
        self.reached.set()
        assert self.open.wait(LIMIT)
        super().save(token, lab)


class Locked:
    """A SQLite database that somebody else holds."""

    def __init__(self, file: Path) -> None:
        self._other = sqlite3.connect(file, isolation_level=None)
        self._other.execute("BEGIN EXCLUSIVE")

    def let_go(self) -> None:
        self._other.close()


# ---------------------------------------------------------------------------------------------------- writing


def test_what_is_marked_is_written(savers: Savers, store_url: str) -> None:
    saver, mine = savers(store_url), lab()
    saver.mark(mine, 1)
    saver.mark(mine, 2)
    assert saver.wait("t", LIMIT)
    assert saved(store_url) == lab_record(mine, [1, 2])


def test_only_the_rounds_that_are_marked_are_written(savers: Savers, store_url: str) -> None:
    saver, mine = savers(store_url), lab(rounds=3)
    saver.mark(mine, 2)
    assert saver.wait("t", LIMIT)
    for round_ in mine.rounds:
        round_.note = "new"
    saver.mark(mine, 2)
    assert saver.wait("t", LIMIT)
    assert [round_.note for round_ in saved(store_url).rounds] == ["why 1", "new", "why 3"]


def test_a_store_that_does_not_know_a_lab_gets_all_of_it(savers: Savers, store_url: str) -> None:
    saver, mine = savers(store_url), lab(rounds=3)
    saver.mark(mine, 2)
    assert saver.wait("t", LIMIT)
    assert saved(store_url) == lab_record(mine, [1, 2, 3])


def test_a_database_whose_file_was_deleted_is_made_anew_with_all_that_is_in_use(savers: Savers, file: Path) -> None:
    saver, mine = savers(f"sqlite:///{file}"), lab(rounds=2)
    saver.mark(mine, 1)
    assert saver.wait("t", LIMIT)
    file.unlink()
    mine.note(2, "after the file was gone")
    saver.mark(mine, 2)
    assert saver.wait("t", LIMIT)
    assert saver.fault() is None
    assert saved(f"sqlite:///{file}") == lab_record(mine, [1, 2])


def test_a_lab_is_unsaved_from_the_mark_until_it_is_written(savers: Savers, file: Path) -> None:
    store = Gate(f"sqlite:///{file}")
    saver = savers(store)
    saver.mark(lab(), 1)
    assert store.reached.wait(LIMIT)
    assert not saver.saved("t") and not saver.wait("t", 0.0)
    store.open.set()
    assert saver.wait("t", LIMIT) and saver.saved("t")


def test_what_is_marked_while_it_is_written_is_written_too(savers: Savers, file: Path) -> None:
    store, mine = Gate(f"sqlite:///{file}"), lab()
    saver = savers(store)
    saver.mark(mine, 1)
    assert store.reached.wait(LIMIT)
    mine.note(2, "while round 1 was being written")
    saver.mark(mine, 2)
    store.open.set()
    assert saver.wait("t", LIMIT)
    assert saved(f"sqlite:///{file}") == lab_record(mine, [1, 2])


def test_a_slow_store_never_holds_up_a_mark(savers: Savers, file: Path) -> None:
    store = Gate(f"sqlite:///{file}")
    saver = savers(store)
    labs = [lab(f"token {number}", 1) for number in range(100)]
    saver.mark(labs[0], 1)
    assert store.reached.wait(LIMIT)
    for one in labs:
        saver.mark(one, 1)  # the gate is opened below: whoever waited here would wait for ever
    store.open.set()
    assert all(saver.wait(one.token, LIMIT) for one in labs)


def test_labs_not_used_for_the_days_given_are_forgotten_at_the_start(savers: Savers, store_url: str) -> None:
    with closing(prepared(store_url)) as store:
        store.save("old", writers.lab_record(1, used=time.time() - 31 * DAY))
        store.save("young", writers.lab_record(1, used=time.time() - 29 * DAY))
    saver = savers(store_url, 30.0)
    assert saver.load("old") is None and saver.load("young") is not None


def test_an_opening_is_entered_once(savers: Savers, store_url: str) -> None:
    saver, mine = savers(store_url), lab()
    final = FinalTest(1.7e9, RoundPlan(trials=1, values=((0.01, 1e-6),)))
    assert saver.enter(mine, final)
    assert not saver.enter(mine, final)


# ---------------------------------------------------------------------------------------------------- faults


def test_while_all_is_well_there_is_no_fault(savers: Savers, store_url: str) -> None:
    saver = savers(store_url)
    saver.mark(lab(), 1)
    assert saver.wait("t", LIMIT)
    assert saver.fault() is None


def comes_back(saver: Saver, leave: Callable[[], object], come: Callable[[], object], url: str) -> None:
    """What a lesson does while the store is away is there once it is back."""
    labs = [lab(f"token {number}") for number in range(5)]
    saver.mark(labs[0], 1)
    assert saver.wait(labs[0].token, LIMIT)
    leave()
    for one in labs:
        one.note(2, "in bad times")
        saver.mark(one, 2)
        saver.mark(one, 1)
    until(saver.fault)
    assert "cannot be reached or written" in str(saver.fault())
    assert not any(saver.saved(one.token) for one in labs)
    come()
    assert all(saver.wait(one.token, LIMIT) for one in labs)
    until(lambda: saver.fault() is None)
    assert [saved(url, one.token) for one in labs] == [lab_record(one, [1, 2]) for one in labs]


def test_nothing_is_lost_while_sqlite_is_locked(savers: Savers, file: Path) -> None:
    url, locks = f"sqlite:///{file}", []
    comes_back(savers(url), lambda: locks.append(Locked(file)), lambda: locks[0].let_go(), url)


def test_nothing_is_lost_while_postgresql_is_away(savers: Savers, postgres: Postgres) -> None:
    url = postgres.fresh()
    comes_back(savers(url), postgres.stop, postgres.start, url)


def test_a_store_that_comes_after_the_server_is_no_fault_any_more(savers: Savers, file: Path) -> None:
    prepared(f"sqlite:///{file}").close()
    lock = Locked(file)
    saver = savers(f"sqlite:///{file}")
    until(saver.fault)
    lock.let_go()
    until(lambda: saver.fault() is None)  # though nobody changes anything


def test_a_store_that_does_not_answer_is_a_fault(savers: Savers, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "LATE", 0.0)
    store = Gate(f"sqlite:///{file}")
    saver = savers(store)
    saver.mark(lab(), 1)
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
    monkeypatch.setattr(saving, "time", SimpleNamespace(monotonic=lambda: now, time=time.time))
    passes = threading.Semaphore(0)

    class Turnstile(Store):
        def save(self, token: str, lab: LabRecord) -> bool:
            assert passes.acquire(timeout=LIMIT)
            return super().save(token, lab)

    saver = savers(Turnstile(f"sqlite:///{file}"))
    for token in "abc":
        saver.mark(lab(token, rounds=0))
    for token in "ab":
        now += 0.9 * saving.LATE
        assert saver.fault() is None
        passes.release()
        assert saver.wait(token, LIMIT)
    now += 0.9 * saving.LATE  # the last one has waited nearly three times as long
    assert saver.fault() is None and not saver.saved("c")
    now += 0.2 * saving.LATE
    assert "cannot be reached or written" in str(saver.fault())
    passes.release()
    assert saver.wait("c", LIMIT) and saver.fault() is None


def test_a_lab_that_cannot_be_written_holds_up_no_other(savers: Savers, file: Path) -> None:
    class Picky(Store):
        def save(self, token: str, lab: LabRecord) -> None:
            if token == "bad":
                raise ValueError("not this one")
            super().save(token, lab)

    saver = savers(Picky(f"sqlite:///{file}"))
    saver.mark(lab("bad"), 1)
    saver.mark(lab("good"), 1)
    assert saver.wait("good", LIMIT)
    assert not saver.saved("bad")


@pytest.mark.parametrize("note", ["a\0b", "a\ud800b"])
def test_a_note_that_no_store_takes_is_mended(savers: Savers, store_url: str, note: str) -> None:
    saver, mine = savers(store_url), lab()
    mine.note(1, note)
    saver.mark(mine, 1)
    assert saver.wait("t", LIMIT)
    record = saved(store_url)
    assert record is not None and record.rounds[0].note == "ab"


# ---------------------------------------------------------------------------------------------------- the end


def test_the_end_writes_the_rest(savers: Savers, store_url: str) -> None:
    saver, labs = savers(store_url), [lab(f"token {number}") for number in range(30)]
    for one in labs:
        saver.mark(one, 1)
    saver.close()
    assert [saved(store_url, one.token) for one in labs] == [lab_record(one, [1, 2]) for one in labs]


def test_the_end_tries_again_a_store_that_was_away(savers: Savers, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "RETRY", LIMIT)
    url, mine = f"sqlite:///{file}", lab()
    prepared(url).close()
    lock = Locked(file)
    saver = savers(url)
    until(saver.fault)
    saver.mark(mine, 1)
    lock.let_go()
    saver.close()
    assert saved(url) == lab_record(mine, [1, 2])


def test_the_end_comes_though_the_store_stays_away(savers: Savers, file: Path) -> None:
    prepared(f"sqlite:///{file}").close()
    lock = Locked(file)
    saver = savers(f"sqlite:///{file}")
    saver.mark(lab(), 1)
    until(saver.fault)
    saver.close()
    saver.close()
    assert not saver._thread.is_alive()
    lock.let_go()


def test_the_latest_is_written_and_not_what_was_marked(savers: Savers, file: Path) -> None:
    store, mine, first = Gate(f"sqlite:///{file}"), lab("second"), lab("first")
    saver = savers(store)
    saver.mark(first)
    assert store.reached.wait(LIMIT)
    saver.mark(mine)
    mine.plan = replace(mine.plan, seed=77)
    store.open.set()
    assert saver.wait("second", LIMIT)
    record = saved(f"sqlite:///{file}", "second")
    assert record is not None and '"seed": 77' in record.plan

"""Labs and classes that nobody has used for long are deleted, and a wrong clock deletes none."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from core.classroom.classroom import Classroom
from core.lesson import Lesson
from core.store.class_store import ClassStore
from core.store.pruning import DAY, LOOKS_APART
from core.store.records import class_record
from core.store.store import Store, lab_id
from tests.support.databases import everything
from tests.support.store_writers import OPENING, lab_record

TODAY, DAYS = 2e9, 180.0
OLD, YOUNG = TODAY - 181 * DAY, TODAY - 179 * DAY
YEAR = 365 * DAY


def labs(store: Store) -> set[str]:
    return {name for name in ("old", "young", "new") if store.load(name) is not None}


@pytest.fixture
def aged(store: Store) -> Store:
    """A lab that is too old, one that is not, and one that is used today."""
    for name, used in (("old", OLD), ("young", YOUNG), ("new", TODAY)):
        store.save(name, lab_record(1, 2, used=used))
        store.open_test(name, OPENING)
    return store


def test_a_lab_is_deleted_with_all_its_rows_by_the_second_look_on_another_day(
    aged: Store, connection: sa.Connection
) -> None:
    before = everything(connection)
    for later in (0.0, 60.0, 0.9 * LOOKS_APART):
        assert aged.prune(TODAY + later, DAYS) == 0
        assert labs(aged) == {"old", "young", "new"}
    assert aged.prune(TODAY + DAY, DAYS) == 1
    assert labs(aged) == {"young", "new"}
    rows = everything(connection)
    assert lab_id("old") not in repr(rows)
    for table in ("lab", "round", "repeat", "opening"):
        assert 3 * len(rows[table]) == 2 * len(before[table]) > 0


def test_a_lab_that_was_used_between_the_looks_stays(aged: Store) -> None:
    aged.prune(TODAY, DAYS)
    aged.save("old", lab_record(1, used=TODAY + 60))
    assert aged.prune(TODAY + DAY, DAYS) == 0
    aged.save("new", lab_record(1, used=TODAY + 181 * DAY + 60))
    assert aged.prune(TODAY + 181 * DAY, DAYS) == 0  # marked anew, and not by the first mark
    assert labs(aged) == {"old", "young", "new"}


def test_a_class_is_deleted_by_the_same_rule_and_its_labs_are_not(store: Store) -> None:
    classes = ClassStore(store)
    for code, used in (("OLD", OLD), ("NEW", TODAY)):
        record = class_record(Classroom(code, f"hash of {code}", "", "en", Lesson()))
        assert classes.create(replace(record, used=used))
    store.save("new", lab_record(1, used=TODAY))
    assert store.prune(TODAY, DAYS) == store.prune(TODAY + DAY, DAYS) == 0
    assert classes.load("OLD") is None and classes.load("NEW") is not None and labs(store) == {"new"}


def test_nothing_is_deleted_while_nothing_at_all_is_used(aged: Store) -> None:
    """A server that is started again after the holidays, or years later."""
    for day in range(10):
        assert aged.prune(TODAY + 10 * YEAR + day * DAY, 365.0) == 0
    assert labs(aged) == {"old", "young", "new"}


# ---------------------------------------------------------------------------------------------------- wrong clocks


def test_a_start_with_the_clock_a_year_ahead_deletes_nothing(aged: Store) -> None:
    aged.prune(TODAY + YEAR, 365.0 / 2)
    aged.save("new", lab_record(1, used=TODAY + YEAR))  # somebody works until the clock is right
    aged.prune(TODAY + YEAR + 60, 200.0)
    for day in range(3):
        assert aged.prune(TODAY + day * DAY, 200.0) == 0
    assert labs(aged) == {"old", "young", "new"}


def test_a_mark_from_a_clock_that_was_ahead_does_not_count(aged: Store) -> None:
    aged.save("new", lab_record(1, used=TODAY + YEAR))
    assert aged.prune(TODAY + YEAR, DAYS) == 0
    aged.save("other", lab_record(1, used=TODAY))  # as the newest use that does not lie in the future
    for hours in (0, 1, 10):
        assert aged.prune(TODAY + hours * 3_600, DAYS) == 0
    assert {"old", "young", "new"} == labs(aged)


@pytest.mark.parametrize("behind", [300 * DAY, 30 * YEAR])
def test_labs_and_classes_made_while_the_clock_was_behind_are_as_new_as_the_others(aged: Store, behind: float) -> None:
    wrong = TODAY - behind
    classes = ClassStore(aged)
    aged.prune(wrong, DAYS)
    aged.save("made", lab_record(1, used=wrong))
    assert classes.create(replace(class_record(Classroom("MADE", "hash", "", "en", Lesson())), used=wrong))
    aged.prune(wrong + DAY, DAYS)
    aged.save("new", lab_record(1, used=TODAY))
    for day in range(1, 100):
        aged.prune(TODAY + day * DAY, DAYS)
    assert aged.load("made") is not None and classes.load("MADE") is not None


def test_a_use_is_written_as_it_is_while_the_clock_is_right(store: Store) -> None:
    store.save("a", lab_record(1, used=TODAY))
    store.save("b", lab_record(1, used=TODAY - 3_600))
    loaded = store.load("b")
    assert loaded is not None and loaded.used == TODAY - 3_600


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_whatever_one_clock_says_for_less_than_a_day_deletes_nothing_that_was_used_within_the_days(
    seed: int, tmp_path: Path
) -> None:
    """Starts, uses and looks at random with a clock that is right but in one start, in which it is anything."""
    rng = np.random.default_rng(seed)
    store = Store(f"sqlite:///{tmp_path / 'labs'}")
    store.prepare()
    last: dict[str, float] = {}
    wrong_start = int(rng.integers(40))
    day = 0.0
    for start in range(40):
        day += float(rng.uniform(0.5, 20.0))
        offset = float(rng.uniform(-2000, 2000)) if start == wrong_start else 0.0
        true = TODAY + day * DAY
        for hour in range(3):
            clock = true + offset * DAY + hour * 3_600
            store.prune(clock, DAYS)
            for lab in rng.integers(12, size=2):
                store.save(f"lab {lab}", lab_record(1, used=clock))
                last[f"lab {lab}"] = true
        for name, used in last.items():
            assert true - used > DAYS * DAY or store.load(name) is not None, (name, start, wrong_start, offset)
    store.close()

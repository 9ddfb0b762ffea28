"""A lab that is saved is loaded as it was, also beside other writers, and no token is in the database."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.store.store import Store, StoreError, lab_id
from core.store.store_settings import default_url, lab_days
from tests.support.databases import everything
from tests.support.servers import at_once as in_threads
from tests.support.store_writers import OPENING, at_once, lab_record, prepared, round_record

TOKEN, OTHER = "a" * 24, "b" * 24


# ---------------------------------------------------------------------------------------------------- save and load


def test_a_lab_comes_back_as_it_was_saved(store: Store) -> None:
    saved = replace(lab_record(1, 2, 7), chosen='{"trial": 3}', earlier="[{}]")
    store.save(TOKEN, saved)
    assert store.load(TOKEN) == saved


def test_a_round_that_runs_comes_back_without_curves(store: Store) -> None:
    running = replace(
        round_record(1),
        status="running",
        epochs_done=None,
        diverged=None,
        train_accuracy=None,
        validation_accuracy=None,
        given_up=None,
    )
    store.save(TOKEN, replace(lab_record(), rounds=[running]))
    loaded = store.load(TOKEN)
    assert loaded is not None and loaded.rounds == [running]


def test_rounds_come_back_in_their_order(store: Store) -> None:
    for number in (3, 1, 10, 2):
        store.save(TOKEN, lab_record(number))
    loaded = store.load(TOKEN)
    assert loaded is not None and [one.number for one in loaded.rounds] == [1, 2, 3, 10]


def test_what_is_saved_again_is_the_latest(store: Store) -> None:
    store.save(TOKEN, lab_record(1, 2, seed=1))
    store.save(TOKEN, lab_record(1, 2, seed=2))
    assert store.load(TOKEN) == lab_record(1, 2, seed=2)


def test_what_is_not_in_the_record_stays(store: Store) -> None:
    store.save(TOKEN, lab_record(1, 2))
    store.open_test(TOKEN, OPENING)
    store.save(TOKEN, lab_record())
    assert store.load(TOKEN) == replace(lab_record(1, 2), opening=OPENING)


def test_two_labs_are_stored_apart(store: Store) -> None:
    store.save(TOKEN, lab_record(1, seed=1))
    store.save(OTHER, lab_record(1, seed=2))
    assert (store.load(TOKEN), store.load(OTHER)) == (lab_record(1, seed=1), lab_record(1, seed=2))


@pytest.mark.parametrize("token", [OTHER, "", "' OR 1=1 --", "\x00", "한글", "\ud800", "a" * 10_000])
def test_an_unknown_token_has_no_lab(store: Store, token: str) -> None:
    store.save(TOKEN, lab_record(1))
    assert store.load(token) is None


def test_the_hash_of_a_token_opens_nothing(store: Store) -> None:
    store.save(TOKEN, lab_record(1))
    assert store.load(lab_id(TOKEN)) is None


def test_no_table_holds_a_token(store: Store, connection: sa.Connection) -> None:
    store.save(TOKEN, lab_record(1))
    store.open_test(TOKEN, OPENING)
    rows = everything(connection)
    assert all(rows[table] for table in ("lab", "round", "repeat", "opening"))
    assert TOKEN not in repr(rows)


def test_the_file_holds_no_token(tmp_path: Path) -> None:
    with closing(prepared(f"sqlite:///{tmp_path / 'labs'}")) as store:
        store.save(TOKEN, lab_record(1))
        store.open_test(TOKEN, OPENING)
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert lab_id(TOKEN).encode() in written
    assert TOKEN.encode() not in written


def test_results_of_an_opening_are_kept_and_never_taken_back(store: Store) -> None:
    store.save(TOKEN, lab_record())
    store.open_test(TOKEN, OPENING)
    store.save_opening(TOKEN, replace(OPENING, result="[1]"))
    store.save_opening(TOKEN, replace(OPENING, temptation="[2]"))
    store.save_opening(TOKEN, OPENING)
    loaded = store.load(TOKEN)
    assert loaded is not None and loaded.opening == replace(OPENING, result="[1]", temptation="[2]")


def test_a_test_set_is_opened_once(store: Store) -> None:
    store.save(TOKEN, lab_record())
    assert store.open_test(TOKEN, OPENING)
    assert not store.open_test(TOKEN, replace(OPENING, opened=1.0, result="[]"))
    loaded = store.load(TOKEN)
    assert loaded is not None and loaded.opening == OPENING


# ---------------------------------------------------------------------------------------------------- many at once


@pytest.mark.parametrize(("processes", "times"), [(2, 50), pytest.param(4, 250, marks=pytest.mark.long)])
def test_of_openings_at_the_same_time_one_is_the_first(
    store: Store, store_url: str, processes: int, times: int
) -> None:
    store.save(TOKEN, lab_record())
    firsts = at_once([("open_test", store_url, TOKEN, str(times))] * processes)
    assert sum(map(int, firsts)) == 1


@pytest.mark.parametrize("number", range(3))
def test_a_new_lab_may_be_written_by_several_servers_at_once(store: Store, number: int) -> None:
    faults: list[StoreError] = []

    def save() -> None:
        try:
            store.save(TOKEN, lab_record(1, 2))
        except StoreError as fault:
            faults.append(fault)

    in_threads(8, save)
    assert faults == []
    assert store.load(TOKEN) == lab_record(1, 2)


@pytest.mark.parametrize(("processes", "rounds"), [(3, 20), pytest.param(8, 500, marks=pytest.mark.long)])
def test_many_writers_lose_nothing_and_meet_no_error(store: Store, store_url: str, processes: int, rounds: int) -> None:
    at_once([("write", store_url, str(seed), str(rounds), TOKEN) for seed in range(processes)])
    for seed in range(processes):
        assert store.load(f"token {seed}") == lab_record(*range(1, rounds + 1), seed=seed)
    shared = store.load(TOKEN)
    assert shared is not None
    numbers = [1000 * seed + number for seed in range(processes) for number in range(10, rounds + 1, 10)]
    assert shared.rounds == [round_record(number) for number in numbers]


# ---------------------------------------------------------------------------------------------------- settings


def test_the_host_names_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///elsewhere")
    assert default_url() == "sqlite:///elsewhere"


def test_without_a_setting_labs_are_in_the_users_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_url().startswith("sqlite:///") and "narrowing-lab" in default_url()


def test_the_home_in_the_name_of_a_database_is_filled_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///~/labs/labs.sqlite")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_url() == f"sqlite:///{tmp_path}/labs/labs.sqlite"


@pytest.mark.parametrize(("given", "days"), [("30", 30.0), (" 30 ", 30.0), ("0.5", 0.5), ("", 180.0)])
def test_the_host_says_how_long_labs_are_kept(
    given: str, days: float, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LAB_DAYS", given)
    assert lab_days() == days and caplog.records == []


@pytest.mark.parametrize("given", ["abc", "0", "-1", "180 days", "nan", "inf", "1e999", "half a year"])
def test_what_is_no_number_of_days_is_named_in_the_log(
    given: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LAB_DAYS", given)
    assert lab_days() == 180.0
    assert [f"LAB_DAYS is {given!r}" in one.message and "180" in one.message for one in caplog.records] == [True]

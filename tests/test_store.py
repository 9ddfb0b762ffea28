"""What is written into the database comes back, once, whoever else writes, and no token with it."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.store import Store, StoreError, default_url, kept_days, lab_id
from tests.database import everything
from tests.servers import at_once as in_threads
from tests.writers import OPENING, at_once, lab_record, prepared, round_record

TOKEN, OTHER = "a" * 24, "b" * 24
PROCESSES = 8


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


def test_a_lab_does_not_show_in_another(store: Store) -> None:
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


def test_a_token_stands_in_no_table(store: Store, connection: sa.Connection) -> None:
    store.save(TOKEN, lab_record(1))
    store.open_test(TOKEN, OPENING)
    rows = everything(connection)
    assert all(rows[table] for table in ("lab", "round", "repeat", "opening"))
    assert TOKEN not in repr(rows)


def test_a_token_stands_nowhere_in_the_file(tmp_path: Path) -> None:
    with closing(prepared(f"sqlite:///{tmp_path / 'labs'}")) as store:
        store.save(TOKEN, lab_record(1))
        store.open_test(TOKEN, OPENING)
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert lab_id(TOKEN).encode() in written
    assert TOKEN.encode() not in written


def test_labs_not_used_since_are_forgotten_with_all_their_rows(store: Store, connection: sa.Connection) -> None:
    for token, used in ((TOKEN, 99.0), (OTHER, 100.0)):
        store.save(token, lab_record(1, 2, used=used))
        store.open_test(token, OPENING)
    assert store.prune(100.0) == 1
    rows = everything(connection)
    kept = [row for table in ("lab", "round", "repeat", "opening") for row in rows[table]]
    assert len(kept) == 1 + 2 + 2 + 1
    assert lab_id(TOKEN) not in repr(rows)


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


def test_of_a_thousand_racing_openings_one_is_the_first(store: Store, store_url: str) -> None:
    store.save(TOKEN, lab_record())
    firsts = at_once([("open_test", store_url, TOKEN, "250")] * 4)
    assert sum(map(int, firsts)) == 1


@pytest.mark.parametrize("number", range(10))
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


def test_many_writers_lose_nothing_and_meet_no_error(store: Store, store_url: str) -> None:
    rounds = 500
    at_once([("write", store_url, str(seed), str(rounds), TOKEN) for seed in range(PROCESSES)])
    for seed in range(PROCESSES):
        assert store.load(f"token {seed}") == lab_record(*range(1, rounds + 1), seed=seed)
    shared = store.load(TOKEN)
    assert shared is not None
    numbers = [1000 * seed + number for seed in range(PROCESSES) for number in range(10, rounds + 1, 10)]
    assert shared.rounds == [round_record(number) for number in numbers]


# ---------------------------------------------------------------------------------------------------- settings


def test_the_host_names_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///elsewhere")
    assert default_url() == "sqlite:///elsewhere"


def test_without_a_setting_labs_stand_among_the_users_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_url().startswith("sqlite:///") and "narrowing-lab" in default_url()


@pytest.mark.parametrize(("given", "days"), [("30", 30.0), ("", 180.0), ("0", 180.0), ("-1", 180.0), ("x", 180.0)])
def test_the_host_says_how_long_labs_are_kept(given: str, days: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_DAYS", given)
    assert kept_days() == days

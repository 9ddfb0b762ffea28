"""A lab is opened by its token alone; any other text opens a new lab; a lab that cannot be read is a sentence."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.engine.owners import ABSENCE_LIMIT
from core.lesson import Lesson
from core.server import labs as module
from core.server.labs import MAX_SESSIONS, SLEEP_LIMIT, Labs
from core.store import store as store_module
from core.store.restoring import RecordError
from core.store.store import Store, StoreError
from core.store.writer import StoreWriter
from tests.support.servers import Serve, at_once
from tests.support.store_writers import prepared
from tests.support.waiting import LIMIT

MALFORMED = [
    "", "x", "../../etc/passwd", "a" * 10_000, "\x00", "한글", "' OR 1=1 --", "a" * 23, "a" * 25, "a" * 24 + "\n",
    "é" * 24, "ａ" * 24, "\ud800" * 24, "a" * 23 + "%",
]  # fmt: skip


@pytest.fixture
def labs() -> Labs:
    return Labs(lambda session: session != "gone")


# ---------------------------------------------------------------------------------------------------- in memory


def test_a_token_opens_its_own_lab(labs: Labs) -> None:
    mine, known = labs.open(None, "a")
    assert not known
    again, known = labs.open(mine.token, "b")
    assert known and again is mine


@pytest.mark.parametrize("token", MALFORMED)
def test_an_unknown_token_opens_a_fresh_lab(labs: Labs, token: str) -> None:
    other, _ = labs.open(None, "a")
    fresh, known = labs.open(token, "b")
    assert not known and fresh is not other and fresh.token != token


def test_tokens_cannot_be_guessed(labs: Labs) -> None:
    tokens = {labs.open(None, "a")[0].token for _ in range(200)}
    assert len(tokens) == 200
    assert all(len(token) * 6 >= 128 for token in tokens)


def test_the_owner_of_a_lab_is_there_while_any_browser_has_it_open(labs: Labs) -> None:
    lab, _ = labs.open(None, "gone")
    assert not labs.owner(lab.token).is_present
    labs.open(lab.token, "here")
    assert labs.owner(lab.token).is_present


def test_a_browser_is_there_in_the_lab_alone_that_it_opened_last(labs: Labs) -> None:
    """And one that was left is stopped earlier than one whose browser sleeps."""
    left = [labs.open(None, "tab")[0].token for _ in range(100)]
    asleep = labs.open(None, "gone")[0].token
    assert [labs.owner(token).is_present for token in left] == [False] * 99 + [True]
    limits = [labs.owner(token).absence_limit for token in (left[0], left[-1], asleep)]
    assert limits == [ABSENCE_LIMIT, SLEEP_LIMIT, SLEEP_LIMIT] and SLEEP_LIMIT > 120
    labs.open(left[0], "tab")
    assert [labs.owner(token).is_present for token in left] == [True] + [False] * 99
    labs.open(left[0], "another tab")
    labs.open(left[1], "tab")
    assert [labs.owner(token).is_present for token in left[:3]] == [True, True, False]


def test_what_is_remembered_of_browsers_is_bounded(labs: Labs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LABS", 3)
    lab, _ = labs.open(None, "here")
    for tab in range(200):
        labs.open(lab.token, f"gone {tab}")
        labs.open(None, "gone")
    assert len(labs._tokens) <= MAX_SESSIONS + 4 and len(labs._sessions) <= 4 and len(labs._groups) <= 4


def test_labs_share_by_address_else_by_browser_and_labs_of_a_class_by_seat(labs: Labs) -> None:
    def group(address: str | None, session: str = "here") -> tuple[str, bool]:
        owner = labs.owner(labs.open(None, session, address=address)[0].token)
        return owner.group, owner.in_class

    assert group("203.0.113.7") == group("203.0.113.7", "other tab") == group("::ffff:203.0.113.7")
    assert group("2001:db8:1:2::1") == group("2001:db8:1:2:ffff::9") != group("2001:db8:1:3::1")
    assert group(None) == group(None) != group(None, "other tab")
    assert not group(None)[1]
    classroom, _ = labs.classes.create("A class", "en", Lesson())
    students = [labs.adopt(lambda token: labs.classes.join(classroom, token)) for _ in range(3)]
    for one in students:
        labs.open(one.token, "here", address="203.0.113.7")
    owners = [labs.owner(one.token) for one in students]
    assert len({owner.group for owner in owners}) == 3 and all(owner.in_class for owner in owners)
    assert labs.owner("of nobody").group == "of nobody"


def test_the_least_recently_used_lab_leaves_memory_first(labs: Labs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LABS", 3)
    first, second, *_ = [labs.open(None, "gone")[0] for _ in range(3)]
    labs.open(first.token, "gone")
    labs.open(None, "gone")
    assert labs.open(first.token, "gone")[1]
    assert not labs.open(second.token, "gone")[1]


def test_a_lab_that_a_browser_has_open_stays_in_memory(labs: Labs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LABS", 2)
    open_ones = [labs.open(None, f"tab {number}")[0] for number in range(4)]
    assert all(labs.open(one.token, "another tab")[1] for one in open_ones)


def test_opening_from_many_threads_gives_every_one_its_own_lab(labs: Labs) -> None:
    opened: list[str] = []
    at_once(20, lambda: opened.append(labs.open(None, "a")[0].token))
    assert len(set(opened)) == 20


# ---------------------------------------------------------------------------------------------------- from the store


class RecordingWriter(StoreWriter):
    """Records the tokens that it is asked for."""

    def __init__(self, url: str) -> None:
        self.tokens: list[str] = []
        super().__init__(lambda: Store(url), 180.0)

    def load(self, token: str) -> None:
        self.tokens.append(token)


@pytest.mark.parametrize("token", [*MALFORMED, "a" * 24])
def test_the_store_is_asked_for_well_formed_tokens_only(tmp_path: Path, token: str) -> None:
    saver = RecordingWriter(f"sqlite:///{tmp_path / 'labs'}")
    lab, known = Labs(lambda session: True, saver).open(token, "browser")
    saver.close()
    assert not known and lab.token != token
    assert saver.tokens == ([token] if token == "a" * 24 else [])


def test_a_store_that_is_away_is_a_sentence_for_a_lab_that_may_be_in_it(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "LOCK_TIMEOUT", 0.05)
    file = tmp_path / "labs"
    prepared(f"sqlite:///{file}").close()
    server = serve(f"sqlite:///{file}")
    mine = server.open()
    assert server.saver.wait(mine.token, LIMIT)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError):
            server.open("a" * 24)
        assert server.open(mine.token) is mine  # what is in memory needs no store
        assert not server.labs.open("malformed", "browser")[1]
        other.execute("ROLLBACK")
    assert not server.labs.open("a" * 24, "browser")[1]


@pytest.mark.parametrize(
    "column, value",
    [
        ("plan", "no plan"),
        ("plan", '{"trials": 10000}'),
        ("earlier", '[{"learning_rate": "x"}]'),
        ("chosen", '{"rate": 1}'),
        ("chosen", "[]"),
    ],
)
def test_a_record_that_cannot_be_read_is_a_sentence(serve: Serve, tmp_path: Path, column: str, value: str) -> None:
    file = tmp_path / "labs"
    server = serve(f"sqlite:///{file}")
    lab = server.open()
    assert server.saver.wait(lab.token, LIMIT)
    with closing(sqlite3.connect(file)) as other:
        other.execute(f"UPDATE lab SET {column} = ?", [value])
        other.commit()
    with pytest.raises(RecordError, match="This lab cannot be read"):
        serve(f"sqlite:///{file}").open(lab.token)

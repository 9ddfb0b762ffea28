"""A lab opens with its token alone; what is no token opens a fresh one; what cannot be read is a sentence."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core import labs as module
from core import store as store_module
from core.labs import Labs
from core.saving import Saver
from core.store import Store, StoreError
from tests.servers import Serve, at_once
from tests.waiting import LIMIT
from tests.writers import prepared

STRANGE = [
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


@pytest.mark.parametrize("token", STRANGE)
def test_an_unknown_token_opens_a_fresh_lab(labs: Labs, token: str) -> None:
    other, _ = labs.open(None, "a")
    fresh, known = labs.open(token, "b")
    assert not known and fresh is not other and fresh.token != token


def test_tokens_cannot_be_guessed(labs: Labs) -> None:
    tokens = {labs.open(None, "a")[0].token for _ in range(200)}
    assert len(tokens) == 200
    assert all(len(token) * 6 >= 128 for token in tokens)


def test_a_lab_is_present_while_any_browser_has_it_open(labs: Labs) -> None:
    lab, _ = labs.open(None, "gone")
    assert not labs.present(lab.token)
    labs.open(lab.token, "here")
    assert labs.present(lab.token)


def test_the_lab_not_used_for_longest_makes_room(labs: Labs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    first, second, *_ = [labs.open(None, "gone")[0] for _ in range(3)]
    labs.open(first.token, "gone")
    labs.open(None, "gone")
    assert labs.open(first.token, "gone")[1]
    assert not labs.open(second.token, "gone")[1]


def test_a_lab_that_a_browser_has_open_stays(labs: Labs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    open_ones = [labs.open(None, "here")[0] for _ in range(4)]
    assert all(labs.open(one.token, "here")[1] for one in open_ones)


def test_opening_from_many_threads_gives_every_one_its_own_lab(labs: Labs) -> None:
    opened: list[str] = []
    at_once(20, lambda: opened.append(labs.open(None, "a")[0].token))
    assert len(set(opened)) == 20


# ---------------------------------------------------------------------------------------------------- from the store


class Asked(Saver):
    """A saver that notes which tokens it is asked for."""

    def __init__(self, url: str) -> None:
        self.tokens: list[str] = []
        super().__init__(lambda: Store(url), 180.0)

    def load(self, token: str) -> None:
        self.tokens.append(token)


@pytest.mark.parametrize("token", [*STRANGE, "a" * 24])
def test_the_store_is_asked_for_well_formed_tokens_only(tmp_path: Path, token: str) -> None:
    saver = Asked(f"sqlite:///{tmp_path / 'labs'}")
    lab, known = Labs(lambda session: True, saver).open(token, "browser")
    saver.close()
    assert not known and lab.token != token
    assert saver.tokens == ([token] if token == "a" * 24 else [])


def test_a_store_that_is_away_is_a_sentence_for_a_lab_that_may_be_in_it(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "PATIENCE", 0.05)
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
def test_a_record_that_cannot_be_understood_is_a_sentence(
    serve: Serve, tmp_path: Path, column: str, value: str
) -> None:
    file = tmp_path / "labs"
    server = serve(f"sqlite:///{file}")
    lab = server.open()
    assert server.saver.wait(lab.token, LIMIT)
    with closing(sqlite3.connect(file)) as other:
        other.execute(f"UPDATE lab SET {column} = ?", [value])
        other.commit()
    with pytest.raises(StoreError, match="another version"):
        serve(f"sqlite:///{file}").open(lab.token)

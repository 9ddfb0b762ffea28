"""A lab remembers its ranges and rounds, and opens with its token alone."""

import threading

import pytest

from core import lab as module
from core.errors import LessonError
from core.lab import Lab, Labs
from core.space import LogRange, SearchSpace

NARROW = SearchSpace(LogRange(-3, -2), LogRange(-7, -5))


@pytest.fixture
def labs() -> Labs:
    return Labs(lambda session: session != "gone")


def test_undo_returns_to_the_ranges_before(labs: Labs) -> None:
    lab = Lab("t")
    lab.choose(NARROW)
    lab.choose(SearchSpace(LogRange(-2.5, -2), LogRange(-7, -5)))
    lab.undo()
    assert lab.plan.space == NARROW
    lab.undo()
    lab.undo()
    assert lab.plan.space == SearchSpace()


def test_choosing_the_same_ranges_leaves_nothing_to_undo() -> None:
    lab = Lab("t")
    lab.choose(SearchSpace())
    assert lab.earlier == []


def test_a_setting_beyond_the_limits_changes_nothing() -> None:
    lab = Lab("t")
    before = lab.plan
    with pytest.raises(LessonError):
        lab.change(trials=201)
    assert lab.plan is before


def test_a_token_opens_its_own_lab(labs: Labs) -> None:
    mine, known = labs.open(None, "a")
    assert not known
    again, known = labs.open(mine.token, "b")
    assert known and again is mine


@pytest.mark.parametrize("token", ["", "x", "../../etc/passwd", "a" * 10_000, "\x00", "한글", "' OR 1=1 --"])
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
    first, second, *_ = [labs.open(None, "a")[0] for _ in range(3)]
    labs.open(first.token, "a")
    labs.open(None, "a")
    assert labs.open(first.token, "a")[1]
    assert not labs.open(second.token, "a")[1]


def test_opening_from_many_threads_gives_every_one_its_own_lab(labs: Labs) -> None:
    opened: list[str] = []
    threads = [threading.Thread(target=lambda: opened.append(labs.open(None, "a")[0].token)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(opened)) == 20

"""A restarted server finds every lab as it was and finishes the rounds that the one before left unfinished."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.engine.engine import EmbeddedEngine
from core.engine.port import EngineBusy
from core.lab.choice import Choice
from core.lab.extra_training import repeat_trials
from core.lab.lab import Lab
from core.progress import Status
from core.rounds import run_round
from core.server import labs as module
from core.server.labs import Labs
from core.space import LogRange, SearchSpace
from core.store.store import Store
from tests.support.servers import MIDDLE, SHORT, Serve, at_once, same
from tests.support.waiting import LIMIT, until

NARROW = SearchSpace(LogRange(-3, -2), LogRange(-7, -5))


# ---------------------------------------------------------------------------------------------------- what was over


@pytest.fixture
def left(serve: Serve, store_url: str) -> Lab:
    """A lab with all that one can hold, written down by a server that is not there any more."""
    server = serve(store_url)
    lab = server.open()
    server.ran(lab, SHORT)
    server.ran(lab, replace(SHORT, trials=3, seed=9, give_up=(1, 3), keep=0.4))
    lab.set_ranges(NARROW)
    lab.set_ranges(SearchSpace(LogRange(-2.5, -2), LogRange(-7, -5)))
    lab.note(1, "the left is dark — 왼쪽은 어둡다")
    lab.choose(Choice(0.01, 1e-6, 2, 1))
    repeat_trials(lab, server.engine, 1, [0, 2])
    until(lambda: lab.repeats)
    server.settled(lab)
    server.saver.close()
    return lab


def test_a_lab_is_known_after_a_restart(serve: Serve, store_url: str, left: Lab) -> None:
    again, known = serve(store_url).labs.open(left.token, "browser")
    assert known and again is not left and again.token == left.token


def test_rounds_are_the_same_after_a_restart(serve: Serve, store_url: str, left: Lab) -> None:
    again = serve(store_url).open(left.token)
    assert [one.number for one in again.rounds] == [1, 2]
    for mine, theirs in zip(again.rounds, left.rounds, strict=True):
        assert same(mine.progress, theirs.progress)
        assert mine.progress.epochs_done.tolist() == theirs.progress.epochs_done.tolist()
        assert (mine.progress.status, mine.progress.seconds) == (Status.FINISHED, theirs.progress.seconds)
    assert left.rounds[0].progress.diverged.any()
    assert left.rounds[1].progress.given_up.any() and not left.rounds[0].progress.given_up.any()


def test_notes_and_settings_are_the_same_after_a_restart(serve: Serve, store_url: str, left: Lab) -> None:
    again = serve(store_url).open(left.token)
    kept = ("plan", "undo_stack", "chosen", "pseudonym", "created", "used")
    assert [getattr(again, name) for name in kept] == [getattr(left, name) for name in kept]
    assert [one.note for one in again.rounds] == [one.note for one in left.rounds] != ["", ""]


def test_repeats_are_the_same_after_a_restart(serve: Serve, store_url: str, left: Lab) -> None:
    again = serve(store_url).open(left.token)
    assert again.repeats.keys() == left.repeats.keys() == {(1, 0), (1, 2)}
    assert all(again.repeats[key].tobytes() == left.repeats[key].tobytes() for key in left.repeats)


def test_undo_goes_back_after_a_restart(serve: Serve, store_url: str, left: Lab) -> None:
    again = serve(store_url).open(left.token)
    again.undo()
    assert again.plan.space == NARROW
    again.undo()
    assert again.plan.space == SHORT.space


def test_the_next_round_goes_on_after_a_restart(serve: Serve, store_url: str, left: Lab) -> None:
    server = serve(store_url)
    again = server.open(left.token)
    round_ = again.start(server.engine)
    assert (round_.number, round_.progress.plan.seed) == (3, 10)
    server.settled(again)
    record = server.saver.load(left.token)
    assert record is not None and len(record.rounds) == 3


def test_many_tabs_that_open_a_stored_lab_at_once_get_the_same_one(serve: Serve, store_url: str, left: Lab) -> None:
    server, opened = serve(store_url), []
    at_once(10, lambda: opened.append(server.labs.open(left.token, "browser")[0]))
    assert len(opened) == 10 and len({id(lab) for lab in opened}) == 1


def test_a_lab_that_left_memory_is_found_in_the_store(
    serve: Serve, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_LABS", 1)
    server = serve(store_url)
    server.labs = Labs(lambda session: False, server.saver)
    first = server.open()
    first.set_ranges(NARROW)
    assert server.saver.wait(first.token, LIMIT)
    server.open()
    again, known = server.labs.open(first.token, "browser")
    assert known and again is not first and again.plan.space == NARROW


# ---------------------------------------------------------------------------------------------------- what was not


def test_a_round_that_a_killed_server_left_ends_as_without_the_kill(
    serve: Serve, store_url: str, engine: EmbeddedEngine
) -> None:
    doomed = EmbeddedEngine(1)
    server = serve(store_url, doomed)
    lab = server.open()
    lab.plan = MIDDLE
    round_ = lab.start(doomed)
    lab.note(1, "what was that?")
    assert server.saver.wait(lab.token, LIMIT)
    round_.wait_for(lambda progress: progress.started, LIMIT)
    doomed.close()
    assert not round_.progress.status.is_final

    after = serve(store_url)
    again = after.open(lab.token)
    assert again.busy
    after.settled(again)
    assert same(again.rounds[0].progress, run_round(MIDDLE, engine))
    assert again.rounds[0].note == "what was that?"
    third = serve(store_url).open(lab.token)
    assert same(third.rounds[0].progress, again.rounds[0].progress)


def test_what_was_given_up_by_hand_and_when_is_there_after_a_restart(serve: Serve, store_url: str) -> None:
    server = serve(store_url)
    lab = server.open()
    lab.plan = MIDDLE
    round_ = lab.start(server.engine)
    round_.wait_for(lambda progress: progress.epochs_done.min() >= 1, LIMIT)
    for trial in range(MIDDLE.trials):
        round_.give_up(trial)
    server.settled(lab)
    true = lab.rounds[0].progress
    assert true.given_up.any()
    again = serve(store_url).open(lab.token)
    assert same(again.rounds[0].progress, true)
    assert again.rounds[0].progress.epochs_done.tolist() == true.epochs_done.tolist()


def test_a_round_with_rungs_that_a_killed_server_left_gives_up_what_the_plan_does_and_nothing_else(
    serve: Serve, store_url: str, engine: EmbeddedEngine
) -> None:
    doomed, plan = EmbeddedEngine(1), replace(MIDDLE, give_up=(10, 20))
    server = serve(store_url, doomed)
    lab = server.open()
    lab.plan = plan
    round_ = lab.start(doomed)
    assert server.saver.wait(lab.token, LIMIT)
    round_.wait_for(lambda progress: progress.started, LIMIT)
    healthy = int(np.flatnonzero(~run_round(plan, engine).given_up)[0])
    round_.give_up(healthy)
    doomed.close()
    after = serve(store_url)
    again = after.open(lab.token)
    after.settled(again)
    assert same(again.rounds[0].progress, run_round(plan, engine))


def test_a_round_is_not_written_down_as_stopped_when_its_server_ends(serve: Serve, tmp_path: Path) -> None:
    doomed = EmbeddedEngine(1)
    server = serve(f"sqlite:///{tmp_path / 'labs'}", doomed)
    lab = server.open()
    lab.plan = MIDDLE
    round_ = lab.start(doomed)
    round_.wait_for(lambda progress: progress.started, LIMIT)
    doomed.close()
    lab.note(1, "at the last moment")
    server.saver.close()
    with closing(Store(f"sqlite:///{tmp_path / 'labs'}")) as store:
        record = store.load(lab.token)
    assert record is not None and record.rounds[0].note == "at the last moment"
    assert not Status(record.rounds[0].status).is_final


def test_resuming_twice_starts_one_round(serve: Serve, tmp_path: Path, engine: EmbeddedEngine) -> None:
    doomed, url = EmbeddedEngine(1), f"sqlite:///{tmp_path / 'labs'}"
    server = serve(url, doomed)
    lab = server.open()
    lab.plan = MIDDLE
    lab.start(doomed)
    assert server.saver.wait(lab.token, LIMIT)
    doomed.close()
    after = serve(url)
    again = after.labs.open(lab.token, "browser")[0]
    before = engine.open_rounds()
    at_once(8, lambda: again.resume(engine))
    assert engine.open_rounds() == before + 1
    again.rounds[0].stop()


def test_of_many_tabs_that_press_start_at_once_one_starts_a_round(engine: EmbeddedEngine) -> None:
    lab, refused = Lab("t" * 24), []
    lab.plan = MIDDLE

    def press() -> None:
        try:
            lab.start(engine)
        except EngineBusy as fault:
            refused.append(str(fault))

    at_once(20, press)
    assert len(lab.rounds) == 1 and len(refused) == 19
    assert lab.plan.seed == MIDDLE.seed + 1
    lab.rounds[0].stop()

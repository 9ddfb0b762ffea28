"""A server started anew over the same store finds every lab as it was, and ends what the one before left undone."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import labs as module
from core.choice import Choice
from core.engine.local import Engine
from core.engine.scheduler import EngineBusy
from core.errors import LessonError
from core.lab import Lab
from core.labs import Labs
from core.progress import Status
from core.rounds import run_round
from core.space import LogRange, SearchSpace
from core.store import Store
from tests.servers import MIDDLE, SHORT, Serve, at_once, same
from tests.waiting import LIMIT, until

NARROW = SearchSpace(LogRange(-3, -2), LogRange(-7, -5))


# ---------------------------------------------------------------------------------------------------- what was over


@pytest.fixture
def left(serve: Serve, store_url: str) -> Lab:
    """A lab with all that one can hold, written down by a server that is not there any more."""
    server = serve(store_url)
    lab = server.open()
    server.ran(lab, SHORT)
    server.ran(lab, replace(SHORT, trials=3, seed=9, give_up=(1, 3), keep=0.4))
    lab.look_in(NARROW)
    lab.look_in(SearchSpace(LogRange(-2.5, -2), LogRange(-7, -5)))
    lab.note(1, "the left is dark — 왼쪽은 어둡다")
    lab.choose(Choice(0.01, 1e-6, 2, 1))
    lab.repeat(server.engine, 1, [0, 2])
    until(lambda: lab.repeats)
    server.settled(lab)
    server.saver.close()
    return lab


def test_a_lab_is_known_after_the_server_was_started_anew(serve: Serve, store_url: str, left: Lab) -> None:
    again, known = serve(store_url).labs.open(left.token, "browser")
    assert known and again is not left and again.token == left.token


def test_rounds_are_the_same_after_the_server_was_started_anew(serve: Serve, store_url: str, left: Lab) -> None:
    again = serve(store_url).open(left.token)
    assert [one.number for one in again.rounds] == [1, 2]
    for mine, theirs in zip(again.rounds, left.rounds, strict=True):
        assert same(mine.progress, theirs.progress)
        assert mine.progress.epochs_done.tolist() == theirs.progress.epochs_done.tolist()
        assert (mine.progress.status, mine.progress.seconds) == (Status.FINISHED, theirs.progress.seconds)
    assert left.rounds[0].progress.diverged.any()
    assert left.rounds[1].progress.given_up.any() and not left.rounds[0].progress.given_up.any()


def test_words_and_settings_are_the_same_after_the_server_was_started_anew(
    serve: Serve, store_url: str, left: Lab
) -> None:
    again = serve(store_url).open(left.token)
    kept = ("plan", "earlier", "chosen", "pseudonym", "created", "used")
    assert [getattr(again, name) for name in kept] == [getattr(left, name) for name in kept]
    assert [one.note for one in again.rounds] == [one.note for one in left.rounds] != ["", ""]


def test_repeats_are_the_same_after_the_server_was_started_anew(serve: Serve, store_url: str, left: Lab) -> None:
    again = serve(store_url).open(left.token)
    assert again.repeats.keys() == left.repeats.keys() == {(1, 0), (1, 2)}
    assert all(again.repeats[key].tobytes() == left.repeats[key].tobytes() for key in left.repeats)


def test_undo_goes_back_after_the_server_was_started_anew(serve: Serve, store_url: str, left: Lab) -> None:
    again = serve(store_url).open(left.token)
    again.undo()
    assert again.plan.space == NARROW
    again.undo()
    assert again.plan.space == SHORT.space


def test_the_next_round_goes_on_after_the_server_was_started_anew(serve: Serve, store_url: str, left: Lab) -> None:
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


def test_a_lab_that_made_room_is_found_in_the_store(
    serve: Serve, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 1)
    server = serve(store_url)
    server.labs = Labs(lambda session: False, server.saver)
    first = server.open()
    first.look_in(NARROW)
    assert server.saver.wait(first.token, LIMIT)
    server.open()
    again, known = server.labs.open(first.token, "browser")
    assert known and again is not first and again.plan.space == NARROW


def test_curves_of_the_wrong_length_are_a_sentence(serve: Serve, store_url: str, left: Lab) -> None:
    with closing(Store(store_url)) as store:
        record = store.load(left.token)
        assert record is not None
        short = replace(record.rounds[0], train_accuracy=np.zeros(3, np.float32).tobytes())
        store.save(left.token, replace(record, rounds=[short]))
    with pytest.raises(LessonError, match="another version"):
        serve(store_url).open(left.token)


# ---------------------------------------------------------------------------------------------------- what was not


def test_a_round_that_a_dead_server_left_ends_as_if_nothing_had_been(
    serve: Serve, store_url: str, engine: Engine
) -> None:
    doomed = Engine(1)
    server = serve(store_url, doomed)
    lab = server.open()
    lab.plan = MIDDLE
    handle = lab.start(doomed).handle
    lab.note(1, "what was that?")
    assert server.saver.wait(lab.token, LIMIT)
    handle.wait_for(lambda progress: progress.started, LIMIT)
    doomed.close()
    assert not handle.progress.status.over

    after = serve(store_url)
    again = after.open(lab.token)
    assert again.busy
    after.settled(again)
    assert same(again.rounds[0].progress, run_round(MIDDLE, engine))
    assert again.rounds[0].note == "what was that?"
    third = serve(store_url).open(lab.token)
    assert same(third.rounds[0].progress, again.rounds[0].progress)


def test_what_was_given_up_by_hand_and_when_is_there_after_the_server_was_started_anew(
    serve: Serve, store_url: str
) -> None:
    server = serve(store_url)
    lab = server.open()
    lab.plan = MIDDLE
    handle = lab.start(server.engine).handle
    handle.wait_for(lambda progress: progress.epochs_done.min() >= 1, LIMIT)
    for trial in range(MIDDLE.trials):
        handle.give_up(trial)
    server.settled(lab)
    true = lab.rounds[0].progress
    assert true.given_up.any()
    again = serve(store_url).open(lab.token)
    assert same(again.rounds[0].progress, true)
    assert again.rounds[0].progress.epochs_done.tolist() == true.epochs_done.tolist()


def test_a_round_with_rungs_that_a_dead_server_left_gives_up_what_the_plan_does_and_nothing_else(
    serve: Serve, store_url: str, engine: Engine
) -> None:
    doomed, plan = Engine(1), replace(MIDDLE, give_up=(10, 20))
    server = serve(store_url, doomed)
    lab = server.open()
    lab.plan = plan
    handle = lab.start(doomed).handle
    assert server.saver.wait(lab.token, LIMIT)
    handle.wait_for(lambda progress: progress.started, LIMIT)
    healthy = int(np.flatnonzero(~run_round(plan, engine).given_up)[0])
    handle.give_up(healthy)
    doomed.close()
    after = serve(store_url)
    again = after.open(lab.token)
    after.settled(again)
    assert same(again.rounds[0].progress, run_round(plan, engine))


def test_a_round_is_not_written_down_as_stopped_when_its_server_ends(serve: Serve, tmp_path: Path) -> None:
    doomed = Engine(1)
    server = serve(f"sqlite:///{tmp_path / 'labs'}", doomed)
    lab = server.open()
    lab.plan = MIDDLE
    handle = lab.start(doomed).handle
    handle.wait_for(lambda progress: progress.started, LIMIT)
    doomed.close()
    lab.note(1, "at the last moment")
    server.saver.close()
    with closing(Store(f"sqlite:///{tmp_path / 'labs'}")) as store:
        record = store.load(lab.token)
    assert record is not None and record.rounds[0].note == "at the last moment"
    assert not Status(record.rounds[0].status).over


def test_reviving_twice_starts_one_round(serve: Serve, tmp_path: Path, engine: Engine) -> None:
    doomed, url = Engine(1), f"sqlite:///{tmp_path / 'labs'}"
    server = serve(url, doomed)
    lab = server.open()
    lab.plan = MIDDLE
    lab.start(doomed)
    assert server.saver.wait(lab.token, LIMIT)
    doomed.close()
    after = serve(url)
    again = after.labs.open(lab.token, "browser")[0]
    before = engine.open_rounds()
    at_once(8, lambda: again.revive(engine))
    assert engine.open_rounds() == before + 1
    again.rounds[0].handle.stop()


def test_of_many_tabs_that_press_start_at_once_one_starts_a_round(engine: Engine) -> None:
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
    lab.rounds[0].handle.stop()

"""One model at a time is fitted, labs in turn, and none that nobody waits for any more."""

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest

from pages.components.comparison.model_queue import ModelQueue, ModelRequest, OutdatedRequestError
from tests.support.waiting import LIMIT, until


class Crowd:
    """Requests that wait while the first one is served, and the order in which the others are."""

    def __init__(self) -> None:
        self.queue, self.served = ModelQueue(), list[str]()
        self.go_on, self.pool = Event(), ThreadPoolExecutor(30)
        self.ask(ModelRequest("first"), "first", self.go_on)

    def ask(self, request: ModelRequest, name: str, until_: Event | None = None) -> Future[None]:
        """Ask in a thread of its own; returns once the request waits, is dropped or is served."""
        waits, check = Event(), request.check

        def look() -> None:
            waits.set()
            check()

        def serve() -> None:
            with self.queue.turn(request):
                self.served.append(name)
                assert until_ is None or until_.wait(LIMIT)

        request.check = look
        asked = self.pool.submit(serve)
        until(lambda: waits.is_set() or asked.done() or name in self.served)
        return asked

    def count(self) -> int:
        """How many requests wait."""
        return sum(map(len, self.queue._waiting.values()))

    def end(self) -> list[str]:
        """Let all of them be served; their names in order."""
        self.go_on.set()
        self.pool.shutdown()
        assert self.count() == 0 and not self.queue._busy and not self.queue._waiting
        return self.served[1:]


def gone() -> None:
    raise ConnectionError("the page has moved on")


def test_labs_are_served_in_turn_however_many_requests_one_has() -> None:
    crowd = Crowd()
    for number in range(8):
        crowd.ask(ModelRequest("hostile"), f"hostile {number}")
    crowd.ask(ModelRequest("honest"), "honest")
    crowd.ask(ModelRequest("other"), "other")
    assert crowd.end() == ["hostile 0", "honest", "other", *(f"hostile {number}" for number in range(1, 8))]


def test_a_request_is_dropped_once_its_lab_asks_for_more_trials() -> None:
    crowd = Crowd()
    old = crowd.ask(ModelRequest("lab", 20), "20 trials")
    elsewhere = crowd.ask(ModelRequest("other", 20), "other")
    newer = crowd.ask(ModelRequest("lab", 40), "40 trials")
    same = crowd.ask(ModelRequest("lab", 40), "40 trials, another batch")
    late = crowd.ask(ModelRequest("lab", 30), "30 trials")
    with pytest.raises(OutdatedRequestError):
        old.result(LIMIT)
    with pytest.raises(OutdatedRequestError):
        late.result(LIMIT)
    assert crowd.end() == ["40 trials", "other", "40 trials, another batch"]
    for one in (elsewhere, newer, same):
        one.result(LIMIT)


def test_a_request_that_nobody_waits_for_is_dropped() -> None:
    crowd = Crowd()
    left = crowd.ask(ModelRequest("hostile", 20, gone), "hostile")
    with pytest.raises(ConnectionError):
        left.result(LIMIT)
    crowd.ask(ModelRequest("honest", 20), "honest")
    assert crowd.end() == ["honest"]


def test_the_requests_of_a_race_make_none_outdated_nor_are_dropped() -> None:
    crowd = Crowd()
    crowd.ask(ModelRequest("lab", 20), "page")
    crowd.ask(ModelRequest("lab"), "race")
    crowd.ask(ModelRequest("lab", 20), "other page")
    assert crowd.end() == ["page", "race", "other page"]


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_after_a_fit_that_failed_the_next_one_has_its_turn(fault: type[BaseException]) -> None:
    queue = ModelQueue()
    with pytest.raises(fault), queue.turn(ModelRequest("lab")):
        raise fault
    with queue.turn(ModelRequest("lab")):
        assert queue._busy
    assert not queue._busy

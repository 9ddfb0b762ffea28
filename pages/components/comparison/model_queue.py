"""Who may fit a model next: one at a time on a server, labs in turn, and nothing that nobody waits for any more.

One at a time, because a fit takes the processor that draws all pages. In turn, because one lab may ask in many tabs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition

POLL_SECONDS = 0.1  # between two looks whether somebody still waits for a request


class OutdatedRequestError(Exception):
    """Another tab of the lab has asked for a model of more trials."""


def _always_wanted() -> None:
    """The check of a request that somebody waits for until it is served."""


@dataclass(eq=False)
class ModelRequest:
    """One model, or one batch of proposals, that a lab asks for."""

    lab: str  # its token
    trials: int | None = None  # that it follows from; None: neither makes others outdated nor becomes it
    check: Callable[[], object] = _always_wanted  # raises when nobody waits for it any more
    outdated: bool = False


class ModelQueue:
    """The requests that wait. Labs are served in the order in which they came, each with its first request."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: dict[str, list[ModelRequest]] = {}  # by lab, in the order of their turns
        self._busy = False

    @contextmanager
    def turn(self, request: ModelRequest) -> Iterator[None]:
        """Wait for the turn of a request, and hold it.

        Raises OutdatedRequestError, or what the request's check raises, while it waits.
        """
        try:
            self._enter(request)
            while not self._begin(request):
                request.check()
        except BaseException:
            self._leave(request)
            raise
        try:
            yield
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _enter(self, request: ModelRequest) -> None:
        with self._changed:
            others = self._waiting.setdefault(request.lab, [])
            for one in others:
                if one.trials is not None and request.trials is not None:
                    one.outdated |= one.trials < request.trials
                    request.outdated |= request.trials < one.trials
            others.append(request)
            self._changed.notify_all()

    def _begin(self, request: ModelRequest) -> bool:
        """Whether its turn has come, after POLL_SECONDS at the latest."""
        with self._changed:
            if not self._is_next(request):
                self._changed.wait(POLL_SECONDS)
            if request.outdated:
                raise OutdatedRequestError
            if not self._is_next(request):
                return False
            self._busy = True
            self._remove(request)
            if request.lab in self._waiting:  # its further requests come after those of the other labs
                self._waiting[request.lab] = self._waiting.pop(request.lab)
            return True

    def _is_next(self, request: ModelRequest) -> bool:
        wanted = (one for others in self._waiting.values() for one in others if not one.outdated)
        return not self._busy and next(wanted, None) is request

    def _leave(self, request: ModelRequest) -> None:
        with self._changed:
            self._remove(request)
            self._changed.notify_all()

    def _remove(self, request: ModelRequest) -> None:
        others = self._waiting.get(request.lab, [])
        if request in others:
            others.remove(request)
        if not others:
            self._waiting.pop(request.lab, None)

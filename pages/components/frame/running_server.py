"""The server that this process is, as pages find it: started before the first visitor comes, in tests by a fixture."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.server.server import Server

_running: list[Server] = []  # one while the process serves, else none


def server() -> Server:
    """The engine, all labs and classes, the limits. Raises RuntimeError where none has been started."""
    if not _running:
        raise RuntimeError("no server was started: lifespan in startup.py does it, in tests the fixture page_server")
    return _running[-1]


@contextmanager
def serving(started: Server) -> Iterator[Server]:
    """Let pages find a server, and close it at the end."""
    _running.append(started)
    try:
        yield started
    finally:
        _running.remove(started)
        started.close()

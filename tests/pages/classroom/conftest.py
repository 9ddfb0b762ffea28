"""Rate limits for the tests of the class: fresh ones, on a clock that does not move."""

import pytest

from core.server.rate_limits import Limits
from core.server.server import Server
from pages.components.frame import allowances


@pytest.fixture
def fresh_limits(page_server: Server, monkeypatch: pytest.MonkeyPatch) -> Limits:
    """Nobody has tried anything yet, and no time passes that would give a try back."""
    limits = Limits()
    for limiter in vars(limits).values():
        limiter._clock = lambda: 0.0
    monkeypatch.setattr(page_server, "limits", limits)
    return limits


@pytest.fixture
def one_client(monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """All pages are asked for by the same session and address."""
    client = ("tab", "10.0.0.1")
    monkeypatch.setattr(allowances, "client_id", lambda: client)
    return client

"""While nothing can train, the page says so in one sentence, on idle pages and where a round runs."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core.engine.cluster.remote_round import RemoteHandle, RemoteRound
from core.engine.owners import Owner
from core.engine.port import Engine
from core.errors import LessonError
from core.lab.lab_round import LabRound
from core.progress import Status
from pages.components.frame.running_server import server
from tests.support.app_tests import html, new_lab, opened, ran
from tests.support.languages import LANGUAGES, shown
from tests.support.sample_rounds import made

NOTICE = "No computer is training just now. All rounds go on by themselves when one is back."
SENTENCES = {lang: shown(NOTICE, lang) for lang in LANGUAGES}
pytestmark = pytest.mark.usefixtures("page_server")


@pytest.fixture
def hostless(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The server's engine, whose hosts have all gone."""
    engine = server().engine
    monkeypatch.setattr(engine, "notice", lambda: LessonError(SENTENCES["en"]), raising=True)
    return engine


def running_lab() -> str:
    """The token of a lab whose round waits for a host: it has a handle, for a page begins a round without one anew."""
    lab = new_lab()
    progress = replace(made([-2, -3], [0.9, 0.8]), status=Status.WAITING)
    round_ = RemoteRound(1, lab.token, Owner(lab.token), "round", progress, "digest")
    nothing: Callable[..., None] = lambda *ignored: None  # noqa: E731
    handle = RemoteHandle(round_, threading.Condition(), threading.Event(), nothing, nothing)
    lab.rounds = [LabRound(1, progress, handle=handle)]
    return lab.token


def warnings(app: AppTest) -> str:
    """What a page warns of."""
    return " ".join(str(one.value) for one in app.warning)


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("page", [None, "race"])
def test_an_idle_page_says_it(hostless: Engine, page: str | None, language: str) -> None:
    app = opened(page, lang=language)
    assert (warnings(app).count(SENTENCES[language]), html(app).count(SENTENCES[language])) == (1, 0)


@pytest.mark.parametrize("language", SENTENCES)
def test_the_live_part_says_it_once_and_no_longer_when_a_host_is_back(
    hostless: Engine, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(lab=running_lab(), lang=language)
    assert (warnings(app).count(SENTENCES[language]), html(app).count(SENTENCES[language])) == (0, 1)
    monkeypatch.setattr(hostless, "notice", lambda: None)
    ran(app.run())
    assert SENTENCES[language] not in html(app) + warnings(app)


def test_nothing_is_said_while_all_is_well() -> None:
    app = opened(lab=running_lab())
    assert "Waiting" in html(app) and SENTENCES["en"] not in html(app) + warnings(app)

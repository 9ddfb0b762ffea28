"""A run that begins anew keeps a click that is on its way, also one on the link of another page."""

from types import SimpleNamespace

import pytest
from streamlit.commands import execution_control
from streamlit.runtime.scriptrunner import RerunData, RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests

from pages.components.frame import redraw
from tests.test_architecture import SOURCES

CLICK = RerunData(page_script_hash="another page")


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> ScriptRequests:
    """The requests of a tab that draws a page, with a click on the link of another one waiting."""
    waiting = ScriptRequests()
    waiting.request_rerun(CLICK)
    context = SimpleNamespace(
        query_string="lab=1", page_script_hash="this page", cached_message_hashes=frozenset(), context_info=None,
        fragment_ids_this_run=["part"], script_requests=waiting,
    )  # fmt: skip
    for module in (redraw, execution_control):
        monkeypatch.setattr(module, "get_script_run_ctx", lambda: context)
    monkeypatch.setattr(redraw, "ThreadState", SimpleNamespace(get=lambda: SimpleNamespace(fragment_id="part")))
    return waiting


def waiting_page(requests: ScriptRequests) -> str:
    """The page that is drawn at the next output of a run."""
    request = requests.on_scriptrunner_yield()
    assert request is not None
    return request.rerun_data.page_script_hash


@pytest.mark.parametrize(("again", "parts"), [(redraw.redraw_page, []), (redraw.redraw_part, ["part"])])
def test_a_click_that_waits_still_leads_to_its_page(again: object, parts: list[str], requests: ScriptRequests) -> None:
    with pytest.raises(RerunException) as begun:
        again()
    assert (begun.value.rerun_data.page_script_hash, begun.value.rerun_data.fragment_id_queue) == ("this page", parts)
    assert waiting_page(requests) == "another page"


def test_with_streamlits_own_rerun_it_would_be_lost(requests: ScriptRequests, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why there is a way of our own; once this fails, st.rerun() will do."""
    state = SimpleNamespace(run_location=None)
    monkeypatch.setattr(execution_control, "ThreadState", SimpleNamespace(get=lambda: state))
    monkeypatch.setattr(execution_control, "_force_yield_point", lambda: None)
    execution_control.rerun()
    assert waiting_page(requests) == "this page"


def test_nobody_uses_streamlits_own() -> None:
    assert not [path for path in SOURCES if "st.rerun" in path.read_text() and path.name != "redraw.py"]


def asks(requests: ScriptRequests, *parts: str) -> None:
    """The browser asks for some parts to be drawn, all of the page without any."""
    requests.request_rerun(RerunData(page_script_hash="this page", fragment_id_queue=list(parts)))


@pytest.fixture
def idle(requests: ScriptRequests) -> ScriptRequests:
    """The requests of a tab whose click has been handled."""
    requests.on_scriptrunner_yield()
    return requests


def test_what_was_handled_is_not_asked_for_any_more(idle: ScriptRequests) -> None:
    assert not redraw.is_asked_for() and not redraw.is_part_asked_for()
    asks(idle, "part")
    idle.on_scriptrunner_ready()
    assert not redraw.is_asked_for() and not redraw.is_part_asked_for()


@pytest.mark.parametrize(("parts", "own"), [(["part"], True), (["another"], False), (["another", "part"], True)])
def test_a_part_that_is_asked_for_is_told_from_others(parts: list[str], own: bool, idle: ScriptRequests) -> None:
    """Streamlit lets a run go on when a part is asked for, and draws the part afterwards."""
    for part in parts:
        asks(idle, part)
    assert redraw.is_asked_for() and redraw.is_part_asked_for() is own
    assert idle.on_scriptrunner_yield() is None


def test_a_tab_that_is_closed_and_a_click_elsewhere_end_the_run_by_themselves(idle: ScriptRequests) -> None:
    asks(idle)
    assert redraw.is_asked_for() and not redraw.is_part_asked_for()
    assert idle.on_scriptrunner_yield() is not None
    idle.request_stop()
    assert redraw.is_asked_for() and not redraw.is_part_asked_for()

"""A chart is sent again as it is, with other tables, within the run that drew it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.testing.v1 import AppTest

from pages.components.refresh import resending
from pages.components.refresh.resending import SentCharts, charts_kept
from pages.components.round.tables import arrow


@dataclass
class Context:
    """A run of a page, as far as messages go through it."""

    sent: list[ForwardMsg] = field(default_factory=list)

    def enqueue(self, message: ForwardMsg) -> None:
        self.sent.append(message)


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    run = Context()
    monkeypatch.setattr(resending, "get_script_run_ctx", lambda: run)
    yield run


def chart(**tables: bytes) -> ForwardMsg:
    message = ForwardMsg(hash="of its content")
    message.delta.new_element.vega_lite_chart.spec = "{}"
    for name, content in tables.items():
        message.delta.new_element.vega_lite_chart.datasets.add(name=name).data.data = content
    return message


def tables_of(message: ForwardMsg) -> dict[str, bytes]:
    return {one.name: one.data.data for one in message.delta.new_element.vega_lite_chart.datasets}


def test_charts_alone_are_kept_and_everything_is_sent(context: Context) -> None:
    words = ForwardMsg()
    words.delta.new_element.html.body = "words"
    with charts_kept() as kept:
        for message in (words, first := chart(points=b"1"), chart(curves=b"2")):
            context.enqueue(message)
    context.enqueue(chart(points=b"3"))
    assert len(context.sent) == 4 and len(kept) == 2 and context.sent[1] is first


def test_nothing_is_kept_once_drawing_has_failed(context: Context) -> None:
    with pytest.raises(ZeroDivisionError), charts_kept() as kept:
        raise ZeroDivisionError
    context.enqueue(chart())
    assert len(kept) == 0 and len(context.sent) == 1


def kept_of(*charts: ForwardMsg) -> SentCharts:
    kept = SentCharts()
    for one in charts:
        kept.keep(one)
    return kept


def test_a_chart_goes_out_with_the_tables_that_have_changed(context: Context) -> None:
    first = chart(points=b"1", boxes=b"2")
    kept_of(first).send_again({"points": b"3", "curves": b"4"})
    (again,) = context.sent
    assert tables_of(again) == {"points": b"3", "boxes": b"2"}
    assert again.hash == "" and again.delta.new_element.vega_lite_chart.spec == "{}"
    assert tables_of(first) == {"points": b"1", "boxes": b"2"} and first.hash  # it may not have been sent yet


def test_a_chart_that_has_not_changed_since_it_was_last_sent_is_not_sent(context: Context) -> None:
    kept = kept_of(chart(points=b"1"), chart(curves=b"1"))
    for points, curves in ((b"2", b"1"), (b"2", b"1"), (b"2", b"3"), (b"1", b"3")):
        kept.send_again({"points": points, "curves": curves})
    assert [tables_of(one) for one in context.sent] == [{"points": b"2"}, {"curves": b"3"}, {"points": b"1"}]


PAGE = """
import streamlit as st
from pages.components.refresh.resending import charts_kept
from tests.pages.refresh.test_resending import SPEC, table
with charts_kept() as kept:
    st.vega_lite_chart({**SPEC, "datasets": {"points": table(1)}}, key="chart", on_select="rerun")
assert len(kept) == 1
kept.send_again({"points": table(2)})
"""
SPEC = {"mark": "point", "data": {"name": "points"}, "params": [{"name": "picked", "select": "point"}]}


def table(value: int) -> bytes:
    return arrow(pa.table({"x": [value]}))


def test_streamlit_shows_the_chart_once_with_what_was_sent_last() -> None:
    """Here the app relies on what Streamlit does not promise: how a run sends its messages."""
    tested = AppTest.from_string(PAGE).run()
    assert not tested.exception
    (shown,) = tested.get("vega_lite_chart")
    (points,) = shown.proto.datasets
    assert shown.proto.id and shown.proto.selection_mode == ["picked"]
    assert pa.ipc.open_stream(points.data.data).read_all()["x"].to_pylist() == [2]


def test_a_chart_of_which_the_browser_is_sent_only_the_name_can_be_sent_again() -> None:
    """Streamlit sends the name of a message of some size that the browser has, and then it holds no chart."""
    tested = AppTest.from_string(PAGE.replace("with charts_kept", BROWSER_HAS_IT + "with charts_kept")).run()
    assert not tested.exception
    (shown,) = tested.get("vega_lite_chart")
    (points,) = shown.proto.datasets
    assert pa.ipc.open_stream(points.data.data).read_all()["x"].to_pylist() == [2]


BROWSER_HAS_IT = """
from streamlit.runtime import forward_msg_cache
from streamlit.runtime.scriptrunner import get_script_run_ctx
class Everything(set):
    def __contains__(self, name):
        return not self.asked and not setattr(self, "asked", True)
    asked = False
context = get_script_run_ctx()
context.cached_message_hashes = Everything()
SPEC = {**SPEC, "description": "x" * 20_000}
"""

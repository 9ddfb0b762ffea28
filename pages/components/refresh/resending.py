"""Charts that are sent once more within the run that drew them, with other tables.

Streamlit draws no widget twice in a run, and of a chart with selections it makes the specification, the widget and the
message anew each time, which costs more than the tables themselves. Here the message goes out again as it is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx


class SentCharts:
    """The charts that a run has drawn, as they were last sent."""

    def __init__(self) -> None:
        self._messages: list[ForwardMsg] = []

    def __len__(self) -> int:
        return len(self._messages)

    def keep(self, message: ForwardMsg) -> None:
        """Keep a message, if it is that of a chart."""
        if message.delta.new_element.HasField("vega_lite_chart"):
            self._messages.append(message)

    def send_again(self, tables: Mapping[str, bytes]) -> None:
        """Send the charts of which a table has changed. tables: by name; what is not among them stays as it was"""
        context = get_script_run_ctx()
        if context is None:
            return
        for place, before in enumerate(self._messages):
            shown = before.delta.new_element.vega_lite_chart.datasets
            if all(tables.get(one.name, one.data.data) == one.data.data for one in shown):
                continue
            message = ForwardMsg()
            message.CopyFrom(before)  # which may still wait to be sent
            message.ClearField("hash")  # of its content, by which a browser keeps messages
            for table in message.delta.new_element.vega_lite_chart.datasets:
                table.data.data = tables.get(table.name, table.data.data)
            context.enqueue(message)
            self._messages[place] = message


@contextmanager
def charts_kept() -> Iterator[SentCharts]:
    """Keep the charts that are drawn meanwhile, also those of which the browser is sent only the name."""
    context, charts = get_script_run_ctx(), SentCharts()
    if context is None:
        yield charts
        return
    send = context.enqueue

    def keep(msg: ForwardMsg) -> None:
        charts.keep(msg)
        send(msg)

    context.enqueue = keep  # type: ignore[method-assign]
    try:
        yield charts
    finally:
        context.enqueue = send  # type: ignore[method-assign]

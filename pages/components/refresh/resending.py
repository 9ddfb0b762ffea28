"""Charts that are sent once more within the run that drew them, with other tables.

Streamlit draws no widget twice in a run, and of a chart with selections it makes the specification, the widget and the
message anew each time, which costs more than the tables themselves. Here the message goes out again as it is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx


@contextmanager
def charts_kept() -> Iterator[list[ForwardMsg]]:
    """The messages of the charts that are drawn meanwhile, in their order, to be sent again before the run ends."""
    context, charts = get_script_run_ctx(), list[ForwardMsg]()
    if context is None:
        yield charts
        return
    send = context._enqueue

    def keep(message: ForwardMsg) -> None:
        if message.delta.new_element.HasField("vega_lite_chart"):
            charts.append(message)
        send(message)

    context._enqueue = keep
    try:
        yield charts
    finally:
        context._enqueue = send


def send_again(chart: ForwardMsg, tables: Mapping[str, bytes]) -> None:
    """Send a chart once more. tables: those that have changed, by name"""
    context = get_script_run_ctx()
    if context is None:
        return
    message = ForwardMsg()
    message.CopyFrom(chart)  # the first one may wait to be sent
    message.ClearField("hash")  # of the whole content, for the browser's store of messages
    for table in message.delta.new_element.vega_lite_chart.datasets:
        if table.name in tables:
            table.data.data = tables[table.name]
    context.enqueue(message)

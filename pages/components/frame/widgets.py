"""Keys of widgets, callbacks on entries, popovers that are drawn only when open, and shortcuts of buttons."""

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.components.frame.session import session
from pages.components.frame.translation import _

MAC_KEYS = {"Ctrl+": "⌘ ", "Alt+": "⌥ "}  # what is written on a Mac's keys


def widget_key(name: str, value: object) -> str:
    """The key of the widget `name`, which is to show `value`: a new one where it shows another value.

    The lab holds the value. A widget whose value was changed from elsewhere (the map, undo, another tab) is replaced by
    a new one. Writing into the old one would not do: a click that comes before the browser has received it brings
    the old value back, and it would look as if the student had chosen it.
    """
    versions = session().versions
    key = f"{name}~{versions.get(name, 0)}"
    if key in st.session_state and st.session_state[key] != value:
        versions[name] = versions.get(name, 0) + 1
        key = f"{name}~{versions[name]}"
    session().known[key] = value
    return key


def on_change(key: str, take: Callable[[Any], object]) -> Callable[[], None]:
    """A callback for a widget that is being drawn: gives the value that was entered, of the widget `key`, to `take`.

    Until a run has ended in the browser, it goes on to send the values of widgets that the server has replaced or
    removed, and Streamlit calls for each as if it had just been entered. So a value is taken only if it is another one
    than the widget showed or has given before.
    """
    known = session().known
    if key in st.session_state:
        known[key] = identity(st.session_state[key])
    elif "~" not in key:  # else widget_key knows what it will show
        known.pop(key, None)

    def changed(value: Any) -> None:
        if key not in known or known[key] != identity(value):
            known[key] = identity(value)
            take(value)

    return with_value(key, changed)


def with_value(key: str, take: Callable[[Any], object]) -> Callable[[], None]:
    """A callback that gives the value of the widget `key` to `take`.

    Nothing if it has none: a click may arrive when its page has been left and the widget is gone.
    """

    def called() -> None:
        if key in st.session_state:
            take(st.session_state[key])

    return called


def identity(value: object) -> object:
    """What stands for a widget's value while it is remembered: a file's name on the server, not the file."""
    return value.file_id if isinstance(value, UploadedFile) else value


def lazy_popover(label: str, draw: Callable[[], None], key: str, icon: str) -> None:
    """A button that opens what `draw` draws.

    Closed it is not drawn at all: the settings that a lesson rarely needs would be a quarter of every run of the page.
    """
    fold = st.popover(label, icon=icon, width="content", key=key, on_change="rerun")
    if fold.open:
        with fold, st.container(key=f"fold_{key}"):
            draw()


def shortcut_help(keys: str) -> str:
    """A button's tooltip that names its keyboard shortcut as it is on the visitor's keys. keys: such as Ctrl+Enter"""
    if "Mac OS" in (st.context.headers.get("User-Agent") or ""):
        for here, there in MAC_KEYS.items():
            keys = keys.replace(here, there)
    return _("Keyboard: {keys}").format(keys=keys)

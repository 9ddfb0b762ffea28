"""What widgets share: keys of those whose value is the lab's, what is done with an entry, what is folded away."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.components.session import session


def widget_key(name: str, value: object) -> str:
    """The key of the widget `name`, which is to show `value`: a new one where it shows another value.

    The lab is the truth, and a widget whose value was changed from elsewhere (the map, undo, another tab) is replaced
    by a new one. Writing into the old one would not do: a click that comes before the browser has heard of it brings
    the old value back, and it would look as if the student had chosen it.
    """
    versions = session().versions
    key = f"{name}~{versions.get(name, 0)}"
    if key in st.session_state and st.session_state[key] != value:
        versions[name] = versions.get(name, 0) + 1
        key = f"{name}~{versions[name]}"
    return key


def entered(key: str, take: Callable[[Any], object]) -> Callable[[], None]:
    """What is done once something was entered: give the value of the widget `key` to `take`.

    Nothing if it has none: a change may arrive when its page has been left and the widget is gone.
    """

    def changed() -> None:
        if key in st.session_state:
            take(st.session_state[key])

    return changed


def folded(label: str, draw: Callable[[], None], key: str, icon: str) -> None:
    """A button that opens what `draw` draws.

    Closed it is not drawn at all: the settings that a lesson rarely needs would be a quarter of every run of the page.
    """
    fold = st.popover(label, icon=icon, width="content", key=key, on_change="rerun")
    if fold.open:
        with fold, st.container(key=f"fold_{key}"):
            draw()

"""The teacher's secret stays in this tab of the browser, out of the address bar, which may be on the projector.

The teacher's link is opened once: ?teach=<secret>. The run that finds it there writes nothing into the address, for the
browser would keep both in its history. The browser's own script replaces the address, in its history too, by
?class=<code>&desk, and keeps the secret in the tab's own storage: a reload finds it, closing the tab forgets it.
"""

import streamlit as st

KEEP = """
export default function ({ data, setStateValue }) {
  const address = new URL(location.href);
  const code = data.code ?? address.searchParams.get('class');
  const place = 'teacher of ' + code;
  if (data.secret) {
    sessionStorage.setItem(place, data.secret);
    if (address.searchParams.has('teach')) {
      address.searchParams.delete('teach');
      address.searchParams.set('class', code);
      address.searchParams.set('desk', '');
      history.replaceState(history.state, '', address);
      setStateValue('stripped', true);
    }
  } else {
    const kept = sessionStorage.getItem(place);
    if (kept) setStateValue('secret', kept);
  }
}
"""

_keep = st.components.v2.component("teachers_secret", js=KEEP)


def keep(secret: str, code: str) -> None:
    """Let the tab remember the secret of a class."""
    with st.container(key="secret_kept"):
        _keep(key="keep_secret", data={"secret": secret, "code": code}, on_stripped_change=lambda: None)


def kept() -> str | None:
    """The secret that the tab remembers of the class in the address; None until the browser has told, or if none."""
    with st.container(key="secret_asked"):
        told = _keep(
            key="ask_secret", data={"secret": None, "code": None}, default={"secret": None},
            on_secret_change=lambda: None,
        ).secret  # fmt: skip
    return str(told) if told else None

"""The teacher's secret in the session storage of a browser tab, so that it does not stay in the address bar.

The teacher's link is ?teach=<secret>, and the screen may be projected. A script in the browser stores the secret and
replaces the address, also in the history, by ?class=<code>&desk. A reload finds the secret again; closing the tab
deletes it. The server must not change the address itself: the browser's history would then keep the secret.
"""

from collections.abc import Mapping

import streamlit as st

from pages.components.frame.session import session

MAX_CLASSES = 20  # that a tab remembers

SCRIPT = """
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
  } else if (data.all) {
    const places = Object.keys(sessionStorage).filter(one => one.startsWith('teacher of '));
    const found = Object.fromEntries(places.map(one => [one.slice('teacher of '.length), sessionStorage.getItem(one)]));
    if (Object.keys(found).some(code => !data.known.includes(code))) setStateValue('secrets', found);
  } else {
    const kept = sessionStorage.getItem(place);
    if (kept) setStateValue('secret', kept);
  }
}
"""

_secret_component = st.components.v2.component("teachers_secret", js=SCRIPT)


def remember_secret(secret: str, code: str, key: str = "keep_secret") -> None:
    """Store the secret of a class in the browser tab. key: of the element that does so"""
    with st.container(key=f"secret_kept_{key}"):
        _secret_component(key=key, data={"secret": secret, "code": code}, on_stripped_change=lambda: None)


def remembered_secrets() -> dict[str, str]:
    """The secrets of all classes that the tab stores, by code; empty until the browser answers."""
    with st.container(key="secrets_asked"):
        found = _secret_component(
            key="ask_secrets", data={"secret": None, "code": None, "all": True, "known": list(session().secrets)},
            default={"secrets": None}, on_secrets_change=lambda: None,
        ).secrets  # fmt: skip
    if not isinstance(found, Mapping):
        return {}
    return {str(code): str(secret) for code, secret in list(found.items())[:MAX_CLASSES]}


def remembered_secret() -> str | None:
    """The secret that the tab stores for the class in the address; None without one, or until the browser answers."""
    with st.container(key="secret_asked"):
        secret = _secret_component(
            key="ask_secret", data={"secret": None, "code": None}, default={"secret": None},
            on_secret_change=lambda: None,
        ).secret  # fmt: skip
    return str(secret) if secret else None

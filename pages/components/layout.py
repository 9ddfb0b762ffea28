"""The frame around every page: language, the link that is the key to the lab, styles, and how wide the page is."""

import streamlit as st

from pages.components.text import LANGUAGES, _, choose_language, keep_in_address, language

ROUNDING = 40  # pixels: a few more or less are no reason to draw anew
PHONE, DESKTOP = 340, 1100  # widths assumed until the browser has told

STYLE = """
<style>
.stMainBlockContainer {padding-top: 2.6rem; padding-bottom: 3rem; max-width: 1500px;}
.st-key-live {position: relative;}
.progress-line {display: flex; gap: .8rem; align-items: center; font-variant-numeric: tabular-nums; min-height: 1.6rem;}
.progress-line .bar {flex: 1; height: 8px; border-radius: 4px; background: rgba(128, 128, 128, .22); overflow: hidden;}
.progress-line .bar div {height: 100%; border-radius: 4px; background: #3b82c4;}
.aside h4 {font-size: .95rem; padding: 0; margin: 0 0 .3rem 0;}
.aside ol {list-style: none; padding: 0; margin: 0 0 1rem 0; min-height: 6.2rem;}
.aside ol {overflow-x: auto;}
.aside ol li {font-family: "Source Code Pro", monospace; font-size: .72rem; line-height: 1.65; margin: 0; padding: 0;
  white-space: nowrap;}
@media (max-width: 640px) {.aside ol li {font-size: .62rem;}}
.stElementContainer:has(.stSlider) {min-width: min(100%, 360px);}
.aside ul {padding-left: 1.1rem; margin: 0; font-size: .9rem;}
.aside .none {opacity: .6; font-size: .9rem;}
.aside.beside {position: absolute; right: 0; top: 2.6rem; z-index: 2;}
.aside:not(.beside) ul, .aside:not(.beside) p.none {min-height: 5.5rem;}
@media (min-width: 760px) {.aside:not(.beside) {display: flex; gap: 2rem;} .aside:not(.beside) section {flex: 1;}}
.st-key-width {height: 0; overflow: hidden;}
</style>
"""

MEASURE = """
export default function ({ setStateValue, parentElement }) {
  const page = document.querySelector('[data-testid="stMainBlockContainer"]') ?? document.body;
  let told = null, timer = null;
  const tell = () => {
    const style = getComputedStyle(page);
    const inner = page.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const width = Math.floor(inner / ROUNDING) * ROUNDING;
    if (width > 0 && width !== told) { told = width; setStateValue('width', width); }
  };
  const watch = new ResizeObserver(() => { clearTimeout(timer); timer = setTimeout(tell, 250); });
  watch.observe(page);
  tell();
  return () => { watch.disconnect(); clearTimeout(timer); };
}
""".replace("ROUNDING", str(ROUNDING))

_measure = st.components.v2.component("page_width", js=MEASURE)


def frame() -> None:
    """Draw what all pages share."""
    st.html(STYLE)
    with st.sidebar:
        _language_switch()


def page_width() -> int:
    """Pixels of the page's main column, a guess by the kind of device until the browser has told."""
    agent = st.context.headers.get("User-Agent") or ""
    guess = PHONE if "Mobi" in agent else DESKTOP
    with st.container(key="width"):
        told = _measure(key="page_width", default={"width": None}, on_width_change=lambda: None).width
    return int(told) if told else guess


def _language_switch() -> None:
    """The language, also written into the address."""
    keep_in_address()
    st.segmented_control(
        _("Language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        default=language(),
        key="language",
        on_change=lambda: choose_language(st.session_state["language"]),
        required=True,
    )

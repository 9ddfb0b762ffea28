"""The frame around every page: language, the link that is the key to the lab, styles, and how wide the page is."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.lab import Lab
from pages.components.session import lab, leave_lab, lesson, session, tell_fault
from pages.components.steps import steps
from pages.components.text import LANGUAGES, _, choose_language, keep_in_address, language
from pages.components.widgets import entered

CLASS = "class_board"  # the page of the class
OF_A_CLASS = ("class", "teach")  # in an address that leads to it, whatever page it names
ICON = Path(__file__).with_name("icon.svg")  # our own: Streamlit's icons are fetched from elsewhere
FRAMED = "framed"  # in the session state, once the app has run around a page
ROUNDING = 40  # pixels: a few more or less are no reason to draw anew
LEAVING = 2000  # milliseconds in which a page that is being left does not tell its width
FIRST = "narrow"  # the page that an address without one leads to
BESIDE = (CLASS, "glossary", "about")  # not on the way through the lesson
UNNAMED = ("lesson_link",)  # led to from About
NARROWEST, WIDEST = 200, 4000  # pixels that a chart is drawn for
PHONE, DESKTOP = 340, 1100  # widths assumed until a browser has told

STYLE = """
<style>
.stMainBlockContainer {padding-top: 3.8rem; padding-bottom: 3rem; max-width: 1500px;}
.st-key-live {position: relative;}
.progress-line {display: flex; gap: .8rem; align-items: center; font-variant-numeric: tabular-nums; min-height: 1.6rem;}
.progress-line .bar {flex: 1; height: 8px; border-radius: 4px; background: rgba(128, 128, 128, .22); overflow: hidden;}
.progress-line .bar div {height: 100%; border-radius: 4px; background: #3b82c4;}
.aside h4 {font-size: .95rem; padding: 0; margin: 0 0 .3rem 0;}
.aside ol {list-style: none; padding: 0; margin: 0 0 1rem 0; min-height: 6.2rem;}
.aside ol li {font-family: "Source Code Pro", monospace; font-size: min(.72rem, 2.75cqw); line-height: 1.65;
  margin: 0; padding: 0; white-space: nowrap;} /* the longest line, of 58 characters, fits: nothing to be scrolled */
.aside section:has(ol) {container-type: inline-size;}
.stElementContainer:has(.stSlider) {min-width: min(100%, 360px);}
.aside ul {padding-left: 1.1rem; margin: 0; font-size: .9rem;}
.aside .none {opacity: .75; font-size: .9rem;}
.aside.beside {position: absolute; right: 0; top: 2.6rem; z-index: 2;}
.aside:not(.beside) ul, .aside:not(.beside) p.none {min-height: 5.5rem;}
@media (min-width: 760px) {.aside:not(.beside) {display: flex; gap: 2rem;} .aside:not(.beside) section {flex: 1;}}
.st-key-width {height: 0; overflow: hidden;}
[data-testid="stLayoutWrapper"]:has(> .st-key-document) {position: absolute;}
.st-key-live_chart svg {touch-action: pan-y;}
/* a fold that is not drawn yet, or not wholly, is as high as it needs to be to come where there is more room */
:root {--fold: 20rem;}
@media (max-width: 640px) {:root {--fold: 34rem;}}
[data-testid="stPopoverBody"]:is(:not(:has(.stElementContainer)), :has([class*="st-key-fold_"])) {
  min-height: min(var(--fold), 45dvh);}
[data-testid="stCodeCopyButton"], .stCode button {opacity: 1 !important; visibility: visible !important;}
.st-key-header h4 {word-break: keep-all;}
.st-key-epochs_left {padding-bottom: .45rem;}
.st-key-header > div:first-child {flex: 1 1 320px;}
.st-key-header h4 {padding: .2rem 0;}
@media (max-width: 640px) {.st-key-header h4 {padding-bottom: .8rem;}} /* what comes beside it stands below it */
ol.steps {padding-left: 0 !important;}
.steps {display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; list-style: none; margin: 0; font-size: .8rem;}
.steps li {margin: 0; padding: 0;}
.steps .later {opacity: .75;}
.steps .now {font-weight: 700;}
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {color: inherit; opacity: .87;}
button[kind="primary"], button[kind="primaryFormSubmit"] {background-color: #2b6cb5; border-color: #2b6cb5;}
.unsaved {border-left: 4px solid #d97706; padding-left: .5rem; font-size: .9rem; font-weight: 600;}
.printed {display: none;}
@media print {
  [data-testid="stHeader"], .st-key-header button, .stButton, .stPopover, .stDownloadButton, .stSlider, .stNumberInput,
  .stSegmentedControl, .stButtonGroup, .stExpander, .stSelectbox, .stDataFrame, .st-key-choosing, .progress-line,
  .stElementToolbar, [data-testid="stElementToolbar"] {display: none !important;}
  .stMainBlockContainer {padding: 0; max-width: none;}
  .aside.beside {position: static; width: auto !important;}
  .printed {display: block;}
  .stApp, [data-testid="stAppViewContainer"], [data-testid="stMain"] {
    position: static; overflow: visible; height: auto;}
}
.printed table {border-collapse: collapse; width: 100%; font-size: 10pt;}
.printed th, .printed td {border: 1px solid #999; padding: 3pt 5pt; text-align: left;}
</style>
"""

NUMBERS = f"const ROUNDING = {ROUNDING}, LEAVING = {LEAVING}, NARROWEST = {NARROWEST}, WIDEST = {WIDEST};\n"

# What a page tells comes under its own name, and the newest word counts: told between a click that leads to another
# page and the server's answer to it, the width would bring the student back.
MEASURE = """
export default function ({ data, setStateValue }) {
  const page = document.querySelector('[data-testid="stMainBlockContainer"]') ?? document.body;
  let told = data.told, timer = null;
  const tell = () => {
    const left = window.leaving;
    const arrived = left && left.to === location.pathname && left.to !== left.from;
    if (left && !arrived && performance.now() - left.since < LEAVING) {
      timer = setTimeout(tell, LEAVING);
      return;
    }
    const style = getComputedStyle(page);
    const inner = page.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const width = Math.min(Math.max(Math.floor(inner / ROUNDING) * ROUNDING, NARROWEST), WIDEST);
    if (inner > 0 && width !== told) { told = width; setStateValue('width', width); }
  };
  const watch = new ResizeObserver(() => { clearTimeout(timer); timer = setTimeout(tell, 250); });
  watch.observe(page);
  tell();
  return () => { watch.disconnect(); clearTimeout(timer); };
}
"""

# The address holds the key to the lab: no request that leaves the page may tell it, not even to the server's own logs.
# A page that is opened in a tab of its own, by a middle click or from the menu, is one of the same lab.
DOCUMENT = """
export default function ({ data }) {
  document.documentElement.lang = data.lang;
  if (!('leaving' in window)) {
    window.leaving = null;
    addEventListener('click', click => {
      const link = click.target.closest?.('a');
      if (link) window.leaving = { from: location.pathname, to: link.pathname, since: performance.now() };
    }, true);
    addEventListener('pointerdown', press => {
      const link = press.target.closest?.('a[data-testid*="Nav"]');
      if (link) link.search = location.search;
    }, true);
  }
  if (document.querySelector('meta[name=referrer]')) return;
  const meta = document.createElement('meta');
  meta.name = 'referrer';
  meta.content = 'no-referrer';
  document.head.append(meta);
}
"""

_measure = st.components.v2.component("page_width", js=NUMBERS + MEASURE)
_document = st.components.v2.component("document", js=DOCUMENT)


def names() -> dict[str, tuple[str, str]]:
    """What each page is called, and its icon, in the order of the lesson."""
    return {
        "validation": (_("Validation"), ":material/splitscreen:"),
        "narrow": (_("Narrow"), ":material/zoom_in_map:"),
        "strategies": (_("Grid or random"), ":material/grid_view:"),
        "bayesian": (_("Bayesian search"), ":material/insights:"),
        "race": (_("Race"), ":material/sports_score:"),
        "importance": (_("Which one matters"), ":material/balance:"),
        "knobs": (_("Network"), ":material/settings_input_component:"),
        "final_test": (_("Final test"), ":material/flag:"),
        CLASS: (_("Class"), ":material/groups:"),
        "glossary": (_("Glossary"), ":material/menu_book:"),
        "about": (_("About"), ":material/info:"),
        "lesson_link": (_("Lesson link"), ":material/link:"),
    }


def rooms() -> list[StreamlitPage]:
    """The pages; one that the lesson does not open is left out of the navigation, and says so at its address."""
    opens = lesson().opens
    return [
        st.Page(
            f"pages/{name}.py" if opens(name) else closed, title=title, icon=icon, url_path=name, default=name == FIRST,
            visibility="visible" if opens(name) and name not in UNNAMED else "hidden",
        )
        for name, (title, icon) in names().items()
    ]  # fmt: skip


def onward(here: str) -> None:
    """A link to the page that comes next in the lesson, of those that are open. here: the name of this one"""
    called, opens = names(), lesson().opens
    order = [name for name in called if name not in (*UNNAMED, *BESIDE)]
    later = [name for name in order[order.index(here) + 1 :] if opens(name)]
    if later:
        title, icon = called[later[0]]
        st.page_link(f"pages/{later[0]}.py", label=_("Next: {page}").format(page=title), icon=icon)


def closed() -> None:
    """What stands at the address of a page that is not open."""
    header(lab(), _("This page is not part of your lesson."))
    tell_fault()
    st.page_link(f"pages/{FIRST}.py", label=_("Back to the rounds"), icon=":material/zoom_in_map:")


def frame(page: StreamlitPage) -> None:
    """Draw what all pages share. page: the one that comes next"""
    st.session_state[FRAMED] = True
    if page.url_path != CLASS and any(name in st.query_params for name in OF_A_CLASS):
        st.switch_page(f"pages/{CLASS}.py", query_params=st.query_params.to_dict())
    keep_in_address()
    st.html(STYLE)
    with st.container(key="document"):
        _document(key="document_data", data={"lang": language()})


def whole_app() -> None:
    """See to it that the app stands around the page.

    The address may have led straight to a page, first of all on this server: Streamlit then runs the file alone,
    without the app around it, until the app has named its pages. Name any, and run again as everybody after this will.
    """
    if FRAMED not in st.session_state:
        st.navigation(rooms(), position="hidden")
        st.rerun()


def header(lab: Lab, sentence: str) -> None:
    """The first line of a page: what to do, and at its end the lab's link and the language."""
    whole_app()
    steps(lab)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="header"):
        st.markdown(f"#### {sentence}")
        _link(lab)
        language_switch()


def _link(lab: Lab) -> None:
    """The link that is the key to the lab, under the lab's pseudonym."""
    with st.popover(pseudonym(lab), icon=":material/key:", width="content"):
        st.write(
            _(
                "This link is the key to your lab: whoever has it can open the lab on any device and work in it. Keep "
                "it, and share it only with whom you trust."
            )
        )
        st.code(f"{(st.context.url or '').split('?')[0]}?lab={lab.token}", language=None, wrap_lines=True)
        st.button(_("New lab"), icon=":material/add:", on_click=leave_lab, key="new_lab")


def pseudonym(lab: Lab) -> str:
    """A lab's friendly name in the page's language."""
    return " ".join(_(word) for word in lab.pseudonym.split())


def page_width() -> int:
    """Pixels of the page's main column as this tab last told, on whatever page; before that a guess by the device."""
    state = session()
    with st.container(key="width"):
        _measure(key="page_width", data={"told": state.width}, on_width_change=entered("page_width", take_width))
    return state.width or (PHONE if "Mobi" in (st.context.headers.get("User-Agent") or "") else DESKTOP)


def take_width(found: Mapping[str, object]) -> None:
    """Keep the width that a browser told. found: what the part of the page that measures it says"""
    session().width = drawable(found.get("width"), session().width)


def drawable(told: object, before: int | None) -> int | None:
    """The width that a browser told, within reason; the one before if it is no number."""
    return int(min(max(NARROWEST, told), WIDEST)) if isinstance(told, int | float) else before


def language_switch() -> None:
    """The language, also written into the address."""
    st.segmented_control(
        _("Language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        default=language(),
        key="language",
        on_change=entered("language", choose_language),
        required=True,
        label_visibility="collapsed",
    )

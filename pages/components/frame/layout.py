"""What surrounds every page: navigation, styles, the header with the lab's link and the language, the page's width."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.lab.lab import Lab
from core.languages import LANGUAGES
from pages.components.frame.assets import script, style
from pages.components.frame.faults import show_faults
from pages.components.frame.lab_menu import lab_menu
from pages.components.frame.remembered_lab import continue_offer
from pages.components.frame.session import back_to_earlier_lab, lab, lesson, session
from pages.components.frame.steps import steps
from pages.components.frame.translation import _, choose_language, keep_in_address, language
from pages.components.frame.widgets import on_change

CLASS = "class_board"  # the page of the class
OF_A_CLASS = ("class", "teach")  # in an address that leads to it, whatever page it names
PRODUCT = "Narrowing Lab"
ICON = Path(__file__).with_name("icon.svg")  # a file of the project: Streamlit's icons come from another host
LOGO = Path(__file__).with_name("logo.svg")
FIRST = "narrow"  # the page that an address without one leads to
BESIDE = (CLASS, "glossary", "about", "lesson_link")  # not part of the order in which a lesson visits pages
STEPS = ("validation", "narrow", "final_test")  # named first, the other pages in sections
EXPERIMENTS = ("strategies", "bayesian", "race", "importance", "knobs")
STYLE = style(__file__, "page.css")
NARROWEST, WIDEST = 200, 4000  # pixels that a chart is drawn for
WIDTH_STEP = 40  # pixels: smaller changes of the width do not draw the page again
LEAVING = 2000  # milliseconds after a click on a link in which the width is not reported, see page_width.js
PHONE, DESKTOP = 340, 1100  # pixels assumed until a browser has reported its width

_page_width = st.components.v2.component("page_width", js=script(__file__, "page_width.js"))
_document = st.components.v2.component("document", js=script(__file__, "document.js"))


def page_titles() -> dict[str, tuple[str, str]]:
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
        CLASS: (_("My class"), ":material/groups:"),
        "glossary": (_("Glossary"), ":material/menu_book:"),
        "about": (_("About"), ":material/info:"),
        "lesson_link": (_("Lesson link"), ":material/link:"),
    }


def pages() -> dict[str, list[StreamlitPage]]:
    """The pages for st.navigation by section; those that the lesson does not open are hidden and show `closed_page`."""
    sections = {
        "": STEPS, _("Experiments"): EXPERIMENTS, _("Class"): (CLASS, "lesson_link"), _("Help"): ("glossary", "about"),
    }  # fmt: skip
    titles, opens = page_titles(), lesson().opens

    def entry(name: str) -> StreamlitPage:
        title, icon = titles[name]
        return st.Page(
            f"{name}.py" if opens(name) else closed_page, title=title, icon=icon, url_path=name, default=name == FIRST,
            visibility="visible" if opens(name) else "hidden",
        )  # fmt: skip

    return {section: [entry(name) for name in names] for section, names in sections.items()}


def next_page_link(here: str) -> None:
    """A link to the page that comes next in the lesson, of those that are open. here: the name of this one"""
    called, opens = page_titles(), lesson().opens
    order = [name for name in called if name not in BESIDE]
    later = [name for name in order[order.index(here) + 1 :] if opens(name)]
    if later:
        title, icon = called[later[0]]
        st.page_link(f"{later[0]}.py", label=_("Next: {page}").format(page=title), icon=icon)


def closed_page() -> None:
    """The page at the address of a page that the lesson does not open."""
    header(lab(), _("This page is not part of your lesson."))
    show_faults()
    st.page_link(f"{FIRST}.py", label=_("Back to the rounds"), icon=":material/zoom_in_map:")


def frame(page: StreamlitPage) -> None:
    """Draw what all pages share. page: the one that is run next"""
    if page.url_path != CLASS and any(name in st.query_params for name in OF_A_CLASS):
        st.switch_page(f"{CLASS}.py", query_params=st.query_params.to_dict())
    keep_in_address()
    st.logo(LOGO, size="large")
    st.html(STYLE)
    with st.container(key="document"):
        _document(key="document_data", data={"lang": language()})


def about_menu() -> str:
    """What the menu says about the app, as Markdown."""
    return f"**{PRODUCT}** · {_('Find a good learning rate and weight decay by hand, one round at a time.')}"


def header(lab: Lab, sentence: str) -> None:
    """The first line of a page: what to do, and at its end the lab's link and the language."""
    steps(lab)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="header"):
        st.markdown(f"#### {sentence}")
        lab_menu(lab, page_titles())
        language_switch()
    way_back(lab)
    continue_offer(lab)


def way_back(lab: Lab) -> None:
    """While nothing has been done in a new lab, a button that leads back to the one that was left for it."""
    if session().earlier is None or lab.rounds:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(_("This is a new lab. The one before is kept."), width="content")
        st.button(
            _("Back to the lab before"), icon=":material/undo:", key="way_back", on_click=back_to_earlier_lab,
            type="tertiary",
        )  # fmt: skip


def page_width() -> int:
    """Pixels of the page's main column as this tab last reported; before that a guess by the kind of device."""
    state = session()
    bounds = {"step": WIDTH_STEP, "leaving": LEAVING, "narrowest": NARROWEST, "widest": WIDEST}
    with st.container(key="width"):
        _page_width(
            key="page_width", data={"reported": state.width, **bounds},
            on_width_change=on_change("page_width", take_width),
        )  # fmt: skip
    return state.width or (PHONE if "Mobi" in (st.context.headers.get("User-Agent") or "") else DESKTOP)


def take_width(reported: Mapping[str, object]) -> None:
    """Keep the width that a browser reports."""
    session().width = drawable_width(reported.get("width"), session().width)


def drawable_width(reported: object, before: int | None) -> int | None:
    """A reported width, within the widths that charts are drawn for; `before` if it is no number."""
    return int(min(max(NARROWEST, reported), WIDEST)) if isinstance(reported, int | float) else before


def language_switch() -> None:
    """The language, also written into the address."""
    st.segmented_control(
        _("Language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        default=language(),
        key="language",
        on_change=on_change("language", choose_language),
        required=True,
        label_visibility="collapsed",
    )

"""Downloads of a lab: its journal as files, a trial as a program, charts; and a new lab from a journal."""

from datetime import date

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.export.hand_in import hand_in, hand_in_name
from core.export.journal_file import MAX_BYTES, journal_file
from core.export.journal_reader import import_journal
from core.export.script import script_zip
from core.export.trial_tables import journal_csv
from core.lab.lab import Lab
from core.lab.lab_view import LabView
from pages.components.frame.deferred_files import download_button
from pages.components.frame.pictures import save_charts
from pages.components.frame.session import adopt, attempt, session
from pages.components.frame.translation import _, error_markdown, language
from pages.components.frame.widgets import on_change


def export_box(lab: Lab) -> None:
    """A lab as files to download, and a field that opens a journal as a new lab."""
    with st.expander(_("Export"), icon=":material/download:"):
        if lab.rounds:
            download_buttons(lab)
        if lab.classroom is None or lab.classroom.ended is not None:  # else the new lab would be outside the class
            open_field(lab)


def open_field(lab: Lab) -> None:
    """A field for a journal that is opened in a new lab; why one is not stands below."""
    key = f"journal_{lab.token}"  # a new lab has a field of its own, without the file that was chosen for this one

    def chosen(given: UploadedFile | None) -> None:
        state = session()
        state.journal_fault = None
        if given is not None:
            attempt(lambda: adopt(lambda token: import_journal(given.getvalue(), token, lab.lesson)))
            state.journal_fault, state.fault = state.fault, None  # of the lab that is left

    st.file_uploader(
        _("Open a journal (JSON) in a new lab"), ["json", "gz"], max_upload_size=MAX_BYTES // 2**20, key=key,
        on_change=on_change(key, chosen),
    )  # fmt: skip
    if (fault := session().journal_fault) is not None:
        st.warning(error_markdown(fault), icon=":material/info:")


def download_buttons(lab: Lab) -> None:
    """The page to hand in, the journal as CSV and JSON, and the chosen trial as a program."""
    today, lang = date.today(), language()
    name = f"narrowing-lab-{today.isoformat()}"
    with st.container(horizontal=True, gap="small"):
        download_button(
            _("Page to hand in (HTML)"), lambda: hand_in(LabView.of(lab), today, lang, _).encode(),
            hand_in_name(LabView.of(lab), today, _), "text/html", ":material/assignment_turned_in:",
        )  # fmt: skip
        download_button(
            _("Journal as a table (CSV)"), lambda: journal_csv(lab).encode("utf-8-sig"), f"{name}.csv", "text/csv",
            ":material/table:",
        )  # fmt: skip
        download_button(
            _("Journal to open again (JSON)"), lambda: journal_file(lab), f"{name}.json.gz", "application/gzip",
            ":material/data_object:",
        )  # fmt: skip
        chosen = lab.chosen
        round_ = lab.round(chosen.number) if chosen and chosen.number is not None else None
        if round_ is not None and chosen is not None and chosen.trial is not None:
            plan, trial, epochs = round_.progress.plan, chosen.trial, int(round_.progress.epochs_done[chosen.trial])
            download_button(
                _("The chosen trial as a NumPy program"), lambda: script_zip(plan, trial, epochs), "train_one.zip",
                "application/zip", ":material/terminal:",
            )  # fmt: skip
    save_charts("narrow")
    st.caption(_("To save one chart as PNG, use the menu at its upper right corner. You can print this page."))

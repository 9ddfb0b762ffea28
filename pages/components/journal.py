"""Taking a lab along: its journal as files, and back from one."""

from datetime import date

import streamlit as st

from core.export import import_journal, journal_csv, journal_json, script_zip
from core.lab import Lab
from pages.components.pictures import save_charts
from pages.components.session import adopt, attempt, session
from pages.components.text import _


def take_along(lab: Lab) -> None:
    """Everything of a lab as files; and a file's rounds into a new lab."""
    with st.expander(_("Take it along"), icon=":material/download:"):
        if lab.rounds:
            downloads(lab)
        if lab.classroom is not None and lab.classroom.ended is None:
            return  # it would lead out of the class
        given = st.file_uploader(_("Open a journal (JSON) in a new lab"), type="json", max_upload_size=1)
        if given is not None and given.file_id != session().imported:
            attempt(lambda: adopt(lambda token: import_journal(given.getvalue(), token, lab.preset)))
            session().imported = given.file_id  # the tab's state may be a new one by now, the file is still there
            st.rerun()


def downloads(lab: Lab) -> None:
    """The journal in its forms, and the chosen trial as a program."""
    name = f"narrowing-lab-{date.today().isoformat()}"
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            _("Journal as a table (CSV)"), lambda: journal_csv(lab).encode("utf-8-sig"), f"{name}.csv", "text/csv",
            icon=":material/table:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            _("Journal to open again (JSON)"), lambda: journal_json(lab), f"{name}.json", "application/json",
            icon=":material/data_object:", on_click="ignore",
        )  # fmt: skip
        chosen = lab.chosen
        round_ = lab.round(chosen.number) if chosen and chosen.number is not None else None
        if round_ is not None and chosen is not None and chosen.trial is not None:
            plan, trial, epochs = round_.progress.plan, chosen.trial, int(round_.progress.epochs_done[chosen.trial])
            st.download_button(
                _("The chosen trial as a NumPy program"), lambda: script_zip(plan, trial, epochs), "train_one.zip",
                "application/zip", icon=":material/terminal:", on_click="ignore",
            )  # fmt: skip
    save_charts("narrow")
    st.caption(_("A chart alone is saved as PNG from the menu at its upper right corner. The trail prints well."))

"""The choice of a data set for the next round, and the download of one that is not here."""

import streamlit as st

from core.data.datasets import training_count
from core.data.download import download_set
from core.data.idx_files import data_fault, data_folder
from core.data.idx_sets import IDX_SETS
from core.errors import LessonError
from core.lab.lab import Lab
from pages.components.frame.redraw import redraw_page
from pages.components.frame.session import attempt, session
from pages.components.frame.translation import _, error_markdown


def choose_dataset(lab: Lab, name: str) -> None:
    """Take the data set chosen, or offer to download it."""
    is_missing = name != "digits" and data_fault(name) is not None
    session().missing_dataset = name if is_missing else ""
    if not is_missing:
        attempt(lambda: lab.change(dataset=name, images=min(lab.plan.images, training_count(name))))


def offer_download(lab: Lab, name: str) -> None:
    """Download a data set where it is missing; whatever goes wrong, the digits are there."""
    declared = IDX_SETS.get(name)
    if declared is None or (fault := data_fault(name)) is None:  # somebody else has downloaded it meanwhile
        return
    if not declared.mirrors:
        st.info(error_markdown(fault), icon=":material/info:")
        return
    size = _("The download is {size} MB, once only.").format(size=declared.megabytes)
    st.info(f"{error_markdown(fault)} {size} {declared.credit}.", icon=":material/download:")
    if not st.button(_("Download {title}").format(title=declared.title), icon=":material/download:"):
        return
    bar = st.progress(0.0, _("Downloading {title}").format(title=declared.title))

    def show(done: int, total: int) -> None:
        bar.progress(done / total)

    try:
        download_set(name, data_folder(name), show)
        session().missing_dataset = ""
        lab.change(dataset=name)
    except LessonError as fault:
        session().fault = fault
    redraw_page()

"""Bayesian search: a model of the accuracy proposes the next trials, batch by batch."""

import streamlit as st

from core.analysis.bayesian_search import AcquisitionMaps
from core.analysis.comparable_rounds import SETTINGS
from core.analysis.observations import MIN_FITTED
from core.lab.lab import Lab
from core.progress import RoundProgress
from core.space import AXES, SearchSpace
from pages.components.classroom.teacher_locks import rounds_lock
from pages.components.comparison import model_charts
from pages.components.comparison.modelling import Proposal, fitted_note, nothing_learned_insight, proposed
from pages.components.frame.faults import show_faults
from pages.components.frame.layout import header, next_page_link, page_width
from pages.components.frame.pictures import save_charts
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt, lab, session, wait_until_saved
from pages.components.frame.translation import _, translate_insight
from pages.components.refresh.pace import ticking
from pages.components.round.shown_chart import show_chart
from pages.components.round.trial_words import values_in_words

BATCH_SIZES = [1, 5, 10, 20]  # trials that can be proposed at once
DEFAULT_BATCH = 5
MARGIN = 1.0  # decades beyond the ranges in which proposals may lie if the student allows it


def bayesian() -> None:
    """The page."""
    mine = lab()
    session().shown = mine.coming
    width = page_width()
    header(mine, _("Bayesian search: a model proposes what to try next."))
    show_faults()
    closed = rounds_lock(mine)
    st.write(
        _(
            "A Gaussian process is fitted to all your trials. Where its mean is high, good values are likely; "
            "where it is uncertain, there may be better values that nobody has tried. Expected improvement "
            "combines both, and the next batch (diamonds) is placed where it is largest. The batch is a round of "
            "your lab like any other."
        )
    )
    finished = tuple(round_.progress for round_ in mine.rounds if round_.progress.status.is_final)
    guessing = nothing_learned_insight(finished)
    proposal = None if guessing else controls(mine, finished, closed)
    ticking(batch_progress, mine.busy, mine)
    if guessing is not None:
        st.info(translate_insight(guessing))
    elif proposal is None:
        st.info(_("It takes at least {fewest} trials with the same settings to begin with.").format(fewest=MIN_FITTED))
    if proposal is None:
        st.page_link("narrow.py", label=_("On to the rounds"), icon=":material/zoom_in_map:")
        return
    if not len(proposal.maps.batch):
        st.info(_("Nothing is left to try: you have trained every value in these ranges. Widen a range to go on."))
        return
    names = {
        **{axis: _(AXES[axis].label) for axis in AXES}, "mean": _("mean: what is expected"),
        "deviation": _("uncertainty: how unsure the model is"), "improvement": _("expected improvement"),
    }  # fmt: skip
    show_chart(model_charts.proposals_chart(proposal.maps, proposal.data, names, width), fills_page=False)
    if proposal.maps.held:
        values = {axis: float(AXES[axis].value(place)) for axis, place in proposal.maps.held.items()}
        st.caption(
            _("The maps show two of your hyperparameters, the others as in the first proposal: {values}.").format(
                values=values_in_words(values)
            )
        )
    st.markdown(verdict(proposal))
    fitted_note(proposal.data)
    with st.container(horizontal=True, vertical_alignment="center"):
        next_page_link("bayesian")
        save_charts("bayesian-search")


def controls(mine: Lab, finished: tuple[RoundProgress, ...], closed: bool) -> Proposal | None:
    """The settings of the next batch and the button that trains it; the batch, None after too few trials.

    closed: whether the teacher has closed the rounds
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        count = st.select_slider(
            _("trials a batch"),
            BATCH_SIZES,
            DEFAULT_BATCH,
            width=220,
            key="batch",
            persist_state="session",
            help=_("How many values the model proposes at once."),
        )
        leave = st.toggle(
            _("proposals may leave my ranges"), key="leave_ranges", persist_state="session",
            help=_("The model may also propose values a little outside the ranges of your next round."),
        )  # fmt: skip
        space = mine.plan.space.widened(MARGIN) if leave else mine.plan.space
        proposal = proposed(mine.token, finished, space, int(count))
        st.button(
            _("Train this batch"), icon=":material/play_arrow:", type="primary", key="train_batch",
            disabled=proposal is None or not len(proposal.maps.batch) or mine.busy or mine.final is not None or closed,
            on_click=train, args=(mine, space, proposal.maps if proposal else None),
        )  # fmt: skip
    return proposal


def train(mine: Lab, space: SearchSpace, maps: AcquisitionMaps | None) -> None:
    """Start the batch as the lab's next round, with the settings of the trials that the model was fitted to."""
    if maps is None:
        return
    batch = {"space": space, "trials": len(maps.batch), "values": maps.values()}

    def begin() -> None:
        last = mine.rounds[-1].progress.plan.to_the_end()  # the model leaves out trials that were given up
        same = {name: getattr(last, name) for name in SETTINGS}
        mine.start(server().engine, session().shown, **same, **batch)

    attempt(begin)
    wait_until_saved(mine)


def batch_progress(mine: Lab, busy: bool) -> None:
    """A progress bar of the batch. busy: whether the page was drawn for a running round"""
    if busy and not mine.busy:
        redraw_page()
    if mine.busy and mine.latest is not None:
        progress = mine.latest.progress
        share = float(progress.epochs_done.sum()) / max(progress.epochs_expected(), 1)
        st.progress(share, _("Round {number} is learning").format(number=mine.latest.number))


def verdict(proposal: Proposal) -> str:
    """What the model expects, or that it shows no more than chance would."""
    trials, hope, images = len(proposal.data.y) + proposal.data.left_out, proposal.maps.hope, proposal.data.images
    if not proposal.beyond_chance:
        return _(
            "After {trials} trials the model explains no more than chance would: its proposals may be no better than "
            "random ones."
        ).format(trials=trials)
    if hope * images < 1:
        return _("After {trials} trials the model expects less than 1 more validation image from the next one.").format(
            trials=trials
        )
    return _(
        "After {trials} trials the model expects {hope:.2f} more accuracy from the next one. It takes the accuracy to "
        "change smoothly: where it drops suddenly, the model expects too much."
    ).format(trials=trials, hope=hope)


if __name__ == "__main__":
    bayesian()

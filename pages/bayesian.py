"""Bayesian search: a model of the accuracy says where the next trials promise most, batch by batch."""

import streamlit as st

from core.lab import Lab
from core.space import SearchSpace
from core.surrogate import FEWEST, SETTINGS, Maps
from pages.components import figures
from pages.components.layout import header, onward, page_width
from pages.components.modelling import fitted_to, proposed
from pages.components.pace import ticking
from pages.components.pictures import save_charts
from pages.components.session import attempt, engine, lab, saved_soon, tell_fault
from pages.components.text import _

BATCHES = [1, 5, 10, 20]  # trials proposed at once
BATCH = 5
OUTSIDE = 1.0  # decades beyond the ranges, if that is allowed


def bayesian() -> None:
    """The page."""
    engine()
    mine = lab()
    width = page_width()
    header(mine, _("Bayesian search: let a model say where to look next."))
    tell_fault()
    st.write(
        _(
            "A Gaussian process is fitted to all your trials. Where its mean is high, good values are likely; where it "
            "is unsure, something may be hidden. Expected improvement weighs both, and the next batch (diamonds) goes "
            "where it is largest. It is a round of your lab like any other."
        )
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        count = st.select_slider(_("trials a batch"), BATCHES, BATCH, width=220, key="batch")
        leave = st.toggle(_("proposals may leave my ranges"), key="leave_ranges")
        box = mine.plan.space.widened(OUTSIDE) if leave else mine.plan.space
        over = tuple(round_.progress for round_ in mine.rounds if round_.progress.status.over)
        found = proposed(over, box, int(count))
        st.button(
            _("Train this batch"), icon=":material/play_arrow:", type="primary", key="train_batch",
            disabled=found is None or mine.busy or mine.final is not None,
            on_click=train, args=(mine, box, found[1] if found else None),
        )  # fmt: skip
    ticking(watched, mine.busy, mine)
    if found is None:
        st.info(_("It takes at least {fewest} trials with the same settings to begin with.").format(fewest=FEWEST))
        st.page_link("pages/narrow.py", label=_("On to the rounds"), icon=":material/zoom_in_map:")
        return
    data, maps = found
    names = {
        "lr": _("learning rate"), "wd": _("weight decay"), "mean": _("mean: what is expected"),
        "deviation": _("uncertainty: what is not known"), "improvement": _("expected improvement"),
    }  # fmt: skip
    st.altair_chart(figures.proposals_chart(maps, data, names, width), width="content")
    st.markdown(verdict(maps, len(data.y) + data.left_out))
    fitted_to(data)
    with st.container(horizontal=True, vertical_alignment="center"):
        onward("bayesian")
        save_charts("bayesian-search")


def train(mine: Lab, box: SearchSpace, maps: Maps | None) -> None:
    """The batch as the lab's next round, with the settings of the trials it rests on."""
    if maps is None:
        return
    last = mine.rounds[-1].progress.plan.to_the_end()  # the model does not count what was given up
    same = {name: getattr(last, name) for name in SETTINGS}
    batch = {"space": box, "trials": len(maps.batch), "values": maps.values()}
    attempt(lambda: mine.start(engine(), **same, **batch))
    saved_soon(mine)


def watched(mine: Lab, busy: bool) -> None:
    """How far the batch is."""
    if busy and not mine.busy:
        st.rerun()
    if mine.busy and mine.latest is not None:
        progress = mine.latest.progress
        share = float(progress.epochs_done.sum()) / max(progress.epochs_expected(), 1)
        st.progress(share, _("Round {number} is learning").format(number=mine.latest.number))


def verdict(maps: Maps, trials: int) -> str:
    """How much the model still hopes for."""
    hope = float(maps.improvement.max())
    said = _("After {trials} trials the most that one more is expected to improve is {hope:.3f}.").format(
        trials=trials, hope=hope
    )
    if hope < 0.005:
        said += " " + _("The model sees little left to find here.")
    return said


if __name__ == "__main__":
    bayesian()

"""Giving up early: the rungs of the next round, a trial given up by hand, and what it has cost in the end."""

import numpy as np
import streamlit as st

from core.lab import Lab
from core.lab_round import LabRound
from core.plan import KEEPS, RoundPlan, rungs_from, usual_rungs
from core.progress import Status
from core.replay import Finding, Replay
from core.space import plain
from pages.components.choosing import pointed
from pages.components.pace import ticking
from pages.components.session import attempt, engine, session, viewed_round
from pages.components.text import _, told
from pages.components.widgets import entered, widget_key

WIDTH = 150  # pixels of a field


def rungs(lab: Lab) -> None:
    """Whether the next round gives trials up, explained, and where."""
    plan, state = lab.plan, session()
    shown = ", ".join(map(str, plan.give_up))
    label = _("Give up early: {rungs}").format(rungs=shown) if shown else _("Give up early: off")
    with st.popover(label, icon=":material/filter_alt:", width="content", key="rungs"):
        switch = widget_key("give_up", bool(plan.give_up))
        text, keep = widget_key("give_up_rungs", shown), widget_key("give_up_keep", plan.keep)

        def switched(on: bool) -> None:
            attempt(lab.change, give_up=usual_rungs(plan.epochs) if on else ())

        def typed(given: str) -> None:
            attempt(lambda: lab.change(give_up=rungs_from(given)))
            state.mistyped, state.fault = state.fault, None  # told beside the field: the page's top may be out of sight

        st.toggle(
            _("Give up trials that are behind"), bool(plan.give_up), key=switch,
            on_change=entered(switch, switched), disabled=not usual_rungs(plan.epochs),
        )  # fmt: skip
        st.write(
            _(
                "At every rung, a number of epochs, all trials are ranked and only a share of them goes on; the others "
                "end there, and their time is saved. What may be lost is a slow starter: a trial that is behind at a "
                "rung and would have won."
            )
        )
        if not plan.give_up:
            return
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.text_input(
                _("rungs (epochs)"), shown, key=text, on_change=entered(text, typed), max_chars=40, width=WIDTH
            )
            st.number_input(
                _("share that goes on"), *KEEPS, plan.keep, step=0.1, format="%.2f", key=keep, width=WIDTH,
                on_change=entered(keep, lambda share: attempt(lab.change, keep=round(float(share), 2))),
            )  # fmt: skip
        if state.mistyped is not None:
            st.warning(told(state.mistyped), icon=":material/info:")
        st.caption(course(plan))


def course(plan: RoundPlan) -> str:
    """How many trials are left from rung to rung, and how many epochs that makes."""
    (_before, _after, first), *others = plan.stages()
    steps = "".join(
        _(" → {count} after epoch {epoch}").format(count=count, epoch=before) for before, _after, count in others
    )
    spent = sum((after - before) * count for before, after, count in plan.stages())
    return _("{count} trials{steps}: {spent} of {total} epochs").format(
        count=first, steps=steps, spent=spent, total=plan.trials * plan.epochs
    )


def give_up_button(round_: LabRound) -> None:
    """While a round runs: end the trial that was clicked where it is."""
    trial, progress = pointed(round_), round_.progress
    able = trial is not None and not progress.given_up[trial] and progress.epochs_done[trial] < progress.plan.epochs
    if trial is not None and able:
        which = _("learning rate {learning_rate}, weight decay {weight_decay}").format(
            learning_rate=plain(progress.learning_rate[trial]), weight_decay=plain(progress.weight_decay[trial])
        )
    else:
        which = _("Click a trial on the map or a panel first.")
    st.button(
        _("Give up this trial"), icon=":material/radio_button_unchecked:", key="give_up_one", type="tertiary",
        disabled=not able, help=which, on_click=lambda: round_.handle.give_up(trial) if trial is not None else None,
    )  # fmt: skip


def what_it_cost(lab: Lab) -> None:
    """After a round that gave trials up: epochs saved, and on request what was lost."""
    round_ = viewed_round(lab)
    if round_ is None or round_.progress.status is not Status.FINISHED or not round_.progress.given_up.any():
        return
    progress, replay = round_.progress, lab.replays.get(round_.number)
    busy = any(not one.over for one in lab.replays.values())
    with st.container(border=True, key="given_up"):
        st.markdown(f"##### {_('Given up early')}")
        st.write(
            _("{count} of {trials} trials were given up: {done} of {total} epochs were trained, {saved} saved.").format(
                count=int(progress.given_up.sum()),
                trials=progress.plan.trials,
                done=int(progress.epochs_done.sum()),
                total=progress.plan.trials * progress.plan.epochs,
                saved=progress.epochs_saved,
            )
        )
        if replay is not None and replay.finding is not None:
            st.markdown(verdict(round_, replay.finding))
        else:
            st.button(
                _("Finish them after all: what was lost?"), icon=":material/history:", key="replay", disabled=busy,
                on_click=lambda: attempt(lab.replay, engine(), round_.number),
            )  # fmt: skip
        ticking(replaying, busy, lab)


def replaying(lab: Lab, running: bool) -> None:
    """How far a replay is."""
    under_way: list[Replay] = [one for one in lab.replays.values() if not one.over]
    if running and not under_way:
        st.rerun()
    for replay in under_way:
        st.progress(replay.share, _("Training the given-up trials to their end"))


def verdict(round_: LabRound, found: Finding) -> str:
    """What a replay shows, a tie named as one."""
    progress = round_.progress
    if found.trial is None:
        return _("All trials that were given up would have diverged: nothing was lost.")
    said = _(
        "The best trial that was given up (learning rate {rate}, weight decay {decay}, after epoch {epoch}) would have "
        "reached {reached:.2f}."
    ).format(
        rate=plain(progress.learning_rate[found.trial]), decay=plain(progress.weight_decay[found.trial]),
        epoch=int(progress.epochs_done[found.trial]), reached=found.reached,
    )  # fmt: skip
    if np.isnan(found.kept):
        return said + " " + _("No other trial came to its end.")
    said += " " + _("The best that went on has {kept:.2f}: ").format(kept=found.kept)
    if not found.regret:
        return said + _("nothing was lost.")
    lost = _("{regret:.2f} lost, {images} of {count} validation images").format(
        regret=found.regret, images=found.images, count=progress.plan.validation_images()
    )
    return said + lost + (_(", within one standard error: a tie.") if found.tie else _(". A slow starter."))

"""Giving trials up early: the rungs of the next round, a trial given up by hand, and what it saved and lost."""

import numpy as np
import streamlit as st

from core.analysis.guessing import guessing_insight
from core.analysis.statistics import beats_guessing
from core.lab.extra_training import replay_round
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.replay import Finding, Replay
from core.lab.search import search_of
from core.plan import RoundPlan
from core.progress import Status
from core.rungs import rungs_from, usual_rungs
from core.settings import settings_of
from pages.components.frame.number_field import number_field, refusals
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt, viewed_round
from pages.components.frame.translation import _, translate_insight
from pages.components.frame.widgets import on_change, widget_key
from pages.components.refresh.pace import ticking
from pages.components.round.choosing import pointed_at
from pages.components.round.plan_fields import plan_field
from pages.components.round.trial_words import values_in_words, values_of_trial

WIDTH = 150  # pixels of a field


def rungs(lab: Lab) -> None:
    """Whether and where the next round gives trials up."""
    plan = lab.plan
    shown = ", ".join(map(str, plan.give_up))
    with st.container(key="rungs"):
        switch = widget_key("give_up", bool(plan.give_up))

        def switched(on: bool) -> None:
            attempt(lab.change, give_up=usual_rungs(plan.epochs) if on else ())

        st.toggle(
            _("Stop weak trials early"), bool(plan.give_up), key=switch,
            on_change=on_change(switch, switched), disabled=not usual_rungs(plan.epochs),
        )  # fmt: skip
        st.write(
            _(
                "At each rung, after so many epochs, only the best trials continue; the others stop there. That saves "
                "time, but you may lose a trial that starts slowly and would have won in the end."
            )
        )
        search = search_of(lab)
        if search is None or search.unlearned is not None:
            st.caption(
                _(
                    "Wait until trials have learned something in a round. While all of them still guess, luck decides "
                    "which ones continue."
                )
            )
        if not plan.give_up:
            return
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            declared = settings_of(type(plan))
            number_field(
                "give_up_rungs", _(declared["give_up"].label), shown, rungs_from,
                lambda given: lab.change(give_up=given), width=WIDTH, help=_(declared["give_up"].help),
            )  # fmt: skip
            plan_field(lab, "keep")
        refusals("give_up_rungs", "plan_keep")
        st.caption(stages_sentence(plan))


def stages_sentence(plan: RoundPlan) -> str:
    """How many trials are left after each rung, and how many epochs the round trains."""
    (_before, _after, first), *others = plan.stages()
    steps = "".join(
        _(" → {count} after epoch {epoch}").format(count=count, epoch=before) for before, _after, count in others
    )
    spent = sum((after - before) * count for before, after, count in plan.stages())
    return _("{count} trials{steps}: {spent} of {total} epochs").format(
        count=first, steps=steps, spent=spent, total=plan.trials * plan.epochs
    )


def give_up_button(round_: LabRound) -> None:
    """The button that gives up the trial that was clicked, while the round runs."""
    trial, progress = pointed_at(round_), round_.progress
    able = trial is not None and not progress.given_up[trial] and progress.epochs_done[trial] < progress.plan.epochs
    if trial is not None and able:
        which = values_in_words(values_of_trial(progress, trial))
    else:
        which = _("Click a trial on the map or a panel first.")
    st.button(
        _("Give up this trial"), icon=":material/radio_button_unchecked:", key="give_up_one", type="tertiary",
        disabled=not able, help=which, on_click=lambda: round_.give_up(trial) if trial is not None else None,
    )  # fmt: skip


def savings(lab: Lab) -> None:
    """After a round that gave trials up: epochs saved, and on request a replay that shows what was lost."""
    round_ = viewed_round(lab)
    if round_ is None or round_.progress.status is not Status.FINISHED or not round_.progress.given_up.any():
        return
    progress, replay = round_.progress, lab.replays.get(round_.number)
    busy = any(not one.is_done for one in lab.replays.values())
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
            with st.container(key="result_replay"):
                st.markdown(replay_sentence(round_, replay.finding))
        else:
            st.button(
                _("Train them to the end: did we lose a good one?"), icon=":material/history:", key="replay",
                disabled=busy, on_click=lambda: attempt(replay_round, lab, server().engine, round_.number),
            )  # fmt: skip
        ticking(replay_progress, busy, lab)


def replay_progress(lab: Lab, running: bool) -> None:
    """Progress bars of the replays under way."""
    under_way: list[Replay] = [one for one in lab.replays.values() if not one.is_done]
    if running and not under_way:
        redraw_page()
    for replay in under_way:
        st.progress(replay.share, _("Training the given-up trials to their end"))


def replay_sentence(round_: LabRound, found: Finding) -> str:
    """What a replay shows; a difference that chance can explain is called a tie."""
    progress = round_.progress
    guessing, images = guessing_insight([progress]), progress.plan.validation_images()
    if guessing is not None and not beats_guessing(float(np.nan_to_num(found.reached)), images, progress.plan.trials):
        return translate_insight(guessing)
    if found.trial is None:
        return _("All trials that were given up would have diverged: nothing was lost.")
    sentence = _(
        "The best trial that was given up ({values}, after epoch {epoch}) would have reached {reached:.2f}."
    ).format(
        values=values_in_words(values_of_trial(progress, found.trial)),
        epoch=int(progress.epochs_done[found.trial]), reached=found.reached,
    )  # fmt: skip
    if np.isnan(found.kept):
        return sentence + " " + _("No other trial was trained to the end.")
    sentence += " " + _("The best trial that continued has {kept:.2f}: ").format(kept=found.kept)
    if not found.regret:
        return sentence + _("nothing was lost.")
    if found.tie:
        end = _("that is {images} of {count} validation images fewer, which chance can explain. It is a tie.")
    else:
        end = _("a loss of {regret:.2f}, or {images} of {count} validation images. The trial only started slowly.")
    return sentence + end.format(regret=found.regret, images=found.images, count=images)

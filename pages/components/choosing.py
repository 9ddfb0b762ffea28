"""Settling on one value: by a click on the map or in the table, or by typing; and asking how much of it is luck."""

import streamlit as st

from core.again import SEEDS, spread, standing
from core.choice import Choice
from core.lab import Lab
from core.lab_round import LabRound
from core.progress import RoundProgress
from core.remarks import BEST
from core.space import plain
from pages.components.pace import ticking
from pages.components.session import attempt, engine, session, viewed_round
from pages.components.text import _
from pages.components.widgets import widget_key

FIELD = 170  # pixels


def choosing(lab: Lab) -> None:
    """One value to settle on, once there is a round that is over."""
    round_ = viewed_round(lab)
    if round_ is None or not round_.progress.status.over or not len(round_.progress.ranking()):
        return
    with st.container(border=True, key="choosing"):
        st.markdown(f"##### {_('Choose one value')}")
        if lab.final is not None:
            st.write(_("The test set has been opened, so this lab is closed for tuning."))
            to_final_test(lab, _("See the final test"))
            return
        told_choice(lab)
        fields(lab, round_)
        again(lab, round_)


def told_choice(lab: Lab) -> None:
    """What is chosen so far."""
    if lab.chosen is None:
        st.caption(_("Click a trial on the map, a panel or a row of the table, or type two values."))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(described(lab, lab.chosen), icon=":material/check_circle:")
        to_final_test(lab, _("Go to the final test"))


def to_final_test(lab: Lab, label: str) -> None:
    """The way to the test set, where the lesson has one."""
    if lab.preset.opens("final_test"):
        st.page_link("pages/final_test.py", label=label, icon=":material/flag:")


def described(lab: Lab, choice: Choice) -> str:
    """A choice in words, with the accuracy that led to it."""
    said = _("Chosen: learning rate {learning_rate}, weight decay {weight_decay}").format(
        learning_rate=plain(choice.learning_rate), weight_decay=plain(choice.weight_decay)
    )
    round_ = lab.round(choice.number) if choice.number is not None else None
    if round_ is None or choice.trial is None:
        return said
    return said + _(" (round {number}, validation accuracy {accuracy:.2f})").format(
        number=round_.number, accuracy=float(round_.progress.last_validation()[choice.trial])
    )


def fields(lab: Lab, round_: LabRound) -> None:
    """The two values, as those of the trial pointed at or as typed, and the button that settles on them."""
    state = session()
    trial = pointed_trial(round_)
    progress = round_.progress
    rate, decay = state.draft or (plain(progress.learning_rate[trial]), plain(progress.weight_decay[trial]))
    rate_key, decay_key = widget_key("choice_rate", rate), widget_key("choice_decay", decay)

    def typed() -> None:
        state.draft = (st.session_state.get(rate_key, rate), st.session_state.get(decay_key, decay))

    def choose() -> None:
        attempt(settle, lab, round_, trial)

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(_("learning rate"), rate, key=rate_key, max_chars=24, on_change=typed, width=FIELD)
        st.text_input(_("weight decay"), decay, key=decay_key, max_chars=24, on_change=typed, width=FIELD)
        st.button(_("Choose this value"), icon=":material/check_circle:", on_click=choose, key="choose")
        rank = int((progress.ranking() == trial).argmax()) + 1
        if state.draft is None:
            shown = _("Best-{rank} of round {number}").format(rank=rank, number=round_.number)
            st.caption(shown + ended(progress, trial))
    if state.unlikely is not None:
        st.warning(
            _("No round has looked there: nothing is known about this value yet. Choose it all the same?"),
            icon=":material/help:",
        )
        st.button(_("Choose it all the same"), on_click=lambda: attempt(confirm, lab), key="choose_unlikely")


def pointed(round_: LabRound) -> int | None:
    """The trial of a round that was clicked, if one was."""
    number, trial = session().pointed or (0, 0)
    return trial if number == round_.number and trial < round_.progress.plan.trials else None


def pointed_trial(round_: LabRound) -> int:
    """The trial pointed at, else the best one."""
    trial = pointed(round_)
    return int(round_.progress.ranking()[0]) if trial is None else trial


def ended(progress: RoundProgress, trial: int) -> str:
    """Where a trial was given up, to be put behind its name."""
    if not progress.given_up[trial]:
        return ""
    return _(", given up after epoch {epoch}").format(epoch=int(progress.epochs_done[trial]))


def point_at(round_: LabRound, trial: int) -> None:
    """Remember a trial that was clicked."""
    state = session()
    state.pointed, state.draft, state.unlikely = (round_.number, trial), None, None


def settle(lab: Lab, round_: LabRound, trial: int) -> None:
    """Choose what the fields show; a value that no round has looked at waits to be confirmed."""
    state = session()
    progress = round_.progress
    if state.draft is None:
        rate, decay = float(progress.learning_rate[trial]), float(progress.weight_decay[trial])
        choice = Choice(rate, decay, round_.number, trial)
    else:
        rate_text, decay_text = state.draft
        choice = Choice(number(rate_text), number(decay_text))
    state.unlikely = None
    lab.check(choice)
    if lab.looked_at(choice.learning_rate, choice.weight_decay):
        lab.choose(choice)
    else:
        state.unlikely = choice


def number(text: str) -> float:
    """A typed number; anything else is refused with a sentence by whoever gets it."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return float("nan")


def confirm(lab: Lab) -> None:
    """Choose the value that was asked back about."""
    state = session()
    choice, state.unlikely = state.unlikely, None
    lab.choose(choice)


def again(lab: Lab, round_: LabRound) -> None:
    """Trials on other seeds: start them, watch them, see what they say."""
    busy = lab.again is not None and not lab.again.over
    ranking = [int(trial) for trial in round_.progress.ranking() if not round_.progress.diverged[trial]]
    trial = pointed_trial(round_)

    def repeat(trials: list[int]) -> None:
        attempt(lab.repeat, engine(), round_.number, trials)

    st.caption(_("How much of an accuracy is luck? Train again with other splits, initial weights and mini-batches."))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        best = ranking[:BEST]
        st.button(
            _("Best-1 to Best-{count} again on {seeds} seeds").format(count=len(best), seeds=SEEDS),
            icon=":material/casino:", on_click=repeat, args=(best,), disabled=busy or not best, key="again_best",
        )  # fmt: skip
        st.button(
            _("This trial again on {seeds} seeds").format(seeds=SEEDS), icon=":material/casino:", on_click=repeat,
            args=([trial],), disabled=busy, key="again_one",
        )  # fmt: skip
    ticking(repeating, busy, lab)
    for sentence in luck(lab, round_):
        st.markdown(f"- {sentence}")


def repeating(lab: Lab, running: bool) -> None:
    """How far the repeats are."""
    job = lab.again
    if running and (job is None or job.over):
        st.rerun()
    if job is not None and not job.over:
        st.progress(job.share, _("Training again on other seeds"))


def luck(lab: Lab, round_: LabRound) -> list[str]:
    """What the repeats say, the trials named by their rank in the round."""
    rank = {int(trial): place for place, trial in enumerate(round_.progress.ranking(), start=1)}
    found = {trial: accuracy for (number, trial), accuracy in lab.repeats.items() if number == round_.number}
    if not found:
        return []
    leader, tied, behind = standing(found)
    mean, deviation = spread(found[leader])
    said = [
        _("On {seeds} other seeds Best-{rank} reaches {mean:.3f} ± {deviation:.3f}; in the round it had {before:.3f}.")
        .format(seeds=len(found[leader]), rank=rank[leader], mean=mean, deviation=deviation,
                before=float(round_.progress.last_validation()[leader]))
    ]  # fmt: skip
    if tied:
        said.append(_("A tie with it: {trials}.").format(trials=names(tied, rank)))
    if behind:
        said.append(_("Behind it: {trials}.").format(trials=names(behind, rank)))
    return said


def names(trials: list[int], rank: dict[int, int]) -> str:
    """Trials as Best-2, Best-5."""
    return ", ".join(f"Best-{place}" for place in sorted(rank[trial] for trial in trials))

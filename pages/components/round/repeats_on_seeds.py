"""Repeating trials on other seeds: the buttons, the progress, and what the repeats show."""

import streamlit as st

from core.analysis.comparisons import rank_by_mean
from core.analysis.guessing import guessing_insight
from core.analysis.insights import BEST
from core.analysis.statistics import mean_and_deviation
from core.lab.extra_training import repeat_trials
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.seed_repeats import SEEDS
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt
from pages.components.frame.theme import is_dark
from pages.components.frame.translation import _, listed, translate_insight
from pages.components.refresh.pace import ticking
from pages.components.round.seeds_chart import seeds_chart, seeds_frame
from pages.components.round.shown_chart import show_chart


def repeats(lab: Lab, round_: LabRound, shown: tuple[LabRound, int]) -> None:
    """Repeats of trials on other seeds: start, progress, result. shown: a trial with its round, to be repeated alone"""
    busy = lab.seed_repeat is not None and not lab.seed_repeat.is_done
    ranking = [int(trial) for trial in round_.progress.ranking() if not round_.progress.diverged[trial]]
    of, trial = shown

    def repeat(number: int, trials: list[int]) -> None:
        attempt(repeat_trials, lab, server().engine, number, trials)

    st.caption(_("How much of this accuracy is luck? Train again with other splits, initial weights and mini-batches."))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        best = ranking[:BEST]
        st.button(
            _("Best-1 to Best-{count} again on {seeds} seeds").format(count=len(best), seeds=SEEDS),
            icon=":material/casino:", on_click=repeat, args=(round_.number, best), disabled=busy or not best,
            key="again_best",
        )  # fmt: skip
        st.button(
            _("This trial again on {seeds} seeds").format(seeds=SEEDS), icon=":material/casino:", on_click=repeat,
            args=(of.number, [trial]), disabled=busy, key="again_one",
        )  # fmt: skip
    ticking(repeat_progress, busy, lab)
    if sentences := repeat_sentences(lab, round_):
        with st.container(key="result_repeats"):
            repeats_chart(lab, round_)
            for sentence in sentences:
                st.markdown(f"- {sentence}")


def repeats_chart(lab: Lab, round_: LabRound) -> None:
    """The accuracies of a round's repeated trials on the other seeds, beside that in the round."""
    last = round_.progress.last_validation()
    found = {f"Best-{rank}": trial for rank, trial in enumerate(round_.progress.ranking().tolist(), start=1)}
    found = {name: trial for name, trial in found.items() if (round_.number, trial) in lab.repeats}
    frame = seeds_frame(
        {name: lab.repeats[round_.number, trial] for name, trial in found.items()},
        {name: float(last[trial]) for name, trial in found.items()},
    )
    chart = seeds_chart(frame, None, _("validation accuracy"), is_dark())
    show_chart(chart)
    st.caption(
        _("Disc: another seed. Bar: their mean, with one standard deviation to either side. Diamond: in the round.")
    )


def repeat_progress(lab: Lab, running: bool) -> None:
    """A progress bar of the repeats."""
    job = lab.seed_repeat
    if running and (job is None or job.is_done):
        redraw_page()
    if job is not None and not job.is_done:
        st.progress(job.share, _("Training again on other seeds"))


def repeat_sentences(lab: Lab, round_: LabRound) -> list[str]:
    """What the repeats show; trials are named by their rank in the round."""
    rank = {int(trial): place for place, trial in enumerate(round_.progress.ranking(), start=1)}
    found = {trial: accuracy for (number, trial), accuracy in lab.repeats.items() if number == round_.number}
    if not found:
        return []
    guessing = guessing_insight([round_.progress])
    if guessing is not None:
        return [translate_insight(guessing)]
    leader, tied, behind = rank_by_mean(found, round_.progress.plan.validation_images())
    mean, deviation = mean_and_deviation(found[leader])
    sentences = [
        _("On {seeds} other seeds Best-{rank} has a mean of {mean:.3f}, standard deviation {deviation:.3f}; in the "
          "round it had {before:.3f}.")
        .format(seeds=len(found[leader]), rank=rank[leader], mean=mean, deviation=deviation,
                before=float(round_.progress.last_validation()[leader]))
    ]  # fmt: skip
    if tied:
        sentences.append(
            _("These tie with it, since chance can explain the difference: {trials}.").format(
                trials=rank_names(tied, rank)
            )
        )
    if behind:
        sentences.append(
            _("These are worse by more than chance can explain: {trials}.").format(trials=rank_names(behind, rank))
        )
    return sentences


def rank_names(trials: list[int], rank: dict[int, int]) -> str:
    """Trials by rank: Best-2, Best-5."""
    return listed(f"Best-{place}" for place in sorted(rank[trial] for trial in trials))

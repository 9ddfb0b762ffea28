"""Network: the same round under two settings of the network, and whether the good learning rates differ."""

import streamlit as st

from core.analysis.good_range import good_range
from core.analysis.guessing import guessing_insight
from core.progress import RoundProgress
from core.space import power
from pages.components.classroom.teacher_locks import rounds_lock
from pages.components.comparison.network_comparisons import COMPARISONS, EPOCHS, TRIALS, plans, setting_names
from pages.components.comparison.pair import Plans, draw_pair, seed_field, train_button, training_pair
from pages.components.frame.faults import show_faults
from pages.components.frame.layout import header, next_page_link, page_width
from pages.components.frame.number_field import show_faults_of
from pages.components.frame.pictures import save_charts
from pages.components.frame.redraw import redraw_page
from pages.components.frame.session import lab
from pages.components.frame.translation import _, detect_language, translate_insight
from pages.components.refresh.pace import ticking

PAGE = "knobs"


def knobs() -> None:
    """The page."""
    mine = lab()
    width = page_width()
    header(mine, _("The network's settings: change one, and see whether the good learning rates move."))
    show_faults()
    closed = rounds_lock(mine)
    st.write(
        _(
            "A small round of {trials} trials and {epochs} epochs, with the same learning rates, weight decays "
            "and images, is trained with each of two settings. You can change all of these in your rounds too, "
            "under More settings."
        ).format(trials=TRIALS, epochs=EPOCHS)
    )
    busy, base = training_pair(PAGE), mine.plan
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.selectbox(
            _("compare"), list(COMPARISONS), key="comparison", width=420, disabled=busy,
            persist_state="session",
            help=_("The setting that differs; everything else stays the same."),
            format_func=lambda one: _(COMPARISONS[one].name),
        )  # fmt: skip
        seed, faults = seed_field(PAGE, disabled=busy)
        comparison = COMPARISONS[chosen]

        def planned(seed: int) -> Plans:
            return plans(base, COMPARISONS[st.session_state.get("comparison", chosen)], seed)

        train_button(mine, PAGE, planned, disabled=busy or closed or bool(faults))
    show_faults_of(faults)
    st.write(_(comparison.about))
    ticking(comparison_chart, busy, planned(seed), width)
    with st.container(horizontal=True, vertical_alignment="center"):
        next_page_link("knobs")
        save_charts("knobs")


def comparison_chart(planned: Plans, width: int, busy: bool) -> None:
    """Both rounds as a chart, and once they are trained, where the good learning rates lie."""
    detect_language()
    if busy and not training_pair(PAGE):
        redraw_page()
    alt = _("The same trials under two settings, and their accuracy along either hyperparameter")
    titles = setting_names(planned)
    pair = draw_pair(PAGE, titles, planned, width, alt)
    if pair is not None and pair.is_done:
        with st.container(key="result_comparison"):
            for sentence in verdict(titles, pair.first.progress, pair.second.progress):
                st.markdown(f"- {sentence}")


def verdict(titles: tuple[str, str], first: RoundProgress, second: RoundProgress) -> list[str]:
    """Where the good learning rates lie under either setting, and whether the two ranges overlap.

    A range holds all trials that tie with the best of their round, so it seldom misses the truly best.
    """
    sentences, good_ranges = [], []
    for title, progress in zip(titles, (first, second), strict=True):
        guessing, good = guessing_insight([progress]), good_range(progress, "learning_rate")
        good_ranges.append(good)
        if good is None:
            sentences.append(f"{title}: {translate_insight(guessing)}" if guessing is not None else title)
            continue
        sentence = _("{setting}: best {best:.2f}; the trials that tie with it lie from {low} to {high}.").format(
            setting=title, best=float(progress.last_validation()[progress.ranking()[0]]), low=power(good.low),
            high=power(good.high),
        )  # fmt: skip
        lost = int(progress.diverged.sum())
        if lost:
            sentence += " " + _("{lost} of {trials} trials diverged.").format(lost=lost, trials=progress.plan.trials)
        sentences.append(sentence)
    before, after = good_ranges
    if before is not None and after is not None:
        if max(after.low - before.high, before.low - after.high) > 0:
            sentences.append(_("The good learning rates have moved: the two ranges do not meet."))
        else:
            sentences.append(
                _("The two ranges overlap: on these trials the good learning rates have not clearly moved.")
            )
    return sentences


if __name__ == "__main__":
    knobs()

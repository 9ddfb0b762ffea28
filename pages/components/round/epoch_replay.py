"""The bar above the map: which round is looked at, and its replay, which runs in the browser alone."""

import streamlit as st

from core.lab.lab import Lab
from core.progress import Status
from pages.components.frame.assets import script
from pages.components.frame.session import viewed_round
from pages.components.frame.translation import _
from pages.components.round.first_steps import hint_html
from pages.components.round.tables import LATEST_EPOCH
from pages.components.round.trail import round_switch

SECONDS = 5.0  # that a replay takes at normal speed
SHORT = 6.0  # seconds: a round that took no longer is replayed once by itself

_epoch_replay = st.components.v2.component(
    "epoch_replay",
    html=script(__file__, "epoch_replay.html"),
    css=script(__file__, "epoch_replay.css"),
    js=script(__file__, "epoch_replay.js"),
)


def view_bar(lab: Lab) -> None:
    """The hint on the latest round, the switch between rounds, and the replay of the viewed one."""
    round_ = viewed_round(lab)
    progress = round_.progress if round_ is not None else None
    plan = progress.plan if progress is not None else lab.plan
    ready = progress is not None and progress.status.is_final and progress.started and plan.epochs > 1
    if round_ is not None and (hint := hint_html(lab, round_)):
        with st.container(key="hint"):
            st.html(hint)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="view"):
        round_switch(lab)
        with st.container(key="replay_bar"):
            _epoch_replay(
                key="epoch_replay",
                data={
                    "lab": lab.token,
                    "round": round_.number if round_ is not None else 0,
                    "latest": lab.rounds[-1].number if lab.rounds else 0,
                    "ready": ready,
                    "running": progress is not None and not progress.status.is_final,
                    "short": progress is not None and progress.status is Status.FINISHED and progress.seconds <= SHORT,
                    "epochs": plan.epochs,
                    "seconds": SECONDS,
                    "end": LATEST_EPOCH,
                    "words": {
                        "play": _("Replay the round"),
                        "pause": _("Pause the replay"),
                        "slider": _("Epoch of the replay"),
                        "speed": _("Speed of the replay"),
                        "draw": _("Draw a box"),
                        "epoch": _("epoch {epoch} of {epochs}"),
                    },
                },
            )

"""A digit of one's own: drawn in the browser and read there by a network of the final test."""

import base64

import numpy as np
import streamlit as st

from core.data.datasets import load_training
from core.lab.extra_training import train_tested_network
from core.lab.final_evaluation import FinalTest
from core.lab.lab import Lab
from core.lab.tested_network import TestedNetwork
from core.plan import CLASSES
from core.training.trial_values import hyperparameters, shape_of
from pages.components.frame.assets import script
from pages.components.frame.redraw import redraw_page
from pages.components.frame.running_server import server
from pages.components.frame.session import attempt
from pages.components.frame.translation import _
from pages.components.refresh.pace import ticking

DIGITS = ("digits", "mnist")  # data sets whose images somebody can draw
SAMPLES = 20  # test images that may be shown instead of a drawing

_drawing = st.components.v2.component(
    "drawing",
    html=script(__file__, "drawing.html"),
    css=script(__file__, "drawing.css"),
    js=script(__file__, "drawing.js"),
)


def drawing_section(mine: Lab, final: FinalTest) -> None:
    """The section of the page: the button that fetches the network, then the paper with what the network reads."""
    if final.plan.dataset not in DIGITS:
        return
    st.markdown(f"##### {_('Draw a digit')}")
    tested = final.tested
    if tested is not None and tested.parameters is not None:
        paper(mine, final, tested)
        return
    st.write(_("Write a digit by mouse or finger, and the first of the tested networks reads it while you draw."))
    busy = tested is not None and not tested.is_done
    st.button(
        _("Draw a digit"), icon=":material/draw:", key="draw_digit", disabled=busy,
        on_click=lambda: attempt(train_tested_network, mine, server().engine),
    )  # fmt: skip
    ticking(network_progress, busy, final)


def network_progress(final: FinalTest, running: bool) -> None:
    """A progress bar of the network's training."""
    tested = final.tested
    if running and (tested is None or tested.is_done):
        redraw_page()
    if tested is not None and not tested.is_done:
        st.progress(tested.share, _("The network is being trained again"))


def paper(mine: Lab, final: FinalTest, tested: TestedNetwork) -> None:
    """The paper, what the network sees of it, and its scores."""
    plan, images = final.plan, final.images()[:SAMPLES]
    side = int(np.sqrt(images.shape[1]))
    st.caption(
        _(
            "The network has learned from scans of other people's writing. Nothing that you draw leaves this browser, "
            "and nothing of it is kept."
        )
    )
    _drawing(
        key="drawing",
        data={
            "id": f"{mine.token} {plan.dataset}",
            "side": side,
            "full_scale": load_training(plan.dataset, 1, order=plan.image_order).full_scale,
            "network": {
                "sizes": plan.sizes(shape_of(plan, 0)[0]),
                "activation": plan.activation,
                "normalised": plan.batch_normalisation,
                "dropout": float(hyperparameters(plan)["dropout"][0]),
                "numbers": tested.text,
            },
            "labels": [str(digit) for digit in range(CLASSES)],
            "samples": base64.b64encode(images.tobytes()).decode(),
            "truth": final.labels()[:SAMPLES].tolist(),
            "words": {
                "paper": _("Draw a digit here"),
                "clear": _("Clear"),
                "sample": _("Show a test image"),
                "seen": _("What the network sees: {side} × {side} pixels").format(side=side),
                "how": how_it_is_made(side),
                "answer": _("The network reads {digit}."),
                "labelled": _("The test image is labelled {digit}."),
            },
        },
    )


def how_it_is_made(side: int) -> str:
    """How a drawing becomes an image, as drawing.js does it. side: pixels of the image"""
    if side == 8:
        return _(
            "Your drawing is cut out and made of black or white points, {points} of them high; the black ones in every "
            "block of {block} × {block} are counted."
        ).format(points=32, block=4)
    return _(
        "Your drawing is cut out, made {fits} pixels large in shades of grey, and its centre of gravity is put into "
        "the middle."
    ).format(fits=20)

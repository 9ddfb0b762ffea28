"""About: what the app does, what it stores, links for teachers, and its sources."""

import tomllib
from pathlib import Path

import streamlit as st

from core.data.idx_sets import IDX_SETS
from pages.components.frame.layout import header
from pages.components.frame.session import lab
from pages.components.frame.translation import _

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
VERSION: str = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"]


def about() -> None:
    """The page."""
    header(lab(), _("About Narrowing Lab"))
    st.markdown(
        _(
            "Here networks of six hidden layers learn to read handwritten digits, twenty or more at the same "
            "time, each with its own learning rate and weight decay. Every curve comes from training on this "
            "server while you watch; nothing was recorded before. The same seed gives exactly the same round."
        )
    )
    st.caption(_("Version {version}").format(version=VERSION))
    st.markdown(f"##### {_('What is kept')}")
    st.markdown(
        _(
            "Your rounds, notes and choices, under a random name. No account, no address, and not your name. "
            "Anyone with the link of a lab can open it; labs that nobody uses are deleted after some months."
        )
    )
    st.markdown(_("In a class also your place in it, and your nickname if you chose one; the class can see it."))
    st.markdown(
        _(
            "You can delete your lab: click its name at the top. This browser remembers which lab you worked in until "
            "you switch that off there."
        )
    )
    st.markdown(f"##### {_('For teachers')}")
    st.markdown(
        _("Make your own lesson: choose its data set, ranges, epochs and pages, and give your students a link.")
    )
    st.page_link("lesson_link.py", label=_("Lesson link"), icon=":material/link:")
    st.markdown(f"##### {_('Sources')}")
    st.markdown("\n".join(f"- {source}" for source in sources()))


def sources() -> list[str]:
    """The sources of the lesson and its data, titles as published."""
    return [
        _("The lesson: {book}, chapter 6.").format(
            book="Koki Saitoh, *Deep Learning from Scratch* (『ゼロから作るDeep Learning』, O'Reilly Japan 2016; "
            "『밑바닥부터 시작하는 딥러닝』, 한빛미디어 2017)"
        ),
        _("Random search: {paper}.").format(
            paper="J. Bergstra, Y. Bengio, *Random Search for Hyper-Parameter Optimization*, JMLR 13 (2012)"
        ),
        _("Initial weights: {paper}.").format(paper="K. He et al., *Delving Deep into Rectifiers*, ICCV 2015"),
        _("Choosing and judging on the same data: {paper}.").format(
            paper="G. Cawley, N. Talbot, *On Over-fitting in Model Selection and Subsequent Selection Bias in "
            "Performance Evaluation*, JMLR 11 (2010)"
        ),
        _("Digits: {data}.").format(
            data="E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI (CC BY 4.0), in scikit-learn"
        ),
        *(f"{one.title}: {one.credit}." for one in IDX_SETS.values() if one.credit),
    ]


if __name__ == "__main__":
    about()

"""What this is, what it rests on, and what it does with what a student does."""

import streamlit as st

from pages.components.layout import header
from pages.components.session import lab
from pages.components.text import _


def about() -> None:
    """The page."""
    header(lab(), _("About Narrowing Lab"))
    st.markdown(
        _(
            "Networks of six hidden layers learn to read handwritten digits here, twenty or more side by side, each "
            "with a learning rate and a weight decay of its own. Every curve is trained on this server while you "
            "watch; nothing is recorded beforehand. The same seed gives the same round, to the last bit."
        )
    )
    st.markdown(f"##### {_('What is kept')}")
    st.markdown(
        _(
            "Your rounds, notes and choices, under a random name. No account, no address, no name of yours. Who has "
            "the link of a lab can open it; labs that nobody uses are forgotten after some months."
        )
    )
    st.markdown(f"##### {_('For teachers')}")
    st.markdown(_("A lesson of your own: its data set, ranges, epochs and pages, as a link for your students."))
    st.page_link("pages/lesson_link.py", label=_("Lesson link"), icon=":material/link:")
    st.markdown(_("In a class: also the seat there, and a nickname if one was chosen; the class sees it."))
    st.markdown(f"##### {_('Sources')}")
    st.markdown("\n".join(f"- {source}" for source in sources()))


def sources() -> list[str]:
    """What the lesson rests on; titles stand as they were published."""
    return [
        _("The lesson: {book}, chapter 6.").format(
            book="Koki Saitoh, *Deep Learning from Scratch* (O'Reilly Japan 2016; 한빛미디어 2017)"
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
        _("MNIST: {data}.").format(data="Y. LeCun, C. Cortes, C. J. C. Burges (CC BY-SA 3.0)"),
    ]


if __name__ == "__main__":
    about()

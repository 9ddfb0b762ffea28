"""Classes, and the pages that teacher, students and projector see of them, without a browser."""

from streamlit.testing.v1 import AppTest

from core.classroom.classroom import Classroom
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lesson import Lesson
from pages.components.frame.running_server import server
from tests.support.app_tests import opened, ran
from tests.support.sample_rounds import made


def new_class(title: str = "Chapter 6", language: str = "en", lesson: Lesson | None = None) -> tuple[Classroom, str]:
    """A class and its teacher's secret."""
    return server().labs.classes.create(title, language, lesson or Lesson())


def student(classroom: Classroom, *accuracies: float) -> Lab:
    """The lab of a new student, with a round of these accuracies if there are any."""
    lab = server().labs.adopt(lambda token: server().labs.classes.join(classroom, token))
    if accuracies:
        lab.rounds = [LabRound(1, made([-3] * len(accuracies), list(accuracies)))]
    return lab


def class_page(**address: str) -> AppTest:
    """The page of the class at an address."""
    return opened("class_board", **address)


def desk_page(secret: str, view: str = "board") -> AppTest:
    """The teacher's desk with one of its views."""
    app = class_page(teach=secret)
    app.button_group(key="desk_view").set_value(view)
    return ran(app.run())


def board_page(classroom: Classroom, **address: str) -> AppTest:
    """The board for the projector."""
    return class_page(**{"class": classroom.code, "board": classroom.board_key, **address})


def sent_to_browser(app: AppTest) -> str:
    """All that a page sends to the browser."""
    return " ".join(str(getattr(node, "proto", "")) for node in app._tree)

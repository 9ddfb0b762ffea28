"""Joining and creating classes: by code, by link, and no more often than is allowed."""

import re
from collections.abc import Callable
from typing import NoReturn
from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from core.classroom import join_codes as codes
from core.classroom.classroom import Classroom
from core.server.classes import Classes
from core.server.rate_limits import Allowance, Limiter
from core.store.store import StoreError
from pages.components.classroom.invitation import join_link
from pages.components.frame import allowances
from pages.components.frame.running_server import server
from tests.support.app_tests import button, html, number, opened, parameter, ran
from tests.support.class_tests import board_page, class_page, new_class, student

pytestmark = pytest.mark.usefixtures("fresh_limits")


def created(app: AppTest, title: str = "Chapter 6") -> tuple[Classroom, str]:
    """The class that a tab creates through the form, and its secret."""
    app.text_input(key="class_title").set_value(title).run()
    ran(app.button(key="create_class").click().run())
    secret = app.session_state["session"].secret
    classroom = server().labs.classes.taught(secret)
    assert classroom is not None
    return classroom, secret


def join(app: AppTest, code: str) -> AppTest:
    """The page after a code was typed and sent."""
    app.text_input(key="code").set_value(code)
    return ran(button(app, "Join").click().run())


def use_up(limiter: Limiter, times: int, client: tuple[str, str]) -> None:
    for _ in range(times):
        limiter.acquire(*client)


# ---------------------------------------------------------------------------------------------------- creating


def test_the_page_offers_to_join_and_to_create_a_class() -> None:
    app = class_page(lang="en")
    assert "Join" in [one.label for one in app.button] and app.button(key="create_class")


def test_a_teacher_creates_a_class_in_one_step_and_keeps_the_secret_out_of_the_address() -> None:
    app = class_page(lang="en")
    classroom, secret = created(app, title="  6장 <b> ")
    assert classroom.title == "6장 <b>" and classroom.language == "en"
    assert parameter(app, "class") == classroom.code and "desk" in app.query_params
    assert secret not in str(dict(app.query_params)) and "lab" not in app.query_params
    assert [one.label for one in app.toggle] == [
        "rounds may be started",
        "board on the students' screens",
        "students may join",
    ]


def test_the_lesson_of_the_class_is_the_one_that_was_set() -> None:
    app = class_page(lang="en")
    number(app, "class_lesson_trials").set_value(7).run()
    number(app, "class_lesson_budget").set_value(700).run()
    classroom, _ = created(app)
    lab = student(classroom)
    assert (lab.plan.trials, lab.left) == (7, 700)


def test_the_form_says_when_the_budget_is_too_small_for_a_round() -> None:
    app = class_page(lang="en")
    number(app, "class_lesson_budget").set_value(100).run()
    assert any("too small" in one.value for one in app.warning)


def test_an_empty_title_is_one_sentence() -> None:
    app = class_page(lang="en")
    app.text_input(key="class_title").set_value(" \u200b").run()
    ran(app.button(key="create_class").click().run())
    assert "title of 1 to 60 characters" in app.warning[0].value


def test_a_session_creates_ten_classes_and_then_has_to_wait(one_client: tuple[str, str]) -> None:
    use_up(server().limits.new_classes, 9, one_client)
    created(class_page(lang="en"))
    app = class_page(lang="en")
    ran(app.button(key="create_class").click().run())
    assert "Too many tries" in app.warning[0].value


def test_classes_that_could_not_be_created_are_not_counted(one_client: tuple[str, str]) -> None:
    use_up(server().limits.new_classes, 9, one_client)
    app = class_page(lang="en")
    for _ in range(2):
        app.text_input(key="class_title").set_value(" ").run()
        ran(app.button(key="create_class").click().run())
        assert "needs a title" in app.warning[0].value
    created(app)


# ---------------------------------------------------------------------------------------------------- joining


def test_whoever_only_looks_at_a_class_gets_no_lab() -> None:
    classroom, _ = new_class()
    before = len(server().labs._labs)
    for address in ({"class": classroom.code}, {"class": classroom.code, "board": classroom.board_key}, {"class": "x"}):
        opened(**address)
    assert len(server().labs._labs) == before


def test_a_student_joins_by_the_code_and_has_a_name_and_a_lab() -> None:
    classroom, _ = new_class()
    app = join(class_page(lang="en"), codes.grouped(classroom.code).lower())
    (member,) = classroom.members.values()
    assert member.pseudonym in html(app)
    assert server().labs.open(parameter(app, "lab"), "test")[0] is classroom.labs[1]


def test_a_students_link_leads_from_the_first_page_to_the_class() -> None:
    classroom, _ = new_class()
    app = opened(**{"class": classroom.code})
    assert classroom.title in html(app)
    ran(app.button(key="join_class").click().run())
    assert len(classroom.members) == 1 and "class" not in app.query_params


def test_a_reload_of_the_students_link_takes_no_second_seat() -> None:
    classroom, _ = new_class()
    lab = student(classroom)
    app = class_page(lab=lab.token, **{"class": classroom.code})
    assert "You are" in html(app) and len(classroom.members) == 1


@pytest.mark.parametrize("given", ["", "x", "ACDE FHJK", "<script>", "ACDEFHJ0", "한글한글한글한글"])
def test_a_code_of_no_class_is_one_sentence(given: str) -> None:
    app = join(class_page(lang="en"), given)
    assert re.search("no class with this code|has 8 letters", app.warning[0].value)


@pytest.mark.parametrize("given", ["ACDEFHJK", "x", "\ud7ff", "A" * 3000])
def test_a_link_of_no_class_is_one_sentence_and_leads_on(given: str) -> None:
    app = class_page(lang="en", **{"class": given})
    assert app.warning
    ran(button(app, "Enter another code").click().run())
    assert app.button(key="create_class")


# ---------------------------------------------------------------------------------------------------- limits


def test_after_ten_wrong_codes_a_session_has_to_wait_even_with_a_right_one(one_client: tuple[str, str]) -> None:
    classroom, _ = new_class()
    use_up(server().limits.wrong_codes, 8, one_client)
    app = class_page(lang="en")
    for _ in range(2):
        assert "no class with this code" in join(app, codes.draw()).warning[0].value
    assert (
        "Too many tries" in join(app, classroom.code).warning[0].value
    )  # else the refusal would tell that it is right
    assert class_page(**{"class": classroom.code}).warning
    assert classroom.members == {}


def test_the_students_link_works_when_all_tries_and_new_labs_are_used_up(one_client: tuple[str, str]) -> None:
    classroom, _ = new_class()
    limits = server().limits
    for limiter in (limits.wrong_codes, limits.new_seats, limits.new_labs):
        limiter._allowances = dict.fromkeys(limiter._allowances, Allowance(0, 0.0))
    assert "Too many tries" in class_page(lang="en", **{"class": classroom.code}).warning[0].value
    for key in ("", "x", classroom.board_key):
        assert "Too many tries" in class_page(lang="en", join=key, **{"class": classroom.code}).warning[0].value
    link = dict(parse_qsl(urlsplit(join_link(classroom)).query))
    app = opened(**link, lang="en")
    ran(app.button(key="join_class").click().run())
    assert len(classroom.members) == 1 and not app.warning
    assert not {"class", "join"} & set(app.query_params)
    assert server().labs.open(parameter(app, "lab"), "test")[0] is classroom.labs[1]


def test_a_wrong_key_beside_a_code_is_counted_as_a_code(one_client: tuple[str, str]) -> None:
    use_up(server().limits.wrong_codes, 8, one_client)
    for _ in range(2):
        assert "no class" in class_page(lang="en", join="0" * 32, **{"class": codes.draw()}).warning[0].value
    assert "Too many tries" in class_page(lang="en", join="0" * 32, **{"class": codes.draw()}).warning[0].value


def test_new_labs_without_end_keep_nobody_from_joining_by_code(one_client: tuple[str, str]) -> None:
    classroom, _ = new_class()
    limiter = server().limits.new_labs
    limiter._allowances = dict.fromkeys(limiter._allowances, Allowance(0, 0.0))
    join(class_page(lang="en"), classroom.code)
    assert len(classroom.members) == 1


def test_a_class_that_is_closed_says_so_and_has_no_button() -> None:
    classroom, secret = new_class()
    classroom.open_joining(secret, False)
    app = class_page(lang="en", **{"class": classroom.code})
    assert "Nobody can join" in app.info[0].value and not [one for one in app.button if one.key == "join_class"]
    assert "Nobody can join" in join(class_page(lang="en"), classroom.code).warning[0].value


def test_new_sessions_do_not_help_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    classroom, _ = new_class()
    tabs = iter(range(1000))
    monkeypatch.setattr(allowances, "client_id", lambda: (f"tab {next(tabs)}", "10.0.0.1"))
    server().limits.wrong_codes._allowances["address"] = Allowance(3, 0.0)
    app = class_page(lang="en")
    for _ in range(3):
        join(app, codes.draw())
    assert "Too many tries" in join(app, classroom.code).warning[0].value
    monkeypatch.setattr(allowances, "client_id", lambda: ("tab", "10.0.0.2"))
    join(app, classroom.code)
    assert len(classroom.members) == 1


def test_a_hundred_students_may_join_from_one_address_in_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    classroom, _ = new_class()
    tabs = iter(range(1000))
    monkeypatch.setattr(allowances, "client_id", lambda: (f"tab {next(tabs)}", "10.0.0.1"))
    for _ in range(3):
        join(class_page(lang="en"), classroom.code)
    assert len(classroom.members) == 3
    allowed = server().limits
    for place in range(97):  # the others without the page
        for limiter in (allowed.wrong_codes, allowed.new_seats):
            limiter.acquire(f"student {place}", "10.0.0.1")


def test_a_projector_stays_on_while_others_at_its_address_guess(one_client: tuple[str, str]) -> None:
    """It is drawn again now and then; only the first time its code may be a guess."""
    classroom, _ = new_class(title="Projected")
    projector = board_page(classroom, lang="en")
    assert "Projected" in html(projector)
    server().limits.wrong_codes._allowances["session"] = Allowance(0, 0.0)
    ran(projector.run())
    assert "Projected" in html(projector)
    assert "Too many tries" in board_page(classroom, lang="en").warning[0].value


@pytest.mark.parametrize("known", [False, True])
def test_codes_that_could_not_be_looked_up_are_no_guesses(
    known: bool, one_client: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    classroom, _ = new_class()
    use_up(server().limits.wrong_codes, 9, one_client)
    code = classroom.code if known else codes.draw()
    app = class_page(lang="en")
    with monkeypatch.context() as patch:
        patch.setattr(Classes, "find", raising(StoreError("The database is away.")))
        for _ in range(2):
            assert "database is away" in join(app, code).warning[0].value
    ran(button(app, "Join").click().run())
    assert known == (not app.warning)


def raising(fault: Exception) -> Callable[..., NoReturn]:
    """A function that always raises this fault."""

    def fails(*_given: object) -> NoReturn:
        raise fault

    return fails

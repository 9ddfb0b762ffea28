"""The page of the class without a browser: who sees what, who may do what, and names that stay plain text."""

import csv
import gc
import io
import ipaddress
import re
import time
import weakref
from collections.abc import Callable, Iterator
from html import escape
from types import SimpleNamespace
from typing import NoReturn

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import codes, limits
from core.choice import Choice
from core.classes import Classes
from core.classroom import ROUNDS_CLOSED, TESTS_LOCKED, Classroom, Finals, Ranking
from core.errors import LessonError
from core.lab import Lab
from core.lab_round import Kept, LabRound, epochs_of
from core.names import NICKNAME
from core.plan import RoundPlan
from core.preset import Preset
from core.store import StoreError
from pages import race as race_page
from pages.components import allowances, closed, invitation
from pages.components.closed import Closed
from pages.components.desk import export, roll_frame
from pages.components.session import classes, engine, labs
from tests.made import made
from tests.test_page import APP, button, number, ran, text
from tests.waiting import LIMIT, until

PAGE = "pages/class_board.py"
SECRET = re.compile(r"[A-Za-z0-9_-]{24}")
MARKUP = "<b>x</b> [a](b) `c`"
HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=a()>", "[a](javascript:b)", "**bold** $x$ :red[x]", "&lt;b&gt;",
    "{name} %s", '"><i>x', "=1+1",
]  # fmt: skip


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """Nobody has tried anything yet, and no time passes that would give a try back."""
    allowances.limits.cache_clear()
    for limiter in vars(allowances.limits()).values():
        limiter._clock = lambda: 0.0
    yield
    allowances.limits.cache_clear()


def page(**address: str) -> AppTest:
    """The page of the class at an address."""
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    return ran(app.switch_page(PAGE).run())


def created(app: AppTest | None = None, title: str = "Chapter 6") -> tuple[AppTest, Classroom, str]:
    """A teacher's tab that has created a class, the class, and its secret."""
    app = app or page(lang="en")
    app.text_input(key="class_title").set_value(title).run()
    ran(app.button(key="create_class").click().run())
    secret = app.session_state["session"].secret
    classroom = classes().taught(secret)
    assert classroom is not None
    return app, classroom, secret


def student(classroom: Classroom, *accuracies: float) -> Lab:
    """A student, who has trained a round with these accuracies."""
    lab = labs().adopt(lambda token: classes().join(classroom, token))
    if accuracies:
        lab.rounds = [LabRound(1, Kept(made([-3] * len(accuracies), list(accuracies))))]
    return lab


def html(app: AppTest) -> str:
    """All that a page draws as HTML."""
    return " ".join(element.proto.body for element in app.get("html"))


def everything(app: AppTest) -> str:
    """All that a page sends to the browser."""
    return " ".join(str(getattr(node, "proto", "")) for node in app._tree)


def parameter(app: AppTest, name: str) -> str:
    given = app.query_params.get(name, "")
    return given[0] if isinstance(given, list) else given


# ---------------------------------------------------------------------------------------------------- two ways


def test_the_page_offers_two_ways() -> None:
    app = page(lang="en")
    assert "Join" in [one.label for one in app.button] and app.button(key="create_class")


def test_who_only_looks_at_a_class_gets_no_lab() -> None:
    _, classroom, _ = created()
    before = len(labs()._labs)
    for address in ({"class": classroom.code}, {"class": classroom.code, "board": classroom.board_key}, {"class": "x"}):
        app = AppTest.from_file(APP, default_timeout=LIMIT)
        for name, value in address.items():
            app.query_params[name] = value
        ran(app.run())
    assert len(labs()._labs) == before


def test_a_teacher_creates_a_class_in_one_step_and_keeps_the_secret_out_of_the_address() -> None:
    app, classroom, secret = created(title="  6장 <b> ")
    assert classroom.title == "6장 <b>" and classroom.language == "en"
    assert parameter(app, "class") == classroom.code and "desk" in app.query_params
    assert secret not in str(dict(app.query_params)) and "lab" not in app.query_params
    assert [one.label for one in app.toggle] == ["rounds may be started", "board on the students' screens"]


def test_the_lesson_of_the_class_is_the_one_that_was_set() -> None:
    app = page(lang="en")
    app.number_input(key="lesson_trials").set_value(7).run()
    app.number_input(key="lesson_budget").set_value(700).run()
    _, classroom, _ = created(app)
    lab = student(classroom)
    assert (lab.plan.trials, lab.left) == (7, 700)


def test_an_empty_title_is_one_sentence() -> None:
    app = page(lang="en")
    app.text_input(key="class_title").set_value(" \u200b").run()
    ran(app.button(key="create_class").click().run())
    assert "title of 1 to 60 characters" in app.warning[0].value


def test_classes_are_not_created_without_end() -> None:
    for _ in range(10):
        classes_made = created()
    assert classes_made
    app = page(lang="en")
    ran(app.button(key="create_class").click().run())
    assert "Too many tries" in app.warning[0].value


# ---------------------------------------------------------------------------------------------------- joining


def test_a_student_joins_by_the_code_and_has_a_name_and_a_lab() -> None:
    _, classroom, _ = created()
    app = page(lang="en")
    app.text_input(key="code").set_value(codes.written(classroom.code).lower())
    ran(button(app, "Join").click().run())
    (member,) = classroom.members.values()
    assert member.pseudonym in html(app)
    assert labs().open(parameter(app, "lab"), "test")[0] is classroom.labs[1]


def test_a_students_link_leads_from_the_first_page_to_the_way_in() -> None:
    _, classroom, _ = created()
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.query_params["class"] = classroom.code
    ran(app.run())
    assert classroom.title in html(app)
    ran(app.button(key="join_class").click().run())
    assert len(classroom.members) == 1 and "class" not in app.query_params


def test_a_reload_of_the_way_in_takes_no_second_seat() -> None:
    _, classroom, _ = created()
    lab = student(classroom)
    app = page(lab=lab.token, **{"class": classroom.code})
    assert "You are" in html(app) and len(classroom.members) == 1


@pytest.mark.parametrize("given", ["", "x", "ACDE FHJK", "<script>", "ACDEFHJ0", "한글한글한글한글"])
def test_a_code_of_no_class_is_one_sentence(given: str) -> None:
    app = page(lang="en")
    app.text_input(key="code").set_value(given)
    ran(button(app, "Join").click().run())
    assert re.search("no class with this code|has 8 letters", app.warning[0].value)


@pytest.mark.parametrize("given", ["ACDEFHJK", "x", "\ud7ff", "A" * 3000])
def test_a_link_of_no_class_is_one_sentence_and_leads_on(given: str) -> None:
    app = page(lang="en", **{"class": given})
    assert app.warning
    ran(button(app, "Enter another code").click().run())
    assert app.button(key="create_class")


def test_codes_are_not_guessed_by_trying() -> None:
    _, classroom, _ = created()
    app = page(lang="en")
    for _ in range(10):
        app.text_input(key="code").set_value(codes.draw())
        ran(button(app, "Join").click().run())
        assert "no class with this code" in app.warning[0].value
    app.text_input(key="code").set_value(classroom.code)  # a right one does not pass either, it would tell
    ran(button(app, "Join").click().run())
    assert "Too many tries" in app.warning[0].value
    assert page(**{"class": classroom.code}).warning
    assert classroom.members == {}


def test_new_sessions_do_not_help_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    _, classroom, _ = created()
    tabs = iter(range(1000))
    monkeypatch.setattr("pages.components.allowances.who", lambda: (f"tab {next(tabs)}", "10.0.0.1"))
    allowances.limits().wrong_codes._allowances["address"] = limits.Allowance(20, 0.0)
    app = page(lang="en")
    for _ in range(20):
        app.text_input(key="code").set_value(codes.draw())
        ran(button(app, "Join").click().run())
    app.text_input(key="code").set_value(classroom.code)
    ran(button(app, "Join").click().run())
    assert "Too many tries" in app.warning[0].value
    monkeypatch.setattr("pages.components.allowances.who", lambda: ("tab", "10.0.0.2"))
    ran(button(app, "Join").click().run())
    assert len(classroom.members) == 1


def test_a_class_may_join_from_one_address_in_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    _, classroom, _ = created()
    tabs = iter(range(1000))
    monkeypatch.setattr("pages.components.allowances.who", lambda: (f"tab {next(tabs)}", "10.0.0.1"))
    for _ in range(30):
        app = page(lang="en")
        app.text_input(key="code").set_value(classroom.code)
        ran(button(app, "Join").click().run())
    assert len(classroom.members) == 30
    allowed = allowances.limits()
    for student_ in range(70):  # and seventy more without the page
        for limiter in (allowed.wrong_codes, allowed.new_seats):
            limiter.take(f"student {student_}", "10.0.0.1")


def test_a_projector_goes_on_whoever_guesses_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is drawn anew now and then; only the first time its code may be a guess."""
    _, classroom, _ = created(title="Projected")
    monkeypatch.setattr("pages.components.allowances.who", lambda: ("tab", "10.0.0.1"))
    projector = page(lang="en", **{"class": classroom.code, "board": classroom.board_key})
    assert "Projected" in html(projector)
    limiter = allowances.limits().wrong_codes
    limiter._allowances["session"] = limits.Allowance(0, 0.0)
    ran(projector.run())
    assert "Projected" in html(projector)
    late = page(lang="en", **{"class": classroom.code, "board": classroom.board_key})
    assert "Too many tries" in late.warning[0].value


@pytest.mark.parametrize("known", [False, True])
def test_codes_that_could_not_be_looked_up_are_no_guesses(known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    app, classroom, _ = created()
    monkeypatch.setattr("pages.components.allowances.who", lambda: ("tab", "10.0.0.1"))
    away = StoreError("The database is away.")
    code = classroom.code if known else codes.draw()
    app = page(lang="en")
    with monkeypatch.context() as patch:
        patch.setattr(Classes, "find", raising(away))
        for _ in range(12):
            app.text_input(key="code").set_value(code)
            ran(button(app, "Join").click().run())
            assert "database is away" in app.warning[0].value
    ran(button(app, "Join").click().run())
    assert known == (not app.warning)


def test_classes_that_could_not_be_created_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.components.allowances.who", lambda: ("tab", "10.0.0.1"))
    app = page(lang="en")
    for _ in range(12):
        app.text_input(key="class_title").set_value(" ").run()
        ran(app.button(key="create_class").click().run())
        assert "needs a title" in app.warning[0].value
    created(app)


def raising(fault: Exception) -> Callable[..., NoReturn]:
    """Something that always fails so."""

    def fails(*_given: object) -> NoReturn:
        raise fault

    return fails


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        (LessonError(ROUNDS_CLOSED), False),
        (LessonError(TESTS_LOCKED), False),
        (LessonError("That name is taken."), True),
    ],
)
def test_a_look_takes_back_what_the_switch_had_refused_and_nothing_else(
    fault: LessonError, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, classroom, secret = created()
    state, drawn = closed.state(classroom), []
    session = SimpleNamespace(fault=fault)
    monkeypatch.setattr(closed, "session", lambda: session)
    monkeypatch.setattr(closed.st, "rerun", lambda: drawn.append(1))
    closed.look(classroom, state)
    assert drawn == [] and session.fault is fault
    classroom.open_rounds(secret, False)
    closed.look(classroom, state)
    assert drawn == [1] and session.fault is (fault if kept else None)


def test_a_page_reads_what_is_closed_before_it_says_so() -> None:
    _, classroom, secret = created()
    lab = student(classroom)
    assert Closed.of(lab) == Closed(before=closed.state(classroom)) and Closed.of(Lab("alone")) == Closed()
    classroom.open_rounds(secret, False)
    found = Closed.of(lab)
    assert found.rounds and not found.tests and found.before == closed.state(classroom)
    classroom.test(secret, Finals.LOCKED)
    assert Closed.of(lab).tests and found.before != closed.state(classroom)
    classes().end(classroom, secret)
    assert Closed.of(lab) == Closed()


def test_the_form_says_when_the_budget_is_too_small_for_a_round() -> None:
    app = page(lang="en")
    app.number_input(key="lesson_budget").set_value(100).run()
    assert any("too small" in one.value for one in app.warning)


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://localhost:8501/class_board", True),
        ("http://127.0.0.1:80/", True),
        ("http://[::1]:8501/class_board", True),
        ("http://192.168.0.7:8501/class_board", False),
        ("https://lab.example.org/", False),
    ],
)
def test_an_address_that_students_cannot_open_is_told_before_it_is_projected(
    url: str, warned: bool, direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitation, "root", lambda: url.removesuffix("class_board"))
    monkeypatch.setattr(invitation, "network_address", lambda: "10.1.2.3")
    monkeypatch.setattr(invitation, "is_direct", lambda: direct)
    teacher, _, _ = created()
    told = [one.value for one in teacher.warning]
    assert ["Other devices cannot open" in one for one in told] == [True] * warned
    assert ["10.1.2.3" in one for one in told] == [direct] * warned


def test_an_address_of_this_machine_is_no_name_of_any_device() -> None:
    found = invitation.network_address()
    assert found is None or not ipaddress.ip_address(found).is_loopback


# ---------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize("name", [MARKUP, *HOSTILE])
def test_a_name_with_markup_is_shown_as_the_text_that_it_is(name: str) -> None:
    teacher, classroom, secret = created()
    lab = student(classroom, 0.5, 0.6)
    app = page(lab=lab.token, lang="en")
    next(one for one in app.text_input if one.key.startswith("nickname~")).set_value(name).run()
    assert classroom.members[1].nickname == name[:NICKNAME] or app.warning
    classroom.members[1].nickname = name
    classroom.rank(secret, Ranking.SHOWN, classes().board(classroom).standing)
    classroom.open_board(secret, True)
    for shown in (page(lab=lab.token), page(**{"class": classroom.code, "board": classroom.board_key}), desk(teacher)):
        assert escape(name) in html(shown)
        assert name == escape(name) or name not in html(shown)
        assert name not in text(shown)  # where markdown would be read


def desk(teacher: AppTest, view: str = "board") -> AppTest:
    """The teacher's desk, looking at something."""
    teacher.button_group(key="desk_view").set_value(view)
    return ran(teacher.run())


def test_a_title_with_markup_is_shown_as_the_text_that_it_is() -> None:
    teacher, classroom, _ = created(title=MARKUP)
    for shown in (teacher, page(**{"class": classroom.code}), page(lab=student(classroom).token)):
        assert escape(MARKUP) in html(shown) and MARKUP not in html(shown) + text(shown)


def test_the_teacher_hides_a_nickname() -> None:
    teacher, classroom, secret = created()
    lab = student(classroom, 0.5)
    classroom.call(1, "rude")
    classroom.rank(secret, Ranking.SHOWN, classes().board(classroom).standing)
    assert "rude" in html(desk(teacher))
    classroom.hide(secret, 1, True)
    shown = html(desk(teacher))
    assert "rude" not in shown and lab.pseudonym in shown


# ---------------------------------------------------------------------------------------------------- the teacher's


def test_no_key_of_a_student_opens_the_desk() -> None:
    _, classroom, secret = created()
    lab = student(classroom)
    for key in (lab.token, classroom.code, classroom.key, classroom.board_key, secret[:-1]):
        app = page(teach=key, lang="en")
        assert not app.toggle and "no class" in app.warning[0].value
    for address in ({"desk": "1"}, {"lab": lab.token, "desk": "1"}):
        assert not page(**{"class": classroom.code}, **address).toggle


def test_the_teachers_link_opens_the_desk() -> None:
    _, classroom, secret = created()
    app = page(teach=secret, lang="en")
    assert app.toggle and codes.written(classroom.code) in html(app)


def test_the_secret_of_one_class_is_none_of_another() -> None:
    _, mine, secret = created()
    _, other, _ = created()
    app = page(teach=secret, lang="en")
    app.query_params["class"] = other.code
    app.query_params.pop("teach", None)
    ran(app.run())
    assert not app.toggle and mine.code != other.code


def test_the_switches_do_what_they_say() -> None:
    teacher, classroom, _ = created()
    teacher.toggle[0].set_value(False).run()
    teacher.toggle[1].set_value(True).run()
    for key, value in (("class_ranking", Ranking.SHOWN), ("class_finals", Finals.LOCKED)):
        group = next(one for one in teacher.button_group if one.key.startswith(f"{key}~"))
        group.set_value(value).run()
    ran(teacher)
    assert not classroom.rounds_open and classroom.board_open
    assert (classroom.ranking, classroom.finals) == (Ranking.SHOWN, Finals.LOCKED)
    ran(teacher.button(key="end_class").click().run())
    assert classroom.ended is not None


def test_start_refuses_with_one_sentence_while_the_rounds_are_closed() -> None:
    _, classroom, secret = created()
    lab = student(classroom)
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.query_params["lab"], app.query_params["lang"] = lab.token, "en"
    ran(app.run())
    classroom.open_rounds(secret, False)
    ran(app.button(key="start").click().run())  # of a page that was drawn before
    assert "closed the rounds" in app.warning[0].value and lab.rounds == []
    assert "closed the rounds" in text(app) and app.button(key="start").disabled
    classroom.open_rounds(secret, True)
    number(app, "plan_epochs").set_value(1).run()
    ran(app.button(key="start").click().run())
    assert len(lab.rounds) == 1


@pytest.mark.parametrize(
    ("where", "key"),
    [
        ("narrow", "again_best"),
        ("narrow", "again_one"),
        ("validation", None),
        ("strategies", None),
        ("knobs", None),
        ("race", "race_start"),
    ],
)
def test_nothing_else_is_trained_either_while_the_rounds_are_closed(where: str, key: str | None) -> None:
    _, classroom, secret = created()
    lab = student(classroom, *(0.1 * trial for trial in range(9)))
    classroom.open_rounds(secret, False)
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.query_params["lab"], app.query_params["lang"] = lab.token, "en"
    ran(app.run())
    ran(app.switch_page(f"pages/{where}.py").run())
    train = app.button(key=key) if key else next(one for one in app.button if one.proto.type == "primary")
    assert not train.disabled
    ran(train.click().run())
    assert "closed the rounds" in app.warning[0].value
    assert lab.token not in {round_.owner for round_ in list(engine()._scheduler.rounds.values())}


def test_a_race_is_not_repeated_while_the_rounds_are_closed() -> None:
    _, classroom, secret = created()
    lab, repeated = student(classroom), []
    classroom.open_rounds(secret, False)
    race = SimpleNamespace(repeat=lambda: repeated.append(1))
    with pytest.raises(LessonError, match="closed the rounds"):
        race_page.repeat(lab, race)
    classroom.open_rounds(secret, True)
    race_page.repeat(lab, race)
    assert repeated == [1]


def test_the_test_set_stays_closed_with_one_sentence_while_the_final_tests_are_locked() -> None:
    _, classroom, secret = created()
    lab = student(classroom, 0.5)
    lab.choose(Choice(0.01, 1e-6))
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.query_params["lab"], app.query_params["lang"] = lab.token, "en"
    app.run()
    app.switch_page("pages/final_test.py").run()
    app.checkbox[0].check().run()
    classroom.test(secret, Finals.LOCKED)
    ran(button(app, "Open the test set").click().run())  # of a page that was drawn before
    assert "locked" in app.warning[0].value and lab.final is None
    assert "opens by itself" in text(app) and button(app, "Open the test set").disabled
    classroom.test(secret, Finals.OPEN)
    ran(app.run())
    assert "opens by itself" not in text(app) and not button(app, "Open the test set").disabled


@pytest.mark.parametrize("where", ["narrow", "final_test"])
def test_a_page_that_is_closed_looks_for_the_switch(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    watched: list[Classroom] = []
    monkeypatch.setattr("pages.components.closed.watch", lambda one, before: watched.append(one))
    _, classroom, secret = created()
    lab = student(classroom, 0.5)
    for shut in (False, True, False):
        classroom.open_rounds(secret, not shut)
        classroom.test(secret, Finals.LOCKED if shut else Finals.OPEN)
        watched.clear()
        app = AppTest.from_file(APP, default_timeout=LIMIT)
        app.query_params["lab"], app.query_params["lang"] = lab.token, "en"
        app.run()
        ran(app.switch_page(f"pages/{where}.py").run())
        assert bool(watched) == shut and set(watched) <= {classroom}


# ---------------------------------------------------------------------------------------------------- the board


def test_the_board_is_for_the_projector_until_the_teacher_shows_it() -> None:
    _, classroom, secret = created()
    lab = student(classroom, 0.5)
    assert not page(lab=lab.token).get("vega_lite_chart")
    for key in ("", "x", classroom.key, "é"):
        assert not page(**{"class": classroom.code, "board": key}).get("vega_lite_chart")
    assert len(page(**{"class": classroom.code, "board": classroom.board_key}).get("vega_lite_chart")) == 3
    classroom.open_board(secret, True)
    assert len(page(lab=lab.token).get("vega_lite_chart")) == 3


def test_every_chart_of_the_board_has_a_text_in_its_place() -> None:
    _, classroom, _ = created()
    student(classroom, 0.5)
    charts = page(**{"class": classroom.code, "board": classroom.board_key}).get("vega_lite_chart")
    on_map, lines, best = (chart.proto.alt for chart in charts)
    assert "0.50 at learning rate 0.001" in on_map and "best 1 " in best
    assert re.search(r"Students: 1; epochs spent: \d+ to \d+; best accuracy: 0\.50 to 0\.50, median 0\.50", lines)


def test_what_was_made_of_a_board_does_not_keep_it() -> None:
    _, classroom, _ = created()
    lab = student(classroom, 0.5)
    address = {"class": classroom.code, "board": classroom.board_key}
    page(**address)
    before = weakref.ref(classes().board(classroom))
    lab.rounds = [*lab.rounds, LabRound(2, Kept(made([-3], [0.7])))]
    until(lambda: classes().board(classroom) is not before())
    page(**address)
    gc.collect()
    assert before() is None and classes().board(classroom).rounds == 2


def test_a_class_in_which_all_trials_diverged_is_told_so() -> None:
    _, classroom, _ = created()
    lab = student(classroom)
    lab.rounds = [LabRound(1, Kept(made([-1, -1], [0.1, 0.1], diverged=(0, 1))))]
    shown = page(**{"class": classroom.code, "board": classroom.board_key, "lang": "en"})
    assert any("All trials diverged." in chart.proto.alt for chart in shown.get("vega_lite_chart"))


def test_a_hidden_ranking_tells_no_name_beside_an_accuracy() -> None:
    _, classroom, secret = created()
    lab = student(classroom, 0.5)
    address = {"class": classroom.code, "board": classroom.board_key, "lang": "en"}
    assert lab.pseudonym not in html(page(**address))
    classroom.rank(secret, Ranking.SHOWN, classes().board(classroom).standing)
    assert lab.pseudonym in html(page(**address))


def test_nothing_that_others_are_sent_has_a_key_in_it() -> None:
    teacher, classroom, secret = created()
    mine, other = student(classroom, 0.5), student(classroom, 0.6)
    classroom.rank(secret, Ranking.SHOWN, classes().board(classroom).standing)
    classroom.open_board(secret, True)
    board = everything(page(**{"class": classroom.code, "board": classroom.board_key}))
    assert "vega" in board  # so it is looked at
    for shown in (board, everything(page(lab=mine.token)), everything(page(**{"class": classroom.code}))):
        assert other.token not in shown and secret not in shown and classroom.key not in shown
    assert mine.token not in board
    assert not [lab.token for lab in (mine, other) if lab.token in everything(desk(teacher))]
    assert not [lab.token for lab in (mine, other) if lab.token in everything(desk(teacher, "names"))]


def test_the_table_of_a_class_has_pseudonyms_and_nothing_else_of_anybody() -> None:
    _, classroom, secret = created()
    mine, other = student(classroom, 0.5, 0.7), student(classroom, 0.6)
    classroom.call(1, "Kim Min-jun")
    mine.note(1, "written by Kim Min-jun")
    table = export(classroom).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["student"] for row in rows] == [mine.pseudonym] * 2 + [other.pseudonym]
    assert [float(row["validation_accuracy"]) for row in rows] == pytest.approx([0.5, 0.7, 0.6])
    assert "Kim" not in table
    assert not [key for key in (mine.token, other.token, secret, classroom.key) if key in table]
    assert not SECRET.search(table.replace(",", " "))


def test_what_students_do_after_the_end_is_their_own() -> None:
    unsaved = Classes()
    classroom, secret = unsaved.create("Chapter 6", "en", Preset())
    early, late = (unsaved.join(classroom, token) for token in ("early", "late"))
    classroom.test(secret, Finals.REVEALED)
    for lab in (early, late):
        lab.rounds = [LabRound(1, Kept(made([-3], [0.5])))]
        lab.chosen = Choice(0.001, 1e-6, 1, 0)
    early.final = SimpleNamespace(opened=time.time(), outcome=True, accuracy=lambda: np.array([0.25, 0.75]))
    unsaved.end(classroom, secret)
    late.final = SimpleNamespace(opened=time.time() + 1, outcome=True, accuracy=lambda: np.array([0.9]))
    late.rounds = [*late.rounds, LabRound(2, Kept(made([-3], [0.7])))]
    rows = list(csv.DictReader(io.StringIO(export(classroom).decode("utf-8-sig"))))
    assert [(row["student"], row["test_accuracy"]) for row in rows] == [(early.pseudonym, "0.5"), (late.pseudonym, "")]
    roll = roll_frame(classroom)
    assert list(roll["rounds"]) == [1, 1] and roll["spent"][0] == roll["spent"][1] == epochs_of(early.rounds)


# ---------------------------------------------------------------------------------------------------- language


def test_the_class_speaks_its_language_to_who_has_not_chosen_one() -> None:
    classroom, _ = classes().create("6장", "ko", Preset())
    app = page(**{"class": classroom.code})
    assert app.button(key="join_class").label == "이 수업에 참가하기"
    ran(app.button(key="join_class").click().run())
    assert "이어 가세요" in text(app)
    assert "라운드 1 시작" in [one.label for one in ran(app.switch_page("pages/narrow.py").run()).button]
    assert page(lang="en", **{"class": classroom.code}).button(key="join_class").label == "Join this class"


def test_the_korean_pages_have_no_english_sentence_left() -> None:
    classroom, secret = classes().create("6장", "ko", Preset(plan=RoundPlan(trials=2, epochs=1)))
    lab = student(classroom, 0.5, 0.6)
    classroom.rank(secret, Ranking.SHOWN, classes().board(classroom).standing)
    classroom.open_board(secret, True)
    engine()
    shown = [page(teach=secret), page(lab=lab.token), page(**{"class": classroom.code}), page(lang="ko")]
    shown += [desk(shown[0], "names"), desk(page(teach=secret), "invite")]
    for app in shown:
        said = [one.value for one in [*app.markdown, *app.caption, *app.info]]
        said += [one.label for one in [*app.button, *app.toggle, *app.text_input, *app.button_group]]
        english = [one for one in said if one.strip() and not any("가" <= letter <= "힣" for letter in one)]
        assert english == []
        words = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html(app), flags=re.S)
        assert not re.search(r"\b(the|students|ranking|rounds|epochs|hidden|budget)\b", words)

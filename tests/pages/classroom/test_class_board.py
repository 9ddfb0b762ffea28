"""The page of the class: who sees what of the board, names that stay plain text, and its languages."""

import gc
import re
import weakref
from html import escape

import pytest

from core.classroom.classroom import RankingVisibility
from core.classroom.display_names import MAX_NICKNAME
from core.lab.final_evaluation import FinalTest
from core.lab.lab_round import LabRound
from core.lesson import Lesson
from core.plan import RoundPlan
from pages.components.frame.running_server import server
from tests.support.app_tests import html, ran, text
from tests.support.class_tests import board_page, class_page, desk_page, new_class, sent_to_browser, student
from tests.support.languages import TRANSLATIONS, untranslated
from tests.support.sample_rounds import made
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("fresh_limits")

MARKUP = "<b>x</b> [a](b) `c`"
HOSTILE = [
    "<img src=x onerror=a()>",
    "[a](javascript:b)",
    "**bold** $x$ :red[x]",
    "&lt;b&gt;",
    "{name} %s",
    '"><i>x',
    "=1+1",
]


# ---------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    "name", [MARKUP, "<script>alert(1)</script>", *(pytest.param(name, marks=pytest.mark.long) for name in HOSTILE)]
)
def test_a_name_with_markup_is_shown_as_the_text_that_it_is(name: str) -> None:
    classroom, secret = new_class()
    lab = student(classroom, 0.5, 0.6)
    app = class_page(lab=lab.token, lang="en")
    next(one for one in app.text_input if one.key.startswith("nickname~")).set_value(name).run()
    assert classroom.members[1].nickname == name[:MAX_NICKNAME] or app.warning
    classroom.members[1].nickname = name
    classroom.set_ranking(secret, RankingVisibility.SHOWN, server().labs.classes.board(classroom).ranking)
    classroom.open_board(secret, True)
    for shown in (class_page(lab=lab.token), board_page(classroom), desk_page(secret)):
        assert escape(name) in html(shown)
        assert name == escape(name) or name not in html(shown)
        assert name not in text(shown)  # which is read as Markdown


def test_a_title_with_markup_is_shown_as_the_text_that_it_is() -> None:
    classroom, secret = new_class(title=MARKUP)
    for address in ({"teach": secret}, {"class": classroom.code}, {"lab": student(classroom).token}):
        shown = class_page(**address)
        assert escape(MARKUP) in html(shown) and MARKUP not in html(shown) + text(shown)


# ---------------------------------------------------------------------------------------------------- the board


def test_the_board_is_for_the_projector_until_the_teacher_shows_it() -> None:
    classroom, secret = new_class()
    lab = student(classroom, 0.5)
    assert not class_page(lab=lab.token).get("vega_lite_chart")
    for key in ("", "x", classroom.secret_hash, "é"):
        assert not class_page(**{"class": classroom.code, "board": key}).get("vega_lite_chart")
    assert len(board_page(classroom).get("vega_lite_chart")) == 3
    classroom.open_board(secret, True)
    assert len(class_page(lab=lab.token).get("vega_lite_chart")) == 3


def test_every_chart_of_the_board_has_an_alternative_text() -> None:
    classroom, _ = new_class()
    student(classroom, 0.5)
    on_map, lines, best = (chart.proto.alt for chart in board_page(classroom).get("vega_lite_chart"))
    assert "0.50 at learning rate 0.001" in on_map and "best 1 " in best
    assert re.search(r"Students: 1; epochs spent: \d+ to \d+; best accuracy: 0\.50 to 0\.50, median 0\.50", lines)


def test_cached_tables_do_not_keep_their_board_alive() -> None:
    classroom, _ = new_class()
    lab = student(classroom, 0.5)
    board_page(classroom)
    before = weakref.ref(server().labs.classes.board(classroom))
    lab.rounds = [*lab.rounds, LabRound(2, made([-3], [0.7]))]
    until(lambda: server().labs.classes.board(classroom) is not before())
    board_page(classroom)
    gc.collect()
    assert before() is None and server().labs.classes.board(classroom).rounds == 2


def test_a_class_whose_trials_all_diverged_has_a_sentence() -> None:
    classroom, _ = new_class()
    lab = student(classroom)
    lab.rounds = [LabRound(1, made([-1, -1], [0.1, 0.1], diverged=(0, 1)))]
    charts = board_page(classroom, lang="en").get("vega_lite_chart")
    assert any("All trials diverged." in chart.proto.alt for chart in charts)


def test_a_hidden_ranking_shows_no_name_beside_an_accuracy() -> None:
    classroom, secret = new_class()
    lab = student(classroom, 0.5)
    assert lab.pseudonym not in html(board_page(classroom, lang="en"))
    classroom.set_ranking(secret, RankingVisibility.SHOWN, server().labs.classes.board(classroom).ranking)
    assert lab.pseudonym in html(board_page(classroom, lang="en"))


def test_no_key_is_sent_to_others() -> None:
    classroom, secret = new_class()
    mine, other = student(classroom, 0.5), student(classroom, 0.6)
    classroom.set_ranking(secret, RankingVisibility.SHOWN, server().labs.classes.board(classroom).ranking)
    classroom.open_board(secret, True)
    board = sent_to_browser(board_page(classroom))
    assert "vega" in board  # so it is looked at
    for shown in (
        board,
        *(sent_to_browser(class_page(**one)) for one in ({"lab": mine.token}, {"class": classroom.code})),
    ):
        assert other.token not in shown and secret not in shown and classroom.secret_hash not in shown
    assert mine.token not in board
    for view in ("board", "students", "questions"):
        desk = sent_to_browser(desk_page(secret, view))
        assert not [lab.token for lab in (mine, other) if lab.token in desk]


# ---------------------------------------------------------------------------------------------------- language


def test_a_page_of_a_class_is_in_the_classs_language_unless_another_was_chosen() -> None:
    classroom, _ = new_class("6장", "ko")
    app = class_page(**{"class": classroom.code})
    assert app.button(key="join_class").label == "이 수업에 참가하기"
    ran(app.button(key="join_class").click().run())
    assert "참가했습니다" in text(app)
    assert "라운드 1 시작" in [one.label for one in ran(app.switch_page("narrow.py").run()).button]
    assert class_page(lang="en", **{"class": classroom.code}).button(key="join_class").label == "Join this class"


@pytest.mark.parametrize("lang", TRANSLATIONS)
def test_translated_pages_have_no_english_sentence_left(lang: str) -> None:
    classroom, secret = new_class("6", lang, Lesson(plan=RoundPlan(trials=2, epochs=1)))
    lab = student(classroom, 0.5, 0.6)
    classroom.set_ranking(secret, RankingVisibility.SHOWN, server().labs.classes.board(classroom).ranking)
    classroom.open_board(secret, True)
    shown = [class_page(lab=lab.token), class_page(**{"class": classroom.code}), class_page(lang=lang)]
    shown += [desk_page(secret, view) for view in ("board", "students", "questions", "classes", "invite")]
    for app in shown:
        sentences = [one.value for one in [*app.markdown, *app.caption, *app.info]]
        sentences += [one.label for one in [*app.button, *app.toggle, *app.text_input, *app.button_group]]
        assert untranslated(sentences, lang) == []
        words = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html(app), flags=re.S)
        assert not re.search(r"\b(the|students|ranking|rounds|epochs|hidden|budget)\b", words)


# ---------------------------------------------------------------------------------------------------- what to do


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("closed", [False, True])
def test_a_student_who_has_opened_the_test_set_is_not_told_to_go_on(ended: bool, closed: bool) -> None:
    classroom, secret = new_class()
    lab = student(classroom, 0.5)
    lab.attach_final_test(FinalTest(1.7e9, RoundPlan(trials=1, values=((0.01, 1e-6),))))
    classroom.open_rounds(secret, not closed)
    if ended:
        server().labs.classes.end(classroom, secret)
    said = text(class_page(lab=lab.token, lang="en"))
    assert "closed for tuning" in said and ("has ended" in said) == ended
    assert "go on" not in said.lower() and "choose one value" not in said.lower()


def test_a_student_who_has_spent_all_epochs_is_not_told_to_go_on() -> None:
    lab = student(new_class(lesson=Lesson(budget=1))[0], 0.5)
    said = text(class_page(lab=lab.token, lang="en"))
    assert "All epochs of this lesson are spent" in said and "Go on" not in said
